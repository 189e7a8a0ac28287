import math
from collections.abc import Iterable
from dataclasses import asdict, fields, replace

import pytest

from knowledge.evaluation import RagScores
from knowledge.measures import MEANINGS, Measures, evidence_of, holds, is_answered, measure, ranked_documents
from knowledge.passages import Passage, Retrieval, Signals
from knowledge.questions import Gold, Question


def passage(document: str, text: str = "", page: int | None = None) -> Passage:
    return Passage("default", document, "", (), "", page, 0, len(text), text, "public", "en", 1.0)


def found(*passages: Passage, evidence: float = 0.5) -> Retrieval:
    return Retrieval("", passages, evidence, Signals(0, 0, 0, None), {}, 0.01)


def measured(gold: Iterable[Gold], *passages: Passage, answerable: bool = True, evidence: float = 0.5) -> Measures:
    question = Question("1", "What?", gold=tuple(gold), answerable=answerable)
    return measure(question, found(*passages, evidence=evidence), refuse_below=0.5)


@pytest.mark.parametrize(
    ("gold", "documents", "recall", "rank"),
    [
        ("a", "abc", (1, 1, 1, 1), 1.0),
        ("c", "abc", (0, 1, 1, 1), 1 / 3),
        ("ax", "abc", (0.5, 0.5, 0.5, 0.5), 1.0),
        ("x", "abc", (0, 0, 0, 0), 0.0),
        ("f", "abcdef", (0, 0, 0, 1), 1 / 6),
        ("c", "aaabbbc", (0, 1, 1, 1), 1 / 3),  # documents are ranked, not passages
        ("k", "abcdefghijk", (0, 0, 0, 0), 0.0),
        ("aa", "ba", (0, 1, 1, 1), 1 / 2),  # a gold document named twice is one
        ("a", "", (0, 0, 0, 0), 0.0),
    ],
)
def test_recall_and_rank(gold: str, documents: str, recall: tuple[float, ...], rank: float) -> None:
    marks = measured(map(Gold, gold), *map(passage, documents))
    assert (marks.recall_at_1, marks.recall_at_3, marks.recall_at_5, marks.recall_at_10) == recall
    assert marks.hit_at_5 == float(recall[2] > 0)
    assert marks.mrr_at_10 == pytest.approx(rank)


@pytest.mark.parametrize(
    ("gold", "documents", "gain"),
    [
        ("a", "abc", 1.0),
        ("b", "abc", 1 / math.log2(3)),
        ("ac", "abc", (1 + 1 / 2) / (1 + 1 / math.log2(3))),
        ("ab", "bbaa", 1.0),  # two gold documents first, in any order; passages of one count once
        ("ax", "a", 1 / (1 + 1 / math.log2(3))),
        ("x", "abc", 0.0),
    ],
)
def test_the_discounted_gain_is_that_of_the_books(gold: str, documents: str, gain: float) -> None:
    assert measured(map(Gold, gold), *map(passage, documents)).ndcg_at_10 == pytest.approx(gain)


def test_more_gold_documents_than_ranks_can_still_be_perfect() -> None:
    documents = "abcdefghijkl"
    assert measured(map(Gold, documents), *map(passage, documents)).ndcg_at_10 == pytest.approx(1.0)


def test_quotes_are_looked_for_in_the_first_passages_of_their_document() -> None:
    first, second = Gold("a", None, "30 days"), Gold("b", None, "free of charge")
    passages = [
        passage("a", "within 30  DAYS."),
        passage("x", "free of charge"),
        passage("c"),
        passage("d"),
        passage("e"),
        passage("b", "free of charge"),
    ]
    marks = measured([first, second], *passages)
    assert marks.evidence_recall_at_1 == marks.evidence_recall_at_3 == marks.evidence_recall_at_5 == 0.5
    assert marks.evidence_recall_at_10 == 1.0
    assert holds(passages, first)
    assert not holds(passages[:5], second)
    assert measured([Gold("a")], *passages).evidence_recall_at_5 is None


def test_a_gold_page_is_found_by_a_passage_that_lies_on_it() -> None:
    gold = [Gold("a", 3), Gold("a", 9), Gold("b")]
    assert measured(gold, passage("a", "two\fpages", page=2)).page_recall_at_5 == 0.5
    assert measured(gold, passage("a", page=2), passage("x", page=3)).page_recall_at_5 == 0.0
    assert measured([Gold("a")], passage("a", page=2)).page_recall_at_5 is None


@pytest.mark.parametrize("gold", [[], [Gold("")]])
def test_without_gold_only_the_decision_is_measured(gold: list[Gold]) -> None:
    assert measured(gold, passage("a")) == Measures(answered_when_answerable=1.0)
    assert measured(gold, passage("a"), evidence=0.49) == Measures(answered_when_answerable=0.0)


def test_an_unanswerable_question_is_right_when_refused() -> None:
    assert measured([Gold("a")], passage("a"), answerable=False) == Measures(refused_when_unanswerable=0.0)
    assert measured([], passage("a"), answerable=False, evidence=0.2) == Measures(refused_when_unanswerable=1.0)


def test_nothing_found_is_refused_whatever_the_threshold() -> None:
    assert not is_answered(evidence_of(found(evidence=0.0)), 0.0)
    assert is_answered(evidence_of(found(passage("a"), evidence=0.0)), 0.0)


def test_documents_are_ranked_by_their_best_passage() -> None:
    assert ranked_documents(found(*map(passage, "abacbd"))) == ("a", "b", "c", "d")


def test_every_measure_has_a_name_and_a_meaning() -> None:
    scored = {field.name for field in fields(RagScores)} - {"n"}
    assert set(MEANINGS) == scored
    assert set(asdict(Measures())) <= scored


def test_a_copy_is_found_where_the_passage_stands_that_is_shown_for_it() -> None:
    copied = replace(passage("a", "within 30 days"), also_in=("b",))
    marks = measured([Gold("b", None, "30 days")], passage("x"), copied)
    assert (marks.recall_at_1, marks.recall_at_3, marks.mrr_at_10) == (0.0, 1.0, 0.5)
    assert marks.evidence_recall_at_3 == 1.0
    both = measured([Gold("a"), Gold("b")], copied)
    assert (both.recall_at_1, both.ndcg_at_10) == (1.0, 1.0)
