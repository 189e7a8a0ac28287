"""What was found, without notices of years gone by where this year's were found too.

    "国庆放几天假" + [国庆节放假通知 2025, 国庆节放假通知 2026] -> [国庆节放假通知 2026]

Every year has its notice of holidays, in nearly the same words, and nobody asks for the one before. Rules take the
place of older ones when they are read in (`knowledge.versions`); notices share too little text for that.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from knowledge.passages import Passage
from knowledge.traditional import simplified
from knowledge.versions import Version, is_of_all, version_of

_NOTICE = re.compile(
    r"通知|公告|安排|放假|[校日]历|日程|课程表|营业时间|开放时间"
    r"|\b(?:notices?|announcements?|holidays?|closures?|closing|opening|calendars?|timetables?|term dates)\b",
    re.IGNORECASE,
)
_ASKS_FOR_THEN = re.compile(
    r"去年|前年|上年|往年|历年|以前|之前|过去"
    r"|\b(?:last year|years? ago|previous|previously|earlier|former|used to|was|were|did)\b",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")


def without_past_notices(question: str, passages: Sequence[Passage], *, today: date) -> tuple[Passage, ...]:
    """Return passages without those of notices of a past year of which a later one was found.

    All stay where the question asks for then, and those of a year that it names.

    Args:
        question: with the one before it where it leans on that.
    """
    if _ASKS_FOR_THEN.search(simplified(question)):
        return tuple(passages)
    asked = set(_YEAR.findall(question))
    noticed = {p.title: version_of(p.title) for p in passages if _NOTICE.search(simplified(p.title))}
    past = {title for title in noticed if _is_past(title, noticed, today=today) and not asked & _years(title)}
    return tuple(p for p in passages if p.title not in past)


def _is_past(title: str, noticed: Mapping[str, Version], *, today: date) -> bool:
    """Say whether a notice is of years before this one, and another of the same of a later one that has begun."""
    notice, years = noticed[title], _years(title)
    if not notice.date or not years or max(years) >= str(today.year):
        return False
    begun = (other for other in noticed.values() if notice.date < other.date <= (today.year, today.month, today.day))
    return any(is_of_all(other, notice) for other in begun)


def _years(title: str) -> set[str]:
    """Return the years that a title names: both of a school year's."""
    return set(_YEAR.findall(title))
