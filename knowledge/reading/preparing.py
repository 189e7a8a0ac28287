"""A loaded document made ready for the catalogue: clean text, chunks, languages, a fingerprint.

    Document -> Prepared

This runs in the worker process, so that its cost and its memory are the worker's too.
"""

import datetime
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from knowledge import layout
from knowledge.chunking import ChunkOptions, split
from knowledge.documents import Block, Document
from knowledge.reading.messages import Prepared
from knowledge.sources import shown
from knowledge.text import detect_language

RECIPE = "14"
"""Raise it when extraction, chunking or tokens change: files are then read anew although their bytes are the same."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_HASHED_CHARACTERS = 1 << 20


def document_name(file_name: str, document: Document) -> str:
    """Return the full name: rows (`#12`) and members (`!/path`) are named after their file, others name themselves."""
    if not document.name:
        return file_name
    return file_name + document.name if document.name.startswith(("#", "!/")) else document.name


def prepare(document: Document, *, name: str, path: Path, audience: str, options: ChunkOptions) -> Prepared:
    """Clean, cut and fingerprint a document.

    The fingerprint covers all that the catalogue would hold of it but the day on which its file was changed: where
    that is the document's date, rows that stayed as they were keep their day, and their vectors.

    Args:
        name: as `document_name` gives it.
        path: the file it came from.
    """
    document = storable(document)
    chunks = split(document, options)
    title = document.title or shown(path.stem)
    modified_at = path.stat().st_mtime
    digest = hashlib.sha256()
    for part in (RECIPE, "\x00", audience, "\x00", title, "\x00", *_slices(document.text), "\x00", repr(chunks)):
        digest.update(part.encode())
    digest.update(json.dumps(dict(document.metadata), sort_keys=True).encode())
    digest.update(layout.pack(document.layout))
    return Prepared(
        name=clean(name),
        title=title,
        language=detect_language(document.text),
        fingerprint=digest.hexdigest(),
        modified_at=modified_at,
        dated=_dated(document, modified_at),
        document=replace(document, blocks=()),
        chunks=chunks,
        chunk_languages=tuple(detect_language(document.text[chunk.start : chunk.end]) for chunk in chunks),
    )


def clean(text: str) -> str:
    """Replace what SQL text cannot hold, half a character or a NUL, one for one so that spans stay right."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def storable(document: Document) -> Document:
    """Return the document with all its texts clean."""
    return replace(
        document,
        text=clean(document.text),
        title=clean(document.title),
        name=clean(document.name),
        blocks=tuple(map(_storable_block, document.blocks)),
        metadata={clean(key): clean(value) for key, value in document.metadata.items()},
    )


def _storable_block(block: Block) -> Block:
    if not (_UNSTORABLE.search(block.header) or _UNSTORABLE.search(block.anchor)):
        return block
    return replace(block, header=clean(block.header), anchor=clean(block.anchor))


def _slices(text: str) -> Iterator[str]:
    """Yield the text in parts, so that a large one is not held in another encoding whole."""
    for start in range(0, len(text), _HASHED_CHARACTERS):
        yield text[start : start + _HASHED_CHARACTERS]


def _dated(document: Document, modified_at: float) -> str:
    """Return the day on which the document says it was written, else on which its file was last changed."""
    said = document.metadata.get("date", "")
    try:
        return datetime.date.fromisoformat(said[:10]).isoformat()
    except ValueError:
        return datetime.datetime.fromtimestamp(modified_at, datetime.UTC).date().isoformat()
