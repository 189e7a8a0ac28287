"""HTML tables: spans resolved into a grid, the header found, each row readable by itself."""

import re
from itertools import takewhile
from typing import TYPE_CHECKING

from knowledge.documents import DocumentBuilder
from knowledge.loaders.html_menus import visible_text
from knowledge.loaders.lines import collapse
from knowledge.loaders.tables import add_table, begins_with_number, is_number, repeats_its_forms

if TYPE_CHECKING:
    from bs4 import Tag
    from bs4.element import PageElement

_WIDEST_SPAN = 100
_PROSE_CHARACTERS = 600
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_BLOCKS_IN_LAYOUT = ["h1", "h2", "h3", "h4", "h5", "h6", "table", "pre", "article", "section"]


def is_layout_table(table: "Tag") -> bool:
    """Say whether a table only places things on the page: other blocks, one cell a row, or long prose."""
    if table.get("role") == "presentation" or table.find(_BLOCKS_IN_LAYOUT) is not None:
        return True
    rows = _rows(table)
    cells = [_cells(row) for row in rows]
    if not cells or max(len(row) for row in cells) <= 1:
        return True
    return len(cells) == 1 and any(len(cell.get_text()) > _PROSE_CHARACTERS for cell in cells[0])


def add_html_table(builder: DocumentBuilder, table: "Tag") -> None:
    """Add a table of data row by row, its caption before it."""
    if table.caption is not None:
        builder.add("paragraph", collapse(visible_text(table.caption)))
    rows = [row for row in _rows(table) if _cells(row)]
    head = _header_rows(rows)
    grid = _grid(rows, len(head))
    names = _names(grid[: len(head)])
    body = grid[len(head) :]
    if not head and all(cells and cells[0].name == "th" for cells in map(_cells, rows)):
        # Names down the side: each row says one fact.
        for line in body:
            add_table(builder, [line[0]], [[" ".join(filter(None, line[1:]))]])
        return
    if not any(names) and all(sum(map(bool, line)) <= 1 for line in body):
        for line in body:  # a box with a picture beside its text
            builder.add("paragraph", "".join(line))
        return
    add_table(builder, names, body)


def _rows(table: "Tag") -> list["Tag"]:
    return [row for row in table.find_all("tr") if row.find_parent("table") is table]


def _cells(row: "Tag") -> list["Tag"]:
    return row.find_all(["td", "th"], recursive=False)


def _header_rows(rows: list["Tag"]) -> list["Tag"]:
    head: list[Tag] = []
    for row in rows[:-1]:
        parent = row.parent
        in_head = parent is not None and parent.name == "thead"
        if not in_head and (len(head) >= 2 or any(cell.name != "th" for cell in _cells(row))):
            break
        head.append(row)
    return head or (rows[:1] if _begins_with_names(rows) else [])


def _begins_with_names(rows: list["Tag"]) -> bool:
    """Say whether the first row of a table without a head names its columns, as tables of mail programs do.

    Its cells alone are bold, and none of them is a number or has one as all below have it, as in a row of data.
    """
    if len(rows) < 2 or any(cell.name == "th" for row in rows for cell in _cells(row)):
        return False
    first, *below = map(_cells, rows)
    names, *values = ([collapse(visible_text(cell)) for cell in cells] for cells in (first, *below))
    if len(names) < 2 or not all(names) or any(map(is_number, names)) or not all(map(_is_bold, first)):
        return False
    if all(begins_with_number(row[0]) for row in (names, *values) if row) or repeats_its_forms(names, values):
        return False
    return not all(_is_bold(cell) for cells in below for cell in cells if cell.get_text(strip=True))


def _is_bold(cell: "Tag") -> bool:
    texts = cell.find_all(string=lambda text: bool(text and text.strip()))
    return bool(texts) and all(_is_bold_text(text, cell) for text in texts)


def _is_bold_text(text: "PageElement", cell: "Tag") -> bool:
    around = list(takewhile(lambda tag: tag is not cell, text.parents))
    return any(tag.name in ("b", "strong") or _BOLD.search(str(tag.get("style") or "")) for tag in [*around, cell])


def _grid(rows: list["Tag"], header_rows: int) -> list[list[str]]:
    """Return the texts by row and column; a cell that spans rows is repeated in each, columns only in the header."""
    grid: list[list[str]] = []
    hanging: dict[int, tuple[int, str]] = {}  # column -> rows still covered from above, text
    for position, row in enumerate(rows):
        line: list[str] = []
        for cell in _cells(row):
            _take_hanging(line, hanging)
            text = collapse(visible_text(cell))
            for extra in range(_span(cell, "colspan")):
                shown = text if extra == 0 or position < header_rows else ""
                rows_below = min(_span(cell, "rowspan"), len(rows) - position) - 1
                if rows_below:
                    hanging[len(line)] = (rows_below, shown)
                line.append(shown)
        _take_hanging(line, hanging)
        grid.append(line)
    return grid


def _take_hanging(line: list[str], hanging: dict[int, tuple[int, str]]) -> None:
    while len(line) in hanging:
        left, text = hanging.pop(len(line))
        if left > 1:
            hanging[len(line)] = (left - 1, text)
        line.append(text)


def _names(head: list[list[str]]) -> list[str]:
    """Return one name a column: of several header rows, the texts that differ, joined."""
    width = max((len(line) for line in head), default=0)
    names = []
    for column in range(width):
        texts = [line[column] for line in head if column < len(line) and line[column]]
        names.append(" ".join(dict.fromkeys(texts)))
    return names


def _span(cell: "Tag", name: str) -> int:
    text = str(cell.get(name) or "1").strip()
    return min(_WIDEST_SPAN, max(1, int(text))) if text.isdecimal() and len(text) < 7 else 1
