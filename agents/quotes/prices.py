"""A question about a price and an item of a list in, whether it is the price of another thing out.

    "how much is delivery to the islands?" + "Home islands: €29" below "The bulky surcharge comes on top:"  ->  it is

A list of surcharges has the same places as the list of prices, and one sum alone does not tell which it is.
"""

import re
from collections.abc import Sequence

from agents.quotes import answer_types
from agents.quotes.answer_types import AnswerType
from agents.quotes.crossings import adds, beside, says_all
from agents.quotes.items import NO_PRICE, is_fragment, is_in_list, label_of, other_sums, said_of
from agents.quotes.named_spans import NamedSpans
from agents.quotes.statements import AMONG, Statement
from knowledge.text import tokens
from knowledge.traditional import simplified

STEPS_BACK = 0.7
"""Share 0-1 of the best score from which another price stands before that of another thing."""


def is_of_another(question: str, statement: Statement) -> bool:
    """Say whether a price is asked for and what announces a statement names a sum of a kind that the question does not.

    What holds itself all that the question says is no other thing: "trailers, each metre: €10".
    """
    if AnswerType.PRICE not in answer_types.expected(question) or says_all(question, statement.text):
        return False
    asked = simplified(question)
    if statement.announcement is not None:
        above = simplified(said_of(statement))
        return any(each.search(above) and not each.search(asked) for each in NO_PRICE)
    sums = _sums_of_heading(statement)
    return bool(sums) and not any(each.search(asked) for each in sums)


def _sums_of_heading(statement: Statement) -> tuple[re.Pattern[str], ...]:
    """Return which sums other than a price the heading above a list names."""
    headings = statement.passage.headings[-1:]
    return other_sums(headings[0]) if headings and is_in_list(statement) and is_fragment(statement) else ()


def may_stand_alone(question: str, statement: Statement, ranked: Sequence[Statement]) -> bool:
    """Say whether a price of a statement tells by itself what it is the price of.

    Of an item it does where the question names its label ("Floor lamps: €25" is not what a lamp costs), and where no
    word of the question that is not beside it stands beside a price of another list: that may be the one meant.
    """
    price = (AnswerType.PRICE,)
    if AnswerType.PRICE not in answer_types.expected(question) or not (
        is_in_list(statement) or statement.announcement is not None
    ):
        return True
    if is_of_another(question, statement) or not _is_named(label_of(statement), question):
        return False
    near = beside(statement)
    others = [s for s in ranked[:AMONG] if said_of(s) != said_of(statement) and answer_types.holds(s.text, price)]
    return not any(adds(question, beside(other), to=near) for other in others)


def _is_named(label: str, question: str) -> bool:
    """Say whether a question has all words of a label, or of one of those that it lists, or a day of its season."""
    parts = [part for part in re.split(r"[(),;（）、，]|\band\b|\bor\b|[和与或]", label) if tokens(part)]
    return not parts or any(says_all(part, question) for part in parts) or bool(NamedSpans.of(question).held(label))


def stepped_back(question: str, ranked: Sequence[Statement]) -> list[Statement]:
    """Return statements with the best first that is not the price of another thing, where one is near."""
    if not ranked or not is_of_another(question, ranked[0]):
        return list(ranked)
    near = [s for s in ranked[1:AMONG] if s.score >= STEPS_BACK * ranked[0].score]
    price = (AnswerType.PRICE,)
    best = next((s for s in near if answer_types.holds(s.text, price) and not is_of_another(question, s)), None)
    return list(ranked) if best is None else [best, *(s for s in ranked if s is not best)]
