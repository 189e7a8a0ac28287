"""The pieces of an evaluation's page: escaped text, tables, a bar, the refusal curve, the frame around all.

    values -> HTML and SVG as text

Whatever comes from a document or a question is data: it goes through `text` before it stands in the page.
"""

import html
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from knowledge.refusal import Point
from knowledge.scores import Score

NOTHING = "–"
STYLES = tuple(Path(__file__).with_name(name) for name in ("colours.css", "report.css"))
POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The page may load and run nothing, whatever a document smuggled into it."""
_UNFIT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
LEFT, TOP, WIDTH, HEIGHT = 40, 22, 350, 190
"""The curve's field inside its drawing of 400 × 260."""


def text(value: object, *, limit: int | None = None) -> str:
    """Return a value as text that HTML shows as it is, cut after `limit` characters."""
    plain = str(value)
    if limit is not None and len(plain) > limit:
        plain = plain[: limit - 1].rstrip() + "…"
    return html.escape(_UNFIT.sub("\ufffd", plain))


def frame(title: str, body: Iterable[str], *, style: str = "") -> str:
    """Return a whole page that needs nothing from elsewhere.

    Args:
        style: What a page adds to the common style sheet.
    """
    return "\n".join(
        [
            "<!doctype html>",
            '<html lang="en">',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{text(title)}</title>",
            "<style>",
            *(sheet.read_text(encoding="utf-8") for sheet in STYLES),
            f"{style}</style>",
            "</head>",
            "<body>",
            "<main>",
            *body,
            "</main>",
            "</body>",
            "</html>",
            "",
        ]
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, name: str) -> str:
    """Return a table of cells that are HTML already; the first of each row is its heading."""
    lines = [
        f'<div class="scroll" tabindex="0" role="region" aria-label="{text(name)}">',
        "<table>",
        "<thead><tr>" + "".join(f'<th scope="col">{cell}</th>' for cell in head) + "</tr></thead>",
        "<tbody>",
    ]
    for first, *rest in rows:
        cells = "".join(f"<td>{cell}</td>" for cell in rest)
        lines.append(f'<tr><th scope="row">{first}</th>{cells}</tr>')
    return "\n".join([*lines, "</tbody>", "</table>", "</div>"])


def score(value: Score) -> str:
    """Return a score with its interval and n."""
    if value.value is None:
        return NOTHING
    spread = f"<span>[{value.low:.3f}, {value.high:.3f}]</span> <span>n={value.n}</span>"
    return f"{value.value:.3f} <small>{spread}</small>"


def tile(name: str, value: Score, *, says: str, percent: bool = True) -> str:
    """Return a headline number with a bar of its interval."""
    if value.value is None or value.low is None or value.high is None:
        return ""
    if percent:
        shown, low, high = (f"{100 * part:.0f}" for part in (value.value, value.low, value.high))
        shown, spread = f"{shown} %", f"{low} to {high} %"
    else:
        shown, spread = f"{value.value:.2f}", f"{value.low:.2f} to {value.high:.2f}"
    bar = (
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
        f'<rect class="within" x="{100 * value.low:.1f}" width="{max(100 * (value.high - value.low), 0.5):.1f}" '
        f'height="8"/><rect class="mean" x="{min(100 * value.value, 99):.1f}" width="1" height="8"/></svg>'
    )
    return (
        f'<div class="tile"><div class="name">{text(name)}</div><div class="value">{shown}</div>{bar}'
        f'<div class="spread">95 % interval {spread}, n={value.n}</div><p class="says">{text(says)}</p></div>'
    )


def curve_picture(points: Sequence[Point]) -> str:
    """Return the refusal curve as a drawing: a line for answers, one for refusals, the threshold in use."""
    used = next(point.threshold for point in points if point.in_use)
    lines = [
        '<svg viewBox="0 0 400 260" role="img" aria-label="Share answered and share refused, by threshold">',
        *(_grid_line(step / 4) for step in range(5)),
        *(f'<text x="{_x(at / 4):.0f}" y="230" text-anchor="middle">{at / 4:.2f}</text>' for at in range(5)),
        f'<text x="{LEFT + WIDTH / 2:.0f}" y="250" text-anchor="middle">evidence below which is refused</text>',
        f'<line class="in-use" x1="{_x(used):.1f}" x2="{_x(used):.1f}" y1="{TOP - 4}" y2="{TOP + HEIGHT}"/>',
        f'<text x="{_x(used):.1f}" y="12" text-anchor="{"end" if used > 0.5 else "start"}">in use: {used:.2f}</text>',
        _line("answered", [(point.threshold, point.answered) for point in points]),
        _line("refused", [(point.threshold, point.refused) for point in points]),
        "</svg>",
    ]
    return "\n".join(lines)


def curve_legend() -> str:
    """Return what the curve's lines mean."""
    return (
        '<p class="legend">'
        + "".join(
            f'<span class="key"><svg viewBox="0 0 26 8" aria-hidden="true"><line class="{name}" x1="0" x2="26" y1="4" '
            f'y2="4"/></svg>{says}</span>'
            for name, says in (
                ("answered", "answerable questions that are answered"),
                ("refused", "unanswerable questions that are refused"),
            )
        )
        + "</p>"
    )


def _line(name: str, shares: Sequence[tuple[float, float | None]]) -> str:
    places = " ".join(f"{_x(threshold):.1f},{_y(share):.1f}" for threshold, share in shares if share is not None)
    return f'<polyline class="{name}" points="{places}"/>' if places else ""


def _grid_line(share: float) -> str:
    y = _y(share)
    return (
        f'<line class="grid" x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:.1f}" y2="{y:.1f}"/>'
        f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{100 * share:.0f} %</text>'
    )


def _x(threshold: float) -> float:
    return LEFT + WIDTH * threshold


def _y(share: float) -> float:
    return TOP + HEIGHT * (1.0 - share)
