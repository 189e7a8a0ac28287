"""An amount that a question names in, which of some texts have the range that holds it out.

    "after 3 years"    + "Less than 2 years" · "2 to 5 years" · "More than 5 years"  ->  the second
    "工作满10年"        + "不足5年" · "5年以上"                                        ->  the second
    "a parcel of 3 kg" + "up to 2 kg" · "up to 5 kg" · "up to 10 kg"                  ->  the second, for it is nearest

A number that is in no unit of a range chooses none: "2 lamps" says nothing of "1 to 3 years".
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from agents.checks.figures import MONTHS, in_figures
from knowledge.text import STOP_WORDS, tokens

_YEAR = 365.0
_LITTLE = 1e-6
"""What "over 5" is more than 5, and "under 5" less."""
_OF_AGE = "|".join(rf"(?<=\b{word}[ -]{digits})" for word in ("over", "under", "for") for digits in (r"\d", r"\d\d"))
"""Before the "s" of "over 65s": that of "iPhone 5s" and "the 1990s" is none."""
_UNITS: tuple[tuple[str, str, float], ...] = (
    ("age", rf"(?:years?|yrs?)[ -]olds?|years? of age|(?:{_OF_AGE})s\b|周?岁", 1.0),
    ("time", r"minutes?|mins?\b|分钟", 1 / 1440),
    ("time", r"hours?|hrs?\b|h\b|个?小时", 1 / 24),
    ("time", r"(?:working |business |calendar )?days?|个?(?:工作日|自然日)|天|日", 1.0),
    ("time", r"weeks?|周|个?星期", 7.0),
    ("time", r"months?|个月", _YEAR / 12),
    ("time", r"years?|yrs?\b|年", _YEAR),
    ("mass", r"kilograms?|kilos?|kgs?\b|公斤|千克", 1000.0),
    ("mass", r"grams?|g\b|克", 1.0),
    ("length", r"kilomet(?:re|er)s?|kms?\b|公里|千米", 1000.0),
    ("length", r"centimet(?:re|er)s?|cm\b|厘米", 0.01),
    ("length", r"millimet(?:re|er)s?|mm\b|毫米", 0.001),
    ("length", r"met(?:re|er)s?|m\b|米", 1.0),
    ("pounds", r"pounds?|lbs?\b", 1.0),
    ("nights", r"nights?|晚", 1.0),
    ("persons", r"people|persons?|guests?|participants?|employees?|users?|个?人|位", 1.0),
    ("pieces", r"pieces?|items?|copies|copy|units?|pcs\b|件|个(?![月小星工自人])|本|盒|台|只", 1.0),
    ("€", r"€|euros?\b|eur\b|欧元", 1.0),
    ("$", r"\$|dollars?\b|usd\b|美元", 1.0),
    ("£", r"£|gbp\b|英镑", 1.0),
    ("¥", r"¥|yuan\b|rmb\b|cny\b|人民币|元|块钱?", 1.0),
)
_UNIT = "|".join(f"(?P<u{at}_{{n}}>{pattern})" for at, (_, pattern, _) in enumerate(_UNITS))
_IN_MONTH = "|".join(rf"(?<=\b{name} )" for name in MONTHS)
_SPACE = r"[ \u00a0\u202f]"
_NO_AMOUNT = (
    rf"(?!\d{{{{1,3}}}}\.\d{{{{3}}}}(?!\d)|(?<=\d{_SPACE})\d{{{{3}}}}(?!\d)|\d+{_SPACE}\d{{{{3}}}}(?!\d)"
    rf"|(?:19|20)\d\d\s?年|(?:{_IN_MONTH})\d+\s?日)"
)
"""Thousands with a point or a space, for "1.500" may be one and a half; 2024年 and, as figures are written, 12月5日."""
_NUMBER = (
    rf"(?:(?P<sign{{n}}>[€$£¥])\s?)?{_NO_AMOUNT}(?P<number{{n}}>\d{{{{1,9}}}}(?:,\d{{{{3}}}})*(?:\.\d+)?)"
    rf"(?![\d:]|[./]\d)(?:[\s-]?(?:{_UNIT}))?"
)
_STARTS = r"(?<![a-z0-9_.,/'’月第-])(?<!第\s)(?<![日号][至到])(?<!\d:)"
"""Not within a number, a code, or a date, and not behind 第: 12月5日至8日, 第3天."""
_RANGE = re.compile(
    rf"{_STARTS}(?:(?P<between>between|from) )?{_NUMBER.format(n=1)}\s?(?:-|~|至|到|to\b|(?(between)and\b|(?!)))\s?"
    rf"{_NUMBER.format(n=2)}(?![a-z\d])"
)
_ONE = re.compile(rf"{_STARTS}{_NUMBER.format(n=1)}(?![a-z\d])")
_BEFORE = (
    (
        r"(?<!no )(?<!not )(?:less|fewer|shorter|younger|lighter) than|under|below|<|不足|[不未]满|(?<!不)[少低小]于",
        -1,
        True,
    ),
    (r"up to|at most|(?:no|not) more than|max(?:imum)?(?: of)?|within|<=|≤|不超过|不[多大高]于|[最至]多", -1, False),
    (
        r"(?<!no )(?<!not )(?:more|longer|greater|older|heavier) than|over|above|exceeding|>"
        r"|(?<!不)(?:超过?|[多大高]于)",
        1,
        True,
    ),
    (
        r"at least|from|after|min(?:imum)?(?: of)?|(?:no|not) less than|>=|≥|不[少低小]于|[至最]少|(?<![不未])满|达到?",
        1,
        False,
    ),
)
"""What stands before a bound, which side it bounds (-1 from above), and whether itself is left out."""
_BOUNDS = tuple((re.compile(rf"(?<![a-z])(?:{words})\s?$"), side, is_left_out) for words, side, is_left_out in _BEFORE)
_BEHIND = (
    (re.compile(r"\s?(?:(?:or|and) (?:less|fewer|under|younger|below|shorter)\b|及?以下|[之以]?内)"), -1),
    (
        re.compile(r"\s?(?:(?:or|and) (?:more|over|older|longer|above|up|upwards|earlier)\b|\+|plus\b|[及或]?以上|起)"),
        1,
    ),
)
_NEAR = 16
"""Characters before an amount in which its bound is named."""
_FROM_DAYS = re.compile(r"\s?(?:before|prior|ahead|in advance)\b|前")
"""Of "from 14 days before" the amounts go down."""
_COUNTED_DOWN = re.compile(r"from\s?$")
_A_UNIT = re.compile(r"\b(?:an?|one) (?=(?:minute|hour|day|week|month|year|kilo|met(?:re|er))\b)", re.IGNORECASE)
_HALF_YEAR = re.compile(r"\bhalf a year\b|半年", re.IGNORECASE)
_AGE = re.compile(
    r"\b(?:i'?m|i am|s?he is|s?he's|(?:son|daughter|child|kid|boy|girl|mother|father|mum|mom|dad|wife|husband"
    r"|grand\w+) is|aged?|turn(?:s|ed)?) (?P<number>\d{1,3})(?! ?(?:[%€$£¥]|[a-z]))(?![\d.,])"
)
_PARTY = re.compile(r"\b(?:party|group|table|team) of (?P<number>\d{1,4})(?! ?(?:[%€$£¥]|[a-z]))(?![\d.,])")
_BARE = (("age", _AGE), ("persons", _PARTY))
"""What has no unit in a question and yet counts."""
_MOST_APART = 31
"""Times that one unit of time is another: who is asked of years says nothing with days."""
_CONTEXTS = (
    (
        ("age", 1.0),
        re.compile(
            r"\b(?:ages?d?|child(?:ren)?|kids?|infants?|bab(?:y|ies)|toddlers?|adults?|seniors?|youths?|teen\w*)\b"
            r"|儿童|小孩|婴儿|成人|老人|年龄"
        ),
    ),
    (("persons", 1.0), re.compile(r"\b(?:groups?|part(?:y|ies)|persons|people|guests)\b|团体|人数")),
    *(((kind, scale), re.compile(rf"[(（]\s?(?:in )?(?:{pattern})\s?[)）]")) for kind, pattern, scale in _UNITS),
)
"""What gives numbers without a unit one: "Weight (kg): 0–5", "Children 3–11"."""


@dataclass(frozen=True, slots=True)
class Amount:
    """What a question names, in the one unit of its kind."""

    kind: str
    value: float
    terms: frozenset[str]
    """The question's search terms that name it."""
    scale: float = 1.0
    """Of its unit."""


@dataclass(frozen=True, slots=True)
class _Range:
    """From where to where a text's amounts reach; one amount alone from itself to itself."""

    kind: str
    low: float
    high: float
    text: str
    scale: float = 1.0

    def holds(self, value: float) -> bool:
        return self.low - _LITTLE / 2 <= value <= self.high + _LITTLE / 2

    def is_within(self, other: "_Range") -> bool:
        return other.low <= self.low and self.high <= other.high and (self.low, self.high) != (other.low, other.high)


def named(question: str) -> tuple[Amount, ...]:
    """Return the amounts that a question names with their units, and ages without one.

    >>> [(one.kind, one.value, sorted(one.terms)) for one in named("a parcel of 3 kg")]
    [('mass', 3000.0, ['3', 'kg'])]
    """
    text = in_figures(_A_UNIT.sub("1 ", _HALF_YEAR.sub("6 months", question))).casefold()
    bare = [
        Amount(kind, float(found["number"]), _terms(found.group()))
        for kind, says in _BARE
        for found in says.finditer(text)
    ]
    return (*(Amount(one.kind, _meant(one), _terms(one.text), one.scale) for one in _ranges(text) if one.kind), *bare)


def held_among(texts: Sequence[str], amounts: Sequence[Amount]) -> list[frozenset[str]]:
    """Return for each text the terms of the amounts that its ranges hold, where no range of another lies within."""
    held = [frozenset[str]() for _ in texts]
    ranges = [_in_text(text) if amounts else [] for text in texts]
    for amount in amounts:
        holding = [(at, one) for at, each in enumerate(ranges) for one in each if _holds(one, amount)]
        for at, one in holding:
            if not any(other.is_within(one) for _, other in holding):
                held[at] |= amount.terms
    return held


def speaks_of(text: str, amounts: Sequence[Amount]) -> bool:
    """Say whether a text has a range, or an amount, of a kind that a question names."""
    return bool(amounts) and any(_is_of(one, amount) for one in _in_text(text) for amount in amounts)


def besides(text: str) -> frozenset[str]:
    """Return what a text says beside its amounts and their bounds.

    >>> sorted(besides("Express: 1 to 2 days")), sorted(besides("14 days or more"))
    (['express'], [])
    """
    folded = in_figures(text).casefold()
    for one in list(_ranges(folded)):
        folded = folded.replace(one.text, "\n", 1)
    for words, _ in _BEHIND:
        folded = re.sub(rf"(?<=\n){words.pattern}", "", folded)
    return _terms(folded)


def _holds(found: _Range, amount: Amount) -> bool:
    return _is_of(found, amount) and found.holds(amount.value)


def _is_of(found: _Range, amount: Amount) -> bool:
    apart = max(found.scale, amount.scale) / min(found.scale, amount.scale)
    return found.kind == amount.kind and (found.kind != "time" or apart <= _MOST_APART)


def _terms(text: str) -> frozenset[str]:
    return frozenset(tokens(text)) - STOP_WORDS


def _meant(found: _Range) -> float:
    """Return the one amount that a question's words stand for: more than 5 is a little more."""
    if found.high == inf:
        return found.low
    return found.high if found.low == -inf else (found.low + found.high) / 2


def _in_text(text: str) -> list[_Range]:
    """Return the ranges of a text; of one bound from below and one from above, the range between them."""
    folded = in_figures(text).casefold()
    context, scale = next((unit for unit, names in _CONTEXTS if names.search(folded)), ("", 1.0))
    found = []
    for one in _ranges(folded):
        if context == "age" and one.kind == "time":  # years under "Age"
            found.append(replace(one, kind="age", low=one.low / _YEAR, high=one.high / _YEAR))
        else:
            in_unit = replace(one, kind=context, low=one.low * scale, high=one.high * scale, scale=scale)
            found.append(one if one.kind else in_unit)
    found = [one for one in found if one.kind]
    if len(found) == 2 and found[0].kind == found[1].kind:
        low, high = max(one.low for one in found), min(one.high for one in found)
        if -inf < low < high < inf and any(one.low == -inf for one in found) and any(one.high == inf for one in found):
            return [replace(found[0], low=low, high=high)]
    return found


def _ranges(text: str) -> Iterator[_Range]:
    """Yield what a text in figures and small letters has of ranges, bounds and amounts; of no kind without a unit."""
    taken: set[int] = set()
    for found in _RANGE.finditer(text):
        unit = _unit(found, 2) or _unit(found, 1)
        first, (kind, scale) = _unit(found, 1) or unit or ("", 1.0), unit or ("", 1.0)
        low, high = _value(found, 1) * first[1], _value(found, 2) * scale
        if first[0] == kind and low < high:
            taken.update(range(*found.span()))
            yield _Range(kind, low, high, found.group(), scale)
    for found in _ONE.finditer(text):
        if taken.isdisjoint(range(*found.span())):
            kind, scale = _unit(found, 1) or ("", 1.0)
            value = _value(found, 1) * scale
            side, is_left_out, begins = _side(text, found)
            edge = value + side * _LITTLE * is_left_out
            said = text[begins : found.end()]
            yield _Range(kind, -inf if side < 0 else edge, inf if side > 0 else edge, said, scale)


def _value(found: re.Match[str], number: int) -> float:
    return float(found[f"number{number}"].replace(",", ""))


def _unit(found: re.Match[str], number: int) -> tuple[str, float] | None:
    if sign := found[f"sign{number}"]:
        return sign, 1.0
    named = (at for at in range(len(_UNITS)) if found[f"u{at}_{number}"])
    at = next(named, None)
    return None if at is None else (_UNITS[at][0], _UNITS[at][2])


def _side(text: str, found: re.Match[str]) -> tuple[int, bool, int]:
    """Return on which side an amount is a bound, 0 for none, whether itself is left out, and where that is said."""
    begins = max(0, found.start() - _NEAR)
    before = text[begins : found.start()]
    if _COUNTED_DOWN.search(before) and _FROM_DAYS.match(text, found.end()):
        return -1, False, found.start()
    for words, side, is_left_out in _BOUNDS:
        if bound := words.search(before):
            return side, is_left_out, begins + bound.start()
    return next((side for words, side in _BEHIND if words.match(text, found.end())), 0), False, found.start()
