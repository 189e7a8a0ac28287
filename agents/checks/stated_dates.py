"""Where a text states a date, in whatever way it is written.

    text -> stated_dates -> StatedDate(start, end, days)

A day without a year belongs to a year that the text names, or to the next one when it lies before the text's first
date. "next Tuesday" and "week 48" are not understood.
"""

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_MONTH = "|".join(name[:3] + (f"(?:{name[3:]})?" if len(name) > 3 else "") for name in _MONTHS).replace(
    "sep(?:tember)?", "sep(?:t|tember)?"
)
_ORDINAL = r"(?:st|nd|rd|th)?"
_DATES = re.compile(
    r"(?<!\d)(?P<y1>20\d\d)[-/.](?P<m1>\d{1,2})[-/.](?P<d1>\d{1,2})(?!\d)"
    r"|(?<![\d.,])(?P<a>\d{1,2})[./-](?P<b>\d{1,2})[./-](?P<y2>20\d\d|\d\d)(?![\d.,]\d)"
    rf"|(?<![\d.])(?P<d3>\d{{1,2}}){_ORDINAL}(?:\s+of)?[\s-]+(?P<m3>{_MONTH})\b\.?(?:,?[\s-]+(?P<y3>20\d\d))?"
    rf"|\b(?P<m4>{_MONTH})\.?\s+(?P<d4>\d{{1,2}}){_ORDINAL}(?!\d)(?:,?\s+(?P<y4>20\d\d))?"
    r"|(?:(?P<y5>20\d\d)\s?年\s?)?(?P<m5>\d{1,2})\s?月\s?(?P<d5>\d{1,2})\s?[日号]",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<![\d.,])20\d\d(?![\d.,]?\d)")


@dataclass(frozen=True, slots=True)
class StatedDate:
    """A date in a text."""

    start: int
    end: int
    days: frozenset[str]
    """What it may mean, each `YYYY-MM-DD`: 03/04/2026 has two readings."""


def stated_dates(text: str) -> Iterator[StatedDate]:
    """Yield the dates of a text in order.

    >>> [sorted(found.days) for found in stated_dates("On 3 March 2026, not 12.04.2026; 2026年5月1日")]
    [['2026-03-03'], ['2026-04-12', '2026-12-04'], ['2026-05-01']]
    """
    years = sorted({int(year) for year in _YEAR.findall(text)})
    first = next((day for found in _DATES.finditer(text) for day in _days(found, ()) if day), None)
    for found in _DATES.finditer(text):
        days = {day.isoformat() for day in _days(found, years)}
        if first is not None and not _has_year(found):
            later = [day for day in _days(found, [first.year + 1]) if (day.month, day.day) < (first.month, first.day)]
            days |= {day.isoformat() for day in later}
        if days:
            yield StatedDate(found.start(), found.end(), frozenset(days))


def _has_year(found: re.Match[str]) -> bool:
    return any(found[name] for name in ("y1", "y2", "y3", "y4", "y5"))


def _days(found: re.Match[str], years: Sequence[int]) -> list[datetime.date]:
    """Return the days that a date may mean; `years` are tried where it names none."""
    if found["a"]:
        year = int(found["y2"]) + (2000 if len(found["y2"]) == 2 else 0)
        pairs = [(int(found["b"]), int(found["a"])), (int(found["a"]), int(found["b"]))]
        return [day for month, number in pairs if (day := _day(year, month, number))]
    form = next(number for number in "1345" if found[f"d{number}"])
    named = found[f"y{form}"]
    said = found[f"m{form}"]
    month = int(said) if said.isdecimal() else 1 + [name[:3] for name in _MONTHS].index(said[:3].casefold())
    tried = [int(named)] if named else years
    return [day for year in tried if (day := _day(year, month, int(found[f"d{form}"])))]


def _day(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None
