"""Excel workbooks: each visible sheet a heading, each row readable by itself; values as last calculated."""

import re
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.documents import Document, DocumentBuilder
from knowledge.loaders.archives import PARSER_FAULTS, check_archive, damaged
from knowledge.loaders.cells import fill_merged, shown
from knowledge.loaders.dates import dated
from knowledge.loaders.encoding import empty
from knowledge.loaders.office_properties import core_properties
from knowledge.loaders.tables import add_sheet

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s+ref="([A-Z]{1,3})(\d{1,7}):[A-Z]{1,3}(\d{1,7})"')
_BLOCK_BYTES = 1 << 20
_LONGEST_REFERENCE = 60


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
            try:
                for sheet in book.worksheets:
                    if sheet.sheet_state == "visible":
                        builder.add("heading", sheet.title, level=1)
                        sheet.reset_dimensions()  # many programs write wrong ones
                        rows = (
                            [shown(cell.value, str(cell.number_format or "")) for cell in row]
                            for row in sheet.iter_rows()
                        )
                        add_sheet(builder, fill_merged(rows, _merged(sheet)))
            finally:
                book.close()
    except (InvalidFileException, *PARSER_FAULTS) as error:
        raise damaged(path) from error


def _merged(sheet: Any) -> list[tuple[int, int, int]]:
    """Return (first row, last row, column) of cells merged over several rows, which openpyxl skips when it streams."""
    found: list[tuple[int, int, int]] = []
    with sheet._get_source() as source:
        tail = b""
        while block := source.read(_BLOCK_BYTES):
            for place in _MERGED.finditer(tail + block):
                column, first, last = _column(place[1]), int(place[2]), int(place[3])
                if last > first:
                    found.append((first - 1, last - 1, column))
            tail = (tail + block)[-_LONGEST_REFERENCE:]
    return list(dict.fromkeys(found))


def _column(letters: bytes) -> int:
    """Return the place from 0 of a column called A, B, … Z, AA, …"""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1
