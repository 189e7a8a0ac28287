"""What is told of a decision on a write: each once, whoever ends its turn and whatever died.

    a turn ends -> decisions of its conversation that were carried out and have words untold -> messages of theirs
                -> a no whose turn broke off before the customer read of it                  -> a notice, by code

A word is noted with its decision, in the transaction that begins the turn. It is told in the one that ends that turn,
or a later one, where the write has come to what was decided. Of a write that was decided again the last word counts.
A yes needs no notice here: its write is settled only once its customer was told (`assistant.cut_off_writes`).
"""

from collections.abc import Sequence
from typing import cast

from sqlalchemy.orm import Session

from agents.prompts import acting as words
from agents.transcript import Language
from assistant import desk_entries, ticket_contents
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
        if _is_unheard(session, decision):
            say(session, conversation, _notice(session, decision), model="none")
        desk_entries.add(
            session,
            desk_entries.new_key(),
            kind="said",
            about=decision.about,
            conversation=conversation,
            by=decision.operator,
            turn=say(session, conversation, decision.text) if decision.text else None,
        )


def _due(session: Session, conversation: str) -> Sequence[DeskEntryRow]:
    """Return the decisions whose words are to be told now."""
    entries = desk_entries.of_conversation(session, conversation)
    told = {entry.about for entry in entries if entry.kind == "said"}
    decided = {entry.about: entry for entry in entries if entry.kind in CARRIED_OUT}
    untold = [last for key, last in decided.items() if key not in told and _is_carried_out(session, last)]
    return [last for last in untold if last.text or _is_unheard(session, last)]


def _is_carried_out(session: Session, decision: DeskEntryRow) -> bool:
    """Say whether its turn has ended and the write came to what was decided."""
    turn = session.get(TurnRow, (decision.conversation, decision.turn))
    write = session.get(ApprovalRow, decision.about)
    has_ended = turn is None or turn.status != "running"
    return has_ended and write is not None and write.stage == CARRIED_OUT[decision.kind]


def _is_unheard(session: Session, decision: DeskEntryRow) -> bool:
    """Say whether it was a no whose turn broke off before the customer read a word of it."""
    turn = session.get(TurnRow, (decision.conversation, decision.turn))
    if decision.kind != "declined" or turn is None or turn.status == "finished":
        return False
    return not ticket_contents.shown_text(session, turn)


def _notice(session: Session, decision: DeskEntryRow) -> str:
    write = session.get_one(ApprovalRow, decision.about)
    return words.TEAM_DECLINED[cast(Language, write.language)].format(text=write.text)
