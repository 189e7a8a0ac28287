"""What waits for a person of the company, the most urgent first.

    open tickets + writes that wait for the team -> Case, Case, …

Danger and law come first, then whoever waits for an answer, the longest first, then what was answered last. A case is
named by its ticket's number or its write's key. The id of its conversation is the customer's own key to it, and stays
here.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.actions import StoredApproval
from assistant.database import DeskEntryRow, TicketRow, TurnRow, VisitorRow
from assistant.store import Store
from assistant.ticket_contents import PERSON
from assistant.ticket_rows import WRITTEN

MOST_CASES = 500
SUBJECT_CHARACTERS = 160
GRAVE = ("safety", "legal")
"""Reasons that go before all others."""


@dataclass(frozen=True, slots=True)
class Case:
    """A line of the list."""

    kind: Literal["ticket", "approval"]
    id: str
    """The ticket's number, or the write's key."""
    reason: str
    """`agents.handover.Reason`, `written`, or for a write its tool."""
    language: str
    customer: str
    """The customer's name, else their id, else what they can be reached by; "" for nobody known."""
    subject: str
    """What they said last, or what is to be done."""
    created_at: datetime
    waiting_since: datetime | None
    """Since when somebody waits for the team; None where the customer has had the last answer."""
    answered_by: str
    """Who of the team wrote last; "" for nobody, or somebody unnamed."""
    grave: bool
    decisions: int
    """Writes of the same conversation that wait for the team; of a ticket."""


@dataclass(frozen=True, slots=True)
class _Talk:
    """How a conversation stands."""

    said: str = ""
    waiting_since: datetime | None = None
    answered_by: str = ""
    answered: bool = False


def cases(store: Store, waiting: Sequence[StoredApproval]) -> tuple[Case, ...]:
    """Return what is open, the most urgent first.

    Args:
        waiting: The writes that wait for the team.
    """
    with store.reading() as session:
        tickets = session.scalars(
            select(TicketRow).where(TicketRow.status == "open").order_by(TicketRow.id.desc()).limit(MOST_CASES)
        ).all()
        conversations = {row.conversation for row in tickets} | {one.pending.conversation for one in waiting}
        talks, names = _talks(session, conversations), _names(session, conversations)
        writes = [one.pending.conversation for one in waiting]
        found = [
            *(_of_ticket(row, talks, names, writes.count(row.conversation)) for row in tickets),
            *(_of_approval(one, names) for one in waiting),
        ]
    return tuple(sorted(found, key=_urgency))


def customer_name(visitor: VisitorRow | None, *, ticket: TicketRow | None = None) -> str:
    """Return how to speak of a customer; "" where nobody is known."""
    if visitor is not None and (visitor.name or visitor.customer):
        return visitor.name or visitor.customer or ""
    return (ticket.customer or ticket.contact) if ticket is not None else ""


def _urgency(case: Case) -> tuple[bool, bool, float]:
    if case.waiting_since is not None:
        return (not case.grave, False, case.waiting_since.timestamp())
    return (not case.grave, True, -case.created_at.timestamp())


def _of_ticket(row: TicketRow, talks: Mapping[str, _Talk], names: Mapping[str, VisitorRow], decisions: int) -> Case:
    talk = talks.get(row.conversation, _Talk())
    written = row.summary.get("written") or []
    subject = str(written[-1]["subject"]) if row.reason == WRITTEN and written else talk.said
    return Case(
        kind="ticket",
        id=row.number,
        reason=row.reason,
        language=row.language,
        customer=customer_name(names.get(row.conversation), ticket=row),
        subject=_short(subject),
        created_at=row.created_at,
        waiting_since=_waiting_since(row, talk),
        answered_by=talk.answered_by,
        grave=row.reason in GRAVE,
        decisions=decisions,
    )


def _waiting_since(row: TicketRow, talk: _Talk) -> datetime | None:
    """Return since when the customer waits; a tool's ticket waits for its first answer only."""
    if row.reason == WRITTEN:
        return None if talk.answered else row.created_at
    if talk.waiting_since is None:
        return None
    return talk.waiting_since if talk.answered else row.created_at


def _of_approval(one: StoredApproval, names: Mapping[str, VisitorRow]) -> Case:
    pending = one.pending
    return Case(
        kind="approval",
        id=pending.key,
        reason=pending.tool,
        language=pending.language,
        customer=customer_name(names.get(pending.conversation)) or pending.customer,
        subject=_short(pending.text),
        created_at=one.asked_at,
        waiting_since=one.asked_at,
        answered_by="",
        grave=False,
        decisions=0,
    )


def _talks(session: Session, conversations: Iterable[str]) -> dict[str, _Talk]:
    """Return how conversations stand: the customer's messages since a person last wrote, and who that was."""
    wanted = list(conversations)
    replied = (
        select(TurnRow.conversation, func.max(TurnRow.turn))
        .where(TurnRow.conversation.in_(wanted), TurnRow.owner == PERSON)
        .group_by(TurnRow.conversation)
    )
    last = {row[0]: row[1] for row in session.execute(replied)}
    writers = {
        (entry.conversation, entry.turn): entry.operator
        for entry in session.scalars(
            select(DeskEntryRow).where(DeskEntryRow.conversation.in_(wanted), DeskEntryRow.kind == "replied")
        )
    }
    talks: dict[str, _Talk] = {}
    asked = select(TurnRow).where(TurnRow.conversation.in_(wanted), TurnRow.question != "").order_by(TurnRow.turn)
    for row in session.scalars(asked):
        before = talks.get(row.conversation, _Talk())
        answered_turn = last.get(row.conversation, 0)
        since = before.waiting_since
        if since is None and row.turn > answered_turn:
            since = row.started_at
        talks[row.conversation] = _Talk(
            said=row.question,
            waiting_since=since,
            answered_by=writers.get((row.conversation, answered_turn), ""),
            answered=answered_turn > 0,
        )
    return talks


def _names(session: Session, conversations: Iterable[str]) -> dict[str, VisitorRow]:
    rows = session.scalars(select(VisitorRow).where(VisitorRow.conversation.in_(list(conversations))))
    return {row.conversation: row for row in rows}


def _short(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SUBJECT_CHARACTERS else flat[:SUBJECT_CHARACTERS].rstrip() + "…"
