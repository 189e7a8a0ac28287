"""An evaluation of answers as one page to read: what failed comes first.

    AnswerReport (+ Comparison) -> verdict, failures with what was expected and what was said, scores -> HTML

The page is one file without scripts that loads nothing from elsewhere.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from agents.evaluation import AnswerReport, curve_of
from agents.transcript import Answer, Citation
from agents.trials.failures import FAULTS, Failure, expected, failures
from agents.trials.measures import ANSWERS
from knowledge import refusal, report_sections
from knowledge.comparison import Comparison
from knowledge.counting import counted
from knowledge.report_parts import frame, table, text, tile
from knowledge.report_sections import MAX_CASES, PASSAGE_CHARACTERS, case, count, page_number, rest_of, wanted

ANSWER_CHARACTERS = 2000
FACT_CHARACTERS = 300


def page(
    report: AnswerReport, *, comparison: Comparison | None, settings: Mapping[str, Any], command: str, made: str
) -> str:
    """Return the page.

    Args:
        settings: what the evaluation was run with, shown as it is.
        command: what the owner typed.
        made: date and time, as it shall be read.
    """
    fine = curve_of(report.judged, refuse_below=report.refuse_below, thresholds=refusal.FINE)
    body = [
        *_head(report, made),
        *(report_sections.compared(comparison, ANSWERS) if comparison else ()),
        *_tiles(report),
        *_failures(report),
        *report_sections.scores(report, ANSWERS),
        *report_sections.curve(fine, report.curve),
        *report_sections.made_with(settings, command),
    ]
    return frame("Answers, measured", body)


def headline(report: AnswerReport) -> str:
    """Return the result in words."""
    scores = report.overall
    parts = []
    if scores.held_and_cited.value is not None:
        parts.append(f"{count(scores.held_and_cited)} answerable questions get every fact and a right citation.")
    if scores.refused_when_unanswerable.value is not None:
        parts.append(f"{count(scores.refused_when_unanswerable)} unanswerable ones are refused.")
    stray = counted(
        scores.strays,
        "number, date, price, link or address stands",
        "numbers, dates, prices, links or addresses stand",
    )
    return " ".join([*parts, f"{stray} in an answer and not in what it cites."])


def _head(report: AnswerReport, made: str) -> Iterator[str]:
    yield "<h1>Are the answers right?</h1>"
    yield f'<p class="when">{counted(report.overall.n, "question")}, model {text(report.model)}, {text(made)}</p>'
    yield f'<p class="lead">{headline(report)}</p>'


def _tiles(report: AnswerReport) -> Iterator[str]:
    scores = report.overall
    threshold = f"with the threshold in use, evidence {report.refuse_below:.2f}"
    yield '<div class="tiles">'
    yield tile("Right and rightly cited", scores.held_and_cited, says="every fact, and a citation where it stands")
    yield tile("Facts held", scores.facts_held, says="of the answerable questions; a refusal holds none")
    yield tile(
        "Close to the right answer (F1)", scores.pointed_f1, percent=False, says="what is said first; 1 is equal"
    )
    yield tile("Answered when answerable", scores.answered_when_answerable, says=threshold)
    yield tile("Refused when unanswerable", scores.refused_when_unanswerable, says=threshold)
    yield tile("Telling them apart (AUROC)", scores.refusal_auroc, percent=False, says="1 is always, 0.5 is by chance")
    yield "</div>"


def _failures(report: AnswerReport) -> Iterator[str]:
    failed = failures(report.judged)
    yield f'<h2>What went wrong <span class="count">{len(failed)} of {report.overall.n}</span></h2>'
    if not failed:
        yield "<p>Every question was answered, or refused, as it should be.</p>"
        return
    yield (
        '<p class="soft">The worst first: what no source holds, what should have been refused, wrong answers, refusals '
        "of what the documents say, citations of another place.</p>"
    )
    yield from _counts(report, failed)
    for failure in failed[:MAX_CASES]:
        yield _failure(failure)
    yield from rest_of(failed)


def _counts(report: AnswerReport, failed: Sequence[Failure]) -> Iterator[str]:
    """Yield how many questions of each language and kind failed, and how."""
    faults = [fault for fault in FAULTS if any(failure.fault == fault for failure in failed)]
    parts: list[tuple[str, int, Callable[[Failure], bool]]] = [("all", report.overall.n, lambda _: True)]
    if len(report.languages) > 1:
        parts += [(name, part.n, _asked_in(name)) for name, part in report.languages.items()]
    parts += [(name, part.n, _of_kind(name)) for name, part in report.kinds.items()]
    rows = []
    for name, n, belongs in parts:
        found = Counter(failure.fault for failure in failed if belongs(failure))
        rows.append((text(name, limit=60), str(n), str(found.total()), *(str(found[fault] or "") for fault in faults)))
    yield table(("", "questions", "failed", *(FAULTS[fault] for fault in faults)), rows, name="Failures by kind")


def _asked_in(language: str) -> Callable[[Failure], bool]:
    return lambda failure: failure.judged.question.language == language


def _of_kind(kind: str) -> Callable[[Failure], bool]:
    return lambda failure: failure.judged.question.kind == kind


def _failure(failure: Failure) -> str:
    judged = failure.judged
    question, answer = judged.question, judged.answer
    facts = "".join(f'<li dir="auto">{text(fact, limit=FACT_CHARACTERS)}</li>' for fact in expected(question))
    rows = [("expected", f"<ul>{facts}</ul>")] if facts else []
    rows.append(("said", _said(answer)))
    if answer.citations:
        cited = "".join(f"<li>{_citation(citation)}</li>" for citation in answer.citations)
        rows.append(("cited", f"<ul>{cited}</ul>"))
    if places := wanted(question, set()):
        rows.append(("wanted", f"<ul>{places}</ul>"))
    rows.append(("why", text(failure.reason, limit=ANSWER_CHARACTERS)))
    tag = f'<span class="tag bad">{FAULTS[failure.fault]}</span>'
    return case(question, tag=tag, evidence=answer.evidence, rows=rows)


def _said(answer: Answer) -> str:
    return (
        f'<span class="answer" lang="{text(answer.language)}" dir="auto">'
        f"{text(answer.text, limit=ANSWER_CHARACTERS)}</span>"
    )


def _citation(citation: Citation) -> str:
    return (
        f'[{citation.number}] <span class="name-of">{text(citation.document, limit=300)}</span>'
        f"{page_number(citation.page)}"
        f'<span class="quote" dir="auto">{text(citation.quote, limit=PASSAGE_CHARACTERS)}</span>'
    )
