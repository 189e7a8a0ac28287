"""An answer's text as HTML: nothing gets through but paragraphs, lists, bold and citation markers.

    text -> escaped -> paragraphs and lists -> markers
    text that begins with a short answer -> its line -> the quotes below it

Each block takes the direction of its own words, for a quote may be Arabic on an English page; so do, in `page.css`, the
lines in it.

Whatever stands in a document, a question or a model's answer is data. It is escaped first, and the few forms that are
shown are made from the escaped text, so tags, links, images and formulas appear as the characters they are.
"""

import re
from collections.abc import Callable
from html import escape

_ITEM = re.compile(r"\s*(?:[-*•]|(?P<number>\d{1,2})[.)])\s+(?P<text>.+)")
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_MARKERS = re.compile(r"(?P<ending>[^\s<>&;\[\]]{0,4})\s*(?P<run>(?:\[\d{1,2}\]\s?)*\[\d{1,2}\])")
_NUMBER = re.compile(r"(?<![A-Za-z0-9-])[A-Za-z0-9]{1,4}-\d{3,6}(?![A-Za-z0-9-]|\s*\[\d)", re.ASCII)
"""Of a ticket or an order, and short. Where a marker follows, the number's end is joined with that instead."""

Marker = Callable[[int], str | None]
"""From a citation's number to its HTML; None when there is no such citation, and the marker stays text."""


def answer_html(text: str, *, marker: Marker, pointed: str = "") -> str:
    """Return the HTML of an answer.

    Args:
        pointed: The few words that the first line holds when they answer alone; the other lines are quotes then.
    """
    first, _, rest = text.strip().partition("\n")
    if pointed and first.startswith(pointed):
        quotes = "".join(f"<p>{_inline_html(line.strip(), marker)}</p>" for line in rest.split("\n") if line.strip())
        short = f'<p class="short" dir="auto">{_inline_html(first, marker)}</p>'
        return short + (f'<blockquote class="quotes" dir="auto">{quotes}</blockquote>' if quotes else "")
    parts: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        parts.extend(_block_html(block.split("\n"), marker))
    return "".join(parts)


def plain_html(text: str) -> str:
    """Return text as HTML that keeps its line breaks and has no markup of its own."""
    return _escaped(text.strip()).replace("\n", "<br>")


def _block_html(lines: list[str], marker: Marker) -> list[str]:
    parts: list[str] = []
    run: list[tuple[str, str]] = []
    tag = "p"
    for line in [*lines, None]:
        item = _ITEM.fullmatch(line) if line is not None else None
        line_tag = "p" if item is None else "ol" if item["number"] else "ul"
        if run and (line is None or line_tag != tag):
            parts.append(_run_html(tag, run, marker))
            run = []
        if line is not None and line.strip():
            tag = line_tag
            run.append((item["number"] or "", item["text"]) if item else ("", line.strip()))
    return parts


def _run_html(tag: str, run: list[tuple[str, str]], marker: Marker) -> str:
    """Return lines of one kind, each with the number that it has in the text: a quoted third step stays the third."""
    pieces = [(number, _inline_html(text, marker)) for number, text in run]
    if tag == "p":
        return f'<p dir="auto">{"<br>".join(piece for _, piece in pieces)}</p>'
    items = "".join(f'<li value="{int(n)}">{piece}</li>' if n else f"<li>{piece}</li>" for n, piece in pieces)
    return f'<{tag} dir="auto">{items}</{tag}>'


def _inline_html(text: str, marker: Marker) -> str:
    def replace(match: re.Match[str]) -> str:
        numbers = [int(number) for number in re.findall(r"\d+", match["run"])]
        if not any(map(marker, numbers)):
            return match[0]
        # The end of the word stays with its marker, so that none stands alone at the start of a line.
        shown = "".join(marker(number) or f"[{number}]" for number in numbers)
        return f'<span class="joined">{match["ending"]}{shown}</span>'

    return _MARKERS.sub(replace, _BOLD.sub(r"<strong>\1</strong>", _escaped(text)))


def _escaped(text: str) -> str:
    """Return text as HTML in which no number is broken at its hyphen; what is copied of it is the text."""
    return _NUMBER.sub(r'<span class="joined">\g<0></span>', escape(text))
