"""The table of signs."""

import unicodedata

import pytest

from knowledge.text import STOP_WORDS
from knowledge.traditional import simplified, table

IN_BOTH = {
    "乾": "干",
    "吒": "咤",
    "夥": "伙",
    "後": "后",
    "徵": "征",
    "拚": "拼",
    "捱": "挨",
    "摺": "折",
    "於": "于",
} | {
    **{"榘": "矩", "菸": "烟", "薹": "苔", "袷": "夹", "醣": "糖", "麴": "曲", "麽": "么", "著": "着"},
}
"""Signs that simplified Chinese has too, beside what they become."""
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
    changed = {}
    for row in range(0xB0, 0xF8):
        for cell in range(0xA1, 0xFF):
            sign = bytes((row, cell)).decode("gb2312", "ignore")
            if simplified(sign) != sign:
                changed[sign] = simplified(sign)
    assert changed == IN_BOTH
    assert simplified("甚至怎么") == "甚至怎么"


def test_signs_that_japanese_alone_has_stay() -> None:
    assert simplified(SHINJITAI) == SHINJITAI


@pytest.mark.parametrize("text", ["", "plain", "naïve café", "한국어", "ひらがな"])
def test_other_scripts_stay(text: str) -> None:
    assert simplified(text) is text


def test_stop_words_are_simplified() -> None:
    assert {word for word in STOP_WORDS if simplified(word) != word} == set()
