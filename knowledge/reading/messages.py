"""What passes between a run and its worker processes.

    parent: Job (pickled) -> child
    child:  Ready, then for each file Portion … Prepared | Unchanged | Alive …, Done | Failed -> parent

A frame is eight bytes of length and that many bytes. A large document comes in portions, so that neither side holds it
and its frame at the same time.
"""

import pickle
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO

import msgspec

from knowledge.chunking import Chunk, ChunkOptions
from knowledge.documents import Document, LineBox

PORTION_CHARACTERS = 1_000_000
PORTION_CHUNKS = 2000
PORTION_LINES = 1000
_LENGTH_BYTES = 8


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read."""

    path: str
    name: str
    """The file's path below its source, which documents of it are named after."""
    size_bytes: int
    audience: str
    chunks: ChunkOptions
    known: Mapping[str, str]
    """Document name -> fingerprint of what the catalogue holds of the file; such documents are not sent again."""
    loaders: Mapping[str, str]
    """The table of loaders, suffix -> dotted name."""
    options: object | None
    """What `knowledge.loaders.load` takes as `options`; None lets it choose."""
    silence_seconds: float
    """After half as much again without a message the process ends itself."""
    memory_bytes: int
    opened: frozenset[str] | None = None
    """Folders in an archive that are not for the staff although their names say so; None where no name counts."""


class Ready(msgspec.Struct, tag=True, frozen=True):
    """The process has started and takes jobs."""


class Alive(msgspec.Struct, tag=True, frozen=True):
    """A page or another part of a long document is done."""


class Prepared(msgspec.Struct, tag=True, frozen=True):
    """A document ready to be embedded and stored; `document.blocks` is empty, chunks have taken their place."""

    name: str
    title: str
    language: str
    fingerprint: str
    modified_at: float
    dated: str
    document: Document
    chunks: tuple[Chunk, ...]
    chunk_languages: tuple[str, ...]


class Portion(msgspec.Struct, tag=True, frozen=True):
    """What stands before the content of the next `Prepared`."""

    text: str = ""
    layout: tuple[LineBox, ...] = ()
    chunks: tuple[Chunk, ...] = ()
    chunk_languages: tuple[str, ...] = ()


class Unchanged(msgspec.Struct, tag=True, frozen=True):
    """A document of which the catalogue holds just this."""

    name: str


class Done(msgspec.Struct, tag=True, frozen=True):
    """The file is read to its end, but for the members or pages that failed."""

    failures: tuple[tuple[str, str], ...] = ()
    """(member's path, error) each; "" for pages of the file itself."""
    by_kind: bool = False
    """Whether all that failed is of kinds that no loader reads."""


class Failed(msgspec.Struct, tag=True, frozen=True):
    """The file cannot be read, or not further."""

    error: str
    traceback: str = ""
    """Of a fault in the loader; for the log."""
    by_kind: bool = False
    """Whether no loader reads files of its kind."""


Message = Ready | Alive | Portion | Prepared | Unchanged | Done | Failed

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Message)


class BrokenFrame(Exception):
    """What came is no message of ours."""


def in_portions(prepared: Prepared) -> Iterator[Portion | Prepared]:
    """Yield the document as it is sent: what is large about it first, then the rest."""
    document = prepared.document
    if len(document.text) > PORTION_CHARACTERS:
        for start in range(0, len(document.text), PORTION_CHARACTERS):
            yield Portion(text=document.text[start : start + PORTION_CHARACTERS])
        document = replace(document, text="")
    if len(document.layout) > PORTION_LINES:
        for start in range(0, len(document.layout), PORTION_LINES):
            yield Portion(layout=document.layout[start : start + PORTION_LINES])
        document = replace(document, layout=())
    chunks, languages = prepared.chunks, prepared.chunk_languages
    if len(chunks) > PORTION_CHUNKS:
        for start in range(0, len(chunks), PORTION_CHUNKS):
            stop = start + PORTION_CHUNKS
            yield Portion(chunks=chunks[start:stop], chunk_languages=languages[start:stop])
        chunks, languages = (), ()
    yield msgspec.structs.replace(prepared, document=document, chunks=chunks, chunk_languages=languages)


def _joined(portions: list[Portion], prepared: Prepared) -> Prepared:
    document = prepared.document
    return msgspec.structs.replace(
        prepared,
        document=replace(
            document,
            text="".join([*(portion.text for portion in portions), document.text]),
            layout=(*(box for portion in portions for box in portion.layout), *document.layout),
        ),
        chunks=(*(chunk for portion in portions for chunk in portion.chunks), *prepared.chunks),
        chunk_languages=(
            *(language for portion in portions for language in portion.chunk_languages),
            *prepared.chunk_languages,
        ),
    )


def send_job(stream: BinaryIO, job: Job) -> None:
    _write(stream, pickle.dumps(job))


def receive_job(stream: BinaryIO) -> Job | None:
    """Return the next job; None when the parent is gone."""
    payload = _read(stream)
    if payload is None:
        return None
    job = pickle.loads(payload)
    assert isinstance(job, Job)
    return job


def send_message(stream: BinaryIO, message: Message) -> None:
    _write(stream, _encoder.encode(message))


def receive_message(stream: BinaryIO, *, max_bytes: int) -> tuple[Message, int] | None:
    """Return the next message, a document whole, and its size in bytes; None when the child is gone.

    Raises:
        BrokenFrame: it is larger than allowed, or no message.
    """
    portions: list[Portion] = []
    size = 0
    while (payload := _read(stream, max_bytes - size)) is not None:
        size += len(payload)
        try:
            message = _decoder.decode(payload)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            raise BrokenFrame(str(error)) from error
        if isinstance(message, Portion):
            portions.append(message)
            continue
        if isinstance(message, Prepared):
            message = _joined(portions, message) if portions else message
            if not _is_sound(message):
                raise BrokenFrame("a document whose parts do not fit together")
        return message, size
    return None


def _is_sound(prepared: Prepared) -> bool:
    """Say whether chunks and lines lie within the text, and each chunk has its language."""
    length = len(prepared.document.text)
    spans: tuple[Chunk | LineBox, ...] = (*prepared.chunks, *prepared.document.layout)
    return len(prepared.chunk_languages) == len(prepared.chunks) and all(
        0 <= span.start <= span.end <= length for span in spans
    )


def _write(stream: BinaryIO, payload: bytes) -> None:
    stream.write(len(payload).to_bytes(_LENGTH_BYTES, "big"))
    stream.write(payload)
    stream.flush()


def _read(stream: BinaryIO, max_bytes: int | None = None) -> bytes | None:
    head = stream.read(_LENGTH_BYTES)
    if len(head) < _LENGTH_BYTES:
        return None
    length = int.from_bytes(head, "big")
    if max_bytes is not None and length > max_bytes:
        raise BrokenFrame(f"a result of {length:,} bytes")
    payload = stream.read(length)
    return payload if len(payload) == length else None
