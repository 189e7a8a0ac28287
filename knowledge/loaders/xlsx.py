"""Excel workbooks: each visible sheet a heading, each row readable by itself; values as last calculated.

A cell that leads to a web page or a mail address says where to, as a link in a page does. Notes on cells are not read:
they are for whoever keeps the sheet.
"""

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
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

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_HIDDEN = re.compile(rb"<(?:\w+:)?(?P<kind>col|row)\s(?P<attributes>[^<>]*\bhidden=\"(?:1|true)\"[^<>]*)>")
_LINK = re.compile(rb"<(?:\w+:)?hyperlink\s(?P<attributes>[^<>]*)>")
_LINKED = re.compile(rb"\bref=\"([A-Z]{1,3})(\d{1,7})(?::([A-Z]{1,3})(\d{1,7}))?\"")
_LOCATION = re.compile(rb"\blocation=\"([^\"]+)\"")
"""Where on the page, which Excel writes apart."""
_RELATION = re.compile(rb"\b\w+:id=\"([^\"]+)\"")
_FILTERED = re.compile(rb"<(?:\w+:)?filterColumn\s")
"""Rows that a filter took away were left out for a look, and not for good."""
_BLOCK_BYTES = 1 << 20
_LONGEST_REFERENCE = 10_000
"""Bytes of what is looked for: a link holds an address and what is shown at it."""
_MOST_RANGES = 50
"""Of cells with one link that are looked at in each row."""
_MOST_COLUMNS = 16_384


@dataclass(frozen=True, slots=True)
class _Leading:
    """Cells that lead to one place; rows and columns from 0, the last ones included."""

    first_row: int
    last_row: int
    first_column: int
    last_column: int
    target: str


@dataclass(frozen=True, slots=True)
class _Links:
    """Where a sheet's cells lead."""

    cells: dict[int, dict[int, str]]
    """By row and column."""
    ranges: list[_Leading]
    """Of several cells each."""

    def of_row(self, at: int, width: int) -> dict[int, str]:
        """Return where cells of a row lead, by column."""
        reaching = [each for each in self.ranges if each.first_row <= at <= each.last_row]
        return {
            column: each.target
            for each in reaching
            for column in range(each.first_column, min(width, each.last_column + 1))
        } | self.cells.get(at, {})


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


def _rows(sheet: Any, links: _Links, *, has_struck: bool) -> Iterator[list[str]]:
    for at, row in enumerate(sheet.iter_rows()):
        shown_ones = [_read_cell(cell, has_struck=has_struck) for cell in row]
        for column, target in links.of_row(at, len(shown_ones)).items():
            if column < len(shown_ones) and (text := shown_ones[column]):
                shown_ones[column] = Linked(text, told_target(target, text=text))
        yield shown_ones


def _read_cell(cell: Any, *, has_struck: bool) -> str:
    """Return what a cell shows; nothing where it is struck out, for that no longer holds."""
    if cell.value is None or (has_struck and cell.font is not None and cell.font.strike):
        return ""
    return shown(cell.value, str(cell.number_format or ""))


def _layout(sheet: Any) -> tuple[list[Merged], Hidden, _Links]:
    """Return what openpyxl skips when it streams: cells that were merged, what is hidden, and where cells lead."""
    merged: list[Merged] = []
    columns: set[int] = set()
    rows: set[int] = set()
    linked: dict[bytes, None] = {}
    is_filtered = False
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
                linked[link["attributes"]] = None
            is_filtered = is_filtered or _FILTERED.search(part) is not None
            tail = part[-_LONGEST_REFERENCE:]
    hidden = Hidden(frozenset(columns), frozenset() if is_filtered else frozenset(rows))
    return list(dict.fromkeys(merged)), hidden, _links(sheet, linked) if linked else _Links({}, [])


def _links(sheet: Any, linked: Iterable[bytes]) -> _Links:
    """Return what leads outside the workbook, of the attributes of its links."""
    from openpyxl.packaging.relationship import get_dependents, get_rels_path

    archive, name = sheet.parent._archive, str(get_rels_path(sheet._worksheet_path))  # type: ignore[no-untyped-call]
    if name not in archive.namelist():
        return _Links({}, [])
    outside = (each for each in get_dependents(archive, name) if each.TargetMode == "External")
    targets = {str(each.Id).encode(): str(each.Target or "") for each in outside}
    links = _Links({}, [])
    for attributes in linked:
        place, relation, location = (each.search(attributes) for each in (_LINKED, _RELATION, _LOCATION))
        if place is None or relation is None or relation[1] not in targets:
            continue
        target = targets[relation[1]]
        if location is not None and "#" not in target:
            target += "#" + unescape(location[1].decode("utf-8", "replace"))
        first_row, first_column = int(place[2]) - 1, _column(place[1])
        last_row, last_column = int(place[4] or place[2]) - 1, _column(place[3] or place[1])
        if (first_row, first_column) == (last_row, last_column):
            links.cells.setdefault(first_row, {})[first_column] = target
        elif len(links.ranges) < _MOST_RANGES:
            links.ranges.append(_Leading(first_row, last_row, first_column, last_column, target))
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
