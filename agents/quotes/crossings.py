"""A question that names a row of a table and a column of it in, the cell where the two cross out.

    "breakfast on sunday?" + Breakfast | Saturday: 7:30–11:00 | Sunday: 8:00–11:00  ->  8:00–11:00
    "a double in july?"    + Double | Low season (Nov–Mar): €80 | High season (June–August): €120  ->  €120

Of seven cells that look alike, form does not tell which one is meant; the names of row and column do.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agents.checks.figures import in_figures
from agents.quotes import answer_types, cells
from agents.quotes.answer_types import AnswerType
from agents.quotes.cells import Cell, cells_of, table_of
from agents.quotes.items import LABEL, is_in_list, label_of, said_of
from agents.quotes.named_spans import NamedSpans
from agents.quotes.pointing import Candidate
from agents.quotes.quoting import TABLE_ROWS
from agents.quotes.statements import AMONG, CELL_BREAK, NEAR_BEST, Statement
from knowledge.codes import codes
from knowledge.lexical import MAY
from knowledge.text import STOP_WORDS, count_cjk, tokens
from knowledge.traditional import simplified

_PAYING = "pay cost price charge fee rate take per each 要付 多少钱 价格 费用 收费"
"""Words that a question about a price may have and its answer need not."""
_APART = re.compile(r"\b([A-Za-z]{1,3}) (\d{1,4})(?![\d.])")


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
    asked, before = _Said.of(question), _Said.of(whole or question)
    enough, words = NEAR_BEST * ranked[0].score, ranked[0].words
    rows = [s for s in ranked[:AMONG] if CELL_BREAK in s.text and s.score >= enough and s.words >= words]
    named = _of_the_season([row for row in rows if _names(row, asked)], asked)
    near = named or _of_the_season([row for row in rows if _names(row, before)], before)
    if len(near) != 1:
        return None
    row = near[0]
    if not named and any(_says_more(other, row, asked) for other in rows if table_of(other) == table_of(row)):
        return None
    cell = _named_column(row, asked) or (_named_column(row, before) if named else None)
    kinds = answer_types.expected(question) or answer_types.expected(whole)
    if cell is None or not _holds(cell, kinds) or ("may" in _terms(cell.name) and not MAY.search(question)):
        return None
    passage, kind = row.passage, _kind_words(whole or question)
    place = "\n".join((passage.title, *passage.headings, cells_of(row.text)[0].value, cell.name, kind))
    told = _all_stand(asked, place) and _all_stand(before, f"{place}\n{passage.header}\n{passage.text}")
    return Candidate(row, cell.start, cell.end) if told else None


@dataclass(frozen=True, slots=True)
class _Said:
    """What a question says: its terms, and what it names of the calendar and of amounts."""

    terms: frozenset[str]
    spans: NamedSpans
    apart: frozenset[str] = frozenset()
    """Codes that are written apart: "T 20" may name T20."""

    @classmethod
    def of(cls, question: str) -> "_Said":
        apart = frozenset(f"{letters}{number}".casefold() for letters, number in _APART.findall(question))
        return cls(frozenset(_terms(question)), NamedSpans.of(question), apart)

    def held_by(self, text: str) -> frozenset[str]:
        """Return the terms of what is named that a text's spans hold, each line on its own."""
        return frozenset().union(*(self.held_among([each])[0] for each in text.split("\n")))

    def held_among(self, texts: Sequence[str]) -> list[frozenset[str]]:
        """Return the same for texts that stand beside one another."""
        return [held.union(*map(_terms, held)) for held in self.spans.held_among(texts)]


def without_other_spans(question: str, ranked: Sequence[Statement], *, whole: str = "") -> list[Statement]:
    """Return statements without the rows, columns and items of other spans than the one that a question names.

    Of "Less than 2 years" and "2 to 5 years" the second is meant by "after 3 years". A row stays that has a word of the
    question which that one lacks, and before it where only the question before named the day: "and in the low season?"
    after one about July.

    Args:
        whole: the question with the one before it, whose day, but no amount, is meant where this one names none.
    """
    asked = _Said.of(question)
    spans = asked.spans or NamedSpans(NamedSpans.of(whole).moments)
    if not spans or cells.NOT_THIS.search(question):
        return list(ranked)
    first, left_out = list[Statement](), set[object]()
    for beside_it in _tables(ranked):
        names = [_name(row) for row in beside_it]
        meant = [row for row, held in zip(beside_it, spans.held_among(names), strict=True) if held]
        for row, is_outside in zip(beside_it, spans.are_outside(names), strict=True):
            says_more = all(_says_more(row, one, asked) for one in meant)
            if meant and is_outside and not says_more:
                left_out.add(row.span)
            elif meant and is_outside and ranked[0] in meant and not asked.spans:
                first.append(row)
    kept = [*first, *(s for s in ranked if s.span not in left_out and s not in first)]
    return [_in_columns(each, NamedSpans(amounts=spans.amounts)) for each in kept]


def _in_columns(row: Statement, spans: NamedSpans) -> Statement:
    """Return a row without the columns of other spans, where one of its columns has the span that is named.

    Of days all columns are shown: the hours beside those asked for help whoever can come at another time.
    """
    others = [cell.name for cell in cells_of(row.text)[1:]]
    if not all(others) or not any(spans.held_among(others)):
        return row
    shown = [name for name, is_outside in zip(others, spans.are_outside(others), strict=True) if not is_outside]
    return row if len(shown) == len(others) else replace(row, columns=tuple(shown))


def _tables(ranked: Sequence[Statement]) -> list[list[Statement]]:
    """Return the rows of each table, and the items with a label of each list."""
    found: dict[object, list[Statement]] = {}
    for each in ranked:
        if CELL_BREAK in each.text:
            found.setdefault(table_of(each), []).append(each)
        elif label_of(each):
            passage = each.passage
            found.setdefault((passage.collection, passage.document, passage.headings, said_of(each)), []).append(each)
    return list(found.values())


def _name(statement: Statement) -> str:
    """Return what a row or an item is called by: its first cell with the column's name, or its label."""
    if CELL_BREAK not in statement.text:
        return label_of(statement)
    first = cells_of(statement.text)[0]
    return f"{first.name}: {first.value}" if first.name else first.value


def _says_more(row: Statement, other: Statement, asked: _Said) -> bool:
    """Say whether a row, or an item's label, has a word of the question that another lacks, its own span aside."""
    is_row = CELL_BREAK in row.text
    said, others = (_terms(each.text if is_row else _name(each)) for each in (row, other))
    return bool(said & asked.terms - others - asked.held_by(_name(other)))


def compared(question: str, ranked: Sequence[Statement]) -> list[Statement]:
    """Return the rows of a table that a question names, in order, where it names more than one.

    "Is the lake room or the tower room cheaper?" is answered by neither row alone. A bath towel is no towel. One of the
    rows is the best statement, or near it and holds no less of the question.
    """
    asked, best = _Said.of(question), ranked[0] if ranked else None
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


def labelled(question: str, ranked: Sequence[Statement]) -> Candidate | None:
    """Return what stands behind the one label of a list that a question names; None where it names none, or several.

    Of "Adults: €7.50" and "Family (2 adults, 3 children): €20" the first is an adult's. What the question says beside
    the label stands above it, and the value has the kind of thing asked for.
    """
    kinds = answer_types.expected(question)
    if not ranked or not kinds or cells.NOT_THIS.search(question):
        return None
    asked = _Said.of(question)
    near = [s for s in ranked[:AMONG] if s.score >= NEAR_BEST * ranked[0].score and is_in_list(s)]
    parts = [(s, label) for s in near if (label := LABEL.match(s.text))]
    held = asked.held_among([label[1] for _, label in parts])
    named = [
        (s, label, terms)
        for (s, label), own in zip(parts, held, strict=True)
        if (terms := _terms(label[1]))
        and (terms <= asked.terms or own)
        and answer_types.holds(s.text[label.end() :], kinds)
        and says_all(question, beside(s))
    ]
    best = [(s, label) for s, label, terms in named if not any(terms < others for _, _, others in named)]
    if len(best) != 1:
        return None
    statement, label = best[0]
    value = statement.text[label.end() :].rstrip(" .;。；")
    return Candidate(statement, label.end(), label.end() + len(value))


def says_all(question: str, text: str) -> bool:
    """Say whether a text has all that a question says, but for the words that ask for a price or another kind."""
    return _all_stand(_Said.of(question), f"{text}\n{_kind_words(question)}\n{_PAYING}")


def adds(question: str, text: str, *, to: str) -> bool:
    """Say whether a text has a term of the question that another text lacks, but for words that ask for a kind."""
    asked = _terms(question) - _terms(f"{_kind_words(question)} {_PAYING} {to}")
    return bool(asked & _terms(text))


def beside(statement: Statement) -> str:
    """Return a statement with the lines that announce it, or with its headings where none does."""
    passage = statement.passage
    if statement.announcement is None:
        return "\n".join((passage.title, *passage.headings, statement.text))
    return "\n".join((*passage.headings[-1:], said_of(statement), statement.text))


def _names(row: Statement, asked: _Said) -> bool:
    """Say whether a question has all words of a row's first cell, or names a day of the season that it is."""
    first = _first(row)
    return bool(first) and (first <= asked.terms | asked.apart or bool(asked.held_by(_name(row))))


def _of_the_season(rows: Sequence[Statement], asked: _Said) -> list[Statement]:
    """Return of rows whose first cells are seasons those that the question has most words of: "Child, June–August"."""
    held = asked.held_among([_name(row) for row in rows])
    shared = [len((_first(row) | own) & asked.terms) for row, own in zip(rows, held, strict=True)]
    if not any(held):
        return list(rows)
    return [row for row, times in zip(rows, shared, strict=True) if times == max(shared)]


def _first(row: Statement) -> set[str]:
    return _terms(cells_of(row.text)[0].value)


def _named_column(row: Statement, asked: _Said) -> Cell | None:
    """Return the cell whose column a question names best; of several, the one that it names in full."""
    others = [cell for cell in cells_of(row.text)[1:] if cell.name and cell.value]
    held = asked.held_among([cell.name for cell in others])
    shared = [len((_terms(cell.name) | own) & asked.terms) for cell, own in zip(others, held, strict=True)]
    most = max(shared, default=0)
    best = [cell for cell, times in zip(others, shared, strict=True) if most and times == most]
    if len(best) > 1:
        best = [cell for cell in best if _terms(cell.name) <= asked.terms]
    return best[0] if len(best) == 1 else None


def _holds(cell: Cell, kinds: tuple[AnswerType, ...]) -> bool:
    """Say whether a cell has the kind of thing asked for, where one is."""
    return not kinds or answer_types.holds(cell.value, kinds) or (AnswerType.PRICE in kinds and cells.is_price(cell))


def _kind_words(question: str) -> str:
    """Return the words of a question that say which kind of thing it asks for, such as "price"; no row has them."""
    kinds = answer_types.expected(question)
    return " ".join(found.group() for kind in kinds for found in kind.asked.finditer(simplified(question)))


def _all_stand(asked: _Said, text: str) -> bool:
    """Say whether a text has all that is asked; of a pair of Chinese characters each: it may be a seam of two words."""
    held = asked.held_by(text)
    there = _terms(text) | held
    characters = STOP_WORDS.union(simplified(text), *held)
    return all(term in there or (count_cjk(term) and characters.issuperset(term)) for term in asked.terms)


def _terms(text: str) -> set[str]:
    """Return what a text says, numbers in digits, a code such as T10 whole as well: "T20, 10 cm" does not name it.

    "May" too, for it may be the name of a column.
    """
    whole = {letters + number for letters, number in codes(text)}
    return whole | (set(tokens(in_figures(text))) - (STOP_WORDS - {"may"}))
