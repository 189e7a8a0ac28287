"""Chunks as they stand in the catalogue, read as passages.

chunk ids, or vector ids, and a scope -> passages without a score
"""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, bindparam, func, select

from knowledge.passages import Passage
from knowledge.schema import chunk, document
from knowledge.scope import Scope, within


def passages_by_chunk(connection: Connection, chunk_ids: Sequence[int], scope: Scope) -> dict[int, tuple[int, Passage]]:
    """Return chunk id -> (document id, passage without a score) for the chunks that are in scope."""
    rows = connection.execute(_passages_within(scope), {"chunks": chunk_ids}).mappings().all()
    return {row["chunk_id"]: (row["document_id"], _passage(row)) for row in rows}


def passages_by_vector(connection: Connection, vectors: Sequence[str]) -> dict[str, Passage]:
    """Return vector id -> what it stands for, for every audience."""
    rows = connection.execute(_PASSAGE_COLUMNS.where(chunk.c.vector.in_(vectors)).order_by(chunk.c.id)).mappings()
    return {row["vector"]: _passage(row) for row in rows}


def text_between(connection: Connection, document_id: int, start: int, end: int) -> str:
    """Return `text[start:end]` of a document."""
    found = connection.execute(_SPAN, {"document": document_id, "first": start + 1, "length": end - start})
    return str(found.scalar_one())


def chunks_by_vector(connection: Connection, vectors: Sequence[str], scope: Scope) -> dict[str, int]:
    """Return vector id -> chunk id for the vectors that are committed and in scope."""
    rows = connection.execute(_chunks_within(scope), {"vectors": vectors}).all()
    return {row.vector: row.id for row in rows}


def vectors_by_chunk(connection: Connection, chunk_ids: Sequence[int], scope: Scope) -> dict[int, str]:
    """Return chunk id -> vector id for the chunks that are in scope."""
    rows = connection.execute(
        select(chunk.c.id, chunk.c.vector).join(document).where(chunk.c.id.in_(chunk_ids), within(scope))
    )
    return {row.id: row.vector for row in rows}


def vectors_in_scope(connection: Connection, scope: Scope, *, limit: int) -> dict[int, str]:
    """Return chunk id -> vector id for up to `limit` chunks that are in scope."""
    rows = connection.execute(select(chunk.c.id, chunk.c.vector).join(document).where(within(scope)).limit(limit))
    return {row.id: row.vector for row in rows}


# Statements are kept: to build one takes SQLAlchemy longer than SQLite needs to run it.
_SPAN = select(func.substr(document.c.text, bindparam("first"), bindparam("length"))).where(
    document.c.id == bindparam("document")
)


_PASSAGE_COLUMNS = select(
    chunk.c.id.label("chunk_id"),
    chunk.c.vector,
    chunk.c.start,
    chunk.c.end,
    chunk.c.page,
    chunk.c.headings,
    chunk.c.header,
    chunk.c.anchor,
    chunk.c.language,
    document.c.collection,
    document.c.name,
    document.c.title,
    document.c.audience,
    document.c.dated,
    chunk.c.document_id,
    chunk.c.text,
).join(document, document.c.id == chunk.c.document_id)


@lru_cache(maxsize=256)
def _passages_within(scope: Scope) -> Select[Any]:
    return _PASSAGE_COLUMNS.where(chunk.c.id.in_(bindparam("chunks", expanding=True)), within(scope))


@lru_cache(maxsize=256)
def _chunks_within(scope: Scope) -> Select[Any]:
    vectors = chunk.c.vector.in_(bindparam("vectors", expanding=True))
    return select(chunk.c.vector, chunk.c.id).join(document).where(vectors, within(scope))


def _passage(row: RowMapping) -> Passage:
    return Passage(
        collection=row["collection"],
        document=row["name"],
        title=row["title"],
        headings=_headings(row["headings"]),
        header=row["header"],
        page=row["page"],
        start=row["start"],
        end=row["end"],
        text=row["text"],
        audience=row["audience"],
        language=row["language"],
        score=0.0,
        anchor=row["anchor"],
        dated=row["dated"],
    )


@lru_cache(maxsize=10_000)
def _headings(stored: str) -> tuple[str, ...]:
    return tuple(json.loads(stored))
