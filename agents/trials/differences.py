"""Two JSON values in, every path at which they differ out.

    {"a": {"b": 1}}, {"a": {"b": 2}} -> Difference(path=("a", "b"), before=1, after=2, op="change")

Objects are compared key by key; a list is one value. 1 and 1.0 and True are three values.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

Op = Literal["add", "remove", "change"]


@dataclass(frozen=True, slots=True)
class Difference:
    """One path whose value is not the same before and after."""

    path: tuple[str, ...]
    before: Any
    """None when the path was not there."""
    after: Any
    """None when the path is not there any more."""
    op: Op


def differences(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """Yield every path that differs, in the order of its keys.

    >>> [(found.path, found.op) for found in differences({"a": 1, "b": 2}, {"b": 3})]
    [(('a',), 'remove'), (('b',), 'change')]
    """
    if not (isinstance(before, Mapping) and isinstance(after, Mapping)):
        if not same(before, after):
            yield Difference(path, before, after, "change")
        return
    for key in sorted(before.keys() | after.keys(), key=str):
        place = (*path, key)
        if key not in after:
            yield Difference(place, before[key], None, "remove")
        elif key not in before:
            yield Difference(place, None, after[key], "add")
        else:
            yield from differences(before[key], after[key], place)


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON values are the same, types included; a tuple is a list.

    >>> same({"a": [1.0]}, {"a": [1.0]}), same(1, 1.0), same(True, 1)
    (True, False, False)
    """
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and bool(one == other)
