"""Rows of tickets, found and checked; the transaction is the caller's.

    session + conversation, number or action -> TicketRow

A ticket's reason says whether a person has the conversation (`agents.handover.Reason`), or whether the customer only
had something written to the team (`WRITTEN`) and talks on with the assistant.
"""

from typing import cast

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from agents.transcript import Language
from assistant import ticket_numbers
from assistant.database import TicketRow
from assistant.errors import NotStored, StoreError
from assistant.ticket_contents import Status, Ticket

WRITTEN = "written"
"""The reason of a ticket that a tool wrote for the customer."""


def free_number(session: Session) -> str:
    while True:
        number = ticket_numbers.new()
        if session.scalar(select(TicketRow.id).where(TicketRow.number == number)) is None:
            return number


def holding_ticket(session: Session, conversation: str) -> TicketRow | None:
    """Return the open ticket whose person has the conversation."""
    return session.scalar(_open(conversation).where(TicketRow.reason != WRITTEN))


def written_ticket(session: Session, conversation: str) -> TicketRow | None:
    """Return the latest open ticket that the customer had written, while the assistant goes on."""
    return session.scalar(_open(conversation).where(TicketRow.reason == WRITTEN).order_by(TicketRow.id.desc()).limit(1))


def has_open(session: Session, conversation: str) -> bool:
    """Return whether there is an open ticket of either kind."""
    return session.scalar(_open(conversation).limit(1)) is not None


def of_action(session: Session, conversation: str, key: str) -> TicketRow | None:
    """Return the ticket that a write made, by its action's key."""
    rows = session.scalars(select(TicketRow).where(TicketRow.conversation == conversation))
    return next((row for row in rows if key in row.summary.get("keys", ())), None)


def ticket_of_turn(session: Session, conversation: str, turn: int) -> TicketRow | None:
    return session.scalar(select(TicketRow).where(TicketRow.conversation == conversation, TicketRow.turn == turn))


def ticket_row(session: Session, number: str) -> TicketRow:
    row = session.scalar(select(TicketRow).where(TicketRow.number == ticket_numbers.normal(number)))
    if row is None:
        raise NotStored(f"There is no ticket {number}. Next: frontdesk tickets list")
    return row


def check_open(ticket: TicketRow) -> None:
    if ticket.status != "open":
        ended = "returned to the assistant" if ticket.status == "returned" else ticket.status
        raise StoreError(
            f"Ticket {ticket.number} was {ended} already, so a reply would come out of the blue. "
            f"Next: frontdesk tickets list"
        )


def as_ticket(row: TicketRow) -> Ticket:
    return Ticket(
        number=row.number,
        conversation=row.conversation,
        turn=row.turn,
        reason=row.reason,
        status=cast(Status, row.status),
        language=cast(Language, row.language),
        summary=row.summary,
        contact=row.contact,
        customer=row.customer,
        created_at=row.created_at,
        returned_at=row.returned_at,
    )


def _open(conversation: str) -> Select[TicketRow]:
    return select(TicketRow).where(TicketRow.conversation == conversation, TicketRow.status == "open")
