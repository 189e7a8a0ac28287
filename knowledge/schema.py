"""The catalogue's tables.

    source -> file -> document -> chunk;  vector_space: which Chroma collection holds the vectors;  state: key -> value
    lexical_segment -> lexical_posting: the lexical index (`knowledge.lexical`)

The same tables serve in SQLite and in PostgreSQL.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    insert,
)

SCHEMA_VERSION = "3"

metadata = MetaData()

state = Table("state", metadata, Column("key", String, primary_key=True), Column("value", Text, nullable=False))

vector_space = Table(
    "vector_space",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("collection", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("embedder", String, nullable=False),
    Column("generation", Integer, nullable=False),
    UniqueConstraint("collection", "audience", "generation"),
)

source = Table(
    "source",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("collection", String, nullable=False),
    Column("location", Text, nullable=False),
    UniqueConstraint("collection", "location"),
)

file = Table(
    "file",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_id", ForeignKey("source.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("path", Text, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("content", String, nullable=False),
    UniqueConstraint("source_id", "path"),
)

document = Table(
    "document",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("file_id", ForeignKey("file.id", ondelete="CASCADE"), nullable=False, index=True),
    # Without an index: SQLite would go through a whole collection where a few chunks are asked for by number.
    Column("collection", String, nullable=False),
    Column("name", Text, nullable=False, index=True),
    Column("title", Text, nullable=False),
    Column("language", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("paged", Boolean, nullable=False),
    Column("metadata", Text, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("modified_at", Float, nullable=False),
    Column("dated", String, nullable=False),
    # The long ones come last: SQLite reads through all that stands before a column to get to it.
    Column("text", Text, nullable=False),
    Column("layout", LargeBinary),
)

chunk = Table(
    "chunk",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("document_id", ForeignKey("document.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("page", Integer),
    Column("headings", Text, nullable=False),
    Column("header", Text, nullable=False),
    Column("anchor", Text, nullable=False),
    Column("language", String, nullable=False),
    Column("vector", String, nullable=False, unique=True),
    # Also part of the document's text; standing here, it is read without reading a long document from its beginning.
    Column("text", Text, nullable=False),
)

lexical_segment = Table(
    "lexical_segment",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("collection", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("tokens", BigInteger, nullable=False),
    Column("first", Integer, nullable=False),
    Column("last", Integer, nullable=False),
    Column("removed", LargeBinary, nullable=False),
    Column("members", LargeBinary, nullable=False),
    Index("lexical_segment_space", "collection", "audience"),
)

lexical_posting = Table(
    "lexical_posting",
    metadata,
    Column("segment", ForeignKey("lexical_segment.id", ondelete="CASCADE"), primary_key=True),
    Column("term", String, primary_key=True),
    Column("entries", LargeBinary, nullable=False),
)


def new_id(connection: Connection, table: Table, values: Mapping[str, Any]) -> int:
    """Insert a row and return its id."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    assert key is not None
    return int(key[0])
