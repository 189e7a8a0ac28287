"""What one search is worth: gold and what was found in, shares and ranks out.

    question with gold + ranked passages -> Measures, each 0-1, higher is better

Documents are ranked by their best passage among the first ten passages, and a document counts once. Gains are binary.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from types import MappingProxyType

from knowledge.passages import Passage, Retrieval
from knowledge.questions import Gold, Question
from knowledge.text import locate
from knowledge.yardstick import Yardstick

DEPTH = 10
"""Passages that are looked at."""


@dataclass(frozen=True, slots=True)
class Measures:
    """One question's marks, 0-1; None where the question does not ask for it."""

    recall_at_1: float | None = None
    """Share of the gold documents among the first k documents."""
    recall_at_3: float | None = None
    recall_at_5: float | None = None
    recall_at_10: float | None = None
    hit_at_5: float | None = None
    """1 when at least one gold document is among the first 5."""
    mrr_at_10: float | None = None
    """1 over the rank of the first gold document; 0 without one."""
    ndcg_at_10: float | None = None
    """Discounted gain of the gold documents over that of the best order (Järvelin and Kekäläinen 2002)."""
    evidence_recall_at_1: float | None = None
    """Share of the gold quotes that stand in the first k passages."""
    evidence_recall_at_3: float | None = None
    evidence_recall_at_5: float | None = None
    evidence_recall_at_10: float | None = None
    page_recall_at_5: float | None = None
    """Share of the gold pages that the first 5 passages lie on."""
    answered_when_answerable: float | None = None
    """1 when the evidence reaches the threshold."""
    refused_when_unanswerable: float | None = None
    """1 when the evidence is below the threshold."""


MEANINGS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "recall_at_1": ("recall@1", "share of the documents that hold the answer, found as the first document"),
        "recall_at_3": ("recall@3", "the same among the first 3 documents"),
        "recall_at_5": ("recall@5", "the same among the first 5 documents"),
        "recall_at_10": ("recall@10", "the same among all documents of the first 10 passages"),
        "hit_at_5": ("hit rate@5", "questions with at least one document that holds the answer among the first 5"),
        "mrr_at_10": ("MRR@10", "1 over the rank of the first such document: 1 is always first, 0.5 second"),
        "ndcg_at_10": ("nDCG@10", "how close the order is to the best one, later ranks counting less"),
        "evidence_recall_at_1": ("evidence recall@1", "share of the quoted sentences in the first passage"),
        "evidence_recall_at_3": ("evidence recall@3", "the same in the first 3 passages"),
        "evidence_recall_at_5": ("evidence recall@5", "the same in the first 5 passages"),
        "evidence_recall_at_10": ("evidence recall@10", "the same in the first 10 passages"),
        "page_recall_at_5": ("page recall@5", "share of the pages with the answer that the first 5 passages lie on"),
        "answered_when_answerable": (
            "answered, answerable",
            "answerable questions whose evidence reaches the threshold",
        ),
        "refused_when_unanswerable": ("refused, unanswerable", "questions without an answer that are refused"),
        "refusal_auroc": ("refusal AUROC", "how often an answerable question has more evidence than another"),
        "calibration_error": ("calibration error", "how far evidence is from the share that is answerable; 0 is best"),
        "seconds": ("seconds", "mean time of a search"),
        "seconds_median": ("seconds, median", "half of the searches take less"),
        "seconds_p95": ("seconds, 95 %", "95 of 100 searches take less"),
    }
)
"""Name -> how it is shown, and what it says to someone who runs a shop."""
RETRIEVAL = Yardstick(
    command="rag",
    measures=tuple(field.name for field in fields(Measures)),
    meanings=MEANINGS,
    said=MappingProxyType(
        {
            "hit_at_5": ("finds the answer more often", "in how often the answer is found"),
            "recall_at_5": (
                "finds more of the documents that hold the answer",
                "in how many of these documents are found",
            ),
            "mrr_at_10": ("ranks the answer higher", "in how high the answer stands"),
            "evidence_recall_at_5": (
                "brings the very sentence more often",
                "in how often the very sentence is found",
            ),
            "answered_when_answerable": ("answers more of the answerable questions", "in what is answered"),
            "refused_when_unanswerable": ("refuses more of the unanswerable questions", "in what is refused"),
        }
    ),
    repeats=MappingProxyType({"recall_at_5": "hit_at_5"}),  # equal where each question has one gold document
    won="hit_at_5",
    winning="Found",
    by_part=(
        "recall_at_5",
        "mrr_at_10",
        "ndcg_at_10",
        "refusal_auroc",
        "evidence_recall_at_5",
        "answered_when_answerable",
        "refused_when_unanswerable",
    ),
    compared=("recall_at_5", "mrr_at_10", "evidence_recall_at_5"),
    beside=frozenset({"facts", "answers", "kind"}),
    units=MappingProxyType({"seconds": "seconds"}),
)


def measure(question: Question, retrieval: Retrieval, *, refuse_below: float) -> Measures:
    """Compare what was found with where the answer stands."""
    answered = float(is_answered(evidence_of(retrieval), refuse_below))
    if not question.answerable:
        return Measures(refused_when_unanswerable=1.0 - answered)
    gold = [place for place in question.gold if place.document]
    if not gold:
        return Measures(answered_when_answerable=answered)
    wanted = {place.document for place in gold}
    ranks = sorted(rank for name, rank in _ranks(retrieval).items() if name in wanted)
    recall = {k: sum(rank <= k for rank in ranks) / len(wanted) for k in (1, 3, 5, 10)}
    quotes = [place for place in gold if place.quote]
    quoted = {k: _share(holds(retrieval.passages[:k], place) for place in quotes) for k in (1, 3, 5, 10)}
    pages = {(place.document, place.page) for place in gold if place.page is not None}
    seen = {(p.document, page) for p in retrieval.passages[:5] for page in _pages(p)}
    return Measures(
        recall_at_1=recall[1],
        recall_at_3=recall[3],
        recall_at_5=recall[5],
        recall_at_10=recall[10],
        hit_at_5=float(recall[5] > 0),
        mrr_at_10=1.0 / ranks[0] if ranks else 0.0,
        ndcg_at_10=min(1.0, _gain(ranks) / _gain(range(1, min(len(wanted), DEPTH) + 1))),
        evidence_recall_at_1=quoted[1],
        evidence_recall_at_3=quoted[3],
        evidence_recall_at_5=quoted[5],
        evidence_recall_at_10=quoted[10],
        page_recall_at_5=_share(page in seen for page in pages),
        answered_when_answerable=answered,
    )


def is_answered(evidence: float | None, refuse_below: float) -> bool:
    """Say whether the assistant would answer at this threshold; evidence of None is never enough."""
    return evidence is not None and evidence >= refuse_below


def evidence_of(retrieval: Retrieval) -> float | None:
    """Return the evidence that the decision to answer is made by; None when nothing was found."""
    return retrieval.evidence if retrieval.passages else None


def ranked_documents(retrieval: Retrieval) -> tuple[str, ...]:
    """Return the documents of the first ten passages, each once, best first."""
    return tuple(dict.fromkeys(passage.document for passage in retrieval.passages[:DEPTH]))


def _ranks(retrieval: Retrieval) -> dict[str, int]:
    """Return document -> its rank; a copy that a passage stands for has the rank of that passage."""
    documents = ranked_documents(retrieval)
    ranks = {document: rank for rank, document in enumerate(documents, 1)}
    for passage in retrieval.passages[:DEPTH]:
        for copy in passage.also_in:
            ranks[copy] = min(ranks[passage.document], ranks.get(copy, DEPTH))
    return ranks


def holds(passages: Iterable[Passage], place: Gold) -> bool:
    """Say whether one of the passages holds the quote, in the right document or in place of its copy there."""
    return any(
        place.document in (passage.document, *passage.also_in) and locate(place.quote, passage.text) is not None
        for passage in passages
    )


def _gain(ranks: Iterable[int]) -> float:
    return sum(1.0 / math.log2(rank + 1) for rank in ranks)


def _pages(passage: Passage) -> Sequence[int]:
    """Return the pages that a passage lies on; pages of the stored text are joined by form feeds."""
    return () if passage.page is None else range(passage.page, passage.page + passage.text.count("\f") + 1)


def _share(hits: Iterable[bool]) -> float | None:
    values = list(hits)
    return sum(values) / len(values) if values else None
