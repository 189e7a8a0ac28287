"""A question about a price and an item of a list in, whether it is the price of another thing out.

    "how much is delivery to the islands?" + "Home islands: €29" below "The bulky surcharge comes on top:"  ->  it is

A list of surcharges has the same places as the list of prices, and one sum alone does not tell which it is.
"""

import re
from collections.abc import Sequence

from agents import answer_types, calendar_spans
from agents.answer_types import AnswerType
from agents.crossings import AMONG, beside, label_of, says_all
from agents.items import heading_of, said_of
from agents.statements import Statement
from knowledge.traditional import simplified

STEPS_BACK = 0.7
"""Share 0-1 of the best score from which another price stands before that of another thing."""
_PARTS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"\bsurcharge|\bsupplement|\bon top of\b|\bin addition\b|\badditional|\bextra\b"
        r"|附加费|加收|另收|另加|额外|加价",
        r"\bdeposit|\bbond\b|押金|定金|订金|保证金",
        r"\brefund|\b(?:get|got|paid|pay|money) back\b|\bcompensat|退款|退还|赔偿|补偿",
        r"\bdiscount|\brebate|\btaken? off\b|\breduc|折扣|优惠|扣除|减免",
        r"\bfines?\b|\bpenalt|\bcancel|\bno-show|\blost\b|\bdamage|违约|取消|罚|逾期|滞纳|丢失|损坏",
    )
)
"""What a sum can be instead of the price: what comes on top, is lent, given back, taken off, or paid as a fine."""


def is_of_another(question: str, statement: Statement) -> bool:
    """Say whether a price is asked for and what announces a statement names a sum of a kind that the question does not.

    What holds itself all that the question says is no other thing: "trailers, each metre: €10".
    """
    if AnswerType.PRICE not in answer_types.expected(question) or says_all(question, statement.text):
        return False
    asked, above = simplified(question), simplified(said_of(statement))
    return any(part.search(above) and not part.search(asked) for part in _PARTS)


def may_stand_alone(question: str, statement: Statement) -> bool:
    """Say whether a price of a statement tells by itself what it is the price of.

    Of an item it does where all that the question says stands in it, in what announces it or in its heading, and where
    the question names all of its label: "Floor lamps: €25" is not what a lamp costs.
    """
    if AnswerType.PRICE not in answer_types.expected(question):
        return True
    label = label_of(statement)
    if label and not says_all(label, question) and not calendar_spans.held(label, calendar_spans.named(question)):
        return False
    if statement.announcement is None and not heading_of(statement):
        return True
    return says_all(question, beside(statement)) and not is_of_another(question, statement)


def stepped_back(question: str, ranked: Sequence[Statement]) -> list[Statement]:
    """Return statements with the best first that is not the price of another thing, where one is near."""
    if not ranked or not is_of_another(question, ranked[0]):
        return list(ranked)
    near = [s for s in ranked[1:AMONG] if s.score >= STEPS_BACK * ranked[0].score]
    price = (AnswerType.PRICE,)
    best = next((s for s in near if answer_types.holds(s.text, price) and not is_of_another(question, s)), None)
    return list(ranked) if best is None else [best, *(s for s in ranked if s is not best)]
