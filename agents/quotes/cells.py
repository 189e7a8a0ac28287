"""A row of a table and a question in, the cells that the question can ask for out.

    "piano, 45 minutes, price?"  Lesson: Piano | 30 minutes: €89 | 45 minutes: €124  ->  €124

A small model takes any cell that has the right form, and the wrong price before a row is worse than the row alone.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from agents.quotes import answer_types, calendar_spans
from agents.quotes.answer_types import AnswerType
from agents.quotes.named_spans import NamedSpans
from agents.quotes.statements import CELL_BREAK, Statement
from knowledge.text import STOP_WORDS, detect_language, tokens

_SURELY_ENGLISH = 2
"""English words such as "the" in a question: German has a "was" and an "in" too."""
NOT_THIS = re.compile(r"\b(?:other|than|except|besides|instead|not|without|cheape(?:r|st))\b|除|比|不", re.IGNORECASE)
"""Where a question may mean another row or column than it names."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a row: the name of its column, "" where it has none, and the span of its value in the row."""

    name: str
    value: str
    start: int
    end: int


def cells_of(row: str) -> list[Cell]:
    """Return the cells of a row in order; none of a text that is no row.

    >>> [(cell.name, cell.value) for cell in cells_of("Zone: Islands | Price: €9.50 | by lorry")]
    [('Zone', 'Islands'), ('Price', '€9.50'), ('', 'by lorry')]
    """
    found: list[Cell] = []
    at = 0
    for cell in row.split(CELL_BREAK) if CELL_BREAK in row else []:
        name, colon, value = cell.partition(": ")
        name, value = (name, value.rstrip()) if colon else ("", name.rstrip())
        start = at + (len(name) + len(": ") if colon else 0)
        found.append(Cell(name, value, start, start + len(value)))
        at += len(cell) + len(CELL_BREAK)
    return found


def table_of(row: Statement) -> tuple[object, ...]:
    """Return what rows of one table share: where it stands and its columns, or the first one's name.

    Where columns are known, a row whose first cell is blank, below one that several share, begins with another name.
    """
    passage = row.passage
    first = () if passage.header else tuple(cell.name for cell in cells_of(row.text)[:1])
    return passage.collection, passage.document, passage.headings, passage.header, first


def asked_for(question: str, row: str) -> list[Cell]:
    """Return the cells whose columns the question names best; all of them where it names no column.

    A cell whose value the question says itself, or a day of, is not asked for, and the first one, which names the row,
    only where no other column is named. Where a price is asked for and no column named has one, "shipping time" was not
    meant.
    """
    spans = NamedSpans.of(question)
    asked = _terms(question) | spans.terms
    cells = cells_of(row)
    held = spans.held_among([cell.name for cell in cells])
    names = [_terms(cell.name) | own for cell, own in zip(cells, held, strict=True)]
    named = [0 if _is_said(cell, asked) else len(name & asked) for cell, name in zip(cells, names, strict=True)]
    if any(named[1:]):
        named[0] = 0
    most = max(named, default=0)
    others = [cell for cell in cells if not calendar_spans.held(cell.value, spans.moments)] or cells
    best = [cell for cell, times in zip(cells, named, strict=True) if times == most] if most else others
    missed = AnswerType.PRICE in answer_types.expected(question) and not any(map(is_price, best))
    return cells if missed else best


def alone_asked_for(question: str, row: str) -> list[Cell]:
    """Return the cells of which one may stand for the answer: none where the question names several columns."""
    asked = asked_for(question, row)
    return [] if 1 < len(asked) < len(cells_of(row)) else asked


def shares_nothing(question: str, statement: Statement) -> bool:
    """Say whether a question has words of its own and none of them stands in a row, its headings or its title.

    Where the two are in two languages, or may be, that says nothing.
    """
    if detect_language(question) != detect_language(statement.text):
        return False
    english = sum(word in STOP_WORDS for word in re.findall(r"[a-z]+", question.casefold()))
    if detect_language(question) == "en" and english < _SURELY_ENGLISH:
        return False
    passage = statement.passage
    asked = _terms(question) - {"one"}  # "which one?" names nothing
    return bool(asked) and not asked & _terms("\n".join((passage.title, *passage.headings, statement.text)))


def _is_said(cell: Cell, asked: set[str]) -> bool:
    value = _terms(cell.value)
    return bool(value) and value <= asked


def named_more(question: str, statement: Statement, among: Sequence[Statement]) -> Statement | None:
    """Return the one row of the same table whose first cell holds of the question what a row's does, and more.

    Numbers name no row: "grade 4" is one of "grades 3 to 5".
    """
    if CELL_BREAK not in statement.text or NOT_THIS.search(question):
        return None
    asked = {term for term in _terms(question) if not re.search(r"\d", term)}
    said = asked & _first(statement)
    beside = [other for other in among if CELL_BREAK in other.text and table_of(other) == table_of(statement)]
    more = [other for other in beside if said < asked & _first(other)]
    return more[0] if len(more) == 1 else None


def _first(row: Statement) -> set[str]:
    return _terms(cells_of(row.text)[0].value)


def is_price(cell: Cell) -> bool:
    """Say whether a cell has a price, be it that its column says so: "Price: 12"."""
    return answer_types.holds(f"{cell.name}: {cell.value}", (AnswerType.PRICE,))


def _terms(text: str) -> set[str]:
    return set(tokens(text)) - STOP_WORDS
