"""Is a statement about the thing that the question names, or about another of nearly the same name?

    question, statement, passages -> names that the question shares with a title -> is the statement's title another?

A bank with eight cards has the grace period of another; a shop has the lamp's bigger brother. Which words are names is
told by the documents: what stands in the title of one and not of the other. Nobody keeps a list. A code, T20 or E3, is
a name by its form.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from agents.quotes.cells import cells_of
from agents.quotes.statements import NEAR_BEST, Statement
from knowledge.codes import Code, codes, names_those_between
from knowledge.passages import Passage
from knowledge.text import tokens

TELLS_OF_IT = 0.4
"""Share 0-1 of the best score from which what tells of the very thing answers in its place; else it is `NEAR_BEST`."""


def is_of_another(
    question: str, statement: Statement, passages: Sequence[Passage], *, weights: Mapping[str, float]
) -> bool:
    """Say whether a statement is about another thing than the question names.

    The question and another document's title have two words side by side, "Moorlight 60": one stands in the statement's
    own title too, the other nowhere in its passage, headings and title, or is a number that stands beside other words
    there ("2 years" is no "Heron 2"). A passage about all things ("Returns") has neither, so what it says holds for
    each of them.

    Args:
        question: as it was asked, without the conversation before: what that named may have been left behind.
        passages: all that were found.
        weights: the question's terms with what each is worth; others are no search terms.
    """
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


def without_another_code(said: str, ranked: Sequence[Statement], passages: Sequence[Passage]) -> list[Statement]:
    """Return statements without those under another code than is asked for.

    Where the best is one of these, what is left answers where it tells of the missing code itself, in its words or the
    heading above them, or is nearly as good: nothing answers about a T30, or a fault E3, that no document knows.

    Args:
        said: the question, and the one before it where it sets what that named beside another thing.
        passages: all that were found.
    """
    asked = _asked(said)
    named = _named(passages) if asked else set()
    missing = [_missing_of(asked, statement, named) for statement in ranked]
    left = [statement for statement, codes_missing in zip(ranked, missing, strict=True) if not codes_missing]
    if len(left) == len(ranked) or (left and left[0] is ranked[0]):
        return left
    every, best = set().union(*missing), ranked[0].score
    known = every & codes("\n".join(f"{p.title}\n{p.text}" for p in passages))
    if {letters for letters, _ in every} != {letters for letters, _ in known}:
        return []
    return [s for s in left if s.score >= best * (TELLS_OF_IT if every & codes(_said_by(s)) else NEAR_BEST)]


def is_under_another_code(said: str, statement: Statement, passages: Sequence[Passage]) -> bool:
    """Say whether a row, or a document, is called T10 where T30 is asked for, and tells nothing of that.

    A title's code counts where the statement repeats it, or where another title or row is called T30: without that an
    old T5 may be spoken of, and "Lampe E27" is of all lamps.
    """
    asked = _asked(said)
    return bool(_missing_of(asked, statement, _named(passages) if asked else set()))


def _asked(said: str) -> set[Code]:
    return set() if names_those_between(said) else codes(said)


def _missing_of(asked: set[Code], statement: Statement, named: set[Code]) -> set[Code]:
    """Return what is asked for where a statement is of another.

    Args:
        named: what documents and rows are called.
    """
    if not asked:
        return set()
    cells, passage = cells_of(statement.text), statement.passage
    missing = _missing(asked, cells[0].value, statement.text) if cells else set()
    if missing:
        return missing
    missing = _missing(asked, passage.title, passage.title, *passage.headings, passage.header, passage.text)
    return missing if missing & named or (missing and codes(passage.title) & codes(statement.text)) else set()


def _missing(asked: set[Code], name: str, *whole: str) -> set[Code]:
    """Return what is asked for and of the kind that a thing's name is, where the whole tells of none of it."""
    kinds = {letters for letters, _ in codes(name)}
    of_the_kind = {code for code in asked if code[0] in kinds}
    if not of_the_kind or names_those_between(name) or of_the_kind & codes("\n".join(whole)):
        return set()
    return of_the_kind


def _said_by(statement: Statement) -> str:
    """Return a statement's words and the heading above them; a title says nothing of a statement of its own."""
    title = statement.passage.title
    return statement.text if statement.place == title else f"{statement.place}\n{statement.text}"


def _named(passages: Sequence[Passage]) -> set[Code]:
    """Return the codes by which documents, and rows in them, are called."""
    return {code for passage in passages for name in _names(passage) for code in codes(name)}


def _names(passage: Passage) -> Iterator[str]:
    """Yield how a passage's document is called, and each row in it."""
    yield passage.title
    yield from (cells[0].value for row in passage.text.splitlines() if (cells := cells_of(row)))


def _side_by_side(text: str) -> set[frozenset[str]]:
    """Return the pairs of search terms that follow one another."""
    terms = tokens(text)
    return {frozenset(pair) for pair in pairwise(terms)}
