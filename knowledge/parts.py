"""A space of many vectors is several Chroma collections, so that whoever fills it need not hold all of it in memory.

    space -> parts of so many vectors each;  a vector's id -> the number of its part

Chroma holds a collection whole while it is written or searched. A search asks every part; an ingest writes the
first one that has room, and removes from the one that the id names. On a server every space is a single part, for its
memory is its own affair.
"""

import uuid
from collections.abc import Iterable, Sequence

PART_VECTORS = 150_000
"""A part with so many is full, and the vectors that follow go into another; some 330 MB with 384 numbers each."""
HELD_VECTORS = 2 * PART_VECTORS
"""Vectors in memory beyond which an ingest lets go of them: room for the part that grows and one that shrinks."""
_MARK = "-part-"


def part_name(space: str, number: int) -> str:
    """Return what a part's Chroma collection is called; the first has the space's own name."""
    return space if number == 1 else f"{space}{_MARK}{number}"


def space_of(name: str) -> str:
    """Return the space that a Chroma collection is a part of."""
    return name.partition(_MARK)[0]


def part_numbers(space: str, names: Iterable[str]) -> list[int]:
    """Return the numbers of a space's parts among these Chroma collections, in order."""
    found = [name for name in names if space_of(name) == space]
    return sorted(int(name.partition(_MARK)[2] or 1) for name in found)


def new_id(number: int) -> str:
    """Return an id, never used before, for a vector of the part with this number."""
    return id_in(number, uuid.uuid4().hex)


def id_in(number: int, own: str) -> str:
    """Return the id of a vector that is called so, in the part with this number."""
    return own if number == 1 else f"{own}-{number}"


def by_part(ids: Sequence[str]) -> dict[int, list[int]]:
    """Return part's number -> the places in `ids` of its vectors."""
    found: dict[int, list[int]] = {}
    for place, name in enumerate(ids):
        found.setdefault(_number_of(name), []).append(place)
    return found


def _number_of(name: str) -> int:
    number = name.partition("-")[2]
    return int(number) if number.isdecimal() else 1
