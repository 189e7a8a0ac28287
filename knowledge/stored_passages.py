"""Chunks as they stand in the catalogue, read as passages.

chunk ids, or vector ids, and a scope -> StoredChunk -> passages
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, bindparam, func, or_, select

from knowledge.passages import Passage
from knowledge.schema import chunk, document
from knowledge.scope import Scope, within


class StoredChunk(NamedTuple):
    """A row; a tuple, because a search reads more than a hundred."""

    id: int
    document_id: int
    vector: str
    collection: str
    document: str
    title: str
    headings: str
    """As they are stored, in JSON."""
    header: str
    page: int | None
    start: int
    end: int
    text: str
    audience: str
    language: str
    anchor: str
    dated: str

    def passage(self, score: float = 0.0) -> Passage:
        """Return what it says, as a passage with this score."""
        return Passage(
            self.collection,
            self.document,
            self.title,
            _headings(self.headings),
            self.header,
            self.page,
            self.start,
            self.end,
            self.text,
            self.audience,
            self.language,
            score,
            self.anchor,
            self.dated,
        )


def chunks_in_scope(
    connection: Connection, scope: Scope, *, chunks: Sequence[int] = (), vectors: Sequence[str] = ()
) -> list[StoredChunk]:
    """Return those of these chunks, named by their own ids or their vectors', that are committed and in scope."""
    rows = connection.execute(_stored_within(scope), {"chunks": chunks, "vectors": vectors})
    return [StoredChunk._make(row) for row in rows.all()]


def passages_in_scope(connection: Connection, scope: Scope) -> tuple[Passage, ...]:
    """Return every chunk that is committed and in scope as a passage, document by document in its order."""
    rows = connection.execute(_STORED.where(within(scope)).order_by(document.c.collection, document.c.name, chunk.c.id))
    return tuple(StoredChunk._make(row).passage() for row in rows)


def passages_by_vector(connection: Connection, vectors: Sequence[str]) -> dict[str, Passage]:
    """Return vector id -> what it stands for, for every audience."""
    rows = connection.execute(_STORED.where(chunk.c.vector.in_(vectors)).order_by(chunk.c.id))
    return {stored.vector: stored.passage() for stored in map(StoredChunk._make, rows)}


def text_between(connection: Connection, document_id: int, start: int, end: int) -> str:
    """Return `text[start:end]` of a document."""
    found = connection.execute(_SPAN, {"document": document_id, "first": start + 1, "length": end - start})
    return str(found.scalar_one())


def chunks_by_vector(connection: Connection, vectors: Sequence[str], scope: Scope) -> dict[str, int]:
    """Return vector id -> chunk id for the vectors that are committed and in scope."""
    rows = connection.execute(_chunks_within(scope), {"vectors": vectors}).all()
    return {row.vector: row.id for row in rows}


def vectors_in_scope(connection: Connection, scope: Scope, *, limit: int) -> dict[int, str]:
    """Return chunk id -> vector id for up to `limit` chunks that are in scope."""
    rows = connection.execute(select(chunk.c.id, chunk.c.vector).join(document).where(within(scope)).limit(limit))
    return {row.id: row.vector for row in rows}


# Statements are kept: to build one takes SQLAlchemy longer than SQLite needs to run it.
_SPAN = select(func.substr(document.c.text, bindparam("first"), bindparam("length"))).where(
    document.c.id == bindparam("document")
)


_STORED = select(
    chunk.c.id,
    chunk.c.document_id,
    chunk.c.vector,
    document.c.collection,
    document.c.name,
    document.c.title,
    chunk.c.headings,
    chunk.c.header,
    chunk.c.page,
    chunk.c.start,
    chunk.c.end,
    chunk.c.text,
    document.c.audience,
    chunk.c.language,
    chunk.c.anchor,
    document.c.dated,
).join(document, document.c.id == chunk.c.document_id)


@lru_cache(maxsize=256)
def _stored_within(scope: Scope) -> Select[Any]:
    named = or_(
        chunk.c.id.in_(bindparam("chunks", expanding=True)), chunk.c.vector.in_(bindparam("vectors", expanding=True))
    )
    return _STORED.where(named, within(scope))


@lru_cache(maxsize=256)
def _chunks_within(scope: Scope) -> Select[Any]:
    vectors = chunk.c.vector.in_(bindparam("vectors", expanding=True))
    return select(chunk.c.vector, chunk.c.id).join(document).where(vectors, within(scope))


@lru_cache(maxsize=10_000)
def _headings(stored: str) -> tuple[str, ...]:
    return tuple(json.loads(stored))
