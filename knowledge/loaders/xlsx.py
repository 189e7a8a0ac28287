"""Excel workbooks: each visible sheet a heading, each row readable by itself; values as last calculated."""

import warnings
from collections.abc import Iterator
from pathlib import Path

from knowledge.documents import Document, DocumentBuilder
from knowledge.loaders.archives import PARSER_FAULTS, check_archive, damaged
from knowledge.loaders.cells import shown
from knowledge.loaders.dates import dated
from knowledge.loaders.encoding import empty
from knowledge.loaders.office_properties import core_properties
from knowledge.loaders.tables import add_sheet


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
                        add_sheet(
                            builder,
                            (
                                [shown(cell.value, str(cell.number_format or "")) for cell in row]
                                for row in sheet.iter_rows()
                            ),
                        )
            finally:
                book.close()
    except (InvalidFileException, *PARSER_FAULTS) as error:
        raise damaged(path) from error
