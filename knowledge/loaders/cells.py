"""The values of a spreadsheet's cells as its reader sees them."""

import datetime
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from knowledge.loaders.tables import Spread
from knowledge.text import count_cjk

_CURRENCY = re.compile(r"\[\$([^][-]*)(?:-[^][]*)?\]")
"""A currency that a place goes with, `[$€-407]`, or the place alone, `[$-409]`: its `$` is no dollar."""
_QUOTED = re.compile(r'"([^"]*)"')
_PLACEHOLDERS = re.compile(r"[0#?](?:[0#?.,]*[0#?])?")
_SCALED = re.compile(r"[0#?],+(?![0#?,])")
"""A comma behind the last digit: thousands are shown as ones."""
_ZEROS = re.compile(r'(?:"([^"]*)")?(0{2,})(?:"([^"]*)")?')
"""Shows a number with as many digits, as postcodes and article numbers have: `00000`, `"D-"00000`."""
_SPAN = re.compile(r"\[[hms]{1,2}\]", re.IGNORECASE)
_SIGNS = "€£¥￥$"
_WIDEST = 100
"""Columns that a merged cell is followed over; titles are merged over a whole sheet."""


def shown(value: object, form: str) -> str:
    """Return a cell's value in words: ISO dates, no trailing .0, per cent and a currency where `form` says so.

    Args:
        value: What the cell holds.
        form: Its number format as Excel writes it, such as `0%`.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time.min else value.isoformat(" ", "minutes")
    if isinstance(value, datetime.date):
        return str(value)
    if isinstance(value, datetime.timedelta):
        return _span(value)
    if isinstance(value, datetime.time):
        return value.isoformat("minutes")
    if isinstance(value, int | float):
        return _number(float(value), form)
    return str(value).strip()


def is_span(form: str) -> bool:
    """Say whether a number format shows a span of time, as `[h]:mm` does."""
    return _SPAN.search(form) is not None


def _span(value: datetime.timedelta) -> str:
    """Return a span of time in hours, as sheets show it: `26:30`."""
    minutes, seconds = divmod(round(abs(value.total_seconds())), 60)
    sign = "-" if value.total_seconds() < 0 else ""
    return f"{sign}{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")


def _number(value: float, form: str) -> str:
    zeros = _ZEROS.fullmatch(form.partition(";")[0])
    if zeros and value >= 0 and value.is_integer():
        return f"{zeros[1] or ''}{int(value):0{len(zeros[2])}}{zeros[3] or ''}".strip()
    if "%" in _QUOTED.sub("", form):
        return f"{_plain(value * 100)}%"
    symbol, unit = _currency(form), _unit(form)
    minus, size = ("-" if value < 0 else ""), abs(value)
    written = f"{size:,.2f}" if (symbol or unit) and "0.00" in form else _plain(size)
    if symbol:
        between = " " if symbol[-1].isalpha() else ""
        return f"{minus}{symbol}{between}{written}"
    between = "" if count_cjk(unit) else " "
    return f"{minus}{written}{between}{unit}" if unit else minus + written


def _currency(form: str) -> str:
    """Return the currency that a number format shows, such as `€` or `CHF`; "" for none."""
    named = next((name for found in _CURRENCY.finditer(form) if (name := found[1].strip())), "")
    return named or next((sign for sign in _SIGNS if sign in _CURRENCY.sub("", form)), "")


def _unit(form: str) -> str:
    """Return the word that a number format puts behind the number, such as `kg` or `元`; "" for none."""
    first = form.partition(";")[0]
    bare = _QUOTED.sub(lambda found: " " * len(found[0]), first)
    digits = _PLACEHOLDERS.search(bare)
    if digits is None or _SCALED.search(bare):
        return ""
    found = _QUOTED.search(first, digits.end())
    word = found[1].strip() if found else ""
    return word if any(letter.isalpha() for letter in word) else ""


def _plain(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.12g}"


@dataclass(frozen=True, slots=True)
class Merged:
    """A cell that was merged with its neighbours, counted from 0, the last ones included."""

    first_row: int
    last_row: int
    column: int
    last_column: int


@dataclass(frozen=True, slots=True)
class Hidden:
    """What a sheet does not show, counted from 0."""

    columns: frozenset[int] = frozenset()
    rows: frozenset[int] = frozenset()


def without_hidden(rows: Iterable[list[str]], hidden: Hidden) -> Iterator[list[str]]:
    """Leave out the columns and rows that the sheet does not show, such as what the company itself pays."""
    for number, row in enumerate(rows):
        if number not in hidden.rows:
            yield [cell for column, cell in enumerate(row) if column not in hidden.columns]


def fill_merged(rows: Iterable[list[str]], merged: Sequence[Merged]) -> Iterator[list[str]]:
    """Repeat in each row what a cell that was merged over several rows says, and mark where one reaches over columns.

    Args:
        rows: The cells' texts, row by row.
        merged: Such cells.
    """
    starting: dict[int, list[Merged]] = {}
    for cell in merged:
        starting.setdefault(cell.first_row, []).append(cell)
    hanging: dict[int, tuple[Merged, str]] = {}
    for number, row in enumerate(rows):
        for column, (cell, text) in list(hanging.items()):
            if number > cell.last_row:
                del hanging[column]
            else:
                _fill(row, cell, text)
        for cell in starting.get(number, ()):
            if cell.column < len(row) and (text := row[cell.column]):
                hanging[cell.column] = (cell, text)
                _fill(row, cell, text)
        yield row


def _fill(row: list[str], cell: Merged, text: str) -> None:
    last = min(cell.last_column, cell.column + _WIDEST)
    row.extend([""] * (last + 1 - len(row)))
    row[cell.column] = row[cell.column] or text
    for column in range(cell.column + 1, last + 1):
        row[column] = row[column] or Spread(text)
