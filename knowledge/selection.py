"""Ranked chunks in, a result's passages out.

hits, best first -> neighbours joined, no document more than its share -> passages
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from knowledge import stored_passages
from knowledge.passages import Passage


@dataclass(frozen=True, slots=True)
class Hit:
    """A chunk that was found."""

    chunk: int
    document_id: int
    passage: Passage


def select(
    ranked: Sequence[Hit], *, limit: int, per_document: int, joined_characters: int, connection: Connection
) -> tuple[Passage, ...]:
    """Take the best passages, joining neighbours and passing over a document that has had its share."""
    chosen: list[Hit] = []
    for hit in ranked:
        same = [place for place, other in enumerate(chosen) if other.document_id == hit.document_id]
        beside = next(
            (place for place in same if _are_neighbours(chosen[place].passage, hit.passage, joined_characters)), None
        )
        if beside is not None:
            chosen[beside] = _join(chosen[beside], hit, connection)
        elif len(same) < per_document and len(chosen) < limit:
            chosen.append(hit)
        elif chosen and len(chosen) >= limit and hit.passage.score < JOINED_SHARE * chosen[0].passage.score:
            break
    return tuple(hit.passage for hit in chosen)


def stretches(hits: Sequence[Hit], *, joined_characters: int) -> list[list[int]]:
    """Return the places of hits that would become one passage together, each place once, best ones first."""
    found: list[list[int]] = []
    spans: list[Hit] = []
    for place, hit in enumerate(hits):
        beside = next(
            (
                number
                for number, span in enumerate(spans)
                if span.document_id == hit.document_id and _are_neighbours(span.passage, hit.passage, joined_characters)
            ),
            None,
        )
        if beside is None:
            found.append([place])
            spans.append(hit)
        else:
            found[beside].append(place)
            spans[beside] = _spanning(spans[beside], hit)
    return found


JOINED_SHARE = 0.5
"""A chunk scoring below this share of the best one is not joined to its neighbour."""
NEIGHBOUR_GAP_CHARACTERS = 2
"""Chunks of one section stand at most a blank line apart."""


def _are_neighbours(left: Passage, right: Passage, joined_characters: int) -> bool:
    first, second = sorted((left, right), key=lambda passage: passage.start)
    return (
        (first.headings, first.header, first.page) == (second.headings, second.header, second.page)
        and 0 <= second.start - first.end <= NEIGHBOUR_GAP_CHARACTERS
        and second.end - first.start <= joined_characters
    )


def _join(left: Hit, right: Hit, connection: Connection) -> Hit:
    both = _spanning(left, right)
    text = stored_passages.text_between(connection, left.document_id, both.passage.start, both.passage.end)
    return replace(both, passage=replace(both.passage, text=text))


def _spanning(left: Hit, right: Hit) -> Hit:
    """Return the left hit with the span of both; its text stays."""
    start = min(left.passage.start, right.passage.start)
    end = max(left.passage.end, right.passage.end)
    return replace(left, passage=replace(left.passage, start=start, end=end))
