"""Excel workbooks: each visible sheet a heading, each row readable by itself; values as last calculated."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.documents import Document, DocumentBuilder
from knowledge.loaders.archives import PARSER_FAULTS, check_archive, damaged
from knowledge.loaders.cells import Hidden, Merged, fill_merged, shown, without_hidden
from knowledge.loaders.dates import dated
from knowledge.loaders.encoding import empty
from knowledge.loaders.office_properties import core_properties
from knowledge.loaders.tables import add_sheet

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"')
_HIDDEN = re.compile(rb"<(?:\w+:)?(?P<kind>col|row)\s(?P<attributes>[^>]*\bhidden=\"(?:1|true)\"[^>]*)>")
_FILTERED = re.compile(rb"<(?:\w+:)?filterColumn\s")
"""Rows that a filter took away were left out for a look, and not for good."""
_BLOCK_BYTES = 1 << 20
_LONGEST_REFERENCE = 400
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
                        rows = ([_read_cell(cell, has_struck=has_struck) for cell in row] for row in sheet.iter_rows())
                        merged, hidden = _layout(sheet)
                        add_sheet(builder, without_hidden(fill_merged(rows, merged), hidden))
            finally:
                book.close()
    except (InvalidFileException, *PARSER_FAULTS) as error:
        raise damaged(path) from error


def _read_cell(cell: Any, *, has_struck: bool) -> str:
    """Return what a cell shows; nothing where it is struck out, for that no longer holds."""
    if cell.value is None or (has_struck and cell.font is not None and cell.font.strike):
        return ""
    return shown(cell.value, str(cell.number_format or ""))


def _layout(sheet: Any) -> tuple[list[Merged], Hidden]:
    """Return what openpyxl skips when it streams: cells that were merged, and what is hidden."""
    merged: list[Merged] = []
    columns: set[int] = set()
    rows: set[int] = set()
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
            is_filtered = is_filtered or _FILTERED.search(part) is not None
            tail = part[-_LONGEST_REFERENCE:]
    hidden = Hidden(frozenset(columns), frozenset() if is_filtered else frozenset(rows))
    return list(dict.fromkeys(merged)), hidden


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
