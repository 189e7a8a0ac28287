"""Stored conversations as fine-tuning reads them.

store -> conversations, oldest first -> finetune.from_transcripts.PastConversation
"""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select

from assistant.database import ConversationRow, VisitorRow
from assistant.store import Store, StoredTurn
from assistant.ticket_contents import PERSON
from finetune.from_transcripts import PastConversation, PastTurn


def past_conversations(store: Store, *, since: datetime | None = None) -> Iterator[PastConversation]:
    """Yield every conversation, the oldest first.

    Args:
        since: Leaves out those that began earlier.

    Raises:
        StoreError: The database cannot be read.
    """
    query = select(ConversationRow.id).order_by(ConversationRow.started_at, ConversationRow.id)
    if since is not None:
        query = query.where(ConversationRow.started_at >= since)
    with store.reading() as session:
        names = list(session.scalars(query))
        known = set(session.scalars(select(VisitorRow.conversation).where(VisitorRow.customer.is_not(None))))
    for name in names:
        turns = tuple(_past(store, name, turn) for turn in store.transcript(name) if turn.status != "running")
        yield PastConversation(name, turns, identified=name in known)


def _past(store: Store, conversation: str, turn: StoredTurn) -> PastTurn:
    answer = turn.answer or {}
    return PastTurn(
        question=turn.question,
        text=turn.text,
        outcome=str(answer.get("outcome", "")),
        by_person=answer.get("model") == PERSON,
        rating=turn.feedback.rating if turn.feedback else None,
        citations=tuple(answer.get("citations", ())),
        steps=tuple(step.data for step in store.steps(conversation, turn.turn)),
    )
