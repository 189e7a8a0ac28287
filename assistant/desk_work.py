"""An operator's work on a ticket: replies, notes, its end; each once, and the slower of two is told who was faster.

    number + text + key + operator -> turn, note or end, and an entry of who it was, in one transaction
                                   -> Forestalled, and nothing changed

What an operator decides is decided on what they have read: a reply names the last turn that its writer saw, and is
refused when a colleague has replied since. What the customer wrote since then holds no reply up, and waits on; an end
waits until it has been read.
"""

from typing import Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from assistant import desk_entries
from assistant.database import TicketRow, TurnRow
from assistant.errors import Forestalled, KeyTaken, StoreError
from assistant.operators import CUSTOMER
from assistant.store import Store, conversation_row, turn_row
from assistant.ticket_contents import PERSON, Ticket, shown_text
from assistant.ticket_rows import WRITTEN, as_ticket, check_open, ticket_row
from assistant.ticket_turns import checked_reply, end, say

NOTE_CHARACTERS = 10_000


class DeskWork:
    """What operators do with the tickets of a store; safe from many threads and processes."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def reply(self, number: str, text: str, *, by: str, key: str = "", seen: int | None = None) -> int:
        """Write to the customer; return the number of the turn that holds it, the same for the same key.

        Args:
            by: The operator's name.
            key: Stands for this reply, however often it is sent; "" draws one.
            seen: The last turn that the writer had before them; None asks for no such check.

        Raises:
            NotStored: There is no such ticket.
            Forestalled: Somebody else has replied since `seen`, or the ticket has ended.
            KeyTaken: The key stands for another text.
            StoreError: The text is empty or too long.
        """
        text, key = checked_reply(number, text), key or desk_entries.new_key()
        with self._store.writing() as session:
            ticket = _locked(session, number)
            entry = desk_entries.known(session, key, kind="replied", about=ticket.number)
            if entry is not None and entry.turn is not None:
                _check_same_text(session, ticket.conversation, entry.turn, text)
                return entry.turn
            _check_nobody_ended(session, ticket)
            if seen is not None:
                _check_nobody_replied(session, ticket, seen, by=by)
            turn = say(session, ticket.conversation, text)
            desk_entries.add(
                session,
                key,
                kind="replied",
                about=ticket.number,
                conversation=ticket.conversation,
                by=by,
                turn=turn,
                seen=seen if seen is None else min(seen, turn),
            )
            return turn

    def note(self, number: str, text: str, *, by: str, key: str = "") -> int:
        """Keep what only colleagues read; return its number, the same for the same key.

        Raises:
            NotStored: There is no such ticket.
            StoreError: The text is empty or too long.
        """
        text = text.strip()
        if not 0 < len(text) <= NOTE_CHARACTERS:
            raise StoreError(f"A note has 1 to {NOTE_CHARACTERS:,} characters; this has {len(text):,}.")
        key = key or desk_entries.new_key()
        with self._store.writing() as session:
            ticket = _locked(session, number)
            entry = desk_entries.known(session, key, kind="noted", about=ticket.number)
            if entry is None:
                entry = desk_entries.add(
                    session, key, kind="noted", about=ticket.number, conversation=ticket.conversation, by=by, text=text
                )
                session.flush()
            return entry.id

    def end(self, number: str, *, by: str, status: Literal["returned", "closed"], seen: int | None = None) -> Ticket:
        """Return a conversation to the assistant, or close its ticket; again by the same person changes nothing.

        Args:
            seen: The last turn that whoever ends it had before them; None asks for no such check.

        Raises:
            NotStored: There is no such ticket.
            Forestalled: Somebody else has ended it, or it ended in another way; or a colleague has replied, or the
                customer written, since `seen`: nobody would answer what they wrote.
        """
        with self._store.writing() as session:
            ticket = _locked(session, number)
            last = desk_entries.latest(session, ticket.number, kinds=("returned", "closed"))
            if ticket.status == status and last is not None and last.operator == by:
                return as_ticket(ticket)
            _check_nobody_ended(session, ticket)
            if seen is not None:
                _check_nobody_replied(session, ticket, seen, by=by)
                _check_customer_is_read(session, ticket, seen)
            end(session, ticket, status=status)
            desk_entries.add(
                session,
                desk_entries.new_key(),
                kind=status,
                about=ticket.number,
                conversation=ticket.conversation,
                by=by,
            )
            return as_ticket(ticket)


def _locked(session: Session, number: str) -> TicketRow:
    """Return a ticket whose conversation nobody else changes meanwhile."""
    ticket = ticket_row(session, number)
    conversation_row(session, ticket.conversation, locked=True)
    session.refresh(ticket)
    return ticket


def _check_same_text(session: Session, conversation: str, turn: int, text: str) -> None:
    """Refuse a key that is used again by mistake: the second text would be lost, and nobody told."""
    if shown_text(session, turn_row(session, conversation, turn)) != text:
        raise KeyTaken("This key stands for another reply of yours.")


def _check_nobody_ended(session: Session, ticket: TicketRow) -> None:
    try:
        check_open(ticket)
    except StoreError as error:
        last = desk_entries.latest(session, ticket.number, kinds=("returned", "closed"))
        raise Forestalled(str(error), by=last.operator if last else "", did=ticket.status) from error


def _check_nobody_replied(session: Session, ticket: TicketRow, seen: int, *, by: str) -> None:
    """Refuse what was written without what a person said since; one's own word with a decision is no news."""
    entries = desk_entries.of_conversation(session, ticket.conversation)
    own = [entry.turn for entry in entries if (entry.kind, entry.operator) == ("said", by) and entry.turn is not None]
    query = select(TurnRow.turn).where(TurnRow.conversation == ticket.conversation, TurnRow.turn > seen)
    since = query.where(TurnRow.owner == PERSON, TurnRow.turn.not_in(own))
    turn = session.scalar(since.order_by(TurnRow.turn.desc()).limit(1))
    if turn is None:
        return
    first = next((entry.operator for entry in entries if entry.turn == turn), "")
    raise Forestalled(
        f"{first or 'A colleague'} has replied to ticket {ticket.number} meanwhile. Next: read it, then do yours again",
        by=first,
        did="replied",
    )


def _check_customer_is_read(session: Session, ticket: TicketRow, seen: int) -> None:
    """Refuse what would leave a message without an answer; beside a tool's ticket the assistant answers them."""
    if ticket.reason == WRITTEN:
        return
    written = select(TurnRow.turn).where(
        TurnRow.conversation == ticket.conversation, TurnRow.turn > seen, TurnRow.question != ""
    )
    if session.scalar(written.limit(1)) is not None:
        raise Forestalled(
            f"The customer has written to ticket {ticket.number} meanwhile. Next: read it, then end it again",
            by=CUSTOMER,
            did="wrote",
        )
