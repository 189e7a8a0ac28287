"""Lines between the rules of a table in, each row on one line out.

    尘盒 | 每次清      (two lines of one cell,      ->  尘盒 | 每次清扫后 | 倒掉垃圾
         | 扫后 |       the others in the middle)

Where cells stand in the middle of their row's height, hardly two begin on one line, and gaps tell no table. Rules do.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import combinations, groupby, pairwise

from knowledge.loaders.lines import collapse
from knowledge.loaders.pdf_lines import Cell, Line
from knowledge.text import count_cjk

_ONE_SIZE = 1.2
"""Letters of one cell are at most so much larger than others of it."""
_MOST_OF_A_PAGE = 0.5
"""Share 0-1 of a page's height from which a box may be the page's frame."""
_FEWEST_ROWS = 3
"""Lines with cells that begin below one another."""
_TYPED_APART = 3.5
"""Letters: what a listing prints in columns stands two apart where it is longest, what is drawn as a table more."""
_HIGHEST_ROW = 8 * 1.4
"""Sizes of letters that what so high a box holds is high at most: eight lines."""


def rows_together(page: Sequence[Line]) -> list[Line]:
    """Return a page's lines, those of a ruled row as one line, those of a framed listing in one piece each."""
    joined: list[Line] = []
    for below, group in groupby(_listings_whole(page), key=_rule_above):
        lines = list(group)
        joined += [_one_line(lines)] if below is not None and _is_a_row(lines) else lines
    return joined


def _listings_whole(page: Sequence[Line]) -> Iterator[Line]:
    """Yield lines, those of a listing without gaps: what no rule parts in its frame is no table.

    Letters of one width tell it from a box of hours or prices; a typed table has its columns further apart, and typed
    prose has full lines.
    """
    for frame, group in groupby(page, key=_frame):
        lines = list(group)
        is_listing = frame is not None and len({line.ruled for line in lines}) == 1 and not _are_rows_or_prose(lines)
        yield from (_whole(line) if is_listing else line for line in lines)


def _whole(line: Line) -> Line:
    return replace(line, cells=(_one_cell(line.cells, " "),), is_listing=True)


def _are_rows_or_prose(lines: Sequence[Line]) -> bool:
    """Say whether cells stand apart below one another, or most lines are full, of which one ends a sentence."""
    edges = Counter(pair for line in lines for pair in combinations(sorted({round(c.left) for c in line.cells}), 2))
    apart = [(b.left - a.right) / _letter(a) for line in lines for a, b in pairwise(line.cells)]
    if max(edges.values(), default=0) >= _FEWEST_ROWS and min(apart) > _TYPED_APART:
        return True
    margin = max(line.right for line in lines)
    full = [above.right + _needed(below) > margin for above, below in pairwise(lines)]
    return 2 * sum(full) > len(full) and any(line.text.endswith((".", "!", "?")) for line in lines)


def _needed(line: Line) -> float:
    """Return how wide a typed line's first word is, with the space before it."""
    return _letter(line.cells[0]) * (1 + len(line.text.split()[0]))


def _letter(cell: Cell) -> float:
    """Return how wide a letter of a typed cell is."""
    return (cell.right - cell.left) / len(cell.text) or 1.0


def _frame(line: Line) -> float | None:
    """Return where the left rule of the frame stands that a typed line is in, with no rule between its cells.

    Chinese is of one width in any font.
    """
    columns = {cell.column for cell in line.cells}
    return columns.pop() if line.is_typed and not count_cjk(line.text) and len(columns) == 1 else None


def _rule_above(line: Line) -> float | None:
    """Return how high the rule above a line stands, where each of its cells stands between vertical ones too."""
    is_boxed = line.ruled is not None and all(cell.column is not None for cell in line.cells)
    return line.ruled if is_boxed else None


def _is_a_row(lines: Sequence[Line]) -> bool:
    """Say whether lines below one rule are of one row, not of several that no rule parts, nor a page with a sidebar.

    Rows have a first cell each, and most have more than one cell on a line. Pages are high and have headings.
    """
    bottom = min(line.bottom for line in lines)
    top, floor = lines[0].ruled or 0.0, lines[0].ruled_below or bottom
    is_high = max(line.top for line in lines) - bottom > _HIGHEST_ROW * max(line.size for line in lines)
    if (is_high and top - floor > _MOST_OF_A_PAGE * lines[0].page_height) or _has_a_heading(lines):
        return False
    columns = [cell.column for line in lines for cell in line.cells]
    first = min(column for column in columns if column is not None)
    in_cells = sum(len(line.cells) > 1 for line in lines)
    return len(lines) > 1 and len(set(columns)) > 1 and (columns.count(first) == 1 or in_cells <= 1)


def _has_a_heading(lines: Sequence[Line]) -> bool:
    """Say whether a cell has lines much larger than others of it; of a line across cells only the largest is known."""
    sizes: dict[float | None, list[float]] = {}
    for line in lines:
        if len(line.cells) == 1:
            sizes.setdefault(line.cells[0].column, []).append(line.size)
    if any(max(own) > _ONE_SIZE * min(own) for own in sizes.values()):
        return True
    largest = {column: max(own) for column, own in sizes.items()}
    return any(
        line.size > _ONE_SIZE * max(largest.get(cell.column, line.size) for cell in line.cells) for line in lines
    )


def _one_line(lines: Sequence[Line]) -> Line:
    cells = sorted((cell for line in lines for cell in line.cells), key=lambda cell: cell.column or 0.0)
    return replace(
        lines[0],
        cells=tuple(_one_cell(list(group), "\n") for _, group in groupby(cells, key=lambda cell: cell.column)),
        top=max(line.top for line in lines),
        bottom=min(line.bottom for line in lines),
        size=max(line.size for line in lines),
        bold=all(line.bold for line in lines),
    )


def _one_cell(parts: Sequence[Cell], between: str) -> Cell:
    return replace(
        parts[0],
        text=collapse(between.join(part.text for part in parts)),
        left=min(part.left for part in parts),
        right=max(part.right for part in parts),
        stretches=tuple(stretch for part in parts for stretch in part.stretches),
        between=between,
    )
