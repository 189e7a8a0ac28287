"""What a number belongs to: its unit, its half of the day, its weekday, its place in a range.

    written sentence + quotes -> does a number keep what it belongs to?

"48 days" has no support in "within 7 days, the refund within 48 hours", though number and word stand in it. It rather
finds a difference too many: the sentence is then left out, never shown. It knows no passages.
"""

import re
from collections.abc import Callable, Iterable, Iterator

from agents.checks.figures import exact_parts, with_signs

_UNITS = {
    "second": r"seconds?|secs?|秒钟?",
    "minute": r"minutes?|mins?|分钟",
    "hour": r"hours?|hrs?|h|个?小时|个?钟头",
    "day": r"days?|个?(?:工作|自然)?日|天",
    "week": r"weeks?|周(?!年)|个?星期|个?礼拜",
    "month": r"months?|个月",
    "year": r"years?|yrs?|周?年",
    "am": r"a\.?m",
    "pm": r"p\.?m",
    "mm": r"mm|millimet(?:re|er)s?|毫米",
    "cm": r"cm|centimet(?:re|er)s?|厘米|公分",
    "m": r"m|met(?:re|er)s?|米",
    "km": r"km|kilomet(?:re|er)s?|公里|千米",
    "inch": r"inch(?:es)?|英寸",
    "mg": r"mg|毫克",
    "g": r"g|grams?|克",
    "kg": r"kg|kilos?|kilograms?|公斤|千克",
    "ml": r"ml|毫升",
    "l": r"l|lit(?:re|er)s?|升",
    "w": r"w|watts?|瓦",
    "kw": r"kw|千瓦",
    "v": r"v|volts?|伏",
    "degree": r"° ?[cf]?|degrees?|摄氏度|度",
    **{sign: re.escape(sign) for sign in "%€$£¥折"},
}
"""Label -> how it stands behind a number; the labels of different things are never the same."""
_UNIT = re.compile(
    r"[\s-]*(?:(?:working|business|calendar|full|whole|consecutive|more|extra|additional)\s+)?(?:"
    + "|".join(f"(?P<u{place}>{pattern})" for place, pattern in enumerate(_UNITS.values()))
    + r")(?![a-z])"
)
_LABELS = tuple(_UNITS)
_WORDS = {
    label: re.compile(rf"(?<![a-z])(?:{pattern})(?![a-z])") for label, pattern in _UNITS.items() if label.isascii()
}
"""Label -> its unit wherever it stands."""
_TIMES = frozenset(("second", "minute", "hour", "day", "week", "month", "year"))
_ONE_LETTER = re.compile(r"[\s-]*[mw](?![a-z])")
"""Metres, minutes or months; watts or weeks."""
_TIMES_ABROAD = re.compile(
    r"[\s-]*(?:wk|mth|mo|stunde|tag|woche|monat|jahr|heure|jour|semaine|mois|an|année|hora|día|semana|mes|año)"
    r"(?:e?[ns]|e)?(?![^\W\d_])|\s?月"
)
_PIECES = re.compile(r"\s?(?:(?:pieces?|pcs|items?|parcels?|packages?)(?![a-z])|[件台只盏份张箱]|包裹|个(?!半))")
_MONEY_BEFORE = re.compile(
    r"(?:(?:deposit|fee|price|cost|charge|kaution|preis|gebühr|betrag|caution|prix|frais|precio|tarifa)s?"
    r"(?:_?(?:amount|total|cents?))?|押金|定金|租金|金额|[价费](?:用|格)?)[\s\"':：=(]{0,4}(?:(?:is|of|was)\s)?$"
)
_NUMBER = re.compile(r"\d[\d.,:]*\d|\d", re.ASCII)
_BEFORE = re.compile(r"(?P<am>上午|早上|早晨|清晨|凌晨)\s?$|(?P<pm>下午|傍晚|晚上)\s?$|(?P<sign>[%€$£¥])\s?$")
_BELOW_ZERO = re.compile(r"(?:(?<![\w.,])-|\bminus\s|零下)\s?$")
_SPACED_RANGE = re.compile(r"\d\s?(?:° ?[cf]?|degrees?|度)?\s-\s$")
"""Between two numbers a dash with a blank on either side is no sign."""
_MONTH_BEFORE = re.compile(r"(?:january|february|march|april|mai|june|july|august|\w+ember|october)\s*$", re.IGNORECASE)
_JOINS = re.compile(r"\s*(?:-|~|/|\b(?:to|or|and)\b|至|到|或)\s*")
_RANGE = re.compile(
    rf"(?P<from>{_NUMBER.pattern})[^\d\n.;。；]{{0,12}}?(?:-|~|\b(?:to|until|till)\b|至|到)"
    rf"(?=[^\d\n.;。；]{{0,8}}(?P<to>{_NUMBER.pattern}))",
    re.ASCII,
)
_PART = re.compile(r"\n|\s\|\s|[;；，]|,\s|(?<=[.!?])\s|[。！？]")
_DAY = re.compile(r"(?<![a-z])(?:mon|tues|wednes|thurs|fri|satur|sun)day", re.IGNORECASE)


def keeps_bonds(written: str, source: str, *, strict: bool = False) -> bool:
    """Say whether each number of a sentence has in its source the unit, the weekday and the order that it has there.

    Args:
        strict: a number that stands in the source without any unit must have it from the words in its cell, such as
            `warranty_years: 5`; else it may count anything.

    >>> keeps_bonds("Refund in 48 days.", "Return in 7 days, refund in 48 hours."), keeps_bonds("48 h", "48 hours")
    (False, True)
    """
    here, there = with_signs(written), with_signs(source)
    return _keeps_units(here, there, strict) and _keeps_order(here, there) and _keeps_weekdays(here, there)


def keeps_spans(written: str, sources: Iterable[str]) -> bool:
    """Say whether no span of time of a sentence is something else wherever its number stands in the sources.

    A number that stands there alone, or beside what is not known here, may be a span: records name units elsewhere.

    >>> [keeps_spans("Keep it 250 days.", [source]) for source in ("deposit: 250", "250 hours", "term: 250")]
    [False, False, True]
    """
    wanted = {pair for pair in _labelled(with_signs(written)) if pair[1] in _TIMES}
    if not wanted:
        return True
    known = {pair for source in sources for pair in _labelled(with_signs(source), label_of=_record_label)}
    numbers = {number for number, _ in known}
    return all(number not in numbers or (number, "") in known or (number, label) in known for number, label in wanted)


def _keeps_units(written: str, source: str, strict: bool) -> bool:
    known: dict[str, list[tuple[str, str]]] = {}
    for part in _PART.split(source):
        for number, label in _labelled(part):
            known.setdefault(number, []).append((label, part))
    for number, label in _labelled(written):
        held = known.get(number, [])
        if label == "degree" and not held:
            return False  # it stands there with the other sign
        if label and held and not any(there in ("", label) for there, _ in held):
            return False
        if strict and label in _WORDS and not any(there == label or _WORDS[label].search(part) for there, part in held):
            return False
    return True


def _labelled(text: str, *, label_of: Callable[[str, re.Match[str]], str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield the numbers of a text with what they count, "" for nothing known; "4-6 days" are days both."""
    found = list(_NUMBER.finditer(text))
    labels = [(label_of or _label)(text, number) for number in found]
    for place in range(len(found) - 2, -1, -1):
        between = text[found[place].end() : found[place + 1].start()]
        if labels[place] in ("", "money") and labels[place + 1] not in ("am", "pm") and _JOINS.fullmatch(between):
            labels[place] = labels[place + 1]
    for number, label in zip(found, labels, strict=True):
        below = label == "degree" and _is_below_zero(text, number.start())
        for plain in exact_parts(number.group()):
            yield ("-" if below else "") + plain, label


def _is_below_zero(text: str, start: int) -> bool:
    if _SPACED_RANGE.search(text, max(0, start - 14), start):
        return False
    return _BELOW_ZERO.search(text, max(0, start - 8), start) is not None


def _label(text: str, number: re.Match[str]) -> str:
    start, end = number.span()
    if _MONTH_BEFORE.search(text, max(0, start - 12), start):
        return ""  # 5月3日 is a date
    unit = _UNIT.match(text, end)
    if unit is not None:
        label = _LABELS[int((unit.lastgroup or "u0")[1:])]
        return "" if label == "year" and len(number.group()) == 4 else label
    before = _BEFORE.search(text, max(0, start - 4), start)
    return "" if before is None else before["sign"] or before.lastgroup or ""


def _record_label(text: str, number: re.Match[str]) -> str:
    """Return what a number of a tool's result counts: pieces, and money by the word before it, too."""
    start, end = number.span()
    if _ONE_LETTER.match(text, end):
        return ""
    label = _label(text, number)
    if label or _TIMES_ABROAD.match(text, end):
        return label
    if _PIECES.match(text, end):
        return "piece"
    return "money" if _MONEY_BEFORE.search(text, max(0, start - 40), start) else ""


def _keeps_order(written: str, source: str) -> bool:
    known = set(_ranges(source))
    return not any(one not in known and one[::-1] in known for one in _ranges(written))


def _ranges(text: str) -> Iterator[tuple[str, str]]:
    for found in _RANGE.finditer(text):
        yield found["from"], found["to"]


def _keeps_weekdays(written: str, source: str) -> bool:
    days = _weekdays(written)
    parts = list(_with_weekdays(source)) if days else []
    for number in exact_parts(written) if days else ():
        named = [there for held, there in parts if number in held]
        if number[:1].isdigit() and named and all(there and not there & days for there in named):
            return False
    return True


def _with_weekdays(source: str) -> Iterator[tuple[set[str], set[str]]]:
    """Yield what is exact in each part, and the weekdays that are named there, or else in its row of a table."""
    for line in source.splitlines():
        of_row = _weekdays(line) if " | " in line else set()
        for part in _PART.split(line):
            yield exact_parts(part), _weekdays(part) or of_row


def _weekdays(text: str) -> set[str]:
    return {day.casefold() for day in _DAY.findall(text)}
