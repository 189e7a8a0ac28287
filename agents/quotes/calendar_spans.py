"""A month, date or weekday that a question names in, whether a text's spans hold it out.

    "in July"   + "High season (June–August)"  -> held        "on Wednesday" + "Mon–Fri"     -> held
    "3 June"    + "1 June to 31 August"        -> held        "八月"         + "旺季（6-9月）" -> held

No word of the question stands in such a name, and yet it is the season that is asked about.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from knowledge.lexical import MAY
from knowledge.text import STOP_WORDS, tokens
from knowledge.traditional import simplified
from knowledge.wordings import day_terms

_MONTH_DAYS, _MONTHS, _WEEKDAYS = 31, 12, 7
_YEAR = _MONTHS * _MONTH_DAYS
"""A day of the year is numbered as if every month had as many."""
_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_TO = r"\s*(?:–|—|-|~|～|\bto\b|\buntil\b|\btill\b|\bthrough\b)\s*"
_MONTH = (
    r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    r"|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_OF_YEAR = r"(?:,? (?P<year{n}>(?:19|20)\d\d)\b)?"
_OF_YEAR_ZH = r"(?:(?P<year{n}>(?:19|20)\d\d)\s?年\s?)?"
_PART = r"(?:(?P<part{n}>early|mid|late|beginning of|end of)[ -])?"
_COUNTED = (
    r"(?:(?:adult|kid|person|guest|night|day|week|bedroom|room|ticket|bed|seat)s?|child\w*|people|x)\b"
    r"|(?:double|single|twin) (?:bed)?(?:room|bed)s\b"
)
"""What makes a number of it: "July 2 adults" names no date."""
_POINT = (
    rf"{_PART}(?:\b(?P<day{{n}}>\d{{{{1,2}}}})(?:st|nd|rd|th)?\.? (?:of )?)?\b(?P<month{{n}}>{_MONTH})"
    rf"(?: (?P<after{{n}}>\d{{{{1,2}}}})(?:(?:st|nd|rd|th)\b|(?![\d:])(?! (?:{_COUNTED}))))?{_OF_YEAR}"
)
_ONE = re.compile(_POINT.format(n=1), re.IGNORECASE)
_SPAN = re.compile(_POINT.format(n=1) + _TO + _POINT.format(n=2), re.IGNORECASE)
_DAYS_OF_MONTH = re.compile(
    rf"\b(?P<day1>\d{{1,2}})(?:st|nd|rd|th)?{_TO}(?P<day2>\d{{1,2}})(?:st|nd|rd|th)? (?P<month1>{_MONTH})"
    + _OF_YEAR.format(n=1),
    re.IGNORECASE,
)
_PARTS = {"early": 1, "beginning of": 1, "mid": 15, "late": 21, "end of": 31}
_NUMBER = r"(?:1[0-2]|[1-9]|十[一二]?|[一二三四五六七八九])"
_POINT_ZH = _OF_YEAR_ZH + r"(?<![\d十])(?P<month{n}>" + _NUMBER + r")\s?月(?:份|(?P<day{n}>\d{{1,2}})\s?[日号])?底?"
_ONE_ZH = re.compile(_POINT_ZH.format(n=1))
_SPAN_ZH = re.compile(
    rf"{_OF_YEAR_ZH.format(n=1)}(?<![\d十])(?P<month1>{_NUMBER})\s?(?:月份?(?:(?P<day1>\d{{1,2}})\s?[日号])?底?)?"
    rf"\s?(?:–|—|-|~|～|至|到)+\s?(?:次年|翌年|第二年)?{_OF_YEAR_ZH.format(n=2)}(?P<month2>{_NUMBER})\s?月(?:(?P<day2>\d{{1,2}})\s?[日号])?"
)
_WEEKDAY = (
    r"\b(?:mon(?:days?)?|tue(?:s|sdays?)?|wed(?:nesdays?)?|thu(?:rs?|rsdays?)?|fri(?:days?)?|sat(?:urdays?)?"
    r"|sun(?:days?)?)\b\.?"
)
_WEEK_SPAN = re.compile(rf"(?P<day1>{_WEEKDAY}){_TO}(?P<day2>{_WEEKDAY})", re.IGNORECASE)
_WEEK_ONE = re.compile(_WEEKDAY, re.IGNORECASE)
_SHORT = r"(?:jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec|mon|tue|wed|thu|fri|sat|sun)"
_SAYS_MORE = re.compile(rf"(?:{_SHORT}|march|may)\.?", re.IGNORECASE)
"""What is a word of its own too: "Sun loungers", "you may", "mon compte"."""
_NAMED_BEFORE = re.compile(
    r"\b(?:in|on|by|for|from|until|till|since|during|before|after|this|every|each|next|last|early|mid|late|open|closed)"
    r"[ -]$",
    re.IGNORECASE,
)
_NAMED_BEHIND = re.compile(
    rf"\.?(?:[ \t]*(?:$|\n|[^\w\s,&/'’-])|[ \t]*(?:[,&/]|and\b|or\b)[ \t]*(?:\d|{_MONTH}|{_WEEKDAY}|holidays?\b)"
    r"|[ \t]+(?:\d|(?:at|from|until|till|mornings?|afternoons?|evenings?|nights?|closed|rates?|prices?|[ap]m|noon"
    r"|holidays?|opening|hours?|(?:only|late)(?! (?:be|have|guests?|arrivals?)\b))\b))",
    re.IGNORECASE,
)
_BETWEEN = rf"(?:\.?[ \t]*(?:[,/&]|\band\b|\bor\b)+[ \t]*(?:(?:and|or)\b[ \t]*)?|(?<!may)\.?[ \t]+(?!may\b)|{_TO})"
_RUNS = tuple(re.compile(rf"\b{name}(?:{_BETWEEN}{name})+", re.IGNORECASE) for name in (_MONTH, _WEEKDAY))
"""Names in a row, each of which the others make sure: "Mon, Wed, Fri", "Tue Thu Sat"."""
_PLAIN = re.compile(r"(?:jan|feb|apr|jun|jul|aug|oct|nov|dec|tue|wed|thu|fri|sat)\.?", re.IGNORECASE)
"""What a question names anywhere; of the others it may say more: "mon colis"."""
_JAN = r"(?-i:Jan)(?! (?:opening|hours|prices?|rates?|cheaper|costs?)\b)"
_NO_SHORT_NAME = re.compile(
    rf"\b(?:is|can|am|does|did|with) (?P<name>{_JAN})\b|\b(?P<first>{_JAN} (?-i:(?=[A-Z][a-z]))(?!{_MONTH}|{_WEEKDAY}))"
    r"|\b(?:cat|dog|son|daughter|who|somebody) (?P<verb>sat) (?:on|in|at)\b",
    re.IGNORECASE,
)
"""A person, and what a cat does."""
_WHO_DOES = re.compile(r"\b(?:i|we|you|he|she|it|they|who|to|have|has|had) $", re.IGNORECASE)
"""Before a verb: "I sat on it", "can we wed here?"."""
_OPEN_BEFORE = re.compile(
    r"(?:\b(?:since|from|as of|starting|before|until|till|through|by|up to|ab|seit|vor|bis|avant|hasta)\s(?:the\s)?"
    r"|[自从至到])$",
    re.IGNORECASE,
)
_OPEN_BEHIND = re.compile(r"\s?(?:起|[之以]?前)")
"""What makes a date the end of a longer time: "since July 2026", "bought before July 2025"."""
_NEAR = 24
"""Characters in which the words stand that tell a name."""
_BEGINS = re.compile(r"(?:^|[\n.?!:|]\s*)\W*$")
_WEEK_ZH = "(?:(?<!一)周|星期|礼拜)"
_WEEK_SPAN_ZH = re.compile(rf"{_WEEK_ZH}([一二三四五六日天])\s?(?:–|—|-|~|～|至|到)+\s?{_WEEK_ZH}?([一二三四五六日天])")
_WEEK_ONE_ZH = re.compile(rf"{_WEEK_ZH}([一二三四五六日天])(?![次个节])")
_GROUPS = (
    (re.compile(r"\bweek-?days?\b|\bworking days\b|平日|工作日", re.IGNORECASE), frozenset(range(5))),
    (re.compile(r"\bweek-?ends?\b|周末|双休日?", re.IGNORECASE), frozenset((5, 6))),
)


@dataclass(frozen=True, slots=True)
class Moment:
    """What a question names of the calendar."""

    days: frozenset[int]
    """Of the year for a month or a date, of the week for a weekday."""
    of_week: bool
    terms: frozenset[str]
    """The question's search terms that name it, but for its year."""
    years: frozenset[int] = frozenset()
    """Those that it is said to be in; none for any."""


@dataclass(frozen=True, slots=True)
class _Span:
    """A month, date or weekday, or several in a row, as a text names them."""

    text: str
    days: frozenset[int]
    years: frozenset[int] = frozenset()
    is_sure: bool = True
    """Whether no other word is meant: a sun lounger is no Sunday."""


def named(question: str) -> tuple[Moment, ...]:
    """Return the months, dates and weekdays that a question names; "may I" names none.

    >>> [(sorted(moment.terms), moment.of_week) for moment in named("open on Saturday in July?")]
    [(['juli'], False), (['saturday'], True)]
    """
    question = simplified(question)
    found = [
        Moment(span.days, of_week, _terms(span), span.years)
        for of_week, read in _READERS
        for span in read(question, True)
        if span.is_sure
    ]
    return tuple(moment for moment in found if moment.terms - STOP_WORDS or "may" in moment.terms)


def held(text: str, moments: Sequence[Moment]) -> frozenset[str]:
    """Return the question's terms for the moments that a text's own months, dates and weekdays hold."""
    if not moments:
        return frozenset()
    text = simplified(text)
    spans = {of_week: _sure(read(text, False)) for of_week, read in _READERS if _asked(moments, of_week)}
    return frozenset().union(*(m.terms for m in moments if any(_holds(span, m) for span in spans[m.of_week])))


def is_outside(text: str, moments: Sequence[Moment]) -> bool:
    """Say whether a text names months, dates or weekdays and none of them holds what a question names of that kind.

    Where what may be a name is not surely one, nothing is outside.
    """
    kinds = {moment.of_week for moment in moments}
    spans = {of_week: list(read(simplified(text), False)) for of_week, read in _READERS if of_week in kinds}
    if not all(span.is_sure for found in spans.values() for span in found):
        return False
    read = [of_week for of_week, found in spans.items() if found]
    return bool(read) and not held(text, [moment for moment in moments if moment.of_week in read])


def is_of_other_years(text: str, moments: Sequence[Moment]) -> bool:
    """Say whether a text names what a question names in other years, and does not hold it; "since July 2026" may."""
    text = simplified(text)
    spans = [span for span in _year_spans(text, False) if span.years and not _is_open(text, span)]
    asked = [moment for moment in moments if moment.years and not moment.of_week]
    others = any(span.days & moment.days for span in spans for moment in asked if not span.years & moment.years)
    return others and not held(text, asked)


def is_all_dates(text: str) -> bool:
    """Say whether a text is a month or a date and nothing else: "July 2026", and not "Moorlight 2000"."""
    text = simplified(text).strip()
    return any(span.text == text for span in _year_spans(text, False))


def _is_open(text: str, span: _Span) -> bool:
    at = text.find(span.text)
    before, behind = text[max(0, at - _NEAR) : at], at + len(span.text)
    return _OPEN_BEFORE.search(before) is not None or _OPEN_BEHIND.match(text, behind) is not None


def is_torn(text: str, start: int, end: int) -> bool:
    """Say whether `text[start:end]` is one end of a span of months or dates: "March" of "October to March"."""
    text = simplified(text)
    spans = (match.span() for pattern in (_SPAN, _SPAN_ZH, _DAYS_OF_MONTH) for match in pattern.finditer(text))
    return any(first <= start and end <= last and end - start < last - first for first, last in spans)


def _sure(spans: Iterator[_Span]) -> list[_Span]:
    return [span for span in spans if span.is_sure]


def _asked(moments: Sequence[Moment], of_week: bool) -> bool:
    return any(moment.of_week is of_week for moment in moments)


def _terms(span: _Span) -> frozenset[str]:
    return frozenset({*tokens(span.text), *day_terms(span.text)}.difference(map(str, span.years)))


def _holds(span: _Span, moment: Moment) -> bool:
    """Say whether a span holds a moment; a month is held in part, too: "15 June to 14 September"."""
    if span.years and moment.years and not span.years & moment.years:
        return False
    return moment.days <= span.days if moment.of_week else bool(moment.days & span.days)


def _year_spans(text: str, is_question: bool) -> Iterator[_Span]:
    """Yield each span of months or dates as it is written, and its days; what stands alone is one month or one day."""
    in_runs = _in_runs(text, of_week=False)
    taken: set[int] = set()
    for pattern in (_DAYS_OF_MONTH, _SPAN, _SPAN_ZH, _ONE, _ONE_ZH):
        for match in pattern.finditer(text):
            if not taken.isdisjoint(range(*match.span())):
                continue
            if pattern in (_ONE, _DAYS_OF_MONTH) and not _is_a_name(match, "month1", in_runs, is_question):
                if match["month1"] != "may":
                    yield _Span(match.group(), frozenset(), is_sure=False)
                continue
            if (days := _days_of_year(match)) is not None:
                taken.update(range(*match.span()))
                yield _Span(match.group(), days, _years(match))


def _in_runs(text: str, *, of_week: bool) -> set[int]:
    """Return the places of a text at which names stand in a row."""
    return {at for match in _RUNS[of_week].finditer(text) for at in range(*match.span())}


def _is_a_name(match: re.Match[str], name: int | str, in_runs: set[int], is_question: bool) -> bool:
    """Say whether a month or a weekday is meant, and not what else the word says."""
    text, word, (start, end) = match.string, match[name], match.span(name)
    is_may = word.casefold() == "may"
    dated = end < match.end() or (match.start() < start and not is_may)
    if not _SAYS_MORE.fullmatch(word) or dated:
        return True
    others = _NO_SHORT_NAME.finditer(text, max(0, start - _NEAR), end + _NEAR) if is_question else ()
    if any(other.start(other.lastgroup or 0) == start for other in others):
        return False
    before, behind = text[max(0, start - _NEAR) : start], _NAMED_BEHIND.match(text, end)
    if start in in_runs and (behind or not is_may):
        return True
    if word.casefold() not in ("march", "may"):
        return _is_short_name(word, before, behind is not None, is_question)
    if word[0].isupper() and (behind or not _BEGINS.search(before)):
        return True
    if is_may:
        return any(
            found.start() <= start < found.end() for found in MAY.finditer(text, max(0, start - _NEAR), end + _NEAR)
        )
    return bool(_NAMED_BEFORE.search(before))


def _is_short_name(word: str, before: str, is_told: bool, is_question: bool) -> bool:
    """Say whether "Sat" is a day; `is_told` where what stands behind it tells."""
    if is_question and (
        (_PLAIN.fullmatch(word) and not _WHO_DOES.search(before)) or (is_told and word.casefold() != "sun")
    ):
        return True
    return is_told and (word[0].isupper() or bool(_NAMED_BEFORE.search(before)))


def _years(match: re.Match[str]) -> frozenset[int]:
    """Return the years of a span; one that ends after New Year may name one of two."""
    got = match.groupdict()
    named = [int(year) for number in "12" if (year := got.get(f"year{number}"))]
    first, last = _month(got["month1"]), _month(got.get("month2"))
    if len(named) == 1 and first is not None and last is not None and last < first:
        named.append(named[0] + (1 if got["year1"] else -1))
    return frozenset(range(min(named), max(named) + 1)) if named else frozenset()


def _days_of_year(match: re.Match[str]) -> frozenset[int] | None:
    got = match.groupdict()
    first, last = _month(got["month1"]), _month(got.get("month2") or got["month1"])
    start = _day(got, 1)
    end = _day(got, 2) if "month2" in got or "day2" in got else start
    if first is None or last is None or max(start or 1, end or 1) > _MONTH_DAYS:
        return None
    begin = first * _MONTH_DAYS + (start or 1) - 1
    finish = last * _MONTH_DAYS + (end or _MONTH_DAYS) - 1
    return frozenset(at % _YEAR for at in range(begin, finish + 1 + (_YEAR if finish < begin else 0)))


def _day(got: dict[str, str | None], number: int) -> int | None:
    day = got.get(f"day{number}") or got.get(f"after{number}")
    part = got.get(f"part{number}")
    return int(day) if day else _PARTS[part.casefold()] if part else None


def _month(name: str | None) -> int | None:
    if name is None:
        return None
    if name[0].isascii() and name[0].isalpha():
        return _NAMES.index(name[:3].casefold())
    if name.isdecimal():
        return int(name) - 1
    return 10 * name.startswith("十") + " 一二三四五六七八九".index(name.removeprefix("十") or " ") - 1


def _week_spans(text: str, is_question: bool) -> Iterator[_Span]:
    in_runs = _in_runs(text, of_week=True)
    taken: set[int] = set()
    for pattern, days_of in _WEEK_PATTERNS:
        for match in pattern.finditer(text):
            if not taken.isdisjoint(range(*match.span())):
                continue
            if pattern is _WEEK_ONE and not _is_a_name(match, 0, in_runs, is_question):
                yield _Span(match.group(), frozenset(), is_sure=False)
            else:
                taken.update(range(*match.span()))
                yield _Span(match.group(), days_of(match))
    for pattern, group in _GROUPS:
        yield from (_Span(match.group(), group) for match in pattern.finditer(text))


def _from_to(first: int, last: int) -> frozenset[int]:
    return frozenset(at % _WEEKDAYS for at in range(first, last + 1 + (_WEEKDAYS if last < first else 0)))


def _weekday(name: str) -> int:
    return _DAYS.index(name[:3].casefold()) if name[0].isascii() else "一二三四五六日".index(name.replace("天", "日"))


_WEEK_PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], frozenset[int]]], ...] = (
    (_WEEK_SPAN, lambda match: _from_to(_weekday(match["day1"]), _weekday(match["day2"]))),
    (_WEEK_SPAN_ZH, lambda match: _from_to(_weekday(match[1]), _weekday(match[2]))),
    (_WEEK_ONE, lambda match: frozenset((_weekday(match.group()),))),
    (_WEEK_ONE_ZH, lambda match: frozenset((_weekday(match[1]),))),
)
_READERS = ((False, _year_spans), (True, _week_spans))
