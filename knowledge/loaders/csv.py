"""CSV and TSV files: questions with answers become a document each, anything else one document of rows."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders.answers import answer_columns, build_answer
from knowledge.loaders.encoding import TextLines, empty, read_lines
from knowledge.loaders.markup import plain
from knowledge.loaders.tables import add_sheet

if TYPE_CHECKING:
    import _csv  # where the type of a reader has its name

_DELIMITERS = ",;\t|"
_SAMPLED_ROWS = 50
_DECLARED = re.compile(r"sep=(.)\s*$", re.IGNORECASE)
"""First line of what is written for Excel: it names the delimiter and is no row."""


def load(path: Path) -> Iterator[Document]:
    """Yield one document a row, named `#1`, `#2`, …, when there are columns of questions and answers; else one.

    The file is gone through several times and never held: a mistake in its last row is found before the first document.
    """
    lines = read_lines(path)
    is_tabbed = path.suffix.lower() == ".tsv" and any("\t" in line for line in lines)
    declared = _DECLARED.match(next(iter(lines), ""))
    delimiter = declared[1] if declared else "\t" if is_tabbed else _delimiter(lines)
    head: list[str] = []
    for row in _checked(lines, delimiter):
        head = head or (row if _is_filled(row) else [])
    if not head:
        raise empty(path, "has no cell with a value")
    columns = answer_columns(head)
    if columns is None:
        yield _table(_checked(lines, delimiter))
    else:
        yield from _answers(path, filter(_is_filled, _checked(lines, delimiter)), columns)


def _table(rows: Iterable[list[str]]) -> Document:
    builder = DocumentBuilder()
    add_sheet(builder, rows)
    return builder.build()


def _answers(path: Path, rows: Iterator[list[str]], columns: tuple[str, str]) -> Iterator[Document]:
    names = [name.strip() for name in next(rows)]
    has_any = False
    for number, row in enumerate(rows, start=1):
        if document := build_answer(dict(zip(names, row, strict=False)), columns, number=number):
            has_any = True
            yield document
    if not has_any:
        raise empty(path, "has columns of questions and answers but no row with both")


def _is_filled(row: Sequence[str]) -> bool:
    return any(cell.strip() for cell in row)


def _checked(lines: TextLines, delimiter: str) -> Iterator[list[str]]:
    """Yield the rows; a stray quotation mark is an error."""
    line = 1
    reader = _rows(lines, delimiter, strict=True)
    try:
        for row in reader:
            yield [plain(cell) for cell in row]
            line = reader.line_num + 1
    except csv.Error as error:
        raise UnreadableFile(
            f"{lines.path}: is not a table ({error}, in the row that starts at line {line}). "
            "Look there for a stray quotation mark (inside a quoted cell it is doubled), and save it as CSV again."
        ) from error


def _delimiter(lines: TextLines) -> str:
    """Return the delimiter that cuts the first rows most evenly into most cells."""

    def evenness(delimiter: str) -> tuple[float, int]:
        try:
            widths = [len(row) for row in islice(_rows(lines, delimiter), _SAMPLED_ROWS) if row]
        except csv.Error:
            return (0.0, 0)
        usual = max(set(widths), key=lambda width: (widths.count(width), width), default=1)
        return (widths.count(usual) / len(widths), usual) if usual > 1 else (0.0, 0)

    return max(_DELIMITERS, key=evenness)


def _rows(lines: Iterable[str], delimiter: str, *, strict: bool = False) -> "_csv.Reader":
    """Read rows; unless strict, a stray quotation mark swallows what follows rather than being an error."""
    below = ("\n" if number == 0 and _DECLARED.match(line) else line for number, line in enumerate(lines))
    return csv.reader(below, delimiter=delimiter, skipinitialspace=True, strict=strict)
