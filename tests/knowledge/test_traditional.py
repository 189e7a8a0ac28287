"""The table of signs, and that what is compared with folded text is itself in simplified signs."""

import unicodedata
from pathlib import Path

import pytest

from knowledge.text import STOP_WORDS
from knowledge.traditional import IN_BOTH, simplified, simplified_chinese, table

ROOT = Path(__file__).parents[2]
SHINJITAI = "営図気駅込働円実売変対応検発"


def test_every_sign_stays_one_sign_in_its_place() -> None:
    text = "🍵 ２０元／罐：這裡（臺灣）可以退貨嗎？\n\tcafé 𠮷野家"
    folded = simplified(text)
    assert folded == "🍵 ２０元／罐：这里（台湾）可以退货吗？\n\tcafé 𠮷野家"
    assert len(folded) == len(text)


def test_the_table_leads_from_one_sign_to_one_that_stays() -> None:
    for code, other in table().items():
        assert len(other) == 1
        assert simplified(other) == other != chr(code)
        assert unicodedata.normalize("NFKC", other) == other


def test_simplified_signs_stay() -> None:
    changed = set()
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            sign = bytes((row, cell)).decode("gb2312", "ignore")
            if simplified(sign) != sign:
                changed.add(sign)
    assert changed == IN_BOTH
    assert simplified("甚至怎么") == "甚至怎么"


def test_signs_that_japanese_alone_has_stay() -> None:
    assert simplified(SHINJITAI) == SHINJITAI


@pytest.mark.parametrize("text", ["", "plain", "naïve café", "한국어", "ひらがな"])
def test_other_scripts_stay(text: str) -> None:
    assert simplified(text) is text


def folding_modules() -> list[str]:
    """Return the modules that fold what they compare, and the wordings that they read."""
    found = [path for folder in ("agents", "knowledge") for path in (ROOT / folder).rglob("*.py")]
    folding = [str(path.relative_to(ROOT)) for path in found if "simplified(" in path.read_text(encoding="utf-8")]
    words = ("agents/courtesies.py", "agents/danger_words.py", "agents/hand_over_words.py")
    return [*sorted({*folding} - {"knowledge/traditional.py"}), *words]


@pytest.mark.parametrize("module", folding_modules())
def test_words_to_compare_with_are_written_in_simplified_signs(module: str) -> None:
    """A pattern in traditional signs would never be found in a folded text."""
    source = (ROOT / module).read_text(encoding="utf-8")
    assert [sign for sign in source if simplified(sign) != sign] == []


def test_stop_words_are_simplified() -> None:
    assert {word for word in STOP_WORDS if simplified(word) != word} == set()


@pytest.mark.parametrize("text", ["電話は何番ですか", "效果显著", "最著名的茶", "乾隆皇帝"])
def test_what_is_no_traditional_chinese_stays_for_models(text: str) -> None:
    assert simplified_chinese(text) == text


def test_traditional_chinese_is_simplified_for_models() -> None:
    assert simplified_chinese("電話是多少") == "电话是多少"
