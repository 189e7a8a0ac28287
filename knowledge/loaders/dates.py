"""Dates as files write them in, `YYYY-MM-DD` out."""

import datetime
import re
from email.utils import parsedate_to_datetime

_ISO = re.compile(r"\s*(\d{4})-?(\d{2})-?(\d{2})(?!\d)")
_LOOSE = re.compile(r"\s*(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})(?!\d)")
_FORMS = ("%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y", "%d.%m.%Y")
_EARLIEST_YEAR = 1970
_LATEST_YEAR = 2200


def iso_day(said: object) -> str:
    """Return the day that a date, a time or their text stands for; "" when it cannot be told.

    `03/04/2026` is two different days on two sides of an ocean, so it is none here.
    """
    if isinstance(said, datetime.date):
        return _checked(said.year, said.month, said.day)
    text = str(said or "").strip()
    for form in (_ISO, _LOOSE):
        if found := form.match(text):
            return _checked(*map(int, found.groups()))
    for written in _FORMS:
        try:
            day = datetime.datetime.strptime(text, written)
        except ValueError:
            continue
        return _checked(day.year, day.month, day.day)
    try:
        sent = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return ""
    return _checked(sent.year, sent.month, sent.day)


def dated(said: object) -> dict[str, str]:
    """Return the metadata that says so, nothing when there is no date."""
    day = iso_day(said)
    return {"date": day} if day else {}


def _checked(year: int, month: int, day: int) -> str:
    if not _EARLIEST_YEAR <= year <= _LATEST_YEAR:
        return ""
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return ""
