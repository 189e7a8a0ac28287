"""Models side by side as one page to read: the verdicts, a plot of each measure, what was said differently.

    Comparison + examples -> verdicts, dots with intervals, memory, cases, tables -> HTML

The page is one file without scripts that loads nothing from elsewhere, in light and dark.
"""

import math
from collections.abc import Iterator, Sequence

from finetune.evaluation import DECIDING, LESS_IS_BETTER, MEANINGS, Judged
from finetune.examples import Example
from finetune.judging.comparing import MOST_FORGOTTEN, Against, Comparison, Standing, chance
from knowledge.counting import counted
from knowledge.report_parts import NOTHING, frame, score, table, text
from knowledge.scores import PairedScore, Score

MOST_CASES = 30
"""Replies shown for each pair of models."""
CASE_CHARACTERS = 600
LEFT, WIDTH, ROW, RIGHT = 16, 236, 42, 138
"""Of a plot: edge, field, height of a row with its name above, numbers. Narrow, to be read on a phone."""


def page(comparison: Comparison, *, examples: Sequence[Example], command: str, made: str) -> str:
    """Return the page.

    Args:
        examples: what was asked, in the order of the judged replies.
        command: what the owner typed.
        made: date and time, as it shall be read.
    """
    body = [
        *_head(comparison, made),
        *_tasks(comparison),
        *_memory(comparison),
        *(line for against in comparison.against for line in _differences(against)),
        *(line for one in comparison.standings[1:] for line in _cases(one, comparison.standings[0], examples)),
        "<h2>How this was made</h2>",
        f"<p><code>{text(command)}</code></p>",
        '<p class="soft">Replies are greedy. Intervals are 95 % bootstrap intervals over the examples; differences are '
        "taken example by example and called shown when their interval excludes zero and p is below 0.05 (McNemar's "
        "exact test where a mark is right or wrong, a sign-flip test elsewhere).</p>",
    ]
    return frame("Models, compared", body)


def _head(comparison: Comparison, made: str) -> Iterator[str]:
    first = comparison.standings[0]
    n = first.report.n if first.report else 0
    yield "<h1>Which model is better at the job?</h1>"
    yield f'<p class="when">{len(comparison.standings)} models, {counted(n, "example")}, {text(made)}</p>'
    if not comparison.verdicts:
        return
    yield '<div class="verdicts">'
    for line in comparison.verdicts:
        nothing = "no difference can be shown" in line or "is not shown" in line or "wrote freely" in line
        yield f'<p class="{"soft" if nothing else "shown"}">{text(line[:1].upper() + line[1:])}</p>'
    yield "</div>"


def _tasks(comparison: Comparison) -> Iterator[str]:
    """Yield a plot for the deciding measure of each task, and all measures as a table."""
    reports = [one.report for one in comparison.standings if one.report]
    for task in reports[0].tasks if reports else ():
        n = reports[0].tasks[task].n
        yield f'<h2>{text(task)} <span class="count">{counted(n, "example")}</span></h2>'
        deciding = DECIDING.get(task, "exact_match")  # type: ignore[call-overload]
        if deciding not in reports[0].tasks[task].measures:
            deciding = "exact_match"
        label, meaning = MEANINGS[deciding]
        rows = [(report.model, report.tasks[task].measures[deciding]) for report in reports]
        yield from plot(rows, caption=f"{label}: {meaning}. The line is the 95 % interval.", name=f"{task}, {label}")
        measures = list(reports[0].tasks[task].measures)
        yield table(
            ("", *(text(MEANINGS[name][0]) for name in measures)),
            [
                (text(report.model), *(score(report.tasks[task].measures[name]) for name in measures))
                for report in reports
            ],
            name=f"All measures of {task}",
        )
        yield "<details><summary>What they say</summary>"
        yield table(("measure", ""), [tuple(map(text, MEANINGS[name])) for name in measures], name="Measures")
        yield "</details>"


def _memory(comparison: Comparison) -> Iterator[str]:
    """Yield what the models still know."""
    standings = comparison.standings
    if not any(one.margins or one.windows for one in standings):
        return
    yield "<h2>What it still knows</h2>"
    if any(one.margins for one in standings):
        rows = [(one.name, one.margin) for one in standings if one.margins]
        yield from plot(
            rows,
            caption="Retention: by how many nats a byte the right choice is likelier than the best wrong one. Right is "
            "better; 0 is undecided.",
            name="Retention margin",
            share=False,
        )
    if any(one.windows for one in standings):
        yield from plot(
            [(one.name, one.perplexity) for one in standings if one.windows],
            caption="Perplexity on ordinary text. Left is better; the intervals are over windows of the text, and "
            "most of their width is shared by all models.",
            name="Perplexity",
            share=False,
        )
    yield table(
        ("", "margin, nats a byte", "items solved", "perplexity", "perplexity against the first"),
        [
            (text(one.name), score(one.margin), score(one.solved), score(one.perplexity), _ratio(one, comparison))
            for one in standings
        ],
        name="Memory",
    )
    yield (
        f'<p class="soft">A model is said to know less when its margin is shown to be lower, item by item, or its '
        f"perplexity is more than {100 * MOST_FORGOTTEN:.0f} % higher and its interval above zero.</p>"
    )


def _ratio(standing: Standing, comparison: Comparison) -> str:
    found = next((one for one in comparison.against if one.name == standing.name), None)
    ratio = found.perplexity_ratio if found else None
    if ratio is None or ratio.value is None or ratio.low is None or ratio.high is None:
        return NOTHING
    low, value, high = (100 * (part - 1) for part in (ratio.low, ratio.value, ratio.high))
    return f"{value:+.1f} % <small><span>[{low:+.1f}, {high:+.1f}]</span></small>"


def _differences(against: Against) -> Iterator[str]:
    if not against.differences and against.margin is None:
        return
    yield f"<h2>{text(against.name)} against {text(against.other)}</h2>"
    rows = [
        _difference(f"{one.task}: {MEANINGS[one.measure][0]}", one.score, less=one.measure in LESS_IS_BETTER)
        for one in against.differences
    ]
    if against.margin is not None:
        rows.append(_difference("retention margin", against.margin, less=False))
    if against.solved is not None:
        rows.append(_difference("items solved", against.solved, less=False))
    yield table(("measure", "difference", "95 % interval", "better · worse · same", "p"), rows, name="Differences")


def _difference(name: str, value: PairedScore, *, less: bool) -> tuple[str, ...]:
    if value.difference is None or value.low is None or value.high is None:
        return (text(name), NOTHING, NOTHING, NOTHING, NOTHING)
    is_better = (value.difference > 0) is not less
    colour = ("better" if is_better else "worse") if value.is_shown else "soft"
    wins, losses = (value.losses, value.wins) if less else (value.wins, value.losses)
    return (
        text(name),
        f'<span class="{colour}">{value.difference:+.3f}</span>',
        f'<span class="whole">{value.low:+.3f} to {value.high:+.3f}</span>',
        f'<span class="whole">{wins} · {losses} · {value.ties}</span>',
        text(chance(value.p)),
    )


def _cases(standing: Standing, first: Standing, examples: Sequence[Example]) -> Iterator[str]:
    """Yield replies that are right on one side only, what got worse first."""
    if standing.report is None or first.report is None:
        return
    pairs = list(zip(standing.report.judged, first.report.judged, strict=True))
    moved = [pair for pair in pairs if _mark(pair[0]) != _mark(pair[1])]
    if not moved:
        return
    moved.sort(key=lambda pair: _mark(pair[0]) - _mark(pair[1]))
    lost = sum(_mark(ours) < _mark(theirs) for ours, theirs in moved)
    yield f'<h2>What changed <span class="count">{len(moved) - lost} better, {lost} worse</span></h2>'
    shown = [*moved[: MOST_CASES // 2], *moved[max(MOST_CASES // 2, len(moved) - MOST_CASES // 2) :]]
    for ours, theirs in shown:
        yield _case(ours, theirs, examples, names=(standing.name, first.name))
    if len(moved) > len(shown):
        yield f'<p class="soft">… and {len(moved) - len(shown)} more, all in between.</p>'


def _mark(judged: Judged) -> float:
    name = DECIDING.get(judged.task, "exact_match")
    value = judged.marks.get(name, judged.marks["exact_match"])
    return -value if name in LESS_IS_BETTER else value


def _case(ours: Judged, theirs: Judged, examples: Sequence[Example], *, names: tuple[str, str]) -> str:
    place = ours.prediction.index
    asked = str(examples[place].messages[-2]["content"]) if len(examples[place].messages) > 1 else ""
    worse = _mark(ours) < _mark(theirs)
    tag = f'<span class="tag{" bad" if worse else ""}">{"worse" if worse else "better"}</span>'
    rows = (
        ("expected", ours.prediction.expected),
        (names[0], ours.prediction.predicted),
        (names[1], theirs.prediction.predicted),
    )
    said = "".join(
        f'<dt>{text(name, limit=40)}</dt><dd><span class="answer" dir="auto">'
        f"{text(value, limit=CASE_CHARACTERS) or NOTHING}</span></dd>"
        for name, value in rows
    )
    return (
        f'<article class="case"><div class="top"><code>{place}</code> {tag} <span>{text(ours.task)}</span></div>'
        f'<p class="asked" dir="auto">{text(asked, limit=CASE_CHARACTERS)}</p><dl class="places">{said}</dl></article>'
    )


def plot(rows: Sequence[tuple[str, Score]], *, caption: str, name: str, share: bool = True) -> Iterator[str]:
    """Yield a figure: a dot for each value with its interval as a line, one row a model, one scale for all.

    Args:
        share: whether values are shares, so that the scale is 0 to 100 %; else it fits the values.
    """
    known = [(model, value) for model, value in rows if value.value is not None]
    if not known:
        return
    low, high = (0.0, 1.0) if share else _scale([value for _, value in known])
    height = ROW * len(known)

    def x(value: float) -> float:
        return LEFT + WIDTH * (value - low) / (high - low)

    yield "<figure>"
    yield (
        f'<svg class="plot" viewBox="0 0 {LEFT + WIDTH + RIGHT} {height + 34}" role="img" aria-label="{text(name)}">'
    )
    for at in (0.0, 0.25, 0.5, 0.75, 1.0) if share else round_values(low, high):
        shown = f"{100 * at:.0f} %" if share else f"{at:g}"
        yield f'<line class="grid" x1="{x(at):.1f}" x2="{x(at):.1f}" y1="6" y2="{height + 6}"/>'
        yield f'<text x="{x(at):.1f}" y="{height + 24}" text-anchor="middle">{shown}</text>'
    for number, (model, value) in enumerate(known):
        assert value.value is not None
        assert value.low is not None
        assert value.high is not None
        y = 6 + ROW * number + 30
        shown = (
            f"{100 * value.value:.1f} [{100 * value.low:.1f}, {100 * value.high:.1f}]"
            if share
            else f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"
        )
        yield f'<text class="label" x="{LEFT}" y="{y - 11}">{text(model, limit=50)}</text>'
        yield f'<line class="answered" x1="{x(value.low):.1f}" x2="{x(value.high):.1f}" y1="{y}" y2="{y}"/>'
        yield f'<circle class="dot" cx="{x(value.value):.1f}" cy="{y}" r="5"/>'
        yield f'<text x="{LEFT + WIDTH + 10}" y="{y + 4:.1f}">{shown}</text>'
    yield "</svg>"
    yield f"<figcaption>{text(caption)}</figcaption></figure>"


def round_values(low: float, high: float) -> list[float]:
    """Return two to five round numbers between two values, for the marks of a scale.

    >>> round_values(-0.155, 0.244), round_values(12.0, 19.0)
    ([-0.1, 0.0, 0.1, 0.2], [12.0, 14.0, 16.0, 18.0])
    """
    power = 10.0 ** math.floor(math.log10(high - low))
    step = next(
        size * power
        for size in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)
        if math.floor(high / (size * power)) - math.ceil(low / (size * power)) < 5
    )
    first, last = math.ceil(low / step), math.floor(high / step)
    return [round(step * number, 12) for number in range(first, last + 1)]


def _scale(values: Sequence[Score]) -> tuple[float, float]:
    lows = [value.low for value in values if value.low is not None]
    highs = [value.high for value in values if value.high is not None]
    low, high = min(lows), max(highs)
    room = (high - low) * 0.08 or max(abs(high), 1.0) * 0.05
    return low - room, high + room
