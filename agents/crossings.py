"""A question that names a row of a table and a column of it in, the cell where the two cross out.

    "breakfast on sunday?" + Breakfast | Saturday: 7:30–11:00 | Sunday: 8:00–11:00  ->  8:00–11:00

Of seven cells that look alike, form does not tell which one is meant; the names of row and column do.
"""

import re
from collections.abc import Sequence

from agents.cells import Cell, cells_of
from agents.pointing import Candidate
from agents.quoting import TABLE_ROWS
from agents.statements import CELL_BREAK, Statement
from knowledge.text import STOP_WORDS, tokens

AMONG = 12
"""Statements, best first, among which the row is looked for."""
NEAR_BEST = 0.75
"""Share 0-1 of the best score that the row must have."""
_OTHER = re.compile(r"\b(?:other|than|except|besides|instead|not|without|cheape(?:r|st))\b|除|比|不", re.IGNORECASE)


def crossing(question: str, ranked: Sequence[Statement], *, whole: str = "") -> Candidate | None:
    """Return the cell of the one row and the one column that a question names; None where it names none, or several.

    The row is among the best, and no less of the question stands in it than in the best statement.

    Args:
        whole: the question with the one before it, where it leans on that: "and on mondays?" names no row.
    """
    if not ranked or _OTHER.search(question):
        return None
    enough, words = NEAR_BEST * ranked[0].score, ranked[0].words
    rows = [s for s in ranked[:AMONG] if CELL_BREAK in s.text and s.score >= enough and s.words >= words]
    asked, before = _terms(question), _terms(whole or question)
    named = [row for row in rows if _names(row, asked)] or [row for row in rows if _names(row, before)]
    if len(named) != 1:
        return None
    row = named[0]
    cell = _named_column(row, asked) or _named_column(row, before)
    if cell is None or not _numbers(asked) <= _terms(f"{cells_of(row.text)[0].value} {cell.name}"):
        return None
    return Candidate(row, cell.start, cell.end)


def compared(question: str, ranked: Sequence[Statement]) -> list[Statement]:
    """Return the rows of the best row's table that a question names, in order, where it names more than one.

    "Is the lake room or the tower room cheaper?" is answered by neither row alone.
    """
    asked = _terms(question)
    best = ranked[0] if ranked else None
    if best is None or CELL_BREAK not in best.text:
        return []
    rows = [s for s in ranked if CELL_BREAK in s.text and _table(s) == _table(best) and _names(s, asked)]
    return sorted(rows, key=lambda row: row.start) if best in rows and 1 < len(rows) <= TABLE_ROWS else []


def _table(row: Statement) -> tuple[str, str, tuple[str, ...], str]:
    passage = row.passage
    return passage.collection, passage.document, passage.headings, passage.header


def _names(row: Statement, asked: set[str]) -> bool:
    """Say whether a question has all words of a row's first cell."""
    first = _terms(cells_of(row.text)[0].value)
    return bool(first) and first <= asked


def _named_column(row: Statement, asked: set[str]) -> Cell | None:
    """Return the cell whose column a question names best; of several, the one that it names in full."""
    others = [cell for cell in cells_of(row.text)[1:] if cell.name and cell.value]
    shared = [len(_terms(cell.name) & asked) for cell in others]
    most = max(shared, default=0)
    best = [cell for cell, times in zip(others, shared, strict=True) if most and times == most]
    if len(best) > 1:
        best = [cell for cell in best if _terms(cell.name) <= asked]
    return best[0] if len(best) == 1 else None


def _numbers(terms: set[str]) -> set[str]:
    return {term for term in terms if re.search(r"\d", term)}


def _terms(text: str) -> set[str]:
    return set(tokens(text)) - STOP_WORDS
