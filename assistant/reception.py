"""How answers were received: what customers rated and wrote about them, and what the documents did not answer.

    store -> Received, the newest first

It is how an owner learns which document to mend or to write next.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from sqlalchemy import Select, func, select

from assistant.database import FeedbackRow, StepRow
from assistant.errors import NotStored
from assistant.store import Store, StoredTurn


@dataclass(frozen=True, slots=True)
class Received:
    """A question, its answer, and what the customer thought of it."""

    conversation: str
    turn: int
    question: str
    answer: str
    outcome: str
    """Of the answer; "" of a turn that did not finish."""
    rating: str
    """`up` or `down`; "" of an answer that nobody rated."""
    comment: str
    at: datetime
    """When it was rated; else when it was asked."""


def rated(store: Store, *, limit: int) -> list[Received]:
    """Return what customers rated, the latest rating first, each turn once.

    Raises:
        StoreError: The database cannot be read.
    """
    last = func.max(FeedbackRow.id)
    query = select(FeedbackRow.conversation, FeedbackRow.turn).group_by(FeedbackRow.conversation, FeedbackRow.turn)
    return list(islice(_turns(store, query.order_by(last.desc())), limit))


def refused(store: Store, *, limit: int) -> list[Received]:
    """Return what was asked and refused because the documents do not say it, the newest first.

    Raises:
        StoreError: The database cannot be read.
    """
    is_refusal = StepRow.data[("answer", "outcome")].as_string() == "refused"
    query = select(StepRow.conversation, StepRow.turn).where(StepRow.kind == "finished", is_refusal)
    return list(islice(_turns(store, query.order_by(StepRow.at.desc())), limit))


def _turns(store: Store, query: Select[str, int]) -> Iterator[Received]:
    with store.reading() as session:
        places = [(conversation, turn) for conversation, turn in session.execute(query)]
    for conversation, number in places:
        yield from _received(conversation, number, _transcript(store, conversation))


def _transcript(store: Store, conversation: str) -> Iterable[StoredTurn]:
    try:
        return store.transcript(conversation)
    except NotStored:  # forgotten since it was found
        return ()


def _received(conversation: str, number: int, turns: Iterable[StoredTurn]) -> Iterator[Received]:
    for turn in turns:
        if turn.turn == number:
            opinion = turn.feedback
            yield Received(
                conversation,
                number,
                turn.question,
                turn.text,
                outcome=str((turn.answer or {}).get("outcome", "")),
                rating=opinion.rating if opinion else "",
                comment=opinion.comment if opinion else "",
                at=opinion.at if opinion else turn.started_at,
            )
