"""What is said of a month or date of another year than the question names, left out: July 2026 is not July 2027.

"what does it cost in July 2027?" + [July 2026: €130, The house has a garden.] -> none, or what tells of 2027
"""

import re
from collections.abc import Sequence

from agents import calendar_spans
from agents.calendar_spans import Moment
from agents.cells import cells_of
from agents.items import said_of
from agents.statements import AMONG, NEAR_BEST, Statement

_YEAR = re.compile(r"(?<![\d.,/-])(?:19|20)\d\d(?![\d.,]?\d)")


def without_other_years(question: str, ranked: Sequence[Statement]) -> list[Statement]:
    """Return statements without those of another year; none where the best is one and nothing is nearly as good."""
    moments = [moment for moment in calendar_spans.named(question) if moment.years]
    if not moments or not ranked:
        return list(ranked)
    best, *_ = ranked
    kept = [statement for statement in ranked if not _is_of_another(statement, moments)]
    near = any(statement.score >= NEAR_BEST * best.score for statement in kept[:AMONG])
    return kept if near else []


def _is_of_another(statement: Statement, moments: Sequence[Moment]) -> bool:
    """Say whether a statement names what is asked in another year, or in none below a heading that names others."""
    text = f"{statement.passage.header}\n{statement.text}"
    asked = frozenset[int]().union(*(moment.years for moment in moments))
    row = cells_of(statement.text)[:1]
    if calendar_spans.is_of_other_years(text, moments) or any(_names_others(cell.value, asked) for cell in row):
        return True
    place = f"{statement.passage.title}\n{statement.place}\n{said_of(statement)}"
    return _names_others(place, asked) and bool(calendar_spans.held(text, moments)) and not _YEAR.search(text)


def _names_others(text: str, asked: frozenset[int]) -> bool:
    years = {int(year) for year in _YEAR.findall(text)}
    return bool(years) and not years & asked
