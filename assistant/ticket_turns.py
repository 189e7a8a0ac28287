"""What code or a person says in a conversation unasked, such as one that has a ticket; the transaction is the caller's.

    text -> a turn without a question, ended at once     a ticket -> its end, and what the customer is told of it

A person's message is a turn whose answer has the model `person`, which is how the chat shows it and how fine-tuning
learns from it.
"""

from typing import Literal, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agents import hand_over_notices as notices
from agents.transcript import Answer, Citation, Delta, Finished, Language, step_to_data
from assistant.database import TicketRow, TurnRow, storable
from assistant.errors import StoreError
from assistant.store import append, conversation_row, now
from assistant.ticket_contents import PERSON
from assistant.ticket_rows import WRITTEN
from knowledge.languages import answer_language

ASSISTANT = "assistant"
"""Who holds a conversation that no person has."""
REPLY_CHARACTERS = 10_000


def checked_reply(number: str, text: str) -> str:
    """Return a reply as it is stored.

    Raises:
        StoreError: it is empty or too long.
    """
    text = storable(text).strip()
    if not text or len(text) > REPLY_CHARACTERS:
        raise StoreError(
            f"A reply has 1 to {REPLY_CHARACTERS:,} characters; this has {len(text):,}. "
            f"Next: frontdesk tickets reply {number} TEXT"
        )
    return text


def say(session: Session, conversation: str, text: str, *, model: str = PERSON) -> int:
    """Store a turn that nobody asked for: it holds what a person, or the return, says; return its number."""
    conversation_row(session, conversation, locked=True)
    last = session.scalar(select(func.max(TurnRow.turn)).where(TurnRow.conversation == conversation)) or 0
    row = TurnRow(
        conversation=conversation,
        turn=last + 1,
        question="",
        status="running",
        owner=model,
        started_at=now(),
    )
    session.add(row)
    session.flush()
    finish(session, row, text, language=answer_language(text), model=model)
    return row.turn


def end(session: Session, ticket: TicketRow, *, status: Literal["returned", "closed"]) -> None:
    """End an open ticket, tell the customer, and let the assistant have the conversation again.

    Args:
        status: `returned`: the assistant goes on with the matter; `closed`: it is settled.
    """
    language = cast(Language, ticket.language)
    was_held = ticket.reason != WRITTEN
    if not was_held:
        told = notices.closed(ticket.number, language=language)
    elif status == "returned":
        told = notices.returned(language=language)
    else:
        told = notices.settled(ticket.number, language=language)
    say(session, ticket.conversation, told, model="none")
    ticket.status, ticket.returned_at = status, now()
    if was_held:
        conversation_row(session, ticket.conversation, locked=True).held_by = ASSISTANT


def finish(
    session: Session,
    row: TurnRow,
    text: str,
    *,
    language: Language,
    before: str = "",
    said: Answer | None = None,
    model: str = "none",
) -> None:
    """End a turn with a text that code or a person wrote, below what was shown before."""
    piece = f"\n\n{text}" if before else text
    citations: tuple[Citation, ...] = said.citations if said else ()
    answer = Answer(
        text=before + piece,
        citations=citations,
        outcome="handed_over",
        evidence=said.evidence if said else 0.0,
        language=language,
        model=model,
        seconds=(now() - row.started_at).total_seconds(),
        first_token_seconds=None,
    )
    append(session, row, step_to_data(Delta(piece)))
    session.flush()
    append(session, row, step_to_data(Finished(answer)))
