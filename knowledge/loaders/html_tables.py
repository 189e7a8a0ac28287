"""HTML tables: spans resolved into a grid, the header found, each row readable by itself."""

import re
from collections.abc import Iterator
from itertools import takewhile
from typing import TYPE_CHECKING

from knowledge.documents import DocumentBuilder
from knowledge.loaders.html_menus import is_left_out, visible_text
from knowledge.loaders.lines import collapse
from knowledge.loaders.tables import (
    SEPARATOR,
    add_table,
    begins_with_number,
    is_number,
    repeats_its_forms,
)

if TYPE_CHECKING:
    from bs4 import Tag
    from bs4.element import PageElement

_WIDEST_SPAN = 100
_PROSE_CHARACTERS = 600
_BOLD = re.compile(r"font-weight\s*:\s*(?:bold|[6-9]00)", re.IGNORECASE)
_BLOCKS_IN_LAYOUT = ["h1", "h2", "h3", "h4", "h5", "h6", "table", "pre", "article", "section"]
_PARTS = ["caption", "colgroup", "col", "thead", "tbody", "tfoot", "tr", "td", "th"]
_LONGEST_SHORT = 60


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
    if len(rows) > 2 and _is_title(rows[0]) and _cells(rows[0])[0].name == "td" and _is_of_names(rows[1]):
        builder.add("paragraph", collapse(visible_text(rows[0])))
        rows = rows[1:]
    head = _header_rows(rows)
    grid = _grid(rows, len(head))
    names = _names(grid[: len(head)])
    body = grid[len(head) :]
    if not head and all(cells and cells[0].name == "th" for cells in map(_cells, rows)):
        # Names down the side: each row says one fact.
        for row, line in zip(rows, body, strict=True):
            pairs = _pairs(_cells(row), line)
            add_table(builder, [name for name, _ in pairs], [[value for _, value in pairs]])
        return
    if not any(names) and all(sum(map(bool, line)) <= 1 for line in body):
        for line in body:  # a box with a picture beside its text
            builder.add("paragraph", "".join(line))
        return
    body_rows = rows[len(head) :]
    if body_rows and _is_group(body_rows[0]):
        names, body = ["", *names], _grouped(body_rows, body)
    add_table(builder, names, body)


def beside_cells(table: "Tag") -> "Iterator[list[PageElement]]":
    """Yield what stands in a table and in none of its cells, which is no HTML and written all the same."""
    for holder in (table, *table.find_all(["thead", "tbody", "tfoot", "tr"])):
        if holder is not table and (holder.find_parent("table") is not table or _is_hidden(holder, table)):
            continue
        nodes: list[PageElement] = []
        for child in holder.children:
            if getattr(child, "name", None) in _PARTS or _holds_parts(child):
                yield nodes
                nodes = []
            else:
                nodes.append(child)
        yield nodes


def short_line(row: "Tag") -> str:
    """Return a row of a table that only places things as one line, where its cells are short: a name and its value.

    "" where it is no such row.
    """
    texts = [visible_text(cell).strip() for cell in _cells(row) if not is_left_out(cell)]
    if any(len(text) > _LONGEST_SHORT or "\n" in text for text in texts) or row.find(["a", *_BLOCKS_IN_LAYOUT]):
        return ""
    filled = list(filter(None, map(collapse, texts)))
    return SEPARATOR.join(filled) if len(filled) > 1 else ""


def _is_hidden(holder: "Tag", table: "Tag") -> bool:
    return any(map(is_left_out, (holder, *takewhile(lambda tag: tag is not table, holder.parents))))


def _holds_parts(node: "PageElement") -> bool:
    """Say whether an element between a table and its rows holds some of them, as a form does."""
    from bs4.element import Tag

    return isinstance(node, Tag) and node.name != "table" and node.find(_PARTS) is not None


def _pairs(cells: list["Tag"], line: list[str]) -> list[tuple[str, str]]:
    """Return the names in a row that begins with one, each with its value where they take turns, else the first."""
    takes_turns = len(cells) == len(line) and [cell.name for cell in cells] == ["th", "td"] * (len(line) // 2)
    ends = range(2, len(line) + 1, 2) if takes_turns else (len(line),)
    begins = range(0, len(line), 2) if takes_turns else (0,)
    return [(line[at], " ".join(filter(None, line[at + 1 : end]))) for at, end in zip(begins, ends, strict=True)]


def _grouped(rows: list["Tag"], body: list[list[str]]) -> list[list[str]]:
    """Return the rows of a body, each behind the name over the whole table that it stands below."""
    lines: list[list[str]] = []
    group, is_said = "", True
    for row, line in zip(rows, body, strict=True):
        if not _is_group(row):
            lines.append([group, *line])
            is_said = True
            continue
        if not is_said:
            lines.append([group])
        group, is_said = line[0], False
    return lines if is_said else [*lines, [group]]


def _rows(table: "Tag") -> list["Tag"]:
    return [row for row in table.find_all("tr") if row.find_parent("table") is table]


def _cells(row: "Tag") -> list["Tag"]:
    return row.find_all(["td", "th"], recursive=False)


def _header_rows(rows: list["Tag"]) -> list["Tag"]:
    head: list[Tag] = []
    for row in rows[:-1]:
        parent = row.parent
        in_head = parent is not None and parent.name == "thead"
        if not in_head and (
            len(head) >= 2 or not _is_of_names(row) or (_is_group(row) and not all(map(_is_title, head)))
        ):
            break
        head.append(row)
    return head or (rows[:1] if _begins_with_names(rows) else [])


def _is_of_names(row: "Tag") -> bool:
    """Say whether all cells of a row are names, but for an empty corner above the names of the rows."""
    cells = _cells(row)
    if cells[0].name == "td" and not cells[0].get_text(strip=True) and len(cells) > 1:
        return all(cell.name == "th" and cell.get("scope") != "row" for cell in cells[1:])
    return all(cell.name == "th" for cell in cells)


def _is_title(row: "Tag") -> bool:
    """Say whether a row is one cell over several columns."""
    cells = _cells(row)
    return len(cells) == 1 and _span(cells[0], "colspan") > 1


def _is_group(row: "Tag") -> bool:
    """Say whether a row only names those below."""
    return _is_title(row) and _cells(row)[0].name == "th"


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
