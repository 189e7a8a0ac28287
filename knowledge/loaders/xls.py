"""Excel workbooks of before 2007: each visible sheet a heading, each row readable by itself."""

import datetime
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders.archives import PARSER_FAULTS, damaged
from knowledge.loaders.cells import Hidden, Merged, fill_merged, is_span, shown, without_hidden
from knowledge.loaders.dates import dated
from knowledge.loaders.encoding import empty, read_bytes
from knowledge.loaders.tables import add_sheet

_FILTERED = b"\x9b\0\0\0"
"""The record, or what looks like it, that stands in a sheet of which a filter shows a part; xlrd passes it over."""


def load(path: Path) -> Iterator[Document]:
    """Yield the workbook as one document."""
    builder = DocumentBuilder()
    _read(path, builder)
    document = builder.build(title=path.stem, metadata=dated(_last_saved(path)))
    if all(block.kind == "heading" for block in document.blocks):
        raise empty(path, "has no visible cell with a value")
    yield document


def _read(path: Path, builder: DocumentBuilder) -> None:
    import xlrd
    from xlrd.biffh import XLRDError
    from xlrd.compdoc import CompDocError

    data = read_bytes(path)
    try:
        book = xlrd.open_workbook(file_contents=data, formatting_info=True, logfile=io.StringIO(), on_demand=True)
        for number in range(book.nsheets):
            sheet = book.sheet_by_index(number)
            if sheet.visibility == 0:
                builder.add("heading", sheet.name, level=1)
                rows = (_row(book, sheet, row) for row in range(sheet.nrows))
                add_sheet(builder, without_hidden(fill_merged(rows, _merged(sheet)), _hidden(book, sheet)))
            book.unload_sheet(number)
    except XLRDError as error:
        if "encrypt" in str(error).lower() or "password" in str(error).lower():
            raise UnreadableFile(
                f"{path}: is protected by a password. Open it in an office program and save it without one."
            ) from error
        raise damaged(path) from error
    except (CompDocError, *PARSER_FAULTS) as error:
        raise damaged(path) from error


def _merged(sheet: Any) -> list[Merged]:
    return [Merged(first, end - 1, column, stop - 1) for first, end, column, stop in sheet.merged_cells]


def _hidden(book: Any, sheet: Any) -> Hidden:
    """Return what the sheet does not show, but for rows in a workbook in which a filter may have taken them away."""
    columns = frozenset(column for column, width in sheet.colinfo_map.items() if width.hidden)
    if book.mem.find(_FILTERED) >= 0:
        return Hidden(columns)
    return Hidden(columns, frozenset(row for row, height in sheet.rowinfo_map.items() if height.hidden))


def _row(book: Any, sheet: Any, row: int) -> list[str]:
    return [_cell(book, sheet.cell(row, column)) for column in range(sheet.row_len(row))]


def _cell(book: Any, cell: Any) -> str:
    import xlrd

    if _is_struck_out(book, cell):
        return ""
    if cell.ctype == xlrd.XL_CELL_TEXT:
        return str(cell.value).strip()
    if cell.ctype == xlrd.XL_CELL_BOOLEAN:
        return shown(bool(cell.value), "")
    if cell.ctype == xlrd.XL_CELL_ERROR:
        return str(xlrd.error_text_from_code.get(cell.value, ""))
    if cell.ctype == xlrd.XL_CELL_DATE:
        if is_span(_format(book, cell)):
            return shown(datetime.timedelta(days=float(cell.value)), "")
        return _date(float(cell.value), book.datemode)
    if cell.ctype == xlrd.XL_CELL_NUMBER:
        return shown(float(cell.value), _format(book, cell))
    return ""


def _is_struck_out(book: Any, cell: Any) -> bool:
    """Say whether a cell's font is one that strikes out; files name looks that they lack."""
    look = -1 if cell.xf_index is None else cell.xf_index
    number = book.xf_list[look].font_index if 0 <= look < len(book.xf_list) else -1
    return 0 <= number < len(book.font_list) and bool(book.font_list[number].struck_out)


def _date(value: float, mode: int) -> str:
    import xlrd

    try:
        moment = xlrd.xldate_as_datetime(value, mode)
    except (ValueError, OverflowError, xlrd.xldate.XLDateError):
        return shown(value, "")
    if value < 1:
        return shown(moment.time(), "")
    return shown(moment.replace(microsecond=0) if isinstance(moment, datetime.datetime) else moment, "")


def _format(book: Any, cell: Any) -> str:
    form = book.format_map.get(book.xf_list[cell.xf_index].format_key) if cell.xf_index is not None else None
    return "" if form is None else str(form.format_str)


def _last_saved(path: Path) -> str:
    """Return the time that the workbook's properties give; "" when they give none."""
    import olefile

    try:
        with olefile.OleFileIO(str(path)) as container:
            saved = container.get_metadata().last_saved_time
    except PARSER_FAULTS:  # the rows count, this is a courtesy
        return ""
    return saved.isoformat() if isinstance(saved, datetime.datetime) else ""
