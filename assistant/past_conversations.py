"""Stored conversations as fine-tuning reads them.

store -> conversations, oldest first -> finetune.data.from_transcripts.PastConversation
"""

from collections.abc import Collection, Iterator
from datetime import datetime

from sqlalchemy import select

from assistant import desk_entries
from assistant.database import ConversationRow, VisitorRow
from assistant.errors import NotStored
from assistant.operators import OWNER
from assistant.store import Store, StoredTurn
from assistant.ticket_contents import PERSON
from finetune.data.from_transcripts import PastConversation, PastTurn


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
        ids = list(session.scalars(query))
    for conversation in ids:
        try:
            stored = store.transcript(conversation)
        except NotStored:  # forgotten since the ids were read
            continue
        with store.reading() as session:
            entries = desk_entries.of_conversation(session, conversation)
            visitor = session.get(VisitorRow, conversation)
        told = {entry.turn for entry in entries if entry.kind == "said"}
        names = {entry.operator for entry in entries} - {OWNER}
        if visitor is not None and visitor.name:
            names.add(visitor.name)
        yield PastConversation(
            conversation,
            tuple(_past(store, conversation, turn, told) for turn in stored if turn.status != "running"),
            identified=visitor is not None and visitor.customer is not None,
            names=frozenset(names),
        )


def _past(store: Store, conversation: str, turn: StoredTurn, told: Collection[int | None]) -> PastTurn:
    """Return a turn; `told` are those that hold what was told with a decision."""
    answer = turn.answer or {}
    return PastTurn(
        question=turn.question,
        text=turn.text,
        outcome=str(answer.get("outcome", "")),
        by_person=answer.get("model") == PERSON,
        with_decision=turn.turn in told,
        rating=turn.feedback.rating if turn.feedback else None,
        citations=tuple(answer.get("citations", ())),
        steps=tuple(step.data for step in store.steps(conversation, turn.turn)),
    )
