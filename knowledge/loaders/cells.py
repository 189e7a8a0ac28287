"""The values of a spreadsheet's cells as its reader sees them."""

import datetime
from collections.abc import Iterable, Iterator, Sequence


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
    if isinstance(value, datetime.date | datetime.timedelta):
        return str(value)
    if isinstance(value, datetime.time):
        return value.isoformat("minutes")
    if isinstance(value, int | float):
        return _number(float(value), form)
    return str(value).strip()


def _number(value: float, form: str) -> str:
    if "%" in form:
        return f"{_plain(value * 100)}%"
    symbol = next((sign for sign in "$€£¥" if sign in form), "")
    if symbol and "0.00" in form:
        return f"{symbol}{value:,.2f}"
    return symbol + _plain(value)


def _plain(value: float) -> str:
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.12g}"


def fill_merged(rows: Iterable[list[str]], merged: Sequence[tuple[int, int, int]]) -> Iterator[list[str]]:
    """Repeat in each row what a cell that was merged over several rows says.

    Args:
        rows: The cells' texts, row by row.
        merged: (first row, last row, column) of each such cell, from 0.
    """
    starting: dict[int, list[tuple[int, int]]] = {}
    for first, last, column in merged:
        starting.setdefault(first, []).append((last, column))
    hanging: dict[int, tuple[int, str]] = {}
    for number, row in enumerate(rows):
        for column, (last, text) in list(hanging.items()):
            if number > last:
                del hanging[column]
            elif column < len(row) and not row[column]:
                row[column] = text
            elif column >= len(row):
                row.extend([""] * (column - len(row)) + [text])
        for last, column in starting.get(number, ()):
            if column < len(row) and row[column]:
                hanging[column] = (last, row[column])
        yield row
