"""The catalogue: the truth about documents, in SQL.

    sources -> files -> documents (versions of text) -> chunks, with the lexical index beside them

A transaction here is the commit point of an ingest. Vectors are written to Chroma first and become visible when the
chunk that names them is committed; whoever reads joins the ids from Chroma with the chunks here, and so sees the old
document or the new one, never a mixture.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    delete,
    func,
    insert,
    inspect,
    select,
    tuple_,
    update,
)

from knowledge import layout, lexical, upgrade
from knowledge.chunking import Chunk
from knowledge.database import open_database
from knowledge.documents import MEMBER, Document
from knowledge.errors import KnowledgeError
from knowledge.schema import SCHEMA_VERSION, chunk, document, file, metadata, new_id, source, state
from knowledge.scope import Scope, within

ROWS_AT_ONCE = 1000
"""Chunks that are inserted and indexed together, so that a large document is not held twice."""


@dataclass(frozen=True, slots=True)
class NewDocument:
    """A document ready to be committed."""

    name: str
    title: str
    language: str
    audience: str
    fingerprint: str
    modified_at: float
    """Seconds since 1970."""
    dated: str
    """`YYYY-MM-DD`."""
    document: Document
    chunks: tuple[Chunk, ...]
    chunk_languages: tuple[str, ...]
    vectors: list[str] = field(default_factory=list)
    """Names of the chunks' vectors, as far as those are stored: all of them when it is committed."""


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as it stands in the catalogue."""

    id: int
    name: str
    title: str
    audience: str
    text: str
    paged: bool
    url: str = ""
    """The web page that it is a copy of."""


class Catalog:
    """The tables in their database, made or brought to this version when they are opened."""

    def __init__(self, location: Path | str) -> None:
        """Open the catalogue in a file or at a URL, made when it is new.

        Raises:
            KnowledgeError: it is damaged or cannot be reached or written, or a newer version made it.
        """
        self._database = open_database(location)
        self.read, self.write, self.writers_turn = (
            self._database.read,
            self._database.write,
            self._database.writers_turn,
        )
        try:
            with self.read() as connection:
                version = _get(connection, "schema_version") if inspect(connection).has_table(state.name) else None
            if version is None:
                version = self._create()
            if version in upgrade.STEPS:
                version = self._upgrade()
        except BaseException:
            self.close()
            raise
        if version != SCHEMA_VERSION:
            self.close()
            raise KnowledgeError(
                f"The catalogue {self._database.shown} has schema {version}; this version of frontdesk needs "
                f"{SCHEMA_VERSION}. Next: use the version of frontdesk that wrote it, or move it away together with "
                "the vectors and run frontdesk ingest again."
            )

    def close(self) -> None:
        self._database.close()

    def _create(self) -> str:
        with self.write() as connection:  # another process may have been quicker
            metadata.create_all(connection)
            if _get(connection, "schema_version") is None:
                _set(connection, "schema_version", SCHEMA_VERSION)
            return str(_get(connection, "schema_version"))

    def _upgrade(self) -> str:
        with self.write() as connection:
            version = str(_get(connection, "schema_version"))
            if version in upgrade.STEPS:  # another process may have been quicker
                upgrade.upgrade(connection)
                _set(connection, "schema_version", SCHEMA_VERSION)
            return str(_get(connection, "schema_version"))


# Sources, files and documents ----------------------------------------------------------------------------------------


def ensure_source(connection: Connection, *, collection: str, location: str) -> int:
    """Return the id of the source at this location, made when it is new."""
    row = connection.execute(
        select(source.c.id).where(source.c.collection == collection, source.c.location == location)
    ).first()
    if row is not None:
        return int(row.id)
    return new_id(connection, source, {"collection": collection, "location": location})


def file_fingerprints(connection: Connection, source_id: int) -> dict[str, str]:
    """Return path -> fingerprint for every file of a source."""
    rows = connection.execute(select(file.c.path, file.c.fingerprint).where(file.c.source_id == source_id))
    return {row.path: row.fingerprint for row in rows}


def document_fingerprints(connection: Connection, source_id: int, path: str) -> dict[str, str]:
    """Return document name -> fingerprint for the documents of one file."""
    rows = connection.execute(
        select(document.c.name, document.c.fingerprint)
        .join(file)
        .where(file.c.source_id == source_id, file.c.path == path)
    )
    return {row.name: row.fingerprint for row in rows}


def put_file(connection: Connection, *, source_id: int, path: str, fingerprint: str, content: str = "") -> int:
    """Record that a file's documents are in, as of this fingerprint; return the file's id.

    Args:
        content: SHA-256 of the file's bytes, in hexadecimal.
    """
    values = {"fingerprint": fingerprint, "content": content}
    row = connection.execute(select(file.c.id).where(file.c.source_id == source_id, file.c.path == path)).first()
    if row is None:
        return new_id(connection, file, {"source_id": source_id, "path": path, **values})
    connection.execute(update(file).where(file.c.id == row.id).values(**values))
    return int(row.id)


def put_document(connection: Connection, new: NewDocument, *, file_id: int, collection: str, generation: int) -> None:
    """Insert a document with its chunks and terms."""
    put_documents(connection, [new], file_id=file_id, collection=collection, generation=generation)


def put_documents(
    connection: Connection, batch: Iterable[NewDocument], *, file_id: int, collection: str, generation: int
) -> None:
    """Insert documents of one file with their chunks and terms; together they cost the lexical index less."""
    values = {"file_id": file_id, "collection": collection, "generation": generation}
    for audience, some in groupby(batch, key=lambda new: new.audience):
        entries = (entry for new in some for entry in _put_document(connection, new, values))
        while together := list(islice(entries, ROWS_AT_ONCE)):
            lexical.add(connection, together, collection=collection, audience=audience)


def _put_document(connection: Connection, new: NewDocument, place: Mapping[str, Any]) -> Iterator[lexical.Entry]:
    """Insert a document with its chunks and yield what the lexical index is to hold of them."""
    document_id = new_id(
        connection,
        document,
        {
            **place,
            "name": new.name,
            "title": new.title,
            "language": new.language,
            "audience": new.audience,
            "text": new.document.text,
            "paged": new.document.paged,
            "metadata": json.dumps(dict(new.document.metadata), ensure_ascii=False),
            "fingerprint": new.fingerprint,
            "modified_at": new.modified_at,
            "dated": new.dated,
            "layout": layout.pack(new.document.layout) if new.document.layout else None,
        },
    )
    for start in range(0, len(new.chunks), ROWS_AT_ONCE):
        numbers = range(start, min(start + ROWS_AT_ONCE, len(new.chunks)))
        rows = [_chunk_row(new, number, document_id) for number in numbers]
        ids = connection.scalars(insert(chunk).returning(chunk.c.id, sort_by_parameter_order=True), rows)
        for chunk_id, number, row in zip(ids, numbers, rows, strict=True):
            yield lexical.Entry(chunk_id, new.title, " ".join(new.chunks[number].headings), row["text"])


def _chunk_row(new: NewDocument, number: int, document_id: int) -> dict[str, Any]:
    piece = new.chunks[number]
    return {
        "document_id": document_id,
        "start": piece.start,
        "end": piece.end,
        "page": piece.page,
        "headings": json.dumps(piece.headings, ensure_ascii=False),
        "header": piece.header,
        "anchor": piece.anchor,
        "language": new.chunk_languages[number],
        "vector": new.vectors[number],
        "text": new.document.text[piece.start : piece.end],
    }


def remove_documents(connection: Connection, *, source_id: int, path: str, names: Iterable[str]) -> list[str]:
    """Delete documents of a file with all that hangs on them; return the ids of their vectors."""
    vectors: list[str] = []
    removed: list[int] = []
    for name in names:
        rows = connection.execute(
            select(chunk.c.id, chunk.c.vector, chunk.c.document_id)
            .join(document, document.c.id == chunk.c.document_id)
            .join(file, file.c.id == document.c.file_id)
            .where(file.c.source_id == source_id, file.c.path == path, document.c.name == name)
        ).all()
        removed.extend(row.id for row in rows)
        vectors.extend(row.vector for row in rows)
        owner = select(file.c.id).where(file.c.source_id == source_id, file.c.path == path).scalar_subquery()
        connection.execute(delete(document).where(document.c.file_id == owner, document.c.name == name))
    lexical.remove(connection, removed)
    return vectors


def documents_for_others(
    connection: Connection, *, collection: str, audience: str, places: Sequence[tuple[str, str]]
) -> list[tuple[int, str, str]]:
    """Return (source id, path, document name) of what these (source location, path) hold for other audiences."""
    rows = connection.execute(
        select(file.c.source_id, file.c.path, document.c.name)
        .select_from(document)
        .join(file, file.c.id == document.c.file_id)
        .join(source, source.c.id == file.c.source_id)
        .where(
            source.c.collection == collection,
            document.c.audience != audience,
            tuple_(source.c.location, file.c.path).in_(places),
        )
    )
    return [(row.source_id, row.path, row.name) for row in rows]


def places_for_others(connection: Connection, *, collection: str, audience: str) -> list[tuple[str, str]]:
    """Return (source location, path) of every file of the collection that is held for other audiences."""
    rows = connection.execute(
        select(source.c.location, file.c.path)
        .distinct()
        .select_from(document)
        .join(file, file.c.id == document.c.file_id)
        .join(source, source.c.id == file.c.source_id)
        .where(source.c.collection == collection, document.c.audience != audience)
    )
    return [(row.location, row.path) for row in rows]


def places(connection: Connection, *, collection: str) -> list[tuple[str, str, str]]:
    """Return (source location, path, audience) of every file of the collection that is held; `members` do not count."""
    rows = connection.execute(
        select(source.c.location, file.c.path, document.c.audience)
        .distinct()
        .select_from(document)
        .join(file, file.c.id == document.c.file_id)
        .join(source, source.c.id == file.c.source_id)
        .where(source.c.collection == collection, ~document.c.name.contains(MEMBER, autoescape=True))
    )
    return [(row.location, row.path, row.audience) for row in rows]


def members(connection: Connection, *, collection: str) -> list[tuple[str, str, str, str]]:
    """Return (source location, path, document name, audience) of all that lies within a file, as in an archive."""
    rows = connection.execute(
        select(source.c.location, file.c.path, document.c.name, document.c.audience)
        .select_from(document)
        .join(file, file.c.id == document.c.file_id)
        .join(source, source.c.id == file.c.source_id)
        .where(source.c.collection == collection, document.c.name.contains(MEMBER, autoescape=True))
    )
    return [(row.location, row.path, row.name, row.audience) for row in rows]


def remove_file(connection: Connection, *, source_id: int, path: str) -> None:
    """Forget a file whose documents are gone already."""
    connection.execute(delete(file).where(file.c.source_id == source_id, file.c.path == path))


def find_documents(
    connection: Connection, *, collection: str, name: str, audiences: Sequence[str]
) -> list[StoredDocument]:
    """Return the documents of this name that the audiences may see, the newest first; each is of another source."""
    rows = connection.execute(
        select(document)
        .where(document.c.collection == collection, document.c.name == name, document.c.audience.in_(audiences))
        .order_by(document.c.generation.desc(), document.c.id.desc())
    ).mappings()
    return [
        StoredDocument(
            row["id"],
            row["name"],
            row["title"],
            row["audience"],
            row["text"],
            row["paged"],
            url=str(json.loads(row["metadata"]).get("url", "")),
        )
        for row in rows
    ]


def headings_at(connection: Connection, document_id: int, offset: int) -> tuple[str, ...]:
    """Return the heading path of the chunk that holds `offset`."""
    row = connection.execute(
        select(chunk.c.headings)
        .where(chunk.c.document_id == document_id, chunk.c.start <= offset)
        .order_by(chunk.c.start.desc())
    ).first()
    return tuple(json.loads(row.headings)) if row else ()


def anchor_at(connection: Connection, document_id: int, offset: int) -> str:
    """Return the fragment of the heading above `offset`; "" when it has none."""
    found = (
        select(chunk.c.anchor)
        .where(chunk.c.document_id == document_id, chunk.c.start <= offset)
        .order_by(chunk.c.start.desc())
    )
    return str(connection.execute(found.limit(1)).scalar() or "")


def count_chunks(connection: Connection, scope: Scope) -> int:
    """Return how many chunks are in scope."""
    if not scope.is_narrowed:
        return lexical.count_chunks(connection, scope)
    return int(connection.execute(select(func.count(chunk.c.id)).join(document).where(within(scope))).scalar_one())


# State ----------------------------------------------------------------------------------------------------------------


def next_generation(connection: Connection) -> int:
    """Count one commit of documents further."""
    number = int(_get(connection, "generation") or 0) + 1
    _set(connection, "generation", str(number))
    return number


def vectors_are_in_line(connection: Connection) -> bool:
    """Say whether the last ingest came to its end, and so left vectors and chunks that match."""
    return _get(connection, "vectors") == "in line"


def set_vectors_in_line(connection: Connection, in_line: bool) -> None:
    """Record that an ingest begins (False) or came to its end (True)."""
    _set(connection, "vectors", "in line" if in_line else "in work")


# Private -------------------------------------------------------------------------------------------------------------


def _get(connection: Connection, key: str) -> str | None:
    return connection.execute(select(state.c.value).where(state.c.key == key)).scalar()


def _set(connection: Connection, key: str, value: str) -> None:
    if connection.execute(update(state).where(state.c.key == key).values(value=value)).rowcount == 0:
        connection.execute(insert(state).values(key=key, value=value))
