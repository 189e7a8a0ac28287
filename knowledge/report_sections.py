"""The parts that every evaluation's page has: comparison, scores, refusal curve, settings, and pieces of a question.

    report + yardstick -> HTML

Each takes plain values, so that the page on retrieval and the one on answers look and read alike.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from knowledge.comparison import Comparison, sentence
from knowledge.questions import Gold, Question
from knowledge.refusal import Point
from knowledge.report_parts import NOTHING, curve_legend, curve_picture, score, table, text
from knowledge.scores import PairedScore, Score
from knowledge.yardstick import Yardstick

MAX_CASES = 200
"""Questions shown in one section; a page with thousands is read by no one."""
PLACES_SHOWN = 6
PASSAGE_CHARACTERS = 280
QUESTION_CHARACTERS = 2000


class Scored(Protocol):
    """A report with scores over all questions and by part."""

    @property
    def overall(self) -> Any:
        """Scores by the names of the yardstick."""

    @property
    def languages(self) -> Mapping[str, Any]: ...

    @property
    def kinds(self) -> Mapping[str, Any]: ...


def count(value: Score) -> str:
    """Return a share as `3 of 4`."""
    return f"{round((value.value or 0.0) * value.n)} of {value.n}"


def compared(comparison: Comparison, yardstick: Yardstick) -> Iterator[str]:
    """Yield the verdicts of a comparison, which questions went well on one side only, and all differences."""
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
        (f"{yardstick.winning} by {comparison.left} only", comparison.won_by_left),
        (f"{yardstick.winning} by {comparison.right} only", comparison.won_by_right),
        (f"Only in {comparison.left}, not compared", comparison.only_left),
        (f"Only in {comparison.right}, not compared", comparison.only_right),
        ("Changed since, not compared", comparison.changed),
    ):
        if names:
            shown = ", ".join(text(name, limit=100) for name in names[:MAX_CASES])
            yield f"<p>{text(what)} ({len(names)}): {shown}{', …' if len(names) > MAX_CASES else ''}</p>"
    rows = [_difference(name, value, yardstick) for name, value in comparison.scores.items() if value.n]
    for language, scores in comparison.languages.items():
        rows += [
            _difference(name, scores[name], yardstick, of=language) for name in yardstick.compared if scores[name].n
        ]
    head = ("measure", "difference", "95 % interval", "higher · lower · same", "p")
    units = " and ".join(dict.fromkeys(yardstick.units.values()))
    if rows:
        yield "<details><summary>All differences</summary>"
        yield table(head, rows, name="Differences")
        yield f'<p class="soft">A difference is {left} minus {right}. Of {units}, less is better.</p></details>'


def _difference(name: str, value: PairedScore, yardstick: Yardstick, *, of: str = "") -> Sequence[str]:
    rises = (value.difference or 0.0) > 0
    is_better = rises != (name in yardstick.units)
    colour = ("better" if is_better else "worse") if value.is_shown else "soft"
    return (
        text(f"{yardstick.label(name)}, {of}" if of else yardstick.label(name)),
        f'<span class="{colour}">{value.difference:+.3f}</span>',
        f'<span class="whole">{value.low:+.3f} to {value.high:+.3f}</span>',
        f'<span class="whole">{value.wins} · {value.losses} · {value.ties}</span>',
        f"{value.p}",
    )


def scores(report: Scored, yardstick: Yardstick) -> Iterator[str]:
    """Yield the scores by language and kind, and all scores over all questions."""
    parts = {**(report.languages if len(report.languages) > 1 else {}), **report.kinds}
    if parts:
        yield "<h2>By language and kind</h2>" if report.kinds else "<h2>By language</h2>"
        rows: list[Sequence[str]] = [
            (text(name, limit=60), str(part.n), *(score(getattr(part, column)) for column in yardstick.by_part))
            for name, part in parts.items()
        ]
        head = ("", "questions", *(yardstick.label(column) for column in yardstick.by_part))
        yield table(head, rows, name="Scores by language and kind")
    yield "<h2>All scores</h2>"
    yield table(("score", "value", "what it says"), list(_all_scores(report.overall, yardstick)), name="All scores")


def _all_scores(overall: Any, yardstick: Yardstick) -> Iterator[Sequence[str]]:
    for name, (label, meaning) in yardstick.meanings.items():
        value = getattr(overall, name)
        if isinstance(value, Score):
            if value.value is not None:
                yield text(label), score(value), text(meaning)
        else:
            yield text(label), NOTHING if value is None else number(value), text(meaning)


def number(value: float) -> str:
    """Return a count as it is, anything else with three decimals."""
    return str(value) if isinstance(value, int) else f"{value:.3f}"


def curve(fine: Sequence[Point], coarse: Sequence[Point]) -> Iterator[str]:
    """Yield what each threshold brings: a drawing of many points, a table of few."""
    yield "<h2>Where to refuse</h2>"
    yield "<figure>"
    yield curve_legend()
    yield curve_picture(fine)
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
        for point in coarse
    ]
    head = ("refuse below", "answerable that are answered", "unanswerable that are refused")
    yield f"<details><summary>The same in numbers</summary>{table(head, rows, name='Refusal curve')}</details>"


def _share(value: float | None) -> str:
    return NOTHING if value is None else f"{100 * value:.0f} %"


def made_with(settings: Mapping[str, Any], command: str) -> Iterator[str]:
    """Yield the command and the settings of the evaluation."""
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


def rest_of(cases: Sequence[object]) -> Iterator[str]:
    """Yield how many questions a section leaves out."""
    if len(cases) > MAX_CASES:
        yield f'<p class="soft">… and {len(cases) - MAX_CASES} more; a result stored with --out has them all.</p>'


def case(question: Question, *, tag: str, evidence: float, rows: Iterable[tuple[str, str]]) -> str:
    """Return one question with what there is to say about it.

    Args:
        tag: what became of it, as HTML.
        rows: what is said, each a name and HTML.
    """
    marks = [question.language, *([question.kind] if question.kind else [])]
    if question.audience != "public":
        marks.append(f"asked by {question.audience}")
    return "\n".join(
        [
            '<article class="case">',
            f'<div class="top"><code>{text(question.id, limit=100)}</code> {tag}'
            f"<span>{text(' · '.join(marks))}</span>"
            f'<span class="evidence">evidence {evidence:.2f}</span></div>',
            f'<p class="asked" lang="{text(question.language)}" dir="auto">'
            f"{text(question.question, limit=QUESTION_CHARACTERS)}</p>",
            _history(question),
            '<dl class="places">',
            *(f'<dt>{name}</dt><dd class="{name}">{content}</dd>' for name, content in rows),
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


def wanted(question: Question, absent: set[tuple[str, str]]) -> str:
    """Return the places that hold the answer, as list items.

    Args:
        absent: (question id, document) of gold that is not in the library.
    """
    places = [place for place in question.gold if place.document]
    lines = [f"<li>{_place(place, gone=(question.id, place.document) in absent)}</li>" for place in places]
    rest = len(lines) - PLACES_SHOWN
    return "".join(lines[:PLACES_SHOWN]) + (f'<li class="soft">… and {rest} more</li>' if rest > 0 else "")


def _place(place: Gold, *, gone: bool) -> str:
    mark = ' <span class="gone">not in the library</span>' if gone else ""
    quote = (
        f'<span class="quote" dir="auto">{text(place.quote, limit=PASSAGE_CHARACTERS)}</span>' if place.quote else ""
    )
    return f'<span class="name-of">{text(place.document, limit=300)}</span>{page_number(place.page)}{mark}{quote}'


def page_number(page: int | None) -> str:
    """Return ", page 3"; "" for a document without pages."""
    return "" if page is None else f", page {page}"
