"""The lexical index: which chunks share words with a question, by BM25.

    chunk -> tokens of title, headings, body -> postings;  question's tokens -> BM25 over the postings, best first

Tokens are made by `knowledge.text.tokens` (stems, Chinese bigrams), so that the same ones serve here, in evidence and
in sentence choice. BM25 is Robertson's with k1 1.2, b 0.75 and the inverse document frequency of Lucene, which is never
negative. All statistics are those of the chunks that the scope's audiences may see. How postings are kept is
`knowledge.postings`'s affair; every database ranks alike, because the scores are computed here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from knowledge import postings
from knowledge.postings import Postings, Segment
from knowledge.schema import chunk, document
from knowledge.scope import Scope, within
from knowledge.text import STOP_WORDS, tokens

MOST_TERMS = 200
"""Distinct terms of a question that are searched for; a pasted letter has more, and what it asks stands early."""
SATURATION, LENGTH_SHARE = 1.2, 0.75
"""BM25's k1 and b."""
FILTERED_AT_ONCE = 2000
MAY = re.compile(
    r"\b(?:in|from|until|till|since|by|of|during|through|early|mid|late|next|last|every|each)[ -]may\b"
    r"|\b\d{1,2}(?:st|nd|rd|th)? may\b|\bmay \d",
    re.IGNORECASE,
)
"""Where "may" is the month."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What the index holds of one chunk."""

    chunk: int
    title: str
    headings: str
    body: str


def add(connection: Connection, entries: Iterable[Entry], *, collection: str, audience: str) -> None:
    """Index chunks within the caller's transaction; many at once cost less than one by one."""
    found: dict[int, Sequence[str]] = {
        entry.chunk: [*tokens(entry.title), *tokens(entry.headings), *tokens(entry.body)] for entry in entries
    }
    postings.add(connection, collection=collection, audience=audience, tokens=found)


def remove(connection: Connection, chunks: Sequence[int]) -> None:
    """Forget chunks within the caller's transaction."""
    postings.remove(connection, chunks)


def question_terms(question: str) -> list[str]:
    """Return the tokens worth searching for, each once, in order; stop words too when there is nothing else."""
    every = list(dict.fromkeys(tokens(question)))
    names_month = MAY.search(question) is not None
    kept = [token for token in every if token not in STOP_WORDS or (names_month and token == "may")]
    return (kept or every)[:MOST_TERMS]


def search(
    connection: Connection,
    terms: Sequence[str],
    scope: Scope,
    *,
    limit: int,
    weights: Mapping[str, float] | None = None,
    among: Sequence[Segment] | None = None,
) -> list[tuple[int, float]]:
    """Return (chunk id, BM25) pairs, best first; only chunks in scope are looked at.

    Args:
        weights: factor of a term's share of the score; 1 for those that are not named.
        among: what `segments` returned for this scope, where it is known already.
    """
    among = segments(connection, scope) if among is None else among
    found = postings.read(connection, among, terms)
    if not found:
        return []
    total = count_in(among)
    mean = sum(segment.tokens for segment in among) / total
    parts: list[Postings] = []
    factors: list[float] = []
    for term, lists in found.items():
        rarity = inverse_frequency(sum(len(part.chunks) for part in lists), total)
        parts += lists
        factors += [rarity * (1.0 if weights is None else weights.get(term, 1.0))] * len(lists)
    chunks, scores = _summed(np.concatenate([part.chunks for part in parts]), _shares(parts, factors, mean))
    if scope.is_narrowed:
        return _best_within(connection, chunks, scores, scope, limit)
    return [(int(chunks[place]), float(scores[place])) for place in _best(chunks, scores, limit)]


def document_frequencies(
    connection: Connection, terms: Sequence[str], scope: Scope, *, among: Sequence[Segment] | None = None
) -> dict[str, int]:
    """Return in how many chunks each term occurs; terms that occur in none are left out.

    Counted are the chunks that the audiences may see of the collections, as `count_chunks` does; counting others too
    would tell a customer which words stand in documents for staff. Languages and dates do not count.
    """
    found = postings.read(connection, segments(connection, scope) if among is None else among, terms)
    return {term: sum(len(part.chunks) for part in found[term]) for term in terms if term in found}


def count_chunks(connection: Connection, scope: Scope) -> int:
    """Return out of how many chunks `document_frequencies` counts."""
    return count_in(segments(connection, scope))


def count_in(among: Sequence[Segment]) -> int:
    """Return how many chunks segments hold."""
    return sum(segment.chunks for segment in among)


def segments(connection: Connection, scope: Scope) -> list[Segment]:
    """Return the parts of the index that hold what the audiences may see of the collections."""
    return postings.segments(connection, collections=scope.collections, audiences=scope.audiences)


def inverse_frequency(found: int, total: int) -> float:
    """Return how much a term says that stands in `found` of `total` chunks."""
    return float(np.log1p((total - found + 0.5) / (found + 0.5)))


def _shares(parts: Sequence[Postings], factors: Sequence[float], mean_length: float) -> NDArray[np.float32]:
    """Return what each posting adds to the score of its chunk, part after part.

    All parts are calculated together: there are many short ones, and numpy takes longer to begin than to calculate.
    """
    frequency = np.concatenate([part.frequencies for part in parts], dtype=np.float32)
    length = np.concatenate([part.lengths for part in parts], dtype=np.float32)
    length *= np.float32(SATURATION * LENGTH_SHARE / mean_length)
    length += np.float32(SATURATION * (1.0 - LENGTH_SHARE))
    length += frequency
    most = np.array([factor * (SATURATION + 1.0) for factor in factors], dtype=np.float32)
    frequency *= np.repeat(most, [len(part.chunks) for part in parts])
    frequency /= length
    return frequency


def _summed(ids: NDArray[np.uint32], shares: NDArray[np.float32]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return each chunk once, with the sum of its shares."""
    first = int(ids.min())
    span = int(ids.max()) - first + 1
    if span > 16 * len(ids):  # few among many: a table of all would cost more than sorting
        unique, place = np.unique(ids, return_inverse=True)
        return unique.astype(np.int64), np.bincount(place, weights=shares).astype(np.float64)
    sums = np.bincount(ids - np.uint32(first), weights=shares, minlength=span).astype(np.float64, copy=False)
    there = np.flatnonzero(sums)
    return there + first, sums[there]


def _best(chunks: NDArray[np.int64], scores: NDArray[np.float64], limit: int) -> NDArray[np.int64]:
    """Return the places of the best scores, best first, of equals the earlier chunk."""
    places = np.arange(len(scores))
    if limit < len(scores):
        least = np.partition(scores, -limit)[-limit]
        places = np.flatnonzero(scores >= least)
    order = np.lexsort((chunks[places], -scores[places]))[:limit]
    return np.asarray(places[order])


def _best_within(
    connection: Connection, chunks: NDArray[np.int64], scores: NDArray[np.float64], scope: Scope, limit: int
) -> list[tuple[int, float]]:
    """Return the best that are in scope, asking the catalogue for some at a time, best first."""
    ranked = _best(chunks, scores, len(chunks))
    found: list[tuple[int, float]] = []
    for start in range(0, len(ranked), FILTERED_AT_ONCE):
        some = ranked[start : start + FILTERED_AT_ONCE]
        statement = select(chunk.c.id).join(document).where(chunk.c.id.in_(chunks[some].tolist()), within(scope))
        inside = set(connection.execute(statement).scalars())
        found += [(int(chunks[place]), float(scores[place])) for place in some if int(chunks[place]) in inside]
        if len(found) >= limit:
            break
    return found[:limit]
