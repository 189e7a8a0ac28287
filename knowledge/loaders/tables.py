"""A table's cells in, rows that can be read alone out.

    Zone | Price          ->  Zone: EU | Price: 4.90
    EU   | 4.90

A row is found and quoted by itself, so each says the column's name beside its value. A name that stands over several
columns ("Small" over "Price" and "Weight") is said with each of theirs: "Small Price: 4.90".
"""

import re
import sys
from collections.abc import Iterable, Sequence
from itertools import chain, pairwise, zip_longest

from knowledge.documents import DocumentBuilder

SEPARATOR = " | "
_YEAR = re.compile(r"((?:19|20)\d\d)(?:/(\d\d(?:\d\d)?))?")
"""A year, or a season that ends in another: "2025/26"."""
_BEGINS_WITH_NUMBER = re.compile(r"[^\w\s]{0,3}\s?(?!(?:19|20)\d\d\b)\d")
_AMOUNT = re.compile(r"[^\w\s]{0,3}\s?\d[\d.,]*\s?[^\d\s]{0,4}")
"""A number with the little that stands around it: "12 kg", "€4.90", "30 °C"."""
_VALUE = re.compile(r"(?:closed|open|free|included|yes|no|none|geschlossen|kostenlos|gratis)$", re.IGNORECASE)
"""What a cell of a first row says that names nothing."""
_LONGEST_COUNT = 10


_EVERY_COLUMN = range(sys.maxsize)


class Spread(str):
    """The text of a merged cell, at a column that the cell reaches over without beginning there."""

    __slots__ = ()


class Linked(str):
    """The text of a cell that leads somewhere; where to is said behind it, and is no part of what tells names apart."""

    __slots__ = ("told",)
    told: str

    def __new__(cls, text: str, told: str) -> "Linked":
        """Take a text and what is said of where it leads."""
        cell = super().__new__(cls, text)
        cell.told = told
        return cell


def add_table(builder: DocumentBuilder, names: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Add each row as a block; `names` are the columns' names, empty where the table has none."""
    columns = _Columns(names)
    for row in rows:
        columns.add(builder, row)


def add_grid(builder: DocumentBuilder, grid: Sequence[Sequence[str]], *, marked: int = 0) -> None:
    """Add a table of a document, whose first row mostly names the columns.

    Args:
        grid: Its rows; where a cell reaches over several columns, the others hold its text as `Spread`.
        marked: How many rows the document itself marks as names; 0 when it marks none.
    """
    rows = [row for row in grid if any(cell.strip() for cell in row)]
    while len(rows) > 1 and _is_title(rows[0]):
        builder.add("paragraph", rows[0][0])
        rows, marked = rows[1:], max(0, marked - 1)
    if rows and max(map(len, rows)) == 1:
        for row in rows:
            builder.add("paragraph", "".join(row))
        return
    if marked >= len(rows):  # each of them, as some write who want rows to stay whole
        marked = 0
    names: Sequence[str] = []
    if len(rows) > 1 and (marked or _reads_like_names(rows)):
        names = rows[0]
        rows = rows[1:]
        while len(rows) > 1 and (marked > 1 or _names_below(names, *rows[:2])):
            names, marked = _joined(names, rows[0]), marked - 1
            rows = rows[1:]
    add_table(builder, names, ([_own(cell) for cell in row] for row in rows))


def add_sheet(builder: DocumentBuilder, rows: Iterable[Sequence[str]]) -> None:
    """Add a spreadsheet, which may hold several tables one below another, each with its title.

    Lines above the first row with two texts are prose, that row names the columns. So does a row of texts alone that
    follows a title (a single cell below an empty row), or that follows an empty row, fills other columns than the
    table above and stands where that has numbers. A row below names that reach over several columns, which names
    those, belongs to the names, where numbers follow or the names below are the same under each. Tables that stand side
    by side, with an empty column between them, are written one after the other where their names or heights tell that
    they are several.
    """
    columns: _Columns | None = None
    below_gap, below_title = True, False
    names: Sequence[str] = ()
    for cells, after in pairwise(chain(rows, ((),))):
        if columns is not None and _names_below(names, cells, after):
            names = _joined(names, cells)
            columns = _Columns(names)
            continue
        names = ()
        row = [_own(cell) for cell in cells]
        filled = {position for position, cell in enumerate(row) if cell.strip()}
        texts = {position for position in filled if not is_number(row[position])}
        if not filled:
            below_gap = True
            continue
        is_title = columns is not None and below_gap and len(texts) == len(filled) == 1
        if columns is None:
            is_head = len(texts) >= 2
        else:
            is_other = below_gap and filled != columns.named and bool(filled & columns.numeric)
            is_head = len(filled) >= 2 and texts == filled and (below_title or is_other)
        if is_head:
            if columns is not None:
                columns.end(builder)
            names = cells
            columns = _Columns(row, beside=_tables_beside(cells, after))
        elif columns is None or is_title:
            if columns is not None:
                columns.write_held(builder)
            builder.add("row" if len(filled) > 1 else "paragraph", _plain(row))
        else:
            columns.add(builder, row)
            columns.numeric |= filled - texts
        below_gap, below_title = False, is_title
    if columns is not None:
        columns.end(builder)


class _Columns:
    """The columns of one table: their names, and which of them hold numbers; or of several that stand side by side."""

    def __init__(self, names: Sequence[str], *, beside: Sequence[range] = ()) -> None:
        self._names = [_flat(name) for name in names]
        self._beside = beside
        """The columns of what may be several tables, from the left; () where one stands alone."""
        self._held: list[Sequence[str]] = []
        """Rows of those, until it is known."""
        self._header = SEPARATOR.join(name for name in self._names if name)
        self._has_rows = False
        self.named = {position for position, name in enumerate(self._names) if name}
        self.numeric: set[int] = set()

    def add(self, builder: DocumentBuilder, row: Sequence[str]) -> None:
        """Add a row; each cell is named by its column."""
        self._has_rows = True
        if self._beside:
            self._held.append(row)
        else:
            builder.add("row", self._said(row, _EVERY_COLUMN), header=self._header)

    def write_held(self, builder: DocumentBuilder) -> None:
        """Add the rows that were held back, of one table after the other."""
        tables = self._beside if _are_several(self._names, self._beside, self._held) else [_EVERY_COLUMN]
        for columns in tables:
            header = SEPARATOR.join(name for name in self._names[columns.start : columns.stop] if name)
            for row in self._held:
                builder.add("row", self._said(row, columns), header=header)
        self._held = []

    def end(self, builder: DocumentBuilder) -> None:
        """Add the names themselves where nothing came below them, for then they were none."""
        self.write_held(builder)
        if not self._has_rows:
            builder.add("row", self._header)

    def _said(self, row: Sequence[str], columns: range) -> str:
        return SEPARATOR.join(
            f"{self._names[column]}: {cell}" if column < len(self._names) and self._names[column] else cell
            for column in columns[: max(0, len(row) - columns.start)]
            if (cell := _flat(row[column]) + _told(row[column]))
        )


def _is_title(row: Sequence[str]) -> bool:
    """Say whether a row is one cell over the whole table."""
    return len(row) > 1 and not isinstance(row[0], Spread) and all(isinstance(cell, Spread) for cell in row[1:])


def _reads_like_names(rows: Sequence[Sequence[str]]) -> bool:
    """Say whether the first row names the columns: all but one of them, and not by what stands below it too.

    Where it leaves out another than the first, as rows of data may, it has to be of words, with a number below. Of
    two columns, the first may be the names: beside "Weight" stands a number from the first row on. Whole numbers that
    go up in equal steps are sizes or how many, though numbers stand below them too. A wholly empty column is none.
    """
    filled = [any(map(str.strip, column)) for column in zip_longest(*rows, fillvalue="")]
    head, *below = ([cell for cell, is_filled in zip(row, filled, strict=False) if is_filled] for row in rows)
    width = sum(filled)
    if sum(map(bool, map(str.strip, head))) < max(2, width - 1):
        return False
    if not (all(map(str.strip, head[1:])) and len(head) == width):
        return not _has_digit("".join(head)) and not any(map(_VALUE.match, head[1:])) and _has_number(head, below)
    if width == 2:
        return not begins_with_number(head[-1])
    return _goes_up(head) or not (_repeats_an_amount(head, below) or repeats_its_forms(head, below))


def _has_number(head: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Say whether a number stands below any name."""
    return any(name.strip() and _has_digit(cell) for row in below for name, cell in zip(head, row, strict=False))


def _repeats_an_amount(head: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Say whether an amount in a first row stands with another of its form below it, as in rows of data."""
    return any(
        _is_amount(cell) and any(_form(cell) == _form(row[column]) for row in below if column < len(row))
        for column, cell in enumerate(head)
    )


def repeats_its_forms(head: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Say whether each row below a first one has numbers where that has them, and in the same form; no year counts."""
    return any(_has_digit(cell) and not _is_year(cell) for cell in head) and all(
        _form(cell) == _form(other)
        for row in below
        for cell, other in zip_longest(head, row, fillvalue="")
        if _has_digit(cell + other)
    )


def begins_with_number(cell: str) -> bool:
    """Say whether a cell begins with a number that is no year."""
    return _BEGINS_WITH_NUMBER.match(cell) is not None


def _has_digit(text: str) -> bool:
    """Say whether any digit stands in a text."""
    return any(map(str.isdigit, text))


def _goes_up(head: Sequence[str]) -> bool:
    """Say whether three whole numbers or more follow a word in equal steps: "EU size | 36 | 37 | 38"."""
    numbers = [int(cell) for cell in head[1:] if cell.strip().isdecimal() and len(cell) < _LONGEST_COUNT]
    steps = {after - before for before, after in pairwise(numbers)}
    return len(numbers) == len(head) - 1 > 2 and len(steps) == 1 and min(steps) > 0 and not is_number(head[0])


def _is_year(cell: str) -> bool:
    """Say whether a cell is a year or a season, which ends in the next: "2024/15" is a file's number."""
    year = _YEAR.fullmatch(cell.strip())
    return year is not None and (not year[2] or str(int(year[1]) + 1).endswith(year[2]))


def _is_amount(cell: str) -> bool:
    cell = cell.strip()
    return _has_digit(cell) and (is_number(cell) or _AMOUNT.fullmatch(cell) is not None) and not _is_year(cell)


def _form(cell: str) -> str:
    """Return what stands around a cell's numbers."""
    return re.sub(r"\d[\d.,]*", "0", cell.strip())


def _own(cell: str) -> str:
    return "" if isinstance(cell, Spread) else cell


def _tables_beside(names: Sequence[str], after: Sequence[str]) -> list[range]:
    """Return the columns of what may be several tables: two names or more beyond an empty column, a text below.

    Numbers beyond an empty column belong to what stands left of them.
    """
    begins = [
        column
        for column in range(2, len(names) - 1)
        if names[column].strip() and names[column + 1].strip() and not names[column - 1].strip()
    ]
    named = [column for column, name in enumerate(names) if name.strip()]
    is_first_wide = bool(begins) and sum(column < begins[0] for column in named) > 1
    below = [after[column] if column < len(after) else "" for column in begins]
    gaps = [after[column] for column in range(len(after)) if column not in named]
    if not is_first_wide or any(gap.strip() for gap in gaps) or not all(cell and not is_number(cell) for cell in below):
        return []
    return [range(begin, end) for begin, end in pairwise([0, *begins, sys.maxsize])]


def _are_several(names: Sequence[str], beside: Sequence[range], rows: Sequence[Sequence[str]]) -> bool:
    """Say whether columns belong to tables of their own: named alike, or without a gap down to different ends.

    One cell alone that is missing at the end of what stands further right may as well be unknown.
    """
    named = [name for columns in beside for name in {*names[columns.start : columns.stop]} - {""}]
    if len(set(named)) < len(named):
        return True
    filled = [[any(map(str.strip, row[columns.start : columns.stop])) for row in rows] for columns in beside]
    heights = [sum(each) for each in filled] or [0]
    is_whole = all(each == sorted(each, reverse=True) for each in filled)
    return is_whole and (heights[0] < max(heights) or min(heights) < max(heights) - 1)


def _names_below(names: Sequence[str], row: Sequence[str], after: Sequence[str]) -> bool:
    """Say whether a row names the columns that the names above it reach over, and is no row of a table of texts."""
    if not _may_name(names, row):
        return False
    if _repeats(names, row) or any(
        is_number(after[column]) for column in set().union(*_spans(names)) if column < len(after)
    ):
        return True
    joined = _joined(names, row)
    return _may_name(joined, after) and _repeats(joined, after)


def _repeats(names: Sequence[str], row: Sequence[str]) -> bool:
    """Say whether a row has the same names below each of several names."""
    below = [tuple(row[column] for column in sorted(span) if column < len(row)) for span in _spans(names)]
    return len(below) > 1 and len(set(below)) == 1


def _may_name(names: Sequence[str], row: Sequence[str]) -> bool:
    """Say whether a row has several texts below one name that reaches over them, and nothing below other names."""
    spans = _spans(names)
    below = set().union(*spans)
    filled = {column for column, cell in enumerate(row) if cell.strip()}
    own = {column for column in filled if not isinstance(row[column], Spread)}
    return (
        any(len(own & span) > 1 for span in spans)
        and all(not is_number(row[column]) or (column in below and _is_year(row[column])) for column in filled)
        and all(_is_same(names, row[column], column) for column in filled - below)
    )


def _spans(names: Sequence[str]) -> list[set[int]]:
    """Return the columns of each name that reaches over several, or of what is shown of them."""
    spans: list[set[int]] = []
    for column, name in enumerate(names):
        if isinstance(name, Spread):
            if not (spans and column - 1 in spans[-1] and names[column - 1] == name):
                spans.append({column - 1} if column and names[column - 1] == name else set())
            spans[-1].add(column)
    return spans


def _is_same(names: Sequence[str], cell: str, column: int) -> bool:
    """Say whether a column has no name yet, or one that was merged over both rows."""
    return column >= len(names) or not names[column] or names[column].endswith(cell)


def _joined(names: Sequence[str], row: Sequence[str]) -> list[str]:
    return [_under(name, cell) for name, cell in zip_longest(names, row, fillvalue="")]


def _under(name: str, cell: str) -> str:
    joined = name if name.endswith(cell) else f"{name} {cell}".strip()
    return Spread(joined) if isinstance(cell, Spread) else str(joined)


def _plain(row: Sequence[str]) -> str:
    return SEPARATOR.join(cell.strip() + _told(cell) for cell in row if cell.strip())


def _told(cell: str) -> str:
    return cell.told if isinstance(cell, Linked) else ""


def is_number(cell: str) -> bool:
    """Say whether a cell holds a number, a date or an amount rather than a word."""
    return not any(character.isalpha() for character in cell)


def _flat(cell: str) -> str:
    return " ".join(cell.replace(SEPARATOR, " / ").split())
