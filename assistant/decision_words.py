"""What people of the company want told with a decision on a write: each once, whoever ends its turn and whatever died.

    a turn ends -> decisions of its conversation that were carried out and have words untold -> messages of theirs

A word is noted with its decision, in the transaction that begins the turn. It is told in the one that ends that turn,
or a later one, where the write has come to what was decided. Of a write that was decided again the last word counts.
"""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from assistant import desk_entries
from assistant.database import ApprovalRow, DeskEntryRow, TurnRow
from assistant.store import conversation_row
from assistant.ticket_turns import say

CARRIED_OUT = {"approved": "done", "declined": "declined"}
"""What was decided -> the stage of a write that has come to it."""


def tell_due(session: Session, conversation: str) -> None:
    """Say what is due in a conversation, within a transaction that ends a turn of it."""
    if not _due(session, conversation):
        return
    conversation_row(session, conversation, locked=True)
    for decision in _due(session, conversation):  # again: another process may have told it meanwhile
        desk_entries.add(
            session,
            desk_entries.new_key(),
            kind="said",
            about=decision.about,
            conversation=conversation,
            by=decision.operator,
            turn=say(session, conversation, decision.text),
        )


def _due(session: Session, conversation: str) -> Sequence[DeskEntryRow]:
    """Return the decisions whose words are to be told now."""
    entries = desk_entries.of_conversation(session, conversation)
    told = {entry.about for entry in entries if entry.kind == "said"}
    decided = {entry.about: entry for entry in entries if entry.kind in CARRIED_OUT}
    return [last for key, last in decided.items() if last.text and key not in told and _is_carried_out(session, last)]


def _is_carried_out(session: Session, decision: DeskEntryRow) -> bool:
    """Say whether its turn has ended and the write came to what was decided."""
    turn = session.get(TurnRow, (decision.conversation, decision.turn))
    write = session.get(ApprovalRow, decision.about)
    has_ended = turn is None or turn.status != "running"
    return has_ended and write is not None and write.stage == CARRIED_OUT[decision.kind]
