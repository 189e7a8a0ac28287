"""Where a value comes from: whether its words stand in what somebody said.

    value + texts -> does one of the texts hold it?

Case, width, spaces and punctuation do not count; the order and the whole of each word and number do.
"""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress

from agents.checks.figures import in_figures

_WORD = re.compile(r"\d+|[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+")
_FIGURES = re.compile(r"-?\d+(?:[.,]\d+)*")
_BROKEN = re.compile(r"(?<![\d.,])(?:\d{1,3}(?:[.,]\d{3})+(?:[.,]\d{1,2})?|\d+(?:\.\d+|,\d{1,3}))(?![.,]?\d)")
"""A number with a point or a comma in it, and no date or list of numbers."""
_NOTHING_MORE = re.compile(r"[.,]0{1,2}")
_ENGLISH = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NUMBER_WORDS = {
    **{word: value for value, word in enumerate(_ENGLISH)},
    **{word: value for value, word in enumerate("零一二三四五六七八九十")},
    **{"both": 2, "pair": 2, "dozen": 12, "两": 2, "俩": 2},
}


def words(text: str) -> tuple[str, ...]:
    """Return a text's words and numbers, each Chinese character by itself.

    >>> words("B-10234, 林晓")
    ('b', '10234', '林', '晓')
    """
    return tuple(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def occurs(value: str, texts: Iterable[str]) -> bool:
    """Return whether the value's words stand in one of the texts, together and in this order; never for no words.

    >>> [occurs(value, ["Refund: 12.50, 30.00"]) for value in ("12.50", "30", "12", "50")]
    [True, True, False, False]
    """
    sought = words(value)
    return bool(sought) and any(_holds(text, sought) for text in texts)


def is_counted(number: int | float, texts: Iterable[str]) -> bool:
    """Return whether a number stands in one of the texts, in figures or in a small number's word; 1 needs no word.

    >>> [is_counted(number, ["two lamps for €1,250.50"]) for number in (1, 2, 1250.5, 3)]
    [True, True, True, False]
    """
    with suppress(OverflowError):
        return number == 1 or any(float(number) in numbers(text) for text in texts)
    return False


def numbers(text: str) -> set[float]:
    """Return the numbers that a text may be read to hold: 1.250 is one and a quarter, or one thousand and more."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    counted = in_figures(plain)  # 二十 is twenty, and neither two nor ten
    found: set[float] = set()
    for figures in (*_FIGURES.findall(plain), *_FIGURES.findall(counted)):
        for read in (figures.replace(",", ""), figures.replace(".", "").replace(",", ".")):
            with suppress(ValueError):
                found.add(float(read))
    return found | {float(value) for word, value in _NUMBER_WORDS.items() if word in words(counted)}


def _holds(text: str, part: tuple[str, ...]) -> bool:
    plain = unicodedata.normalize("NFKC", text).casefold()
    whole, size = list(_WORD.finditer(plain)), len(part)
    spans = [found.span() for found in _BROKEN.finditer(plain)]
    for start in range(len(whole) - size + 1):
        run = whole[start : start + size]
        if tuple(found[0] for found in run) == part and not _is_torn(plain, run[0].start(), run[-1].end(), spans):
            return True
    return False


def _is_torn(text: str, start: int, end: int, numbers: list[tuple[int, int]]) -> bool:
    """Say whether a stretch begins or ends within a number; what is left out may be zeros behind the point."""
    return any(
        first < start < last or (first < end < last and not _NOTHING_MORE.fullmatch(text, end, last))
        for first, last in numbers
    )
