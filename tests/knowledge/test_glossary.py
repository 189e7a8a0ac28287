from itertools import chain
from pathlib import Path

import pytest

from knowledge import glossary
from knowledge.glossary import things
from knowledge.text import Language, count_cjk, tokens


@pytest.mark.parametrize(
    ("question", "language", "name"),
    [
        ("How long does a refund take?", "en", "退费"),
        ("can i pay in instalments", "en", "分期"),
        ("Is there parking?", "en", "停车"),
        ("能养宠物吗", "zh", "pet"),
        ("報名要帶什麼", "zh", "sign up"),
    ],
)
def test_what_is_named_is_known_by_its_names_in_the_other_language(
    question: str, language: Language, name: str
) -> None:
    other: Language = "zh" if language == "en" else "en"
    assert set(tokens(name)) <= {term for thing in things(question, language) for term in thing.terms(other)}


def test_a_longer_name_leaves_no_room_for_a_shorter_one_within_it() -> None:
    assert [thing.chinese[0] for thing in things("do you have a school bus", "en")] == ["校车"]
    assert [thing.chinese[0] for thing in things("is there a bus", "en")] == ["校车"]
    assert "巴士" in things("is there a bus", "en")[0].chinese
    assert "巴士" not in things("do you have a school bus", "en")[0].chinese


def test_what_no_company_is_asked_about_is_no_thing() -> None:
    assert things("what is the capital of France", "en") == []


def test_every_line_of_the_glossary_has_english_and_chinese() -> None:
    lines = (Path(glossary.__file__).with_name("glossary.txt")).read_text("utf-8").splitlines()[1:]
    for line in lines:
        english, chinese = line.split(" = ")
        assert english.isascii(), line
        assert all(count_cjk(name) == len(name) >= 2 for name in chinese.split(", ")), line
    names = list(chain.from_iterable(line.split(" = ")[0].split(", ") for line in lines))
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
