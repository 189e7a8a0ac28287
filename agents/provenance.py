"""Where a value comes from: whether its words stand in what somebody said.

    value + texts -> does one of the texts hold it?

Case, width, spaces and punctuation do not count; the order and the whole of each word and number do.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

_WORD = re.compile(r"\d+|[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+")


def words(text: str) -> tuple[str, ...]:
    """Return a text's words and numbers, each Chinese character by itself.

    >>> words("B-10234, 林晓")
    ('b', '10234', '林', '晓')
    """
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def occurs(value: str, texts: Iterable[str]) -> bool:
    """Return whether the value's words stand in one of the texts, together and in this order; never for no words."""
    sought = words(value)
    return bool(sought) and any(_holds(words(text), sought) for text in texts)


def strings(value: Any) -> Iterable[str]:
    """Yield every text within a value, keys of mappings included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from strings(inner)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            yield from strings(inner)
    elif hasattr(value, "model_dump"):
        yield from strings(value.model_dump())


def _holds(whole: tuple[str, ...], part: tuple[str, ...]) -> bool:
    size = len(part)
    return any(whole[start : start + size] == part for start in range(len(whole) - size + 1))
