"""An evaluation as one page to read: what failed comes first.

    RagReport (+ Comparison) -> verdict, failures, wrong decisions, scores, refusal curve, settings -> HTML

The page is one file without scripts that loads nothing from elsewhere.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from knowledge import refusal
from knowledge.comparison import Comparison, sentence
from knowledge.evaluation import (
    Failure,
    Judged,
    RagReport,
    RagScores,
    by_answerable,
    failures,
    wrongly_answered,
    wrongly_refused,
)
from knowledge.measures import MEANINGS
from knowledge.passages import Passage
from knowledge.questions import Gold, Question
from knowledge.report_parts import NOTHING, curve_legend, curve_picture, frame, score, table, text, tile
from knowledge.scores import PairedScore, Score

MAX_CASES = 200
"""Questions shown in one section; a page with thousands is read by no one."""
PASSAGES_SHOWN = 3
PLACES_SHOWN = 6
PASSAGE_CHARACTERS = 280
QUESTION_CHARACTERS = 2000
PART_COLUMNS = (
    "recall_at_5",
    "mrr_at_10",
    "ndcg_at_10",
    "evidence_recall_at_5",
    "answered_when_answerable",
    "refused_when_unanswerable",
)
DIFFERENCES = ("recall_at_5", "mrr_at_10", "evidence_recall_at_5")
"""What is compared for each language by itself."""
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
    body = [
        *_head(report, made),
        *(_compared(comparison) if comparison else ()),
        *_tiles(report),
        *_failures(report),
        *_wrong_decisions(report),
        *_scores(report),
        *_curve(report),
        *_settings(settings, command),
    ]
    return frame("Retrieval, measured", body)


def _head(report: RagReport, made: str) -> Iterator[str]:
    scores = report.overall
    yield "<h1>Are the answers found?</h1>"
    yield f'<p class="when">{scores.n} questions, {text(made)}</p>'
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
        yield (
            f'<p class="verdicts"><span class="gone">{len(names)} gold documents are not in the library</span>, or not '
            f"for who asks: {shown}{', …' if len(names) > 20 else ''}. Ingest them, or mend their names in the "
            "question file; until then their questions count as not found.</p>"
        )


def headline(report: RagReport) -> str:
    """Return the result in words."""
    scores = report.overall
    parts = []
    if scores.hit_at_5.value is not None:
        parts.append(f"{_count(scores.hit_at_5)} questions find a document with their answer among the first five.")
    if scores.answered_when_answerable.value is not None:
        parts.append(f"{_count(scores.answered_when_answerable)} answerable questions would be answered.")
    if scores.refused_when_unanswerable.value is not None:
        parts.append(f"{_count(scores.refused_when_unanswerable)} unanswerable ones would be refused.")
    return " ".join(parts)


def _count(value: Score) -> str:
    return f"{round((value.value or 0.0) * value.n)} of {value.n}"


def _threshold(report: RagReport) -> str:
    return f"with the threshold in use, evidence {report.refuse_below:.2f}"


def _compared(comparison: Comparison) -> Iterator[str]:
    left, right = text(comparison.left), text(comparison.right)
    yield f"<h2>{sentence(left)} against {right}</h2>"
    yield '<div class="verdicts">'
    if not comparison.n:
        yield "<p>No question is the same on both sides, so nothing is compared.</p>"
    for said in comparison.verdicts:
        nothing = said.startswith("No difference") or " are equal " in said
        yield f'<p class="{"soft" if nothing else "shown"}">{text(said)}</p>'
    yield "</div>"
    for what, names in (
        (f"Found by {comparison.left} only", comparison.found_by_left),
        (f"Found by {comparison.right} only", comparison.found_by_right),
        (f"Only in {comparison.left}, not compared", comparison.only_left),
        (f"Only in {comparison.right}, not compared", comparison.only_right),
        ("Changed since, not compared", comparison.changed),
    ):
        if names:
            shown = ", ".join(text(name, limit=100) for name in names[:MAX_CASES])
            yield f"<p>{text(what)} ({len(names)}): {shown}{', …' if len(names) > MAX_CASES else ''}</p>"
    rows = [_difference(name, value) for name, value in comparison.scores.items() if value.n]
    for language, scores in comparison.languages.items():
        rows += [_difference(name, scores[name], of=language) for name in DIFFERENCES if scores[name].n]
    head = ("measure", "difference", "95 % interval", "higher · lower · same", "p")
    if rows:
        yield "<details><summary>All differences</summary>"
        yield table(head, rows, name="Differences")
        yield f'<p class="soft">A difference is {left} minus {right}. For seconds, less is better.</p></details>'


def _difference(name: str, value: PairedScore, *, of: str = "") -> Sequence[str]:
    rises = (value.difference or 0.0) > 0
    is_better = rises != (name == "seconds")
    colour = ("better" if is_better else "worse") if value.is_shown else "soft"
    return (
        text(f"{MEANINGS[name][0]}, {of}" if of else MEANINGS[name][0]),
        f'<span class="{colour}">{value.difference:+.3f}</span>',
        f'<span class="whole">{value.low:+.3f} to {value.high:+.3f}</span>',
        f'<span class="whole">{value.wins} · {value.losses} · {value.ties}</span>',
        f"{value.p}",
    )


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
    yield from _rest(failed)


def _failure(failure: Failure, absent: set[tuple[str, str]]) -> str:
    tag = f'<span class="tag bad">{FAULTS[failure.fault]}</span> <span>{text(failure.reason)}</span>'
    return _case(failure.judged, tag=tag, wanted=_wanted(failure.judged.question, absent))


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
    yield from _rest(answered)
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
        yield _case(judged, tag=tag, wanted=_wanted(judged.question, set()))
    yield from _rest(refused)


def _rest(cases: Sequence[object]) -> Iterator[str]:
    if len(cases) > MAX_CASES:
        yield f'<p class="soft">… and {len(cases) - MAX_CASES} more; a result stored with --out has them all.</p>'


def _case(judged: Judged, *, tag: str, wanted: str) -> str:
    question, retrieval = judged.question, judged.retrieval
    language = f' lang="{text(question.language)}"'
    marks = [question.language, *([question.kind] if question.kind else [])]
    if question.audience != "public":
        marks.append(f"asked by {question.audience}")
    came = "".join(f"<li>{_passage(passage)}</li>" for passage in retrieval.passages[:PASSAGES_SHOWN])
    return "\n".join(
        [
            '<article class="case">',
            f'<div class="top"><code>{text(question.id, limit=100)}</code> {tag}'
            f"<span>{text(' · '.join(marks))}</span>"
            f'<span class="evidence">evidence {retrieval.evidence:.2f}</span></div>',
            f'<p class="asked"{language} dir="auto">{text(question.question, limit=QUESTION_CHARACTERS)}</p>',
            _history(question),
            '<dl class="places">',
            f'<dt>wanted</dt><dd class="wanted"><ul>{wanted}</ul></dd>' if wanted else "",
            f"<dt>came</dt><dd>{f'<ol>{came}</ol>' if came else 'nothing'}</dd>",
            "</dl>",
            "</article>",
        ]
    )


def _history(question: Question) -> str:
    if not question.history:
        return ""
    said = "".join(
        f'<p class="said" dir="auto"><span class="soft">{text(spoken.role)}:</span> '
        f"{text(spoken.content, limit=QUESTION_CHARACTERS)}</p>"
        for spoken in question.history
    )
    return f"<details><summary>The conversation before ({len(question.history)})</summary>{said}</details>"


def _wanted(question: Question, absent: set[tuple[str, str]]) -> str:
    places = [place for place in question.gold if place.document]
    lines = [f"<li>{_place(place, gone=(question.id, place.document) in absent)}</li>" for place in places]
    rest = len(lines) - PLACES_SHOWN
    return "".join(lines[:PLACES_SHOWN]) + (f'<li class="soft">… and {rest} more</li>' if rest > 0 else "")


def _place(place: Gold, *, gone: bool) -> str:
    mark = ' <span class="gone">not in the library</span>' if gone else ""
    quote = (
        f'<span class="quote" dir="auto">{text(place.quote, limit=PASSAGE_CHARACTERS)}</span>' if place.quote else ""
    )
    return f'<span class="name-of">{text(place.document, limit=300)}</span>{_page(place.page)}{mark}{quote}'


def _passage(passage: Passage) -> str:
    start = text(" ".join(passage.text.split()), limit=PASSAGE_CHARACTERS)
    return (
        f'<span class="name-of">{text(passage.document, limit=300)}</span>{_page(passage.page)}{_title(passage)}'
        f'<span class="quote" lang="{text(passage.language)}" dir="auto">{start}</span>'
    )


def _title(passage: Passage) -> str:
    """Return what stands above the passage: its title and headings, each once."""
    above = [part for part in dict.fromkeys((passage.title, *passage.headings)) if part and part != passage.document]
    return f' <span class="soft" dir="auto">{text(" › ".join(above), limit=200)}</span>' if above else ""


def _page(number: int | None) -> str:
    return "" if number is None else f", page {number}"


def _scores(report: RagReport) -> Iterator[str]:
    parts = {**(report.languages if len(report.languages) > 1 else {}), **report.kinds}
    if parts:
        yield "<h2>By language and kind</h2>" if report.kinds else "<h2>By language</h2>"
        rows: list[Sequence[str]] = [
            (text(name, limit=60), str(part.n), *(score(getattr(part, column)) for column in PART_COLUMNS))
            for name, part in parts.items()
        ]
        head = ("", "questions", *(MEANINGS[column][0] for column in PART_COLUMNS))
        yield table(head, rows, name="Scores by language and kind")
    yield "<h2>All scores</h2>"
    yield table(("score", "value", "what it says"), list(_all_scores(report.overall)), name="All scores")


def _all_scores(scores: RagScores) -> Iterator[Sequence[str]]:
    for name, (label, meaning) in MEANINGS.items():
        value = getattr(scores, name)
        if isinstance(value, Score):
            if value.value is not None:
                yield text(label), score(value), text(meaning)
        else:
            yield text(label), NOTHING if value is None else f"{value:.3f}", text(meaning)


def _curve(report: RagReport) -> Iterator[str]:
    points = refusal.curve(*by_answerable(report.judged), refuse_below=report.refuse_below, thresholds=refusal.FINE)
    yield "<h2>Where to refuse</h2>"
    yield "<figure>"
    yield curve_legend()
    yield curve_picture(points)
    yield (
        "<figcaption>A higher threshold refuses more of what the documents do not say, and answers less of what they "
        "do. The setting <code>refuse_below</code> moves it.</figcaption>"
    )
    yield "</figure>"
    rows = [
        (
            f"{point.threshold:.2f}{' (in use)' if point.in_use else ''}",
            _share(point.answered),
            _share(point.refused),
        )
        for point in report.curve
    ]
    head = ("refuse below", "answerable that are answered", "unanswerable that are refused")
    yield f"<details><summary>The same in numbers</summary>{table(head, rows, name='Refusal curve')}</details>"


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.0f} %"


def _settings(settings: Mapping[str, Any], command: str) -> Iterator[str]:
    yield "<h2>How this was made</h2>"
    yield f"<p><code>{text(command)}</code></p>"
    words = {True: "on", False: "off", None: NOTHING}
    rows = [
        (text(name), f"<code>{text(words[value] if isinstance(value, bool | None) else value)}</code>")
        for name, value in settings.items()
    ]
    yield table(("setting", "value"), rows, name="Settings")
    yield (
        '<p class="soft">Intervals are 95 % bootstrap intervals over the questions; differences are tested question by '
        "question with a sign-flip permutation test and called shown when the interval excludes zero and p is below "
        "0.05.</p>"
    )
