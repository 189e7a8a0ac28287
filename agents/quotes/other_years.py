"""What is said of a month or date of another year than the question names, left out: July 2026 is not July 2027.

"what does it cost in July 2027?" + [July 2026: €130, The house has a garden.] -> none, or what tells of 2027
"""

import re
from collections.abc import Sequence

from agents.quotes import calendar_spans
from agents.quotes.calendar_spans import Moment
from agents.quotes.cells import cells_of
from agents.quotes.items import said_of
from agents.quotes.statements import AMONG, NEAR_BEST, Statement
from knowledge.traditional import simplified

_YEAR = re.compile(r"(?<![\d.,/-])(?:19|20)\d\d(?![\d.,]?\d)")
_BEGUN = re.compile(
    r"\b(?:bought|ordered|purchased|booked|got|received|joined|hired|gekauft|bestellt|acheté|commandé|comprado|compré)"
    r"(?!\w)|[买购订单](?:了|的|过)",
    re.IGNORECASE,
)
"""Whoever bought a lamp in July 2024 does not ask what holds for that month."""


def without_other_years(question: str, ranked: Sequence[Statement]) -> list[Statement]:
    """Return statements without those of another year; none where the best is one and nothing is nearly as good."""
    moments = [moment for moment in calendar_spans.named(question) if moment.years]
    if not moments or not ranked or _BEGUN.search(simplified(question)):
        return list(ranked)
    best, *_ = ranked
    kept = [statement for statement in ranked if not _is_of_another(statement, moments)]
    near = any(statement.score >= NEAR_BEST * best.score for statement in kept[:AMONG])
    return kept if near else []


def _is_of_another(statement: Statement, moments: Sequence[Moment]) -> bool:
    """Say whether a statement names what is asked in another year, or in none below a heading that names others."""
    text = f"{statement.passage.header}\n{statement.text}"
    asked = frozenset[int]().union(*(moment.years for moment in moments))
    row = [cell.value for cell in cells_of(statement.text)[:1] if calendar_spans.is_all_dates(cell.value)]
    if calendar_spans.is_of_other_years(text, moments) or any(_names_others(value, asked) for value in row):
        return True
    place = f"{statement.passage.title}\n{statement.place}\n{said_of(statement)}"
    return _names_others(place, asked) and bool(calendar_spans.held(text, moments)) and not _YEAR.search(text)


def _names_others(text: str, asked: frozenset[int]) -> bool:
    years = {int(year) for year in _YEAR.findall(text)}
    return bool(years) and not years & asked
