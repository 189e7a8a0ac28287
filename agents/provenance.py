"""Where a value comes from: whether its words stand in what somebody said.

    value + texts -> does one of the texts hold it?

Case, width, spaces and punctuation do not count; the order and the whole of each word and number do.
"""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress

_WORD = re.compile(r"\d+|[\u3400-\u9fff]|[^\W\d_\u3400-\u9fff]+")
_FIGURES = re.compile(r"-?\d+(?:[.,]\d+)*")
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
    """Return whether the value's words stand in one of the texts, together and in this order; never for no words."""
    sought = words(value)
    return bool(sought) and any(_holds(words(text), sought) for text in texts)


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
    found: set[float] = set()
    for figures in _FIGURES.findall(plain):
        for read in (figures.replace(",", ""), figures.replace(".", "").replace(",", ".")):
            with suppress(ValueError):
                found.add(float(read))
    return found | {float(value) for word, value in _NUMBER_WORDS.items() if word in words(plain)}


def _holds(whole: tuple[str, ...], part: tuple[str, ...]) -> bool:
    size = len(part)
    return any(whole[start : start + size] == part for start in range(len(whole) - size + 1))
