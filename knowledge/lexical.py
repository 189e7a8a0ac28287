"""The lexical index: SQLite FTS5 tables inside the catalogue, so that a document and its terms commit together.

    chunk -> tokens of title, headings, body -> FTS5;  question's tokens -> BM25, best first

Tokens are made by `knowledge.text.tokens` (stems, Chinese bigrams), and FTS5 only splits them at spaces; so the same
tokens serve here, in evidence and in sentence choice. BM25 is FTS5's own (k1 1.2, b 0.75), weighted by column.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Float, Integer, Select, column, func, literal_column, select, table, text

from knowledge.schema import chunk, document
from knowledge.scope import Scope, within
from knowledge.text import STOP_WORDS, tokens

MOST_TERMS = 200
"""Distinct terms of a question that are searched for; a pasted letter has more, and what it asks stands early."""
TITLE_WEIGHT, HEADINGS_WEIGHT, BODY_WEIGHT = 1.0, 1.0, 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index holds of one chunk."""

    chunk: int
    title: str
    headings: str
    body: str


def create(connection: Connection) -> None:
    """Make the index's table when it is not there."""
    connection.execute(
        text(
            # Points and apostrophes belong to tokens such as 9.50 and don't; all else is split already.
            "CREATE VIRTUAL TABLE IF NOT EXISTS chunk_terms USING fts5("
            "title, headings, body, tokenize=\"unicode61 remove_diacritics 0 tokenchars '.'''\")"
        )
    )


def add(connection: Connection, entries: Iterable[Entry]) -> None:
    """Index chunks within the caller's transaction."""
    rows = [
        {"chunk": e.chunk, "title": _spaced(e.title), "headings": _spaced(e.headings), "body": _spaced(e.body)}
        for e in entries
    ]
    if rows:
        statement = "INSERT INTO chunk_terms(rowid, title, headings, body) VALUES (:chunk, :title, :headings, :body)"
        connection.execute(text(statement), rows)


def remove(connection: Connection, chunks: Sequence[int]) -> None:
    """Forget chunks within the caller's transaction."""
    if chunks:
        connection.execute(text("DELETE FROM chunk_terms WHERE rowid = :chunk"), [{"chunk": chunk} for chunk in chunks])


def question_terms(question: str) -> list[str]:
    """Return the tokens worth searching for, each once, in order; stop words too when there is nothing else."""
    every = list(dict.fromkeys(tokens(question)))
    return ([token for token in every if token not in STOP_WORDS] or every)[:MOST_TERMS]


def search(connection: Connection, terms: Sequence[str], scope: Scope, *, limit: int) -> list[tuple[int, float]]:
    """Return (chunk id, BM25) pairs, best first; only chunks in scope are looked at."""
    if not terms:
        return []
    score = literal_column(f"-bm25(chunk_terms, {TITLE_WEIGHT}, {HEADINGS_WEIGHT}, {BODY_WEIGHT})", type_=Float).label(
        "score"
    )
    match = " OR ".join(f'"{term}"' for term in terms)
    rows = connection.execute(
        _matching(select(chunk.c.id, score), match, scope).order_by(score.desc(), chunk.c.id).limit(limit)
    )
    return [(row.id, row.score) for row in rows]


def document_frequencies(connection: Connection, terms: Sequence[str], scope: Scope) -> dict[str, int]:
    """Return in how many chunks in scope each term occurs; terms that occur in none are left out.

    Counting others too would tell a customer which words stand in documents for staff.
    """
    counts = {
        term: connection.execute(_matching(select(func.count()), f'"{term}"', scope)).scalar_one() for term in terms
    }
    return {term: count for term, count in counts.items() if count}


def _matching(columns: Select[Any], match: str, scope: Scope) -> Select[Any]:
    """Return the query for chunks in scope that FTS5 matches."""
    return (
        columns.select_from(_TERMS)
        .join(chunk, chunk.c.id == _TERMS.c.rowid)
        .join(document, document.c.id == chunk.c.document_id)
        .where(literal_column("chunk_terms").op("MATCH")(match), within(scope))
    )


_TERMS = table("chunk_terms", column("rowid", Integer))


def _spaced(content: str) -> str:
    return " ".join(tokens(content))
