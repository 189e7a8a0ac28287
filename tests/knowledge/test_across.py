from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from knowledge import retrieval
from knowledge.embedders import Vectors, resolve
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library
from knowledge.passages import Retrieval
from knowledge.text import count_cjk
from tests.knowledge.conftest import OpenLibrary, Write

ENGLISH = (
    "# Guide for students\n\nWe welcome students of all countries. Pay by card at the café. Interviews last an hour."
)
"""Its words share none with a question about refunds: the fake has no curve for evidence across languages."""


class OneLanguageFirst(HashingEmbedder):
    """Knows all languages, and sets texts of one nearer than those of two, as small embedders do."""

    def embed(self, texts: list[str]) -> Vectors:
        return super().embed([f"{'汉 字' if count_cjk(text) else 'latin letters'} {text}" for text in texts])


@pytest.fixture
def school(open_library: OpenLibrary, write: Write) -> Library:
    """A school that writes Chinese, with a page or two in English."""
    write("docs/退费.md", "# 退费规定\n\n学校自收到退费申请之日起十五个工作日内办结。")
    write("docs/停车.md", "# 停车\n\n滨江校区没有停车位。")
    write("docs/guide.md", ENGLISH)
    folder = write(
        "docs/rules.md", "# House rules\n\nPets are not allowed. Students find lost property at the front desk."
    ).parent
    library = open_library(OneLanguageFirst())
    library.ingest([folder])
    return library


@pytest.mark.parametrize(
    ("question", "document"),
    [
        ("How long does a refund take?", "退费.md"),
        ("is there parking for students?", "停车.md"),
        ("宠物能进来吗", "rules.md"),
    ],
)
def test_a_page_that_names_what_is_asked_comes_before_those_in_the_questions_language(
    school: Library, question: str, document: str
) -> None:
    assert school.search(question).passages[0].document == document


def test_where_the_questions_own_language_names_as_much_it_answers(school: Library) -> None:
    found = school.search("may my pet come in?")
    assert found.passages[0].document == "rules.md"
    assert school.search("退费要多久").passages[0].document == "退费.md"


def test_a_language_that_was_asked_for_stays(school: Library) -> None:
    found = school.search("How long does a refund take?", languages=("en",))
    assert {passage.language for passage in found.passages} == {"en"}


def test_an_embedder_that_knows_one_language_is_asked_for_no_other(open_library: OpenLibrary, write: Write) -> None:
    class English(OneLanguageFirst):
        languages = frozenset({"en"})

    write("docs/退费.md", "# 退费规定\n\n学校自收到退费申请之日起十五个工作日内办结。")
    library = open_library(English())
    library.ingest([write("docs/guide.md", ENGLISH).parent])
    assert library.search("How long does a refund take?").passages[0].document == "guide.md"


@pytest.fixture
def searched(monkeypatch: pytest.MonkeyPatch) -> list[Retrieval]:
    """What is found, search after search."""
    every: list[Retrieval] = []
    search = retrieval.search

    def noted(question: str, **more: Any) -> Retrieval:
        every.append(search(question, **more))
        return every[-1]

    monkeypatch.setattr(retrieval, "search", noted)
    return every


@pytest.mark.parametrize(
    ("question", "page"),
    [
        ("How long does a refund take?", ENGLISH),
        ("宠物能进来吗", "# 介绍\n\n本校门口贴有 pets 标志。"),
    ],
    ids=["no name in it", "no page in it"],
)
def test_what_no_document_can_tell_in_the_other_language_is_not_searched_for_there(
    open_library: OpenLibrary, write: Write, searched: list[Retrieval], question: str, page: str
) -> None:
    library = open_library(OneLanguageFirst())
    library.ingest([write("docs/guide.md", page).parent])
    library.search(question)
    assert len(searched) == 1


@pytest.mark.parametrize(
    "question", ["How long does a refund take?", "What do students pay for a refund of a bicycle?"]
)
def test_the_seconds_of_both_searches_are_told(school: Library, searched: list[Retrieval], question: str) -> None:
    found = school.search(question)
    assert len(searched) == 2
    assert found.seconds == sum(each.seconds for each in searched)


def test_a_page_in_the_other_language_needs_more_evidence_as_well(
    school: Library, monkeypatch: pytest.MonkeyPatch
) -> None:
    search = retrieval.search
    monkeypatch.setattr(retrieval, "search", lambda question, **more: replace(search(question, **more), evidence=0.9))
    assert school.search("How long does a refund take?").passages[0].document == "guide.md"


def test_the_lesser_part_of_what_is_asked_is_not_enough(school: Library) -> None:
    found = school.search("What do children pay for a refund of a menu?")
    assert found.passages[0].language == "en"


def test_documents_for_the_staff_are_not_told_of_across_languages(school: Library, write: Write) -> None:
    school.ingest([write("docs/校车.md", "# 校车\n\n校车七点出发。")])
    school.ingest([write("secret/内部.md", "# 内部\n\n校车报警器密码在抽屉里。")], audience="staff")
    found = school.search("do you have a school bus?")
    assert found.passages[0].document == "校车.md"
    assert all(passage.audience == "public" for passage in found.passages)


TEACHERS = {"team.md": "# Team\n\nMs Berg and Mr Ito teach Japanese.", "老师.md": "# 老师\n\n老师请假须提前三天。"}
MONDAYS = {
    "hours.md": "# Hours\n\nWe open at nine and lock up at six, Mondays excepted.",
    "放假.md": "# 放假\n\n国庆放假七天，周一营业时间不变。",
}
PRICES = {
    "prices.md": "# Tickets\n\nUnder-12s come in for €3, everyone else pays €9.",
    "儿童.md": "# 入馆须知\n\n儿童须由家长陪同，宠物不得入内。",
}
REFUNDS = {"guide.md": ENGLISH, "退费.md": "# 退费规定\n\n学校自收到退费申请之日起十五个工作日内办结。"}


@pytest.fixture
def known_evidence(multilingual_models_folder: Path, open_library: OpenLibrary) -> Library:
    """A library whose embedder has a curve for evidence across languages."""
    return open_library(resolve("multilingual", models_folder=multilingual_models_folder, ollama_url="", threads=1))


@pytest.mark.model
@pytest.mark.parametrize(
    ("question", "pages", "document"),
    [
        ("Who are the teachers of Japanese?", TEACHERS, "team.md"),
        ("Are you closed on Monday?", MONDAYS, "hours.md"),
        ("What does it cost for kids?", PRICES, "prices.md"),
        ("How long does a refund take?", REFUNDS, "退费.md"),
    ],
)
def test_an_answer_in_the_questions_own_language_stays_with_a_real_embedder(
    known_evidence: Library, write: Write, question: str, pages: dict[str, str], document: str
) -> None:
    known_evidence.ingest([write(f"docs/{name}", text) for name, text in pages.items()])
    assert known_evidence.search(question).passages[0].document == document
