"""How good retrieval is: questions with known places in, scores out.

questions -> search -> measures of each -> scores with n and 95 % intervals, by language and kind; failures
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np

from knowledge import refusal
from knowledge.counting import counted
from knowledge.errors import KnowledgeError
from knowledge.library import Library
from knowledge.measures import DEPTH, RETRIEVAL, Measures, evidence_of, measure
from knowledge.passages import Retrieval
from knowledge.questions import Question, Spoken
from knowledge.retrieval import RetrievalOptions
from knowledge.scores import Score, auroc, calibration_error, mean

REFUSE_BELOW = 0.5


@dataclass(frozen=True, slots=True)
class Judged:
    """One question and what retrieval made of it."""

    question: Question
    retrieval: Retrieval
    measures: Measures


@dataclass(frozen=True, slots=True)
class RagScores:
    """Retrieval on a set of questions: means of `Measures`, each over the questions that have it."""

    n: int
    recall_at_1: Score
    recall_at_3: Score
    recall_at_5: Score
    recall_at_10: Score
    hit_at_5: Score
    mrr_at_10: Score
    ndcg_at_10: Score
    evidence_recall_at_1: Score
    evidence_recall_at_3: Score
    evidence_recall_at_5: Score
    evidence_recall_at_10: Score
    page_recall_at_5: Score
    answered_when_answerable: Score
    refused_when_unanswerable: Score
    refusal_auroc: Score
    """Evidence of answerable questions against unanswerable ones."""
    calibration_error: Score
    """Of evidence, with answerable questions weighted to four of five; 0 is best."""
    seconds: Score
    """Mean seconds a search."""
    seconds_median: float | None
    seconds_p95: float | None


Fault = Literal["missed", "late", "elsewhere"]


@dataclass(frozen=True, slots=True)
class Failure:
    """An answerable question whose answer was not found where it stands."""

    judged: Judged
    fault: Fault
    """`missed`: no gold document among those found; `late`: only after the fifth; `elsewhere`: the document was found,
    but none of its quotes, or of its pages, in the first five passages."""

    @property
    def reason(self) -> str:
        """What went wrong, in words."""
        if self.fault == "missed":
            return "none of these documents was found"
        if self.fault == "elsewhere":
            return "the document was found, but not this place in it"
        return f"the first of these documents stands only at place {round(1 / (self.judged.measures.mrr_at_10 or 1))}"


@dataclass(frozen=True, slots=True)
class RagReport:
    """Scores over all questions, for each language and for each kind of question."""

    overall: RagScores
    languages: dict[str, RagScores]
    kinds: dict[str, RagScores]
    """Empty when the questions have no kinds."""
    curve: tuple[refusal.Point, ...]
    refuse_below: float
    absent: tuple[tuple[str, str], ...]
    """(question id, gold document) that no one who asks this question may read, or that is not in the library."""
    judged: tuple[Judged, ...]


class Search(Protocol):
    """Finds passages for a question."""

    def __call__(
        self,
        question: str,
        *,
        history: Sequence[Spoken],
        limit: int,
        collections: Sequence[str],
        audiences: Sequence[str],
        options: RetrievalOptions | None,
    ) -> Retrieval: ...


def evaluate(
    library: Library,
    questions: Sequence[Question],
    *,
    collections: Sequence[str] = ("default",),
    options: RetrievalOptions | None = None,
    history: bool = True,
    refuse_below: float = REFUSE_BELOW,
    search: Search | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> RagReport:
    """Search for every question and score what was found; a question sees its own audience and the public.

    Args:
        history: whether the conversation before a question is given to the search.
        search: finds passages as answers do; None is the library's own search.
        refuse_below: the evidence below which the assistant refuses.

    Raises:
        KnowledgeError: nothing can be measured on these questions, or the index cannot be searched.
    """
    check_measurable(questions)
    judged = []
    for done, question in enumerate(questions):
        if progress is not None:
            progress(done, len(questions))
        retrieval = (search or library.search)(
            question.question,
            history=question.history if history else (),
            limit=DEPTH,
            collections=collections,
            audiences=_audiences(question),
            options=options,
        )
        judged.append(judge(question, retrieval, refuse_below=refuse_below))
    languages = sorted({question.language for question in questions})
    kinds = sorted({question.kind for question in questions if question.kind})
    return RagReport(
        overall=summarise(judged),
        languages={lang: summarise([j for j in judged if j.question.language == lang]) for lang in languages},
        kinds={kind: summarise([j for j in judged if j.question.kind == kind]) for kind in kinds},
        curve=curve_of(judged, refuse_below=refuse_below),
        refuse_below=refuse_below,
        absent=_absent_gold(library, judged, collections),
        judged=tuple(judged),
    )


def check_measurable(questions: Sequence[Question]) -> None:
    """Refuse questions on which nothing can be measured, before any search.

    Raises:
        KnowledgeError: no question says where its answer stands, and none is unanswerable.
    """
    if not any(not question.answerable or any(g.document for g in question.gold) for question in questions):
        raise KnowledgeError(
            f"Of {counted(len(questions), 'question')} none says where its answer stands, so nothing can be measured. "
            'Next: add "gold": [{"document": "returns.md", "quote": "30 days"}] to those that the documents answer, '
            'and "answerable": false to the others; docs/evaluating.md shows how.'
        )


def judge(question: Question, retrieval: Retrieval, *, refuse_below: float = REFUSE_BELOW) -> Judged:
    """Compare what was found with where the answer stands."""
    return Judged(question, retrieval, measure(question, retrieval, refuse_below=refuse_below))


def summarise(judged: Sequence[Judged]) -> RagScores:
    """Return the scores of judged questions."""
    answerable, unanswerable = ([retrieval.evidence for retrieval in part] for part in by_answerable(judged))
    seconds = [j.retrieval.seconds for j in judged]
    median, late = np.quantile(seconds, [0.5, 0.95]).round(6).tolist() if seconds else (None, None)
    return RagScores(
        n=len(judged),
        **{
            name: mean([m for j in judged if (m := getattr(j.measures, name)) is not None])
            for name in RETRIEVAL.measures
        },
        refusal_auroc=auroc(answerable, unanswerable),
        calibration_error=calibration_error(answerable, unanswerable),
        seconds=mean(seconds),
        seconds_median=median,
        seconds_p95=late,
    )


def failures(judged: Sequence[Judged]) -> tuple[Failure, ...]:
    """Return what was not found, worst first: missed, late, elsewhere; within each, the surest first."""
    found = [Failure(j, fault) for j in judged if (fault := _fault(j.measures)) is not None]
    order: tuple[Fault, ...] = ("missed", "late", "elsewhere")
    return tuple(sorted(found, key=lambda f: (order.index(f.fault), -f.judged.retrieval.evidence)))


def wrongly_answered(judged: Sequence[Judged]) -> tuple[Judged, ...]:
    """Return the unanswerable questions that would be answered, the surest first."""
    wrong = [j for j in judged if j.measures.refused_when_unanswerable == 0]
    return tuple(sorted(wrong, key=lambda j: -j.retrieval.evidence))


def wrongly_refused(judged: Sequence[Judged]) -> tuple[Judged, ...]:
    """Return the answerable questions that would be refused, the least sure first."""
    wrong = [j for j in judged if j.measures.answered_when_answerable == 0]
    return tuple(sorted(wrong, key=lambda j: j.retrieval.evidence))


def curve_of(
    judged: Sequence[Judged], *, refuse_below: float, thresholds: Iterable[float] = refusal.COARSE
) -> tuple[refusal.Point, ...]:
    """Return what each threshold would bring on judged questions."""
    answerable, unanswerable = ([evidence_of(retrieval) for retrieval in part] for part in by_answerable(judged))
    return refusal.curve(answerable, unanswerable, refuse_below=refuse_below, thresholds=thresholds)


def by_answerable(judged: Sequence[Judged]) -> tuple[list[Retrieval], list[Retrieval]]:
    """Return the searches of answerable questions and those of unanswerable ones."""
    return (
        [j.retrieval for j in judged if j.question.answerable],
        [j.retrieval for j in judged if not j.question.answerable],
    )


def _fault(measures: Measures) -> Fault | None:
    if measures.mrr_at_10 == 0:
        return "missed"
    if measures.hit_at_5 == 0:
        return "late"
    place = measures.page_recall_at_5 if measures.evidence_recall_at_5 is None else measures.evidence_recall_at_5
    return "elsewhere" if place == 0 else None


def absent_gold(
    library: Library, questions: Sequence[Question], collections: Sequence[str]
) -> tuple[tuple[str, str], ...]:
    """Return (question id, gold document) that is not there, or not for who asks: no fault of search or answers."""
    return tuple(
        (question.id, document)
        for question in questions
        for document in _wanted(question)
        if not _is_there(library, document, collections, _audiences(question))
    )


def _absent_gold(library: Library, judged: Sequence[Judged], collections: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Look up the gold documents that were not found: a typing mistake in the question file is no fault of search."""
    absent = []
    for j in judged:
        found = {passage.document for passage in j.retrieval.passages}
        for document in _wanted(j.question):
            if document not in found and not _is_there(library, document, collections, _audiences(j.question)):
                absent.append((j.question.id, document))
    return tuple(absent)


def _wanted(question: Question) -> tuple[str, ...]:
    """Return the documents that hold a question's answer, each once."""
    return tuple(dict.fromkeys(place.document for place in question.gold if place.document and question.answerable))


def _is_there(library: Library, document: str, collections: Sequence[str], audiences: Sequence[str]) -> bool:
    for collection in collections:
        try:
            library.excerpt(collection, document, 0, 0, audiences=audiences, margin=0)
        except KnowledgeError:
            continue
        return True
    return False


def _audiences(question: Question) -> tuple[str, ...]:
    return tuple(dict.fromkeys(["public", question.audience]))
