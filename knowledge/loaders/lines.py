"""Lines broken for a page's width in, flowing text out."""

import re
from collections.abc import Sequence

from knowledge.text import CJK_CLASS

_WIDE = f"{CJK_CLASS}，。！？；：、（）《》「」『』【】“”"
_BREAK_IN_CHINESE = re.compile(f"(?<=[{_WIDE}])[ \\t]*\\n[ \\t]*(?=[{_WIDE}])")
LEADERS = re.compile(r"(?:\s?[.·…]){4,}\s*")
"""The dots that lead the eye to a column on the right."""
_WRAPPED_SHARE = 0.6
_NARROWEST_WRAPPED = 40


def collapse(text: str) -> str:
    """Return the text on one line, single spaces between words and none between Chinese characters of two lines."""
    return " ".join(_BREAK_IN_CHINESE.sub("", text).split()) if "\n" in text else " ".join(text.split())


def unwrap(lines: Sequence[str]) -> str:
    """Join lines that were broken only because the page ended; lines broken on purpose stay lines.

    A paragraph was wrapped when all its lines but the last come near the longest, and none is filled with dots: joined,
    the lines of a price list would give each price to the next thing.
    """
    stripped = [line.strip() for line in lines if line.strip()]
    widths = [width(line) for line in stripped]
    longest = max(widths, default=0)
    is_list = sum(map(bool, map(LEADERS.search, stripped))) > 1
    if not is_list and longest >= _NARROWEST_WRAPPED and all(each >= longest * _WRAPPED_SHARE for each in widths[:-1]):
        return collapse("\n".join(stripped))
    return "\n".join(" ".join(line.split()) for line in stripped)


def width(line: str) -> int:
    """Return the line's width in columns: a Chinese character takes two."""
    return len(line) + len(re.findall(f"[{_WIDE}]", line))
