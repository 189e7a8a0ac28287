"""Where a text states a number, in whatever way it is written, and in which unit.

    text -> stated_numbers -> Stated(start, end, readings, unit)

"1.250" is one thousand two hundred and fifty to some and one and a quarter to others: it has both readings. Figures in
codes (BM-101) and in dates are no numbers. It knows neither schemas nor models.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agents.checks.figures import NUMBER_WORD, english_values, han_value
from agents.checks.stated_dates import stated_dates

_DIGITS = r"[0-9０-９]"
_NUMBER = re.compile(
    rf"(?P<sign>(?<![\w)\]])[-−–])?(?P<figures>{_DIGITS}+(?:[.,'’\u00a0\u202f]{_DIGITS}{{3}})*(?:[.,]{_DIGITS}+)?)"
    r"(?P<scale>\s?(?:万|亿|千(?!克|米|瓦))|\s?[kK](?![\w-])|\s(?:thousand|million|billion)\b)?",
    re.IGNORECASE,
)
_SPACED = re.compile(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?![\d])(?:[.,]\d+)?")
"""Thousands with spaces between; two numbers beside one another look the same, so both are read."""
_CODE_BEFORE = re.compile(r"(?:[A-Za-z]{1,8}|(?<![A-Za-z0-9])(?=[0-9]*[A-Za-z])[A-Za-z0-9]{1,8}[-/])$")
_NO_CODE = re.compile(r"(?:^|[^A-Za-z])(?:x|EUR|USD|GBP|CNY|RMB|US)$", re.IGNORECASE)
_WORDS = {
    **{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
    **{"eleven": 11, "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60},
    **{"hundred": 100, "a dozen": 12, "a hundred": 100, "half a dozen": 6, "a pair": 2},
    **{sign: value for value, sign in enumerate("一二三四五六七八九十", 1)},
    **{"两": 2, "十二": 12, "十五": 15, "二十": 20, "三十": 30, "四十": 40, "五十": 50, "一百": 100, "两百": 200},
}
_ENGLISH_WORDS = "|".join(sorted((word for word in _WORDS if word.isascii()), key=len, reverse=True))
_HAN_WORDS = "|".join(sorted((word for word in _WORDS if not word.isascii()), key=len, reverse=True))
_HAN_NUMERALS = "零〇一二三四五六七八九十百千万亿两"
_WORD = re.compile(
    rf"(?<![\w-])(?:{_ENGLISH_WORDS})(?![\w])|(?<![{_HAN_NUMERALS}])(?:{_HAN_WORDS})(?![{_HAN_NUMERALS}])",
    re.IGNORECASE,
)
_COMPOUND = re.compile(
    rf"(?<![\w-])(?:a\s(?=hundred|thousand))?(?:{NUMBER_WORD})(?:(?:\s+and)?[\s-]+(?:{NUMBER_WORD})(?!\w))+"
    rf"|(?<![{_HAN_NUMERALS}])(?=[{_HAN_NUMERALS}]*[十百千万])[一二两三四五六七八九十][零〇一二三四五六七八九十百千万两]+"
    rf"(?![{_HAN_NUMERALS}几多余])",
    re.IGNORECASE,
)
"""Numbers of several words: "twenty-five" is neither twenty nor five."""
_SCALES = {
    **{"万": 10_000, "亿": 100_000_000, "千": 1000, "k": 1000},
    **{"thousand": 1000, "million": 1_000_000, "billion": 1_000_000_000},
}

UNITS: dict[str, tuple[str, float]] = {
    "mm": ("length", 1), "cm": ("length", 10), "m": ("length", 1000), "毫米": ("length", 1), "厘米": ("length", 10),
    "米": ("length", 1000), "g": ("mass", 1), "kg": ("mass", 1000), "克": ("mass", 1), "千克": ("mass", 1000),
    "公斤": ("mass", 1000), "w": ("power", 1), "watt": ("power", 1), "watts": ("power", 1), "kw": ("power", 1000),
    "瓦": ("power", 1), "v": ("voltage", 1), "伏": ("voltage", 1), "lm": ("flux", 1), "lumen": ("flux", 1),
    "lumens": ("flux", 1), "流明": ("flux", 1), "k": ("temperature", 1), "h": ("time", 1), "hours": ("time", 1),
    "hrs": ("time", 1), "小时": ("time", 1), "min": ("time", 1 / 60), "minutes": ("time", 1 / 60),
    "mah": ("charge", 1), "ah": ("charge", 1000), "毫安时": ("charge", 1),
}  # fmt: skip
"""Unit as written, casefolded -> what it measures, and how many of the smallest it is."""
_UNIT_NAMES = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_UNIT = re.compile(rf"\s?(?P<unit>{_UNIT_NAMES})(?![a-z0-9²³])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Stated:
    """A number in a text."""

    start: int
    end: int
    readings: tuple[float, ...]
    """What it may mean, the likelier first."""
    unit: str = ""
    """The unit that stands behind it, casefolded; "" when none does that is known."""


def stated_numbers(text: str) -> Iterator[Stated]:
    """Yield the numbers of a text, those in figures first, each group in order.

    >>> [(found.readings, found.unit) for found in stated_numbers("€1,250.00 for 2 lamps, 48 cm")]
    [((1250.0,), ''), ((2.0,), ''), ((48.0,), 'cm')]
    """
    dates = [(date.start, date.end) for date in stated_dates(text)]
    for found in _NUMBER.finditer(text):
        if _is_in_code(text, found.start("figures")) or any(a <= found.start("figures") < b for a, b in dates):
            continue
        readings = _readings(found["figures"])
        scale = (found["scale"] or "").strip().casefold()
        end = found.end()
        unit = _UNIT.match(text, found.end("figures"))
        if scale == "k":  # kilo or kelvin: who asks knows
            readings = (*(1000 * reading for reading in readings), *readings)
        elif scale:
            readings = tuple(_SCALES[scale] * reading for reading in readings)
        if found["sign"]:
            readings = (*(-reading for reading in readings), *readings)  # a dash may be no minus
        yield Stated(found.start("figures"), end, readings, unit["unit"].casefold() if unit else "")
    for found in _SPACED.finditer(text):
        unit = _UNIT.match(text, found.end())
        yield Stated(found.start(), found.end(), _readings(found.group()), unit["unit"].casefold() if unit else "")
    compounds: list[tuple[int, int]] = []
    for found in _COMPOUND.finditer(text):
        words = found.group()
        values = english_values(words).split() if words.isascii() else [str(han_value(words))]
        if len(values) == 1:  # else two numbers beside one another
            compounds.append(found.span())
            yield Stated(found.start(), found.end(), (float(values[0]),))
    for found in _WORD.finditer(text):
        if not any(start <= found.start() < end for start, end in compounds):
            yield Stated(found.start(), found.end(), (float(_WORDS[found.group().casefold()]),))


def means(stated: Stated, value: float, *, unit: str, line_unit: str = "") -> bool:
    """Say whether a stated number is a value that is wanted in a unit.

    Args:
        unit: what the value is in, such as `mm`; unknown ones and "" compare the bare number.
        line_unit: the unit that the number's line names elsewhere, for numbers without one of their own.
    """
    wanted = UNITS.get(unit.casefold())
    there = UNITS.get(stated.unit or line_unit)
    if wanted is None or there is None:
        return any(_same(reading, value) for reading in stated.readings)
    if wanted[0] != there[0]:
        return False
    return any(_same(reading * there[1] / wanted[1], value) for reading in stated.readings)


def unit_of_line(line: str, *, unit: str) -> str:
    """Return the one unit that a line names apart from its numbers, as `Height (cm)` does; "" for none or several.

    Args:
        unit: only units that measure the same as this one count.
    """
    wanted = UNITS.get(unit.casefold())
    if wanted is None:
        return ""
    named = {
        found.casefold()
        for found in re.findall(rf"(?:[(（\[/,，]|\bin )\s?({_UNIT_NAMES})(?![a-z0-9])", line, re.IGNORECASE)
        if UNITS[found.casefold()][0] == wanted[0]
    }
    return named.pop() if len(named) == 1 else ""


def _is_in_code(text: str, start: int) -> bool:
    """Say whether figures belong to a code such as BM-101, E27 or PO-2291: they state no number."""
    before = text[max(0, start - 12) : start]
    return bool(_CODE_BEFORE.search(before)) and not _NO_CODE.search(before)


def _same(one: float, other: float) -> bool:
    return abs(one - other) <= 1e-6 * max(1.0, abs(other))


def _readings(figures: str) -> tuple[float, ...]:
    """Return what figures with marks between them may mean."""
    plain = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in figures)
    plain = re.sub(r"['’\u00a0\u202f ]", "", plain)
    marks = re.findall(r"[.,]", plain)
    if not marks:
        return (float(plain),)
    whole = float(re.sub(r"[.,]", "", plain))
    if len(set(marks)) == 2:  # the last mark is the decimal one
        before, mark, after = plain.rpartition(marks[-1])
        return (float(re.sub(r"[.,]", "", before) + "." + after),) if mark else (whole,)
    if len(marks) > 1:
        return (whole,)
    before, _, after = plain.partition(marks[0])
    decimal = float(f"{before}.{after}")
    if len(after) != 3 or before == "0":
        return (decimal,)
    return (whole, decimal) if marks[0] == "," else (decimal, whole)
