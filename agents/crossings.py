"""A question that names a row of a table and a column of it in, the cell where the two cross out.

    "breakfast on sunday?" + Breakfast | Saturday: 7:30–11:00 | Sunday: 8:00–11:00  ->  8:00–11:00

Of seven cells that look alike, form does not tell which one is meant; the names of row and column do.
"""

from collections.abc import Sequence
from dataclasses import replace

from agents import answer_types, cells
from agents.answer_types import AnswerType
from agents.cells import Cell, cells_of, table_of
from agents.figures import in_figures
from agents.pointing import Candidate
from agents.quoting import TABLE_ROWS
from agents.statements import CELL_BREAK, Statement
from knowledge.codes import codes
from knowledge.lexical import MAY
from knowledge.text import STOP_WORDS, count_cjk, tokens
from knowledge.traditional import simplified

AMONG = 12
"""Statements, best first, among which the row is looked for."""
NEAR_BEST = 0.75
"""Share 0-1 of the best score that the row must have."""


def crossing(question: str, ranked: Sequence[Statement], *, whole: str = "") -> Candidate | None:
    """Return the cell of the one row and the one column that a question names; None where it names none, or several.

    The row is among the best, and no less of the question stands in it than in the best statement. The cell has the
    kind of thing asked for, and all that the question says stands beside it: "is the lake room noisy in summer?" does
    not ask for the summer's price.

    Args:
        whole: the question with the one before it, where it leans on that. It has the row or the column that the
            question lacks, never both: "and in autumn?" names no column of winter and summer.
    """
    if not ranked or cells.NOT_THIS.search(question):
        return None
    enough, words = NEAR_BEST * ranked[0].score, ranked[0].words
    rows = [s for s in ranked[:AMONG] if CELL_BREAK in s.text and s.score >= enough and s.words >= words]
    asked, before = _terms(question), _terms(whole or question)
    named = [row for row in rows if _names(row, asked)]
    near = named or [row for row in rows if _names(row, before)]
    if len(near) != 1:
        return None
    row = near[0]
    cell = _named_column(row, asked) or (_named_column(row, before) if named else None)
    kinds = answer_types.expected(question) or answer_types.expected(whole)
    if cell is None or not _holds(cell, kinds) or ("may" in _terms(cell.name) and not MAY.search(question)):
        return None
    passage, kind = row.passage, _kind_words(whole or question)
    place = "\n".join((passage.title, *passage.headings, cells_of(row.text)[0].value, cell.name, kind))
    told = _all_stand(asked, place) and _all_stand(before, f"{place}\n{passage.header}\n{passage.text}")
    return Candidate(row, cell.start, cell.end) if told else None


def compared(question: str, ranked: Sequence[Statement]) -> list[Statement]:
    """Return the rows of a table that a question names, in order, where it names more than one.

    "Is the lake room or the tower room cheaper?" is answered by neither row alone. A bath towel is no towel. One of the
    rows is the best statement, or near it and holds no less of the question.
    """
    asked, best = _terms(question), ranked[0] if ranked else None
    for near in ranked[:AMONG]:
        if best is None or CELL_BREAK not in near.text or near.score < NEAR_BEST * best.score:
            continue
        named = [s for s in ranked if CELL_BREAK in s.text and table_of(s) == table_of(near) and _names(s, asked)]
        rows = [row for row in named if not any(_first(row) < _first(other) for other in named)]
        if near in rows and 1 < len(rows) <= TABLE_ROWS and (near is best or near.words >= best.words):
            return sorted(rows, key=lambda row: row.start)
    return []


def narrowed(question: str, rows: Sequence[Statement]) -> list[Statement]:
    """Return rows with the one column that a question asks for, where it names one, for wide ones leave no room."""
    asked = [[cell.name for cell in cells.asked_for(question, row.text)] for row in rows]
    names = {tuple(each) for each in asked}
    is_one = len(names) == 1 and len(asked[0]) == 1 and asked[0][0]
    return [replace(row, columns=(asked[0][0],)) for row in rows] if is_one else list(rows)


def _names(row: Statement, asked: set[str]) -> bool:
    """Say whether a question has all words of a row's first cell."""
    first = _first(row)
    return bool(first) and first <= asked


def _first(row: Statement) -> set[str]:
    return _terms(cells_of(row.text)[0].value)


def _named_column(row: Statement, asked: set[str]) -> Cell | None:
    """Return the cell whose column a question names best; of several, the one that it names in full."""
    others = [cell for cell in cells_of(row.text)[1:] if cell.name and cell.value]
    shared = [len(_terms(cell.name) & asked) for cell in others]
    most = max(shared, default=0)
    best = [cell for cell, times in zip(others, shared, strict=True) if most and times == most]
    if len(best) > 1:
        best = [cell for cell in best if _terms(cell.name) <= asked]
    return best[0] if len(best) == 1 else None


def _holds(cell: Cell, kinds: tuple[AnswerType, ...]) -> bool:
    """Say whether a cell has the kind of thing asked for, where one is."""
    return not kinds or answer_types.holds(cell.value, kinds) or (AnswerType.PRICE in kinds and cells.is_price(cell))


def _kind_words(question: str) -> str:
    """Return the words of a question that say which kind of thing it asks for, such as "price"; no row has them."""
    kinds = answer_types.expected(question)
    return " ".join(found.group() for kind in kinds for found in kind.asked.finditer(simplified(question)))


def _all_stand(terms: set[str], text: str) -> bool:
    """Say whether a text has all terms; of a pair of Chinese characters each, for it may be the seam of two words."""
    there = _terms(text)
    characters = STOP_WORDS.union(simplified(text))
    return all(term in there or (count_cjk(term) and characters.issuperset(term)) for term in terms)


def _terms(text: str) -> set[str]:
    """Return what a text says, numbers in digits, a code such as T10 whole as well: "T20, 10 cm" does not name it.

    "May" too, for it may be the name of a column.
    """
    whole = {letters + number for letters, number in codes(text)}
    return whole | (set(tokens(in_figures(text))) - (STOP_WORDS - {"may"}))
