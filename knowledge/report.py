"""An evaluation of retrieval as one page to read: what failed comes first.

    RagReport (+ Comparison) -> verdict, failures, wrong decisions, scores, refusal curve, settings -> HTML

The page is one file without scripts that loads nothing from elsewhere.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from knowledge import refusal, report_sections
from knowledge.comparison import Comparison
from knowledge.counting import counted
from knowledge.evaluation import (
    Failure,
    Judged,
    RagReport,
    curve_of,
    failures,
    wrongly_answered,
    wrongly_refused,
)
from knowledge.measures import RETRIEVAL
from knowledge.passages import Passage
from knowledge.report_parts import frame, text, tile
from knowledge.report_sections import MAX_CASES, PASSAGE_CHARACTERS, case, count, page_number, rest_of, wanted

PASSAGES_SHOWN = 3
FAULTS = {"missed": "not found", "late": "found late", "elsewhere": "other place"}


def page(
    report: RagReport, *, comparison: Comparison | None, settings: Mapping[str, Any], command: str, made: str
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
        *(report_sections.compared(comparison, RETRIEVAL) if comparison else ()),
        *_tiles(report),
        *_failures(report),
        *_wrong_decisions(report),
        *report_sections.scores(report, RETRIEVAL),
        *report_sections.curve(fine, report.curve),
        *report_sections.made_with(settings, command),
    ]
    return frame("Retrieval, measured", body)


def _head(report: RagReport, made: str) -> Iterator[str]:
    scores = report.overall
    yield "<h1>Are the answers found?</h1>"
    yield f'<p class="when">{counted(scores.n, "question")}, {text(made)}</p>'
    yield f'<p class="lead">{headline(report)}</p>'


def _tiles(report: RagReport) -> Iterator[str]:
    scores = report.overall
    yield '<div class="tiles">'
    yield tile("Answer found", scores.hit_at_5, says="a document with the answer is among the first five")
    yield tile(
        "Rank of the answer (MRR@10)", scores.mrr_at_10, percent=False, says="1 is always first, 0.5 is second place"
    )
    yield tile("The very sentence found", scores.evidence_recall_at_5, says="of the quoted sentences, in five passages")
    yield tile("Answered when answerable", scores.answered_when_answerable, says=_threshold(report))
    yield tile("Refused when unanswerable", scores.refused_when_unanswerable, says=_threshold(report))
    yield tile("Telling them apart (AUROC)", scores.refusal_auroc, percent=False, says="1 is always, 0.5 is by chance")
    yield "</div>"
    if report.absent:
        names = list(dict.fromkeys(document for _, document in report.absent))
        shown = ", ".join(f"<code>{text(name, limit=200)}</code>" for name in names[:20])
        absent = counted(len(names), "gold document is", "gold documents are")
        yield (
            f'<p class="verdicts"><span class="gone">{absent} not in the library</span>, or not '
            f"for who asks: {shown}{', …' if len(names) > 20 else ''}. Ingest what is missing, or mend the names "
            "in the question file; until then their questions count as not found.</p>"
        )


def headline(report: RagReport) -> str:
    """Return the result in words."""
    scores = report.overall
    parts = []
    if scores.hit_at_5.value is not None:
        parts.append(f"{count(scores.hit_at_5)} questions find a document with their answer among the first five.")
    if scores.answered_when_answerable.value is not None:
        parts.append(f"{count(scores.answered_when_answerable)} answerable questions would be answered.")
    if scores.refused_when_unanswerable.value is not None:
        parts.append(f"{count(scores.refused_when_unanswerable)} unanswerable ones would be refused.")
    return " ".join(parts)


def _threshold(report: RagReport) -> str:
    return f"with the threshold in use, evidence {report.refuse_below:.2f}"


def _failures(report: RagReport) -> Iterator[str]:
    failed = failures(report.judged)
    asked = report.overall.hit_at_5.n
    yield f'<h2>Not found <span class="count">{len(failed)} of {asked}</span></h2>'
    if not failed:
        yield "<p>Every question that says where its answer stands found it there.</p>"
        return
    yield '<p class="soft">The worst first: not found at all, found late, the document but not the place in it.</p>'
    absent = set(report.absent)
    for failure in failed[:MAX_CASES]:
        yield _failure(failure, absent)
    yield from rest_of(failed)


def _failure(failure: Failure, absent: set[tuple[str, str]]) -> str:
    tag = f'<span class="tag bad">{FAULTS[failure.fault]}</span> <span>{text(failure.reason)}</span>'
    return _case(failure.judged, tag=tag, wanted=wanted(failure.judged.question, absent))


def _wrong_decisions(report: RagReport) -> Iterator[str]:
    answered, refused = wrongly_answered(report.judged), wrongly_refused(report.judged)
    asked = report.overall
    yield (
        "<h2>Answered although the documents do not say "
        f'<span class="count">{len(answered)} of {asked.refused_when_unanswerable.n}</span></h2>'
    )
    yield f'<p class="soft">Their evidence reaches {report.refuse_below:.2f}. The surest first.</p>' if answered else ""
    for judged in answered[:MAX_CASES]:
        yield _case(judged, tag='<span class="tag bad">would be answered</span>', wanted="")
    yield from rest_of(answered)
    yield (
        "<h2>Refused although the documents say it "
        f'<span class="count">{len(refused)} of {asked.answered_when_answerable.n}</span></h2>'
    )
    yield (
        f'<p class="soft">Their evidence is below {report.refuse_below:.2f}. The least sure first.</p>'
        if refused
        else ""
    )
    for judged in refused[:MAX_CASES]:
        found = judged.measures.hit_at_5
        tag = '<span class="tag bad">would be refused</span>'
        if found is not None:
            tag += f" <span>{'though the answer was found' if found else 'and the answer was not found'}</span>"
        yield _case(judged, tag=tag, wanted=wanted(judged.question, set()))
    yield from rest_of(refused)


def _case(judged: Judged, *, tag: str, wanted: str) -> str:
    retrieval = judged.retrieval
    came = "".join(f"<li>{_passage(passage)}</li>" for passage in retrieval.passages[:PASSAGES_SHOWN])
    rows = [("wanted", f"<ul>{wanted}</ul>")] if wanted else []
    rows.append(("came", f"<ol>{came}</ol>" if came else "nothing"))
    return case(judged.question, tag=tag, evidence=retrieval.evidence, rows=rows)


def _passage(passage: Passage) -> str:
    start = text(" ".join(passage.text.split()), limit=PASSAGE_CHARACTERS)
    return (
        f'<span class="name-of">{text(passage.document, limit=300)}</span>{page_number(passage.page)}{_title(passage)}'
        f'<span class="quote" lang="{text(passage.language)}" dir="auto">{start}</span>'
    )


def _title(passage: Passage) -> str:
    """Return what stands above the passage: its title and headings, each once."""
    above = [part for part in dict.fromkeys((passage.title, *passage.headings)) if part and part != passage.document]
    return f' <span class="soft" dir="auto">{text(" › ".join(above), limit=200)}</span>' if above else ""
