"""Which lines of a PDF's page are a table, and its rows.

    lines -> regions (prose, or a table with its head) -> rows

A PDF has no tables, only text with wide gaps; gaps that stand one below another are columns. It knows no PDF library.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from knowledge.codes import CODE
from knowledge.loaders.lines import LEADERS, collapse
from knowledge.loaders.pdf_lines import SOFT_HYPHEN, Cell, Line
from knowledge.loaders.printed import Printed, PrintedBuilder, join
from knowledge.loaders.tables import SEPARATOR

_WIDEST_GAP_IN_CELL = 0.35
_LINES_OF_A_ROW = 6
_ONE_RULE = 2.0
"""Points: parts of a rule may stand so much apart."""
_HYPHEN_IN_CELL = re.compile(f"{SOFT_HYPHEN} ?")
_IN_BRACKETS = re.compile(r"[(（][^()（）]*[)）]")
_SEPARATOR = re.compile(re.escape(SEPARATOR))
_PLAIN_YEAR = re.compile(r"(?:19|20)\d\d")
_DIGITS = re.compile(r"\d[\d.,]*")


@dataclass(frozen=True, slots=True)
class Region:
    """A stretch of a page: prose, or a table."""

    lines: Sequence[Line]
    is_table: bool
    head: Sequence[Line] = ()
    """What names a table's columns, where it is printed on several lines that stand side by side."""


def regions(page: Sequence[Line]) -> Iterator[Region]:
    """Yield the page's stretches of prose and its tables."""
    prose: list[Line] = []
    for group in _groups(page):
        if _is_table(group):
            begins = _head_above(group, prose)
            if prose[:begins]:
                yield Region(prose[:begins], is_table=False)
            yield Region(group, is_table=True, head=prose[begins:])
            prose = []
        else:
            prose.extend(group)
    if prose:
        yield Region(prose, is_table=False)


def _head_above(table: Sequence[Line], prose: Sequence[Line]) -> int:
    """Return where in the prose above a table its head begins: bold lines close together in two or more columns.

    A head whose cells take two lines is drawn cell by cell, so its lines look like prose.
    """
    columns = max(table, key=lambda line: len(line.cells)).cells
    top = highest = max(line.top for line in table)
    room = table[0].size
    begins, covered = len(prose), set[int]()
    for at in range(len(prose) - 1, -1, -1):
        line = prose[at]
        places = _places(line, columns)
        is_near = line.top > top and line.bottom <= highest + room
        if not (is_near and line.bold and all(places)):
            break
        begins, covered = at, covered.union(places)
        highest, room = max(highest, line.top), _WIDEST_GAP_IN_CELL * line.size
    is_head = len(covered) > 1 and len(prose) - begins > 1 and not max(table, key=lambda line: line.top).bold
    return begins if is_head else len(prose)


def _places(line: Line, columns: Sequence[Cell]) -> list[int]:
    """Return for each cell of a line the number of the column that it stands in, from 1; 0 for none."""
    ends = [*(column.left for column in columns[1:]), float("inf")]
    found = []
    for cell in line.cells:
        at = min(range(len(columns)), key=lambda each: _distance(columns[each], cell))
        found.append(at + 1 if _distance(columns[at], cell) < line.size and cell.right <= ends[at] else 0)
    return found


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
    return any(
        _stands_in_column(cells, at, line) or (abs(cells[at].left - line.left) < near and line.right < _end(cells, at))
        for cells in [widest.cells, *(each.cells for each in group[-_LINES_OF_A_ROW:])]
        for at in range(len(cells))
    )


def _stands_in_column(cells: Sequence[Cell], at: int, line: Line) -> bool:
    """Say whether a line stands centred above or below a cell, and reaches no other column."""
    begin = cells[at - 1].right if at else 0.0
    is_centred = abs(cells[at].left + cells[at].right - line.left - line.right) < line.size
    return len(cells) > 1 and is_centred and begin < line.left and line.right < _end(cells, at)


def _end(cells: Sequence[Cell], at: int) -> float:
    return cells[at + 1].left if at + 1 < len(cells) else float("inf")


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


def add_pdf_table(builder: PrintedBuilder, group: Sequence[Line], head: Sequence[Line] = ()) -> None:
    """Add the rows; the head names the columns, or the first row where it reads like names."""
    columns = _columns(group)
    above = [sorted(head, key=lambda line: -line.top)] if head else []
    in_lines = [*above, *_rows(group)]
    rows = [_row(lines, columns) for lines in in_lines]
    names = [cell.text for cell in rows[0]]
    columns_of_text = [[row[at].text for row in rows] for at in range(len(names))]
    plain = [_IN_BRACKETS.sub("", name) for name in names]  # "First parcel (1 kg)" names a column
    is_set_off = all(line.bold for line in in_lines[0]) and not all(line.bold for line in group)
    reads_like_names = all(plain) and not any(any(map(str.isdigit, name)) for name in plain)
    begins_alike = any(map(_begins_like_the_rest, columns_of_text))
    names_models = len(names) > 2 and all(map(_is_model, plain[1:])) and not any(map(str.isdigit, plain[0]))
    is_head = all(names[1:]) and not begins_alike and (is_set_off or names_models)
    has_names = len(rows) > 2 and (reads_like_names or is_head)
    has_numbers = any(map(str.isdigit, "".join(cell.text for row in rows[1:] for cell in row)))
    if has_names and (has_numbers or in_lines[0][0].bold):
        _add_rows(builder, names, rows[1:])
    else:
        _add_rows(builder, [""] * len(names), rows)


def _columns(group: Sequence[Line]) -> Sequence[Cell]:
    """Return how far each column reaches: names are centred above what stands at its left or right edge."""
    widest = max(group, key=lambda line: len(line.cells)).cells
    full = [line.cells for line in group if len(line.cells) == len(widest)]
    reached = [
        Cell("", min(cell.left for cell in column), max(cell.right for cell in column))
        for column in zip(*full, strict=True)
    ]
    are_apart = all(column.right < after.left for column, after in pairwise(reached))
    return reached if are_apart else widest


def _is_model(name: str) -> bool:
    """Say whether a cell is called by a code, T20 or T20 Pro, and has no other number: two of them name columns."""
    return CODE.search(name) is not None and not any(map(str.isdigit, CODE.sub("", name)))


def _begins_like_the_rest(column: Sequence[str]) -> bool:
    """Say whether the first cell of a column has the form of one below it: €220 above €74 is a price and no name.

    A year above numbers that are none is a name.
    """
    first, *below = column
    if _PLAIN_YEAR.fullmatch(first):
        return any(map(_PLAIN_YEAR.fullmatch, below))
    form = _DIGITS.sub("0", first)
    return "0" in form and form in (_DIGITS.sub("0", cell) for cell in below)


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
    first = min(line.left for line in group if len(line.cells) > 1)
    for band in _bands(group):
        yield from _rows_within(band, first)


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


def _rows_within(lines: Sequence[Line], first: float) -> Iterator[list[Line]]:
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
    if column.column is not None and column.column == cell.column:
        return 0.0
    middle = abs((column.left + column.right) - (cell.left + cell.right)) / 2
    return min(abs(column.left - cell.left), abs(column.right - cell.right), middle)
