"""Is a statement about the thing that the question names, or about another of nearly the same name?

    question, statement, passages -> names that the question shares with a title -> is the statement's title another?

A bank with eight cards has the grace period of another; a shop has the lamp's bigger brother. Which words are names is
told by the documents: what stands in the title of one and not of the other. Nobody keeps a list. A code, T20 or E3, is
a name by its form.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from agents.cells import cells_of
from agents.statements import Statement
from knowledge.codes import Code, codes, names_those_between
from knowledge.passages import Passage
from knowledge.text import tokens


def is_of_another(
    question: str, statement: Statement, passages: Sequence[Passage], *, weights: Mapping[str, float]
) -> bool:
    """Say whether a statement is about another thing than the question names.

    The question and another document's title have two words side by side, "Moorlight 60": one stands in the statement's
    own title too, the other nowhere in its passage, headings and title, or is a number that stands beside other words
    there ("2 years" is no "Heron 2"). A passage about all things ("Returns") has neither, so what it says holds for
    each of them. Or the question has a code, and the statement is under another one of the same letters.

    Args:
        question: as it was asked, without the conversation before: what that named may have been left behind.
        passages: all that were found.
        weights: the question's terms with what each is worth; others are no search terms.
    """
    if _is_under_another_code(question, statement):
        return True
    here = statement.passage
    title = set(tokens(here.title)) & weights.keys()
    whole = "\n".join((here.title, *here.headings, here.header, here.text))
    asked, told = _side_by_side(question), set(tokens(whole))
    spoken = frozenset().union(*(asked & _side_by_side(whole)))  # a number is a name beside its own words only
    missing = {term for term in weights if term not in (spoken if term.isdecimal() else told)}
    named = {pair for pair in asked if len(title & pair) == 1 and pair & missing - title}
    place = (here.collection, here.document)
    others = (p.title for p in passages if (p.collection, p.document) != place and p.language == here.language)
    return bool(named) and any(named & _side_by_side(other) for other in others)


def _is_under_another_code(question: str, statement: Statement) -> bool:
    """Say whether a row, or a document, is called T10 where the question says T30, and tells nothing of that."""
    asked = codes(question)
    if not asked or names_those_between(question):
        return False
    passage = statement.passage
    cells = cells_of(statement.text)
    places = [(cells[0].value, statement.text)] if cells else []
    places.append((passage.title, "\n".join((passage.title, *passage.headings, passage.header, passage.text))))
    return any(_is_another(asked, codes(name), codes(whole)) for name, whole in places)


def _is_another(asked: set[Code], named: set[Code], told: set[Code]) -> bool:
    letters = {first for first, _ in asked} & {first for first, _ in named}
    return bool(letters) and not any(code in told for code in asked if code[0] in letters)


def _side_by_side(text: str) -> set[frozenset[str]]:
    """Return the pairs of search terms that follow one another."""
    terms = tokens(text)
    return {frozenset(pair) for pair in pairwise(terms)}
