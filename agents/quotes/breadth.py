"""How broad a question is, and which statements hold for somebody who named no special case.

    question -> 1 for "How much is delivery?", 0 for one of many terms
    statements and how near they come -> what is added to their scores: a row, the first of its section, a near section

An embedder that was taught by questions about single cases sets a broad one near whatever has its word: near free
delivery on a pallet rather than near a table of rates. But what holds for everybody is mostly told first under its
heading or in a table, and the section that answers has a statement that comes near. The weights were fitted on broad
questions about companies that teach or weigh (`bench.companies.BROAD`); to questions about single cases they would do
harm (docs/design.md). How broad a question is follows from its length alone, so "Do you deliver to Norway?" counts as
broad too: there the nearness of what names Norway has to be greater than what is added.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agents.quotes.statements import CELL_BREAK, Statement
from agents.transcript import Language
from knowledge.text import STOP_WORDS, detect_language, tokens

Array = NDArray[np.float64]
Section = tuple[str, str, str, tuple[str, ...]]

ROW, FIRST, SECTION = 0.9, 0.75, 1.1
"""What is added for a row of a table, for the first of a section, and for the nearest statement of the section."""
SHARPNESS = 3.0
"""How sharply likelihood falls with the score where a question is wholly broad (`agents.quotes.ranking`)."""
TERMS: dict[Language, tuple[int, int]] = {"en": (2, 4), "zh": (4, 8)}
"""Terms of a question up to which it is wholly broad, and from which not at all; Chinese ones are pairs of signs."""


def breadth(question: str) -> float:
    """Return how broad a question is, 0-1: few terms name no special case. A number names one."""
    terms = set(tokens(question)) - STOP_WORDS
    if not terms or any(term.isdecimal() for term in terms):
        return 0.0
    broad, narrow = TERMS["zh" if detect_language(question) == "zh" else "en"]
    return min(max((narrow - len(terms)) / (narrow - broad), 0.0), 1.0)


def held_for_all(statements: Sequence[Statement], near: Array) -> Array:
    """Return what speaks for each statement where a question is wholly broad.

    The first of a section is the first of those that were found of it, and asks nothing.

    Args:
        near: how near each comes to answering, 0-1.
    """
    sections = [_section(each) for each in statements]
    nearest: dict[Section, float] = {}
    first: dict[Section, int] = {}
    for section, statement, each in zip(sections, statements, near, strict=True):
        nearest[section] = max(nearest.get(section, 0.0), float(each))
        if not statement.asks:
            first[section] = min(first.get(section, statement.start), statement.start)
    return np.array(
        [
            ROW * (CELL_BREAK in each.text) + FIRST * (first.get(section) == each.start) + SECTION * nearest[section]
            for each, section in zip(statements, sections, strict=True)
        ],
        dtype=np.float64,
    )


def _section(statement: Statement) -> Section:
    passage = statement.passage
    return passage.collection, passage.document, passage.title, passage.headings
