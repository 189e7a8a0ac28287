"""JSON files: a list of articles or of questions and answers is a document each, all else is one document.

[{"question", "answer"}, …]           ->  #1, #2, …
[{"doc_id", "title", "text"}, …]      ->  documents named by their doc_id
[{plain values}, …]                   ->  the rows of a table
[{anything else}, …]                  ->  #1, #2, … of `path: value`
a service's OpenAPI description       ->  its reference
anything else                         ->  one document of `path: value`
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders import jsonl
from knowledge.loaders.encoding import empty, read_text
from knowledge.loaders.openapi import add_service, describes_service
from knowledge.loaders.values import TooManyValues, add_values, is_table, title_of


def load(path: Path) -> Iterator[Document]:
    """Yield the file's documents."""
    text = read_text(path)
    try:
        value = json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        if _is_lines(text):
            yield from jsonl.load(path)
            return
        reason = f"{error.msg}, line {error.lineno}" if isinstance(error, json.JSONDecodeError) else "it is too deep"
        raise UnreadableFile(f"{path}: is not JSON ({reason}). Mend that place and try again.") from error
    try:
        yield from _documents(path, value)
    except (TooManyValues, RecursionError) as error:
        raise UnreadableFile(f"{path}: holds {error}. Split it, or leave out what no one asks about.") from error


def _documents(path: Path, value: Any) -> Iterator[Document]:
    if isinstance(value, list) and value and all(isinstance(each, dict) for each in value):
        if jsonl.is_document(value[0]):
            yield from jsonl.records(path, list(enumerate(value, start=1)), what="entry")
            return
        if not is_table(value):
            found = [_document(entry, f"#{number}") for number, entry in enumerate(value, start=1)]
            found = [document for document in found if document.blocks]
            if not found:
                raise empty(path, "holds no value with text")
            yield from found
            return
    document = _service(path, value) if describes_service(value) else _document(value, "")
    if not document.blocks:
        raise empty(path, "holds no value with text")
    yield document


def _service(path: Path, value: Any) -> Document:
    builder = DocumentBuilder()
    title = add_service(builder, value, path=path)
    return builder.build(title=title)


def _document(value: Any, name: str) -> Document:
    builder = DocumentBuilder()
    add_values(builder, value)
    return builder.build(title=title_of(value), name=name)


def _whole(digits: str) -> int | str:
    """Return a whole number; one longer than Python converts stays text."""
    try:
        return int(digits)
    except ValueError:
        return digits


def _is_lines(text: str) -> bool:
    """Say whether it is JSON Lines under the wrong name: the first two lines are objects of their own."""
    lines = [line for line in text.split("\n", 20)[:20] if line.strip()][:2]
    try:
        return len(lines) == 2 and all(isinstance(json.loads(line), dict) for line in lines)
    except (ValueError, RecursionError):
        return False
