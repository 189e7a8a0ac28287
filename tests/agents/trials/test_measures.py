from dataclasses import replace
from typing import Any

import pytest

from agents.transcript import Answer, Citation
from agents.trials.measures import ANSWERS, is_right, measure, missing_facts, pointed_part
from knowledge.library import Library
from knowledge.questions import Gold, Question

PUBLIC = ("public",)
CITATION = Citation(1, "default", "a.md", "A", None, 0, 8, "30 days.")
ANSWER = Answer("You have 30 days. [1]", (CITATION,), "answered", 0.9, "en", "none", 2.0, 0.5)
REFUSED = replace(ANSWER, text="Not found.", citations=(), outcome="refused", evidence=0.1)


def cited(library: Library, quote: str, document: str = "returns.md") -> Citation:
    """Return a citation of a quote where it really stands."""
    whole = library.excerpt("default", document, 0, 0, audiences=PUBLIC, margin=10_000).after
    start = whole.index(quote)
    return Citation(1, "default", document, "", None, start, start + len(quote), quote)


def question(**more: Any) -> Question:
    fields: dict[str, Any] = {"id": "1", "question": "How long?", "facts": (("30 days", "thirty days"),)}
    return Question(**(fields | more))


@pytest.mark.parametrize(
    ("text", "facts", "held"),
    [
        ("You have 30 days.", [["30 days"]], True),
        ("You have THIRTY  days.", [["30 days", "thirty days"]], True),
        ("You have 30-day returns.", [["30 days"]], False),
        ("３０ days", [["30 days"]], True),
        ("4 – 6 working days", [["4-6 working days"]], True),
        ("It costs € 9.50.", [["9.50"]], True),
        ("30 days", [["30 days"], ["5 euros"]], False),
        ("收货后 30 天 内", [["30天"]], True),
        ("anything", [], True),
        ("", [["x"]], False),
    ],
)
def test_facts_are_compared_without_separators_case_and_width(text: str, facts: list[list[str]], held: bool) -> None:
    assert (missing_facts(text, facts) == []) is held


def test_citation_is_right_when_it_overlaps_a_gold_quote(shop: Library) -> None:
    whole = "You can send a lamp back within 30 days of delivery."
    for quote in (whole, "30 days", "can send"):
        assert is_right(cited(shop, whole), [Gold("returns.md", quote=quote)], shop, audiences=PUBLIC)
    for gold in (
        Gold("returns.md", quote="Goods from the sale have 14 days."),
        Gold("returns.md", quote="not in there"),
        Gold("delivery.md", quote=whole),
        Gold("gone.md", quote=whole),
    ):
        assert not is_right(cited(shop, whole), [gold], shop, audiences=PUBLIC)
    wrong, right = Gold("delivery.md"), Gold("returns.md", quote="30 days")
    assert is_right(cited(shop, whole), [wrong, right], shop, audiences=PUBLIC)
    assert not is_right(cited(shop, whole), [], shop, audiences=PUBLIC)


def test_neighbouring_spans_do_not_overlap(shop: Library) -> None:
    gold = Gold("returns.md", quote="within 30 days")
    assert not is_right(cited(shop, "You can send a lamp back "), [gold], shop, audiences=PUBLIC)
    assert is_right(cited(shop, "a lamp back within"), [gold], shop, audiences=PUBLIC)


def test_without_a_quote_page_or_document_decides(shop: Library) -> None:
    paged = replace(CITATION, page=3)
    assert is_right(paged, [Gold("a.md", page=3)], shop, audiences=PUBLIC)
    assert not is_right(paged, [Gold("a.md", page=2)], shop, audiences=PUBLIC)
    assert is_right(paged, [Gold("a.md")], shop, audiences=PUBLIC)
    assert not is_right(paged, [Gold("b.md")], shop, audiences=PUBLIC)


def test_gold_in_a_hidden_document_is_never_right(shop: Library) -> None:
    citation = replace(CITATION, document="goodwill.md", start=0, end=60)
    gold = [Gold("goodwill.md", quote="40 euros")]
    assert not is_right(citation, gold, shop, audiences=PUBLIC)
    assert is_right(citation, gold, shop, audiences=("public", "staff"))


def test_missing_facts_are_named() -> None:
    assert missing_facts("30 days", [["30 days"], ["5 euros", "five euros"]]) == [["5 euros", "five euros"]]


def test_a_quote_that_stands_twice_is_right_at_both_places(shop: Library) -> None:
    second = cited(shop, "€9.50 | Days: 4–6", "delivery.md")
    first = cited(shop, "Standard delivery costs €9.50 and takes 4–6 working days.", "delivery.md")
    for citation in (first, second):
        assert is_right(citation, [Gold("delivery.md", quote="9.50")], shop, audiences=PUBLIC)
    assert not is_right(second, [Gold("delivery.md", quote="19.00")], shop, audiences=PUBLIC)


def test_an_answer_without_a_short_part_is_all_pointed() -> None:
    assert pointed_part(ANSWER) == ANSWER.text
    assert pointed_part(replace(ANSWER, pointed="30 days")) == "30 days"


@pytest.mark.parametrize(
    ("asked", "answer", "expected"),
    [
        (question(), ANSWER, {"facts_held": 1.0, "answered_when_answerable": 1.0}),
        (question(gold=(Gold("a.md"),)), ANSWER, {"citation_right": 1.0, "held_and_cited": 1.0}),
        (question(gold=(Gold("b.md"),)), ANSWER, {"citation_right": 0.0, "held_and_cited": 0.0, "facts_held": 1.0}),
        (question(facts=(("5",),), gold=(Gold("a.md"),)), ANSWER, {"citation_right": 1.0, "held_and_cited": 0.0}),
        (question(facts=()), ANSWER, {"facts_held": None, "held_and_cited": None, "answer_f1": None}),
        (question(), ANSWER, {"answer_f1": 2 * 2 / 6, "pointed_f1": 2 * 2 / 6, "words": 4.0, "citation_right": None}),
        (question(facts=(("30 days",), ("you", "we"))), ANSWER, {"answer_f1": 2 * 3 / 7}),
        (question(answers=("You have 30 days",)), ANSWER, {"answer_f1": 1.0, "facts_held": 1.0}),
        (question(gold=(Gold("a.md"),)), REFUSED, {"facts_held": 0.0, "held_and_cited": 0.0, "citation_right": None}),
        (question(answers=("30 days",)), REFUSED, {"answer_f1": 0.0, "pointed_f1": 0.0, "words": None}),
        (question(), REFUSED, {"answered_when_answerable": 0.0, "supported": None, "refused_when_unanswerable": None}),
        (question(answerable=False, facts=()), REFUSED, {"refused_when_unanswerable": 1.0, "facts_held": None}),
        (question(answerable=False, gold=(Gold("a.md"),)), ANSWER, {"refused_when_unanswerable": 0.0}),
    ],
)
def test_an_answer_is_judged_by_what_its_question_asks_for(
    shop: Library, asked: Question, answer: Answer, expected: dict[str, float | None]
) -> None:
    measures = measure(asked, answer, shop, audiences=PUBLIC)
    assert {name: getattr(measures, name) for name in expected} == pytest.approx(expected)


def test_support_is_a_share_of_the_sentences(shop: Library) -> None:
    answer = replace(ANSWER, text="30 days. [1] Or more. [1] Or less. Never.")
    assert measure(question(), answer, shop, audiences=PUBLIC, unsupported=("Or more.",)).supported == 0.75


def test_every_measure_is_told_in_words() -> None:
    assert set(ANSWERS.measures) <= set(ANSWERS.meanings)
    assert set(ANSWERS.said) | {ANSWERS.won} | set(ANSWERS.repeats) | set(ANSWERS.compared) <= set(ANSWERS.measures)
    assert set(ANSWERS.by_part) <= set(ANSWERS.meanings)
