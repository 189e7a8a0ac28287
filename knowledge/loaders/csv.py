"""CSV and TSV files: questions with answers become a document each, anything else one document of rows."""

import csv
import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders.answers import answer_columns, build_answer
from knowledge.loaders.encoding import empty, read_text
from knowledge.loaders.tables import add_sheet

if TYPE_CHECKING:
    import _csv  # where the type of a reader has its name

_DELIMITERS = ",;\t|"
_SAMPLED_ROWS = 50


def load(path: Path) -> Iterator[Document]:
    """Yield one document a row, named `#1`, `#2`, …, when there are columns of questions and answers; else one."""
    rows = _read(path)
    filled = [row for row in rows if any(cell.strip() for cell in row)]
    if not filled:
        raise empty(path, "has no cell with a value")
    columns = answer_columns(filled[0])
    if columns is None:
        builder = DocumentBuilder()
        add_sheet(builder, rows)
        yield builder.build()
        return
    names = [name.strip() for name in filled[0]]
    found = [
        document
        for number, row in enumerate(filled[1:], start=1)
        if (document := build_answer(dict(zip(names, row, strict=False)), columns, number=number))
    ]
    if not found:
        raise empty(path, "has columns of questions and answers but no row with both")
    yield from found


def _read(path: Path) -> list[list[str]]:
    text = read_text(path)
    delimiter = "\t" if path.suffix.lower() == ".tsv" and "\t" in text else _delimiter(text)
    rows = []
    line = 1
    reader = _rows(text, delimiter, strict=True)
    try:
        for row in reader:
            rows.append(row)
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFile(
            f"{path}: is not a table ({error}, in the row that starts at line {line}). "
            "Look there for a stray quotation mark (inside a quoted cell it is doubled), and save it as CSV again."
        ) from error
    return rows


def _delimiter(text: str) -> str:
    """Return the delimiter that cuts the first rows most evenly into most cells."""

    def evenness(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in islice(_rows(text, delimiter), _SAMPLED_ROWS) if row]
        except csv.Error:
            return (0.0, 0)
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 0)

    return max(_DELIMITERS, key=evenness)


def _rows(text: str, delimiter: str, *, strict: bool = False) -> "_csv.Reader":
    """Read rows; unless strict, a stray quotation mark swallows what follows rather than being an error."""
    return csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=strict)
