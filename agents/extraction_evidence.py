"""Which words of a document show a value that was taken out of it.

    field + value + text -> candidates -> the one in the line that speaks of the field -> Span | None

No value counts that is not found here. Texts are compared without case, white space and punctuation, numbers by what
they mean in their unit, dates by the day. For a choice the model's own quote is looked up: that shows where to look,
and is no proof that the choice is right.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from agents.checks.stated_dates import stated_dates
from agents.checks.stated_numbers import means, stated_numbers, unit_of_line
from agents.extraction_schema import Field
from knowledge.text import locate, tokens

MOST_CANDIDATES = 50
QUOTED_LINE = re.compile(r"^\s*(?:>|\|?\s*>)", re.MULTILINE)
QUOTED_BEGINS = re.compile(
    r"^\s*(?:-{2,}\s*(?:original message|forwarded message|原始邮件|转发邮件).*|on .{6,80} wrote:|.{0,40}写道[：:])"
    r"\s*$",
    re.IGNORECASE | re.MULTILINE,
)
"""From here on a mail repeats older ones."""
SIGNS = {
    "EUR": ("€", "euro", "euros", "欧元"),
    "GBP": ("£", "pounds", "英镑"),
    "USD": ("$", "US$", "dollars", "美元"),
    "CNY": ("¥", "￥", "RMB", "元", "人民币", "yuan"),
}
"""Other ways in which a currency stands in a text."""


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open, in code points of the document's stored text."""

    start: int
    end: int


def find(field: Field, value: Any, text: str, *, near: int | None = None, quote: str = "") -> Span | None:
    """Return the words that show a value; None when nothing does.

    Args:
        near: where the rest of the same list item stands; words nearest to it are taken.
        quote: what the model says shows a choice.
    """
    candidates = list(_limited(_candidates(field, value, text, quote=quote)))
    if not candidates:
        return None
    if near is not None:
        return min(candidates, key=lambda span: _distance(span, near, text))
    older = older_mail_begins(text)
    wanted = set(tokens(f"{field.name.replace('_', ' ')} {field.description}"))

    def fitness(span: Span) -> tuple[bool, bool, int]:
        line = _line_around(text, span)
        is_quoted = span.start >= older or bool(QUOTED_LINE.match(line))
        other_spelling = field.kind == "text" and text[span.start : span.end] != value
        return is_quoted, other_spelling, -len(wanted & set(tokens(line)))

    return min(candidates, key=fitness)


def older_mail_begins(text: str) -> int:
    """Return where a mail begins to repeat older ones; the text's length where it does not."""
    found = QUOTED_BEGINS.search(text)
    return found.start() if found and found.start() > 0 else len(text)


def _candidates(field: Field, value: Any, text: str, *, quote: str) -> Iterator[Span]:
    match field.kind:
        case "number" | "integer":
            for number in stated_numbers(text):
                line_unit = "" if number.unit else unit_of_line(_line_around(text, number), unit=field.unit)
                if means(number, float(value), unit=field.unit, line_unit=line_unit):
                    yield Span(number.start, number.end)
        case "date":
            yield from (Span(date.start, date.end) for date in stated_dates(text) if value in date.days)
        case "choice":
            yield from _occurrences(quote, text)
            if isinstance(value, str) and not quote:
                for written in (value, value.replace("_", " "), *SIGNS.get(value, ())):
                    yield from _occurrences(written, text)
        case _:
            yield from _occurrences(str(value), text)


def _occurrences(words: str, text: str) -> Iterator[Span]:
    """Yield where a text says these words; a sign such as € to the letter, since it is no word."""
    if not any(character.isalnum() for character in words):
        if words.strip():
            yield from (Span(found.start(), found.end()) for found in re.finditer(re.escape(words.strip()), text))
        return
    begin = 0
    while (found := locate(words, text[begin:])) is not None:
        yield Span(begin + found[0], begin + found[1])
        begin += found[1]


def _limited(spans: Iterator[Span]) -> Iterator[Span]:
    for _, span in zip(range(MOST_CANDIDATES), spans, strict=False):
        yield span


def _distance(span: Span, near: int, text: str) -> tuple[bool, int]:
    """Order by same line first, then by distance; what stands behind is nearer than what stands before."""
    between = text[min(span.start, near) : max(span.start, near)]
    return "\n" in between, (span.start - near) if span.start >= near else 2 * (near - span.start)


def _line_around(text: str, span: Any) -> str:
    start = text.rfind("\n", 0, span.start) + 1
    end = text.find("\n", span.end)
    return text[start : len(text) if end < 0 else end]
