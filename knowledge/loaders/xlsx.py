"""Excel workbooks: each visible sheet a heading, each row readable by itself; values as last calculated.

A cell that leads to a web page or a mail address says where to, as a link in a page does. Notes on cells are not read:
they are for whoever keeps the sheet.
"""

import re
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from knowledge.documents import Document, DocumentBuilder
from knowledge.loaders.archives import PARSER_FAULTS, check_archive, damaged
from knowledge.loaders.cells import Hidden, Merged, fill_merged, shown, without_hidden
from knowledge.loaders.dates import dated
from knowledge.loaders.encoding import empty
from knowledge.loaders.markup import told_target
from knowledge.loaders.office_properties import core_properties
from knowledge.loaders.tables import Linked, add_sheet

Links = dict[int, dict[int, str]]
"""Where cells lead, by row and column from 0."""

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_HIDDEN = re.compile(rb"<(?:\w+:)?(?P<kind>col|row)\s(?P<attributes>[^<>]*\bhidden=\"(?:1|true)\"[^<>]*)>")
_LINK = re.compile(rb"<(?:\w+:)?hyperlink\s(?P<attributes>[^<>]*)>")
_LINKED = re.compile(rb"\bref=\"([A-Z]{1,3})(\d{1,7})(?::([A-Z]{1,3})(\d{1,7}))?\"")
_RELATION = re.compile(rb"\b\w+:id=\"([^\"]+)\"")
_FILTERED = re.compile(rb"<(?:\w+:)?filterColumn\s")
"""Rows that a filter took away were left out for a look, and not for good."""
_BLOCK_BYTES = 1 << 20
_LONGEST_REFERENCE = 10_000
"""Bytes of what is looked for: a link holds an address and what is shown at it."""
_MOST_LINKED_CELLS = 100_000
"""Of a sheet, however often each is named: a whole column may lead to one place, and has a million cells."""
_MOST_COLUMNS = 16_384


def load(path: Path) -> Iterator[Document]:
    """Yield the workbook as one document."""
    check_archive(path, needed="xl/workbook.xml")
    builder = DocumentBuilder()
    _read(path, builder)
    title, day = core_properties(path)
    document = builder.build(title=title or path.stem, metadata=dated(day))
    if all(block.kind == "heading" for block in document.blocks):
        raise empty(path, "has no visible cell with a value")
    yield document


def _read(path: Path, builder: DocumentBuilder) -> None:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with path.open("rb") as stream, warnings.catch_warnings():  # about styles and pictures, which are not read
            warnings.simplefilter("ignore")
            book = load_workbook(stream, read_only=True, data_only=True)
            has_struck = any(font.strike for font in vars(book)["_fonts"])
            try:
                for sheet in book.worksheets:
                    if sheet.sheet_state == "visible":
                        builder.add("heading", sheet.title, level=1)
                        sheet.reset_dimensions()  # many programs write wrong ones
                        merged, hidden, links = _layout(sheet)
                        rows = _rows(sheet, links, has_struck=has_struck)
                        add_sheet(builder, without_hidden(fill_merged(rows, merged), hidden))
            finally:
                book.close()
    except (InvalidFileException, *PARSER_FAULTS) as error:
        raise damaged(path) from error


def _rows(sheet: Any, links: Links, *, has_struck: bool) -> Iterator[list[str]]:
    for at, row in enumerate(sheet.iter_rows()):
        shown_ones = [_read_cell(cell, has_struck=has_struck) for cell in row]
        for column, target in links.get(at, {}).items():
            if column < len(shown_ones) and (text := shown_ones[column]):
                shown_ones[column] = Linked(text, told_target(target, text=text))
        yield shown_ones


def _read_cell(cell: Any, *, has_struck: bool) -> str:
    """Return what a cell shows; nothing where it is struck out, for that no longer holds."""
    if cell.value is None or (has_struck and cell.font is not None and cell.font.strike):
        return ""
    return shown(cell.value, str(cell.number_format or ""))


def _layout(sheet: Any) -> tuple[list[Merged], Hidden, Links]:
    """Return what openpyxl skips when it streams: cells that were merged, what is hidden, and where cells lead."""
    merged: list[Merged] = []
    columns: set[int] = set()
    rows: set[int] = set()
    linked: dict[tuple[int, int], bytes] = {}
    is_filtered, left = False, _MOST_LINKED_CELLS
    with sheet._get_source() as source:
        tail = b""
        while block := source.read(_BLOCK_BYTES):
            part = tail + block
            for place in _MERGED.finditer(part):
                merged.append(Merged(int(place[2]) - 1, int(place[4]) - 1, _column(place[1]), _column(place[3])))
            for place in _HIDDEN.finditer(part):
                if place["kind"] == b"col":
                    columns.update(_hidden_columns(place["attributes"]))
                elif (number := _attribute(place["attributes"], b"r")) is not None:
                    rows.add(number - 1)
            for link in _LINK.finditer(part):
                cells = dict(islice(_linked_cells(link["attributes"]), left))
                left -= len(cells)
                linked.update(cells)
            is_filtered = is_filtered or _FILTERED.search(part) is not None
            tail = part[-_LONGEST_REFERENCE:]
    hidden = Hidden(frozenset(columns), frozenset() if is_filtered else frozenset(rows))
    return list(dict.fromkeys(merged)), hidden, _links(sheet, linked) if linked else {}


def _linked_cells(attributes: bytes) -> Iterator[tuple[tuple[int, int], bytes]]:
    """Yield the rows and columns that a link is for, each with the name of what holds its target."""
    place, relation = _LINKED.search(attributes), _RELATION.search(attributes)
    if place is not None and relation is not None:
        for row in range(int(place[2]) - 1, int(place[4] or place[2])):
            for column in range(_column(place[1]), _column(place[3] or place[1]) + 1):
                yield (row, column), relation[1]


def _links(sheet: Any, linked: dict[tuple[int, int], bytes]) -> Links:
    """Return the targets of cells outside the workbook, by row and column."""
    from openpyxl.packaging.relationship import get_dependents, get_rels_path

    archive, name = sheet.parent._archive, str(get_rels_path(sheet._worksheet_path))  # type: ignore[no-untyped-call]
    if name not in archive.namelist():
        return {}
    outside = (each for each in get_dependents(archive, name) if each.TargetMode == "External")
    targets = {str(each.Id).encode(): str(each.Target or "") for each in outside}
    links: Links = {}
    for (row, column), relation in linked.items():
        if relation in targets:
            links.setdefault(row, {})[column] = targets[relation]
    return links


def _hidden_columns(attributes: bytes) -> range:
    first, last = _attribute(attributes, b"min"), _attribute(attributes, b"max")
    return range(0) if first is None or last is None else range(first - 1, min(last, _MOST_COLUMNS))


def _attribute(attributes: bytes, name: bytes) -> int | None:
    found = re.search(rb"\b" + name + rb"=\"(\d{1,7})\"", attributes)
    return int(found[1]) if found else None


def _column(letters: bytes) -> int:
    """Return the place from 0 of a column called A, B, … Z, AA, …"""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
