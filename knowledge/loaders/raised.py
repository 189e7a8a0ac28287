"""Raised figures in, text out in which they cannot be taken for the end of the number before them.

    "€49" + raised "1" -> "^1"      "€9" + raised "99" -> ".99"      "12 m" + raised "2" -> "2"

A footnote's mark, an exponent, cents and minutes are all written so, and "€49" with a note is never to be read as
"€491".
"""

import re
from collections.abc import Iterable
from itertools import groupby, pairwise
from operator import itemgetter

_PRICE = re.compile(r"[€$£¥￥]\s?\d{1,3}(?:[.,]\d{3})*$|[€$£¥￥]\s?\d+$")
_HOUR = re.compile(r"(?<![\d.,:])(?:[01]?\d|2[0-4])$")
_MINUTES = frozenset(("00", "15", "30", "45"))
_TEN = re.compile(r"(?<![–—-])(?<![–—-]\s)(?<!\bat )(?<!\bfrom )10$")
"""What powers are written of; where no time leads to it and none goes on after it (`_TIME`), it is no hour."""
_TIME = re.compile(r"\s?(?:[-–—]|(?:to|until|bis|uhr|h|[ap]\.?m)\b|[点时])", re.I)
_CURRENCY = re.compile(r"\s?(?:[€$£¥￥]|EUR\b|USD\b|元)")


def raised(text: str, *, before: str, after: str = "") -> str:
    """Return raised text as it stands behind `before`.

    Args:
        before: what stands on the line before it.
        after: what follows it.
    """
    figures = text.strip()  # of "1st" the raised part is no figure
    gap = text[len(text.rstrip()) :]  # a blank that was raised too parts words all the same
    if not figures[:1].isdecimal() or not before[-1:].isdecimal():
        return text
    if len(figures) == 2 and figures.isdecimal():
        if _PRICE.search(before) or _CURRENCY.match(after):
            return f".{figures}{gap}"
        is_power = figures != "00" and after and _TEN.search(before) and not _TIME.match(after)
        if figures in _MINUTES and _HOUR.search(before) and not is_power:
            return f":{figures}{gap}"
    return f"^{figures}{gap}"


def joined(pieces: Iterable[tuple[str, bool]]) -> str:
    """Return a line's pieces, each with whether it is raised, as one text."""
    filled = (piece for piece in pieces if piece[0])
    runs = [("".join(text for text, _ in run), up) for up, run in groupby(filled, itemgetter(1))]
    said: list[str] = []
    for (text, up), (after, _) in pairwise([*runs, ("", False)]):
        said.append(raised(text, before="".join(said[-2:]), after=after) if up else text)
    return "".join(said)
