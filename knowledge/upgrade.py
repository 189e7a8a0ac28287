"""A catalogue that an earlier version of frontdesk wrote, brought to this version's tables.

    schema 1 or 2 -> added columns, a new lexical index -> schema 3

The documents' text is in the catalogue, so nothing is read or embedded again, and answers are as before. What only a
file can tell (anchors, where lines stand on a page) is filled in when its next ingest reads it anew. Only SQLite is
known here: earlier versions had no server.
"""

import json
from collections.abc import Iterator
from itertools import groupby

from sqlalchemy import Connection, inspect, select, text

from knowledge import lexical
from knowledge.lexical import Entry
from knowledge.schema import chunk, document, metadata

STEPS = ("1", "2")
"""Schemas that can be upgraded."""
INDEXED_AT_ONCE = 4000

_ADDED = {
    "file": {"content": "VARCHAR NOT NULL DEFAULT ''"},
    "document": {"dated": "VARCHAR NOT NULL DEFAULT ''", "layout": "BLOB"},
    "chunk": {"anchor": "TEXT NOT NULL DEFAULT ''", "text": "TEXT NOT NULL DEFAULT ''"},
}
"""Table -> column -> declaration; those that an earlier schema has already are left as they are."""
_FILL = (
    "UPDATE document SET dated = date(modified_at, 'unixepoch') WHERE dated = ''",
    'UPDATE chunk SET text = (SELECT substr(document.text, chunk.start + 1, chunk."end" - chunk.start) FROM document'
    " WHERE document.id = chunk.document_id)",
    "DROP TABLE IF EXISTS chunk_terms",
    "DROP INDEX IF EXISTS ix_document_collection",
    # The text goes to the end of its row, behind what was added: see knowledge.schema.
    "CREATE TEMPORARY TABLE moved(id INTEGER PRIMARY KEY, text TEXT)",
    "INSERT INTO moved SELECT id, text FROM document",
    "ALTER TABLE document DROP COLUMN text",
    "ALTER TABLE document ADD COLUMN text TEXT NOT NULL DEFAULT ''",
    "UPDATE document SET text = (SELECT moved.text FROM moved WHERE moved.id = document.id)",
    "DROP TABLE moved",
)


def upgrade(connection: Connection) -> None:
    """Bring the tables up to date inside the caller's transaction."""
    for table, columns in _ADDED.items():
        present = {column["name"] for column in inspect(connection).get_columns(table)}
        for column, declaration in columns.items():
            if column not in present:
                connection.execute(text(f"ALTER TABLE {table} ADD COLUMN {column} {declaration}"))
    for statement in _FILL:
        connection.execute(text(statement))
    metadata.create_all(connection)
    rows = _chunks(connection)
    for (collection, audience), same in groupby(rows, key=lambda row: (row[0], row[1])):
        batch: list[Entry] = []
        for _, _, entry in same:
            batch.append(entry)
            if len(batch) == INDEXED_AT_ONCE:
                lexical.add(connection, batch, collection=collection, audience=audience)
                batch = []
        lexical.add(connection, batch, collection=collection, audience=audience)


def _chunks(connection: Connection) -> Iterator[tuple[str, str, Entry]]:
    """Yield (collection, audience, what the index holds) of every chunk, those of one audience side by side."""
    rows = connection.execute(
        select(document.c.collection, document.c.audience, chunk.c.id, document.c.title, chunk.c.headings, chunk.c.text)
        .join(document, document.c.id == chunk.c.document_id)
        .order_by(document.c.collection, document.c.audience, chunk.c.id)
        .execution_options(yield_per=INDEXED_AT_ONCE)
    )
    for row in rows:
        yield row.collection, row.audience, Entry(row.id, row.title, " ".join(json.loads(row.headings)), row.text)
