import pytest

from agents.checks.ages import support_by_older
from agents.checks.citations import CitationChecker
from knowledge.passages import Passage
from knowledge.text import detect_language

NEW = "You can return an item within 30 days of delivery."
OLD = "You can return an item within 60 days of delivery."


def passage(text: str, dated: str, title: str = "Terms of sale") -> Passage:
    return Passage(
        "default",
        f"{dated}.md",
        title,
        (),
        "",
        None,
        0,
        len(text),
        text,
        "public",
        detect_language(text),
        1,
        dated=dated,
    )


PAIR = (passage(NEW, "2026-02-01"), passage(OLD, "2023-05-02"))
PAIR_ZH = (
    passage("商品可以在收货后30天内退回。", "2026-02-01", "退货政策"),
    passage("商品可以在收货后60天内退回。", "2023-05-02", "销售条款"),
)


def said(text: str, passages: tuple[Passage, ...]) -> tuple[list[str], list[str]]:
    checker = CitationChecker(passages)
    shown = [*checker.feed(text), *checker.finish()]
    return shown, [citation.document for citation in checker.citations]


@pytest.mark.parametrize(
    "sentence",
    [
        "Earlier: 60 days of delivery",
        "Earlier: within 60 days of delivery",
        "The earlier terms said 60 days",
        "Previously, an item could be returned within 60 days of delivery",
        "The older Terms of sale say within 60 days of delivery",
    ],
)
def test_older_passage_may_be_mentioned_behind_the_newer(sentence: str) -> None:
    shown, documents = said(f"You can return an item within 30 days [1]. {sentence} [2].", PAIR)
    assert shown == ["You can return an item within 30 days. [1]", f"{sentence}. [2]"]
    assert documents == ["2026-02-01.md", "2023-05-02.md"]


@pytest.mark.parametrize("sentence", ["较早的规定：收货后60天内退回", "以前是收货后60天内"])
def test_older_chinese_passage_may_be_mentioned(sentence: str) -> None:
    shown, documents = said(f"商品可以在收货后30天内退回[1]。{sentence}[2]。", PAIR_ZH)
    assert shown[1:] == [f"{sentence}。 [2]"]
    assert documents == ["2026-02-01.md", "2023-05-02.md"]


@pytest.mark.parametrize(
    ("sentence", "passages"),
    [
        ("Earlier: 30 days of delivery", PAIR),
        ("Earlier: 90 days of delivery", PAIR),
        ("Earlier: no item could be returned within 60 days", PAIR),
        ("Earlier: 60 days of delivery", (passage(NEW, ""), passage(OLD, ""))),
        ("Earlier: 60 days of delivery", (passage(NEW, "2023-05-02"), passage(OLD, "2023-05-02"))),
        ("Earlier: 60 days of delivery", (passage("Our shop opens at nine.", "2026-02-01", "Hours"), PAIR[1])),
        ("In 2023 it was 60 days of delivery", PAIR),
    ],
    ids=["the newer one", "neither", "denied", "no dates", "one date", "another subject", "a date not in the text"],
)
def test_nothing_else_is_let_through(sentence: str, passages: tuple[Passage, ...]) -> None:
    assert said(f"{sentence}.", passages) == ([], [])


def test_sentence_without_a_word_of_age_is_not_its_affair() -> None:
    assert support_by_older(OLD, PAIR) is None
