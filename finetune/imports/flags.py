"""Yes and no, as exports write them: JSON's own, and the words and figures that tables have instead.

    true | "TRUE" | 1 | "是" -> True        false | "no" | 0 | "否" -> False        anything else -> UnclearError

An internal note is told from a reply by one such value alone, so nothing is guessed: `"public": "false"` is no, and
what is neither is a fault of the file.
"""

from typing import Any

YES = frozenset({"true", "t", "yes", "y", "1", "x", "是", "真"})
NO = frozenset({"false", "f", "no", "n", "0", "否", "假"})


class UnclearError(TypeError):
    """A value says neither yes nor no."""


def is_yes(value: Any) -> bool:
    """Return what a value says.

    Raises:
        UnclearError: it says neither.
    """
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold() if isinstance(value, int | str) else ""
    if word not in YES | NO:
        raise UnclearError(f"has {value!r} where yes or no should stand")
    return word in YES
