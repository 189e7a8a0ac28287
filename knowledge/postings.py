"""Which chunks hold a word, and how often: posting lists in immutable segments, as ordinary rows of the catalogue.

    chunks' tokens -> segment (one a transaction) -> term -> Postings;  many small segments -> one larger

A segment belongs to one (collection, audience), so that what another audience reads is neither ranked nor counted. It
is never changed, but for the list of its chunks that were removed; segments of like size are merged, as in a
log-structured merge tree, so that there are few and each chunk is rewritten only a few times. All of it happens inside
the caller's transaction: a document and its words commit together. It knows neither questions nor scores.
"""

import secrets
import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, bindparam, delete, insert, select, update

from knowledge.schema import lexical_posting, lexical_segment

LEVELS = (256, 4096, 65_536)
"""Chunks from which a segment belongs to the next level; one of the last level is not merged any more."""
MOST_SEGMENTS_A_LEVEL = 15
MOST_REMOVED_SHARE = 0.3
"""A segment that lost more of its chunks than this is written anew without them."""
LONGEST_TERM = 100
"""Characters of a term that are kept; longer ones are no words, and a server's index takes no row of any length."""
ROWS_AT_ONCE = 2000

Ids = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Postings:
    """The chunks that hold one term: three arrays of one length, by rising chunk."""

    chunks: Ids
    frequencies: NDArray[np.uint8]
    """How often the term stands in the chunk, 255 at most."""
    lengths: NDArray[np.uint16]
    """Tokens of the chunk, 65,535 at most."""

    def pack(self) -> bytes:
        return self.chunks.tobytes() + self.lengths.tobytes() + self.frequencies.tobytes()

    @staticmethod
    def unpack(data: bytes) -> "Postings":
        count = len(data) // 7
        return Postings(
            np.frombuffer(data, "<u4", count),
            np.frombuffer(data, "u1", count, offset=6 * count),
            np.frombuffer(data, "<u2", count, offset=4 * count),
        )

    def without(self, removed: Ids) -> "Postings":
        """Return the postings of all other chunks."""
        if not len(removed):
            return self
        kept = ~np.isin(self.chunks, removed)
        return Postings(self.chunks[kept], self.frequencies[kept], self.lengths[kept])


@dataclass(frozen=True, slots=True)
class Segment:
    """Some chunks of one (collection, audience) and their words."""

    id: int
    """A random number, never used again."""
    chunks: int
    """Chunks that are still there."""
    tokens: int
    """Tokens of those chunks together."""
    removed: bytes
    """Chunks that are not, packed."""


MOST_RECENT = 8
_recent: dict[tuple[tuple[Segment, ...], tuple[str, ...]], dict[str, list[Postings]]] = {}
_recent_lock = threading.Lock()

# Statements are kept: to build one takes SQLAlchemy longer than SQLite needs to run it.
_SEGMENTS = select(
    lexical_segment.c.id, lexical_segment.c.chunks, lexical_segment.c.tokens, lexical_segment.c.removed
).where(
    lexical_segment.c.collection.in_(bindparam("collections", expanding=True)),
    lexical_segment.c.audience.in_(bindparam("audiences", expanding=True)),
)
_POSTINGS = select(lexical_posting.c.segment, lexical_posting.c.term, lexical_posting.c.entries).where(
    lexical_posting.c.segment.in_(bindparam("segments", expanding=True)),
    lexical_posting.c.term.in_(bindparam("terms", expanding=True)),
)


def add(connection: Connection, *, collection: str, audience: str, tokens: Mapping[int, Sequence[str]]) -> None:
    """Make chunk -> tokens a segment, and merge where there are too many."""
    if not tokens:
        return
    lengths = {chunk: len(words) for chunk, words in tokens.items()}
    holders: dict[str, list[tuple[int, int]]] = {}
    for chunk in sorted(tokens):
        for word, count in Counter(tokens[chunk]).items():
            holders.setdefault(word[:LONGEST_TERM], []).append((chunk, count))
    lists = (
        (
            term,
            Postings(
                np.array([chunk for chunk, _ in held], dtype="<u4"),
                np.array([min(count, 255) for _, count in held], dtype="u1"),
                np.array([min(lengths[chunk], 65_535) for chunk, _ in held], dtype="<u2"),
            ),
        )
        for term, held in holders.items()
    )
    members = np.array(sorted(lengths), dtype="<u4")
    _write(connection, (collection, audience), members, np.array([lengths[chunk] for chunk in sorted(lengths)]), lists)
    _merge_where_many(connection, (collection, audience))


def remove(connection: Connection, chunks: Iterable[int]) -> None:
    """Forget chunks, wherever they are."""
    doomed = np.array(sorted(chunks), dtype="<u4")
    if not len(doomed):
        return
    table = lexical_segment.c
    rows = connection.execute(
        select(lexical_segment).where(table.first <= int(doomed[-1]), table.last >= int(doomed[0]))
    ).all()
    for row in rows:
        members, lengths = _unpack_members(row.members)
        gone = np.frombuffer(row.removed, "<u4")
        hit = np.isin(members, doomed) & ~np.isin(members, gone)
        if not hit.any():
            continue
        values = {
            "chunks": row.chunks - int(hit.sum()),
            "tokens": row.tokens - int(lengths[hit].sum()),
            "removed": np.sort(np.concatenate([gone, members[hit]])).tobytes(),
        }
        connection.execute(update(lexical_segment).where(table.id == row.id).values(**values))
        if len(members) - values["chunks"] > MOST_REMOVED_SHARE * len(members):
            _merge(connection, (row.collection, row.audience), [row.id])


def segments(connection: Connection, *, collections: Sequence[str], audiences: Sequence[str]) -> list[Segment]:
    """Return the segments of these collections that the audiences may see."""
    rows = connection.execute(_SEGMENTS, {"collections": collections, "audiences": audiences})
    return [Segment(*row) for row in rows.all()]


def read(connection: Connection, among: Sequence[Segment], terms: Sequence[str]) -> dict[str, list[Postings]]:
    """Return term -> its postings in these segments; terms that stand nowhere are left out.

    The last answers are kept, because one search asks several times for the same; a segment's number and what was
    removed from it say all about its state, whichever catalogue it is of.
    """
    key = (tuple(among), tuple(terms))
    with _recent_lock:
        found = _recent.get(key)
    if found is None:
        found = _read(connection, among, terms) if among and terms else {}
        with _recent_lock:
            _recent[key] = found
            if len(_recent) > MOST_RECENT:
                del _recent[next(iter(_recent))]
    return found


def _read(connection: Connection, among: Sequence[Segment], terms: Sequence[str]) -> dict[str, list[Postings]]:
    wanted: dict[str, list[str]] = {}
    for term in terms:
        wanted.setdefault(term[:LONGEST_TERM], []).append(term)
    rows = connection.execute(_POSTINGS, {"segments": [segment.id for segment in among], "terms": list(wanted)})
    removed = {segment.id: np.frombuffer(segment.removed, "<u4") for segment in among}
    found: dict[str, list[Postings]] = {}
    for segment, term, data in rows.all():
        postings = Postings.unpack(data).without(removed[segment])
        if len(postings.chunks):
            for asked in wanted[term]:
                found.setdefault(asked, []).append(postings)
    return found


def _merge_where_many(connection: Connection, space: tuple[str, str]) -> None:
    table = lexical_segment.c
    rows = connection.execute(
        select(table.id, table.chunks).where(table.collection == space[0], table.audience == space[1])
    ).all()
    for level, most in enumerate(LEVELS):
        least = LEVELS[level - 1] if level else 0
        same = [row.id for row in rows if least <= row.chunks < most]
        if len(same) > MOST_SEGMENTS_A_LEVEL:
            _merge(connection, space, same)
            _merge_where_many(connection, space)
            return


def _merge(connection: Connection, space: tuple[str, str], ids: Sequence[int]) -> None:
    """Write the chunks of some segments that are still there as one segment, in place of those."""
    rows = connection.execute(select(lexical_segment).where(lexical_segment.c.id.in_(ids))).all()
    removed = {row.id: np.frombuffer(row.removed, "<u4") for row in rows}
    members, lengths = [], []
    for row in rows:
        chunks, sizes = _unpack_members(row.members)
        kept = ~np.isin(chunks, removed[row.id])
        members.append(chunks[kept])
        lengths.append(sizes[kept])
    order = np.argsort(np.concatenate(members))
    lists = _merged_lists(connection, removed)
    _write(connection, space, np.concatenate(members)[order], np.concatenate(lengths)[order], lists)
    connection.execute(delete(lexical_posting).where(lexical_posting.c.segment.in_(ids)))
    connection.execute(delete(lexical_segment).where(lexical_segment.c.id.in_(ids)))


def _merged_lists(connection: Connection, removed: Mapping[int, Ids]) -> Iterator[tuple[str, Postings]]:
    """Yield each term with its postings in all of the segments, which are given with their removed chunks."""
    table = lexical_posting.c
    rows = connection.execute(
        select(table.term, table.segment, table.entries)
        .where(table.segment.in_(list(removed)))
        .order_by(table.term)
        .execution_options(yield_per=ROWS_AT_ONCE)
    )
    for term, same in groupby(rows, key=lambda row: row.term):
        parts = [Postings.unpack(row.entries).without(removed[row.segment]) for row in same]
        chunks = np.concatenate([part.chunks for part in parts])
        order = np.argsort(chunks)
        if len(order):
            yield (
                term,
                Postings(
                    chunks[order],
                    np.concatenate([part.frequencies for part in parts])[order],
                    np.concatenate([part.lengths for part in parts])[order],
                ),
            )


def _write(
    connection: Connection,
    space: tuple[str, str],
    members: Ids,
    lengths: NDArray[Any],
    lists: Iterable[tuple[str, Postings]],
) -> None:
    if not len(members):
        return
    segment = secrets.randbits(62)
    values = {
        "id": segment,
        "collection": space[0],
        "audience": space[1],
        "chunks": len(members),
        "tokens": int(lengths.sum()),
        "first": int(members[0]),
        "last": int(members[-1]),
        "removed": b"",
        "members": members.astype("<u4").tobytes() + lengths.astype("<u4").tobytes(),
    }
    connection.execute(insert(lexical_segment).values(**values))
    rows: list[dict[str, Any]] = []
    for term, postings in lists:
        rows.append({"segment": segment, "term": term, "entries": postings.pack()})
        if len(rows) == ROWS_AT_ONCE:
            _insert(connection, rows)
            rows = []
    if rows:
        _insert(connection, rows)


def _insert(connection: Connection, rows: list[dict[str, Any]]) -> None:
    statement = insert(lexical_posting)
    if connection.dialect.name == "sqlite":
        connection.execute(statement, rows)
    else:  # asked to return something, SQLAlchemy sends many rows in one statement rather than one by one
        connection.execute(statement.returning(lexical_posting.c.segment), rows)


def _unpack_members(data: bytes) -> tuple[Ids, NDArray[np.uint32]]:
    count = len(data) // 8
    return np.frombuffer(data, "<u4", count), np.frombuffer(data, "<u4", count, offset=4 * count)
