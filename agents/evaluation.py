"""How good answers are: questions with known facts and places in, scores out.

questions -> turns -> measures of each -> scores with n and 95 % intervals, by language and kind; failures
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np

from agents.checks.grounding import said_sentences, stray_parts, unsupported_sentences
from agents.errors import ModelUnavailable
from agents.transcript import Answer, Finished, Message, Searched, Step
from agents.trials.measures import ANSWERS, AnswerMeasures, measure
from agents.turn import Request
from knowledge import refusal
from knowledge.counting import counted
from knowledge.errors import KnowledgeError, cause_and_step
from knowledge.evaluation import REFUSE_BELOW
from knowledge.library import Library
from knowledge.questions import Question
from knowledge.results import Row, row_of
from knowledge.scores import Score, auroc, mean


class Answering(Protocol):
    """Whatever answers questions."""

    def respond(self, request: Request) -> Iterator[Step]:
        """Yield the steps of a turn."""
        ...


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """One question, its answer, and what is right about it."""

    question: Question
    answer: Answer
    measures: AnswerMeasures
    strays: tuple[str, ...] = ()
    """Numbers, dates, prices, links and addresses in the answer that what it cites does not hold."""
    unsupported: tuple[str, ...] = ()
    """Sentences of the answer that what it cites does not support."""
    searches: tuple[Searched, ...] = ()
    """What was found on the way."""


@dataclass(frozen=True, slots=True)
class AnswerScores:
    """Answers to a set of questions: means of `AnswerMeasures`, each over the answers that have it."""

    n: int
    facts_held: Score
    held_and_cited: Score
    citation_right: Score
    pointed_f1: Score
    answer_f1: Score
    supported: Score
    answered_when_answerable: Score
    refused_when_unanswerable: Score
    refusal_auroc: Score
    """Evidence of answerable questions against unanswerable ones."""
    words: Score
    words_longest: float
    unsupported: int
    """Sentences without support, over all answers."""
    sentences: int
    strays: int
    """Numbers, dates, prices, links and addresses that what is cited does not hold, over all answers."""
    first_text_seconds: Score
    seconds: Score
    seconds_median: float | None
    seconds_p95: float | None


@dataclass(frozen=True, slots=True)
class AnswerReport:
    """Scores over all questions, for each language and for each kind of question."""

    model: str
    overall: AnswerScores
    languages: dict[str, AnswerScores]
    kinds: dict[str, AnswerScores]
    """Empty when the questions have no kinds."""
    curve: tuple[refusal.Point, ...]
    refuse_below: float
    judged: tuple[JudgedAnswer, ...]


class CutShort(ModelUnavailable):
    """The model failed in the middle: what was measured until then is not lost."""

    def __init__(self, error: ModelUnavailable, report: AnswerReport, *, asked: int) -> None:
        answered = len(report.judged)
        cause, step = cause_and_step(str(error))
        super().__init__(
            f"{cause} That was at question {answered + 1} of {asked}; what was measured is of the {answered} before it."
            + (f" Next: {step}" if step else "")
        )
        self.report = report


def evaluate(
    responder: Answering,
    library: Library,
    questions: Sequence[Question],
    *,
    collections: Sequence[str] = ("default",),
    history: bool = True,
    contact: str = "",
    refuse_below: float = REFUSE_BELOW,
    progress: Callable[[int, int], None] | None = None,
) -> AnswerReport:
    """Ask every question and judge the answers; a question sees its own audience and the public.

    Args:
        history: whether the conversation before a question is given to the assistant.
        contact: the company's own address, which a refusal may name though no document holds it.
        refuse_below: the evidence below which this responder refuses.

    Raises:
        KnowledgeError: the index cannot be searched.
        CutShort: the model failed after it had answered some.
        ModelUnavailable: it failed at the first.
    """
    judged: list[JudgedAnswer] = []
    for done, question in enumerate(questions):
        if progress is not None:
            progress(done, len(questions))
        audiences = tuple(dict.fromkeys(["public", question.audience]))
        said = question.history if history else ()
        request = Request(
            question=question.question,
            history=tuple(Message("user" if one.role == "user" else "assistant", one.content) for one in said),
            audiences=audiences,
            collections=tuple(collections),
        )
        try:
            steps = tuple(responder.respond(request))
        except ModelUnavailable as error:
            if not judged:
                raise
            raise CutShort(error, report_of(judged, refuse_below=refuse_below), asked=len(questions)) from error
        judged.append(judge(question, steps, library, audiences=audiences, contact=contact))
    return report_of(judged, refuse_below=refuse_below)


def report_of(judged: Sequence[JudgedAnswer], *, refuse_below: float) -> AnswerReport:
    """Return the scores of judged answers, over all and by language and kind."""
    languages = sorted({one.question.language for one in judged})
    kinds = sorted({one.question.kind for one in judged if one.question.kind})
    return AnswerReport(
        model=judged[0].answer.model if judged else "none",
        overall=summarise(judged),
        languages={lang: summarise([j for j in judged if j.question.language == lang]) for lang in languages},
        kinds={kind: summarise([j for j in judged if j.question.kind == kind]) for kind in kinds},
        curve=curve_of(judged, refuse_below=refuse_below),
        refuse_below=refuse_below,
        judged=tuple(judged),
    )


def check_measurable(questions: Sequence[Question]) -> None:
    """Refuse questions on which nothing can be measured, before any is asked.

    Raises:
        KnowledgeError: no question says what a right answer is, and none is unanswerable.
    """
    if not any(not q.answerable or q.facts or q.answers or q.gold for q in questions):
        raise KnowledgeError(
            f"Of {counted(len(questions), 'question')} none says what a right answer is, so nothing can be measured. "
            'Next: add "facts": [["30 days", "thirty days"]] to those that the documents answer, and "answerable": '
            "false to the others; docs/evaluating.md shows how."
        )


def judge(
    question: Question, steps: Sequence[Step], library: Library, *, audiences: Sequence[str], contact: str = ""
) -> JudgedAnswer:
    """Compare the answer that a turn ended with to what is known to be right."""
    answer = next(step.answer for step in steps if isinstance(step, Finished))
    unsupported = unsupported_sentences(answer, library, audiences=audiences)
    return JudgedAnswer(
        question=question,
        answer=answer,
        measures=measure(question, answer, library, audiences=audiences, unsupported=unsupported),
        strays=tuple(sorted(stray_parts(answer, library, audiences=audiences, contact=contact))),
        unsupported=unsupported,
        searches=tuple(step for step in steps if isinstance(step, Searched)),
    )


def summarise(judged: Sequence[JudgedAnswer]) -> AnswerScores:
    """Return the scores of judged answers."""
    evidence = [[j.answer.evidence for j in judged if j.question.answerable is wanted] for wanted in (True, False)]
    seconds = [j.answer.seconds for j in judged]
    median, late = np.quantile(seconds, [0.5, 0.95]).round(6).tolist() if seconds else (None, None)
    answered = [j for j in judged if j.answer.outcome != "refused"]
    return AnswerScores(
        n=len(judged),
        **{
            name: mean([m for j in judged if (m := getattr(j.measures, name)) is not None]) for name in ANSWERS.measures
        },
        refusal_auroc=auroc(*evidence),
        words_longest=max((j.measures.words or 0.0 for j in judged), default=0.0),
        unsupported=sum(len(j.unsupported) for j in judged),
        sentences=sum(len(said_sentences(j.answer.text)) for j in answered),
        strays=sum(len(j.strays) for j in judged),
        seconds=mean(seconds),
        seconds_median=median,
        seconds_p95=late,
    )


def curve_of(
    judged: Sequence[JudgedAnswer], *, refuse_below: float, thresholds: Iterable[float] = refusal.COARSE
) -> tuple[refusal.Point, ...]:
    """Return what each threshold would bring on judged answers.

    A refusal in spite of enough evidence, because nothing had support, stays one at any threshold.
    """
    sides = []
    for answerable in (True, False):
        part = [j.answer for j in judged if j.question.answerable is answerable]
        sides.append([None if a.outcome == "refused" and a.evidence >= refuse_below else a.evidence for a in part])
    answerable_ones, unanswerable_ones = sides
    return refusal.curve(answerable_ones, unanswerable_ones, refuse_below=refuse_below, thresholds=thresholds)


def rows_of(report: AnswerReport) -> tuple[Row, ...]:
    """Return a report's questions as rows to store and to compare."""
    return tuple(
        row_of(
            j.question,
            ANSWERS,
            evidence=j.answer.evidence,
            seconds=j.answer.seconds,
            documents=tuple(dict.fromkeys(citation.document for citation in j.answer.citations)),
            measures=asdict(j.measures),
        )
        for j in report.judged
    )


def scores_of(report: AnswerReport) -> dict[str, Any]:
    """Return a report's scores as JSON-ready data."""
    return {
        "overall": asdict(report.overall),
        "languages": {language: asdict(part) for language, part in report.languages.items()},
        "kinds": {kind: asdict(part) for kind, part in report.kinds.items()},
        "refuse_below": report.refuse_below,
        "refusal_curve": [asdict(point) for point in report.curve],
    }
