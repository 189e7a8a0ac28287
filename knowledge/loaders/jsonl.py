"""JSON Lines: a line is a document, a question with its answer, or a record.

{"doc_id", "title", "text"}  ->  a document named by its doc_id, its text word for word
{"question", "answer"}       ->  #n
{anything else}              ->  #n, one row of `key: value`
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.documents import Block, Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders.answers import answer_columns, build_answer
from knowledge.loaders.encoding import TextLines, empty, read_lines
from knowledge.loaders.markup import plain
from knowledge.loaders.tables import add_table

_BLANK_LINE = re.compile(r"\n[^\S\n]*\n")
_PROSE_CHARACTERS = 200


def load(path: Path) -> Iterator[Document]:
    """Yield a document a line; nothing is yielded when any line is broken."""
    yield from records(path, _Records(read_lines(path)))


def records(path: Path, numbered: Iterable[tuple[int, Mapping[str, Any]]], *, what: str = "line") -> Iterator[Document]:
    """Yield a document an object, when all of them are in order.

    Args:
        path: The file, for the error.
        numbered: Each object with the number of its place; gone through twice.
        what: What such a place is called.

    Raises:
        UnreadableFile: Two have the same doc_id, or none has text.
    """
    names: dict[str, int] = {}
    for number, record in numbered:
        document = _document(record, number)
        if document is None:
            continue
        if document.name in names:
            raise UnreadableFile(
                f"{path}: {what} {number} has the doc_id {document.name!r} of {what} {names[document.name]}. "
                f"Give each {what} a doc_id of its own."
            )
        names[document.name] = number
    if not names:
        raise empty(path, f"has no {what} with text")
    del names
    for number, record in numbered:
        if document := _document(record, number):
            yield document


@dataclass(frozen=True, slots=True)
class _Records:
    """The objects of a file's lines, parsed anew each time they are gone through."""

    lines: TextLines

    def __iter__(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        for number, line in enumerate(self.lines, start=1):
            if line.strip():
                yield number, _parse(line.removesuffix("\n"), self.lines.path, number)


def is_document(record: Mapping[str, Any]) -> bool:
    """Say whether an object is an article with its doc_id, or a question with its answer."""
    strings = [key for key, value in record.items() if isinstance(value, str)]
    return ("doc_id" in record and isinstance(record.get("text"), str)) or answer_columns(strings) is not None


def _parse(line: str, path: Path, number: int) -> Mapping[str, Any]:
    try:
        value = json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "its values are too large or too deep"
        raise UnreadableFile(
            f"{path}: line {number} is not JSON ({reason}). Each line must be one object; mend or remove that line."
        ) from error
    if not isinstance(value, dict):
        raise UnreadableFile(
            f"{path}: line {number} holds no object but {type(value).__name__}. "
            'Write each line as {"doc_id": …, "title": …, "text": …}.'
        )
    return value


def _document(record: Mapping[str, Any], number: int) -> Document | None:
    identity, text = record.get("doc_id"), record.get("text")
    if isinstance(identity, str | int) and str(identity).strip() and isinstance(text, str):
        return _verbatim(record, text, name=str(identity).strip()) if text.strip() else None
    strings = {key: value for key, value in record.items() if isinstance(value, str)}
    columns = answer_columns(list(strings))
    if columns is not None:
        return build_answer(strings, columns, number=number)
    return _record(record, number)


def _verbatim(record: Mapping[str, Any], text: str, *, name: str) -> Document:
    text = text.strip()
    blocks: list[Block] = []
    start = 0
    for end in [*(gap.start() for gap in _BLANK_LINE.finditer(text)), len(text)]:
        part = text[start:end]
        if part.strip():
            begin = start + len(part) - len(part.lstrip())
            blocks.append(Block("paragraph", begin, begin + len(part.strip())))
        start = end
    title = record.get("title")
    extra = {
        key: value
        for key, value in record.items()
        if key not in ("doc_id", "title", "text") and isinstance(value, str) and value
    }
    return Document(text, tuple(blocks), title.strip() if isinstance(title, str) else "", name, metadata=extra)


def _record(record: Mapping[str, Any], number: int) -> Document | None:
    """Return an object of unknown form: its short values as one row, its long texts as paragraphs."""
    builder = DocumentBuilder()
    values = {key: _shown(value) for key, value in record.items()}
    short = {key: value for key, value in values.items() if not _is_prose(value)}
    add_table(builder, list(short), [list(short.values())])
    for value in values.values():
        if _is_prose(value):
            for paragraph in _BLANK_LINE.split(value):
                builder.add("paragraph", paragraph)
    title = next((values[key] for key in ("title", "name", "标题") if isinstance(record.get(key), str)), "")
    document = builder.build(title=title, name=f"#{number}")
    return document if document.blocks else None


def _is_prose(value: str) -> bool:
    return len(value) > _PROSE_CHARACTERS or "\n\n" in value


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return plain(value).strip()
    if value is None:
        return ""
    return json.dumps(value, ensure_ascii=False)
