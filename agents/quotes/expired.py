"""Whether what a statement says is over, for it or its section says until when: "Offer valid until 31 March 2025".

    "All lamps are 20% off." below "Spring offer (until 31 March 2025)"  ->  "No longer valid: All lamps are 20% off."

An offer that is over is no offer; who quotes it says so, and what still holds comes first.
"""

import datetime
import re
from collections.abc import Sequence

from agents.checks.stated_dates import stated_dates
from agents.quotes.statements import AMONG, NEAR_BEST, Statement, stretches
from knowledge.text import count_cjk
from knowledge.today import today
from knowledge.traditional import simplified

OVER = {"en": "No longer valid", "zh": "已过期"}
_OFFER = (
    r"\b(?:offers?|promotions?|promo|sales?|discounts?|vouchers?|coupons?|(?:promo|discount|voucher) codes?|campaigns?"
    r"|deals?|specials?|early[ -]bird|valid|expire[sd]?)\b|优惠|活动|促销|特价|打折|折扣|有效|代金券|礼券|限时"
)
_OFFERS = re.compile(_OFFER, re.IGNORECASE)
_UNTIL = re.compile(
    r"\b(?:until|till|through|thru|up to|valid to|expire[sd]?(?: on)?|end(?:s|ed)?(?: on)?|no later than)"
    r"(?: and including)?(?: the)?(?: (?:mon|tues|wednes|thurs|fri|satur|sun)day,?)?\s?$"
    r"|(?:有效期?(?:至|到)?|(?:优惠|活动|促销|特价|折扣|有效期?)(?:截止(?:至|到|于)?|截至)"
    r"|(?<=[^\s。！？；，,;!?截])(?<!截止)[至到])[:：]?\s?$",
    re.IGNORECASE,
)
_NO_END = re.compile(
    r"\b(?:bought|purchased|sold|joined|registered|placed|ordered|booked|made|issued|who|since|not|no longer|never)\b"
    r"|n['’]t\b|不再|尚未",
    re.IGNORECASE,
)
"""Before a date it is not the offer that ends then: "vouchers bought until 31 March 2025 stay valid"."""
_CLAUSE = re.compile(r"[.!?;,:。！？；，：\n](?!\d)")
_EXTENDED = re.compile(r"\b(?:extended|prolonged)\b|延长|延期|延至", re.IGNORECASE)
_OF_ALL = re.compile(
    r"\W*(?:(?:this|the|our|all)?\s?(?:[\w-]+ )?(?:offers?|promotions?|sales?|discounts?|campaigns?|deals?|specials?)"
    r"(?: (?:is|are))?|valid) (?:valid|available|open|runs?|ends?|ended|expire[sd]?|until|till|through|thru)\b"
    r"|\W*(?:本|此|该)?(?:次)?(?:优惠|活动|促销|特价|折扣)?(?:活动)?(?:有效期|截止|有效|时间|至|到|日期)",
    re.IGNORECASE,
)
"""What says it of all that stands in its section, not of one item alone."""
_YEAR = re.compile(r"20\d\d")
_NEAR = 40


def still_valid_first(ranked: Sequence[Statement]) -> list[Statement]:
    """Return statements, the best that is not over first, where one is nearly as good as a first that is."""
    if not ranked or not is_over(ranked[0]):
        return list(ranked)
    enough = NEAR_BEST * ranked[0].score
    near = (s for s in ranked[1:AMONG] if s.score >= enough and not s.asks and not s.leads_in)
    first = next((s for s in near if not is_over(s)), ranked[0])
    return [first, *(s for s in ranked if s is not first)]


def over_label(statement: Statement) -> str:
    """Return what stands before the words of a statement that is over; "" before others."""
    return OVER["zh" if count_cjk(statement.text) else "en"] if is_over(statement) else ""


def is_over(statement: Statement) -> bool:
    """Say whether a statement, its section or its heading says an end that is past; its own end counts first.

    Of several ends the last is meant, and what is extended ends then.
    """
    passage, place = statement.passage, statement.place
    ends = [_end(statement.text, place)]
    if ends == [None]:
        ends = [_end(heading, heading) for heading in (passage.title, *passage.headings)]
        ends += [_end(text, place) for text in _sentences(passage.text) if _OF_ALL.match(text)]
    ends += [_end(text, passage.text) for text in _sentences(passage.text) if _EXTENDED.search(text)]
    days = [end for end in ends if end is not None]
    return bool(days) and max(days) < today()


def _sentences(text: str) -> list[str]:
    """Return the sentences of a section that names a year."""
    return [simplified(text[start:end]) for start, end in stretches(text)] if _YEAR.search(text) else []


def _end(text: str, place: str) -> datetime.date | None:
    """Return the last day that a text names as the end of an offer; None without a year or an offer."""
    text = simplified(text)
    if not _YEAR.search(text) or not _OFFERS.search(f"{text}\n{simplified(place)}"):
        return None
    found = [date for date in stated_dates(text) if _YEAR.search(text[date.start : date.end])]
    ends = [date for date in found if _ends_at(text, date.start)]
    days = [max(date.days) for date in ends]
    return datetime.date.fromisoformat(max(days)) if days else None


def _ends_at(text: str, start: int) -> bool:
    """Say whether something ends at the date that begins there."""
    clause = _CLAUSE.split(text[:start])[-1]
    return _UNTIL.search(text[max(0, start - _NEAR) : start]) is not None and not _NO_END.search(clause)
