"""Which lines of a PDF's page are a table, and its rows.

    lines -> regions (prose or table) -> rows

A PDF has no tables, only text with wide gaps; gaps that stand one below another are columns. It knows no PDF library.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from knowledge.loaders.lines import LEADERS, collapse
from knowledge.loaders.pdf_lines import SOFT_HYPHEN, Cell, Line
from knowledge.loaders.printed import Printed, PrintedBuilder, join
from knowledge.loaders.tables import SEPARATOR

_WIDEST_GAP_IN_CELL = 0.35
_ONE_RULE = 2.0
"""Points: parts of a rule may stand so much apart."""
_HYPHEN_IN_CELL = re.compile(f"{SOFT_HYPHEN} ?")
_IN_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")
_SEPARATOR = re.compile(re.escape(SEPARATOR))


def regions(page: Sequence[Line]) -> Iterator[tuple[list[Line], bool]]:
    """Yield stretches of the page, each with whether it is a table."""
    prose: list[Line] = []
    for group in _groups(page):
        if _is_table(group):
            if prose:
                yield prose, False
            prose = []
            yield group, True
        else:
            prose.extend(group)
    if prose:
        yield prose, False


def _groups(page: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield runs of lines that are all cut into cells, or all not."""
    group: list[Line] = []
    for line in page:
        if group and not _belongs(group, line):
            tail = _prose_below(group)
            yield group[:tail]
            group = group[tail:]
            if group and len(line.cells) > 1:
                yield group
                group = []
        group.append(line)
    tail = _prose_below(group)
    yield from (part for part in (group[:tail], group[tail:]) if part)


def _belongs(group: Sequence[Line], line: Line) -> bool:
    in_table = len(group[0].cells) > 1
    if len(line.cells) > 1 or not in_table:
        return in_table == (len(line.cells) > 1)
    return _is_part_of_cell(group, line)


def _is_part_of_cell(group: Sequence[Line], line: Line) -> bool:
    """Say whether a line of one piece stands in a column of the rows above, close below them."""
    widest = max(group, key=lambda each: len(each.cells))
    lowest = min(each.bottom for each in group)  # of the row above; the last line may be a short cell's beside it
    if lowest - line.top > line.size or abs(widest.size - line.size) > 0.1 * widest.size:
        return False
    near = 0.5 * line.size
    ends = [cell.left for cell in widest.cells[1:]] + [widest.page_height * 10]
    return any(
        abs(cell.left - line.left) < near and line.right < end for cell, end in zip(widest.cells, ends, strict=True)
    )


def _prose_below(group: Sequence[Line]) -> int:
    """Return where in the group text begins that only stands below the first column."""
    if not group or len(group[0].cells) == 1:
        return len(group)
    end = len(group)
    while len(group[end - 1].cells) == 1 and abs(group[end - 1].left - group[0].left) < group[end - 1].size:
        end -= 1
    lowest = min(line.bottom for line in group[:end])
    while end < len(group) and group[end].top > lowest:  # beside the last row, not below it
        end += 1
    return end


def _is_table(group: Sequence[Line]) -> bool:
    """Say whether lines cut into cells have columns; the wide gaps of justified text have none."""
    rows = [line for line in group if len(line.cells) > 1]
    aligned = sum(1 for above, below in pairwise(rows) if _shares_column(above, below))
    return len(rows) > 1 and aligned * 2 >= len(rows) - 1


def _shares_column(above: Line, below: Line) -> bool:
    near = 0.6 * below.size
    return any(
        abs(upper.left - lower.left) < near or abs(upper.right - lower.right) < near
        for upper in above.cells[1:]
        for lower in below.cells[1:]
    )


def add_pdf_table(builder: PrintedBuilder, group: Sequence[Line]) -> None:
    """Add the rows; the first one names the columns when it reads like names."""
    columns = max(group, key=lambda line: len(line.cells)).cells
    rows = [_row(lines, columns) for lines in _rows(group)]
    names = [cell.text for cell in rows[0]]
    plain = [_IN_BRACKETS.sub("", name) for name in names]  # "First parcel (1 kg)" names a column
    has_names = len(rows) > 2 and all(plain) and not any(any(map(str.isdigit, name)) for name in plain)
    has_numbers = any(map(str.isdigit, "".join(cell.text for row in rows[1:] for cell in row)))
    if has_names and (has_numbers or group[0].bold):
        _add_rows(builder, names, rows[1:])
    else:
        _add_rows(builder, [""] * len(names), rows)


def _add_rows(builder: PrintedBuilder, names: Sequence[str], rows: Sequence[Sequence[Printed]]) -> None:
    """Add rows as `knowledge.loaders.tables.add_table` does, with their places."""
    header = SEPARATOR.join(filter(None, names))
    for row in rows:
        parts = [
            Printed.plain(f"{name}: ") + cell if name else cell
            for name, cell in zip(names, row, strict=True)
            if cell.text
        ]
        builder.add_printed("row", join(SEPARATOR, parts), header=header)


def _rows(group: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield the lines of each row: a cell of two lines stands around or below its neighbours' one.

    Rows that rules part touch one another, and the first cell of each may take two lines.
    """
    for band in _bands(group):
        yield from _rows_within(band, first=group[0].left)


def _bands(group: Sequence[Line]) -> list[list[Line]]:
    """Return the lines between two rules each; all together where some stand below none."""
    ruled = sorted((line.ruled, number) for number, line in enumerate(group) if line.ruled is not None)
    if len(ruled) < len(group):
        return [list(group)]
    bands: list[list[Line]] = []
    above = float("inf")
    for height, number in reversed(ruled):
        if above - height > _ONE_RULE:
            bands.append([])
        bands[-1].append(group[number])
        above = height
    return bands


def _rows_within(lines: Sequence[Line], *, first: float) -> Iterator[list[Line]]:
    row: list[Line] = []
    for line in sorted(lines, key=lambda each: -(each.top + each.bottom)):
        starts_row = _begins_row(line, first) and any(_begins_row(each, first) for each in row)
        if row and (starts_row or row[-1].bottom - line.top > _WIDEST_GAP_IN_CELL * line.size):
            yield row
            row = []
        row.append(line)
    if row:
        yield row


def _begins_row(line: Line, first: float) -> bool:
    return len(line.cells) > 1 and abs(line.left - first) < line.size


def _row(lines: Sequence[Line], columns: Sequence[Cell]) -> list[Printed]:
    row = [Printed.plain("")] * len(columns)
    for line in lines:
        for cell in line.cells:
            column = min(range(len(row)), key=lambda each: _distance(columns[each], cell))
            joined = join("\n", [row[column], cell.printed]).respaced(collapse).replaced(_HYPHEN_IN_CELL, "")
            row[column] = joined.replaced(LEADERS, " … ")
    return [cell.replaced(_SEPARATOR, " / ").strip() for cell in row]


def _distance(column: Cell, cell: Cell) -> float:
    middle = abs((column.left + column.right) - (cell.left + cell.right)) / 2
    return min(abs(column.left - cell.left), abs(column.right - cell.right), middle)
