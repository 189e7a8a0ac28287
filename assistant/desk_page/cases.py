"""What waits for a person of the company, the most urgent first.

    open tickets + writes that wait for the team -> Case, Case, …

Danger and law come first, then whoever waits for an answer, the longest first, then what was answered last. A case is
named by its ticket's number or its write's key. The id of its conversation is the customer's own key to it, and stays
here.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session

from assistant.actions import StoredApproval
from assistant.database import DeskEntryRow, StepRow, TicketRow, TurnRow, VisitorRow
from assistant.store import Store
from assistant.ticket_contents import PERSON
from assistant.ticket_rows import WRITTEN
from assistant.ticket_subjects import subject_of
from knowledge.languages import html_language

SUBJECT_CHARACTERS = 160
GRAVE = ("safety", "legal")
"""Reasons that go before all others."""
_OPEN = select(TicketRow.conversation).where(TicketRow.status == "open")
_IN_OPEN = TurnRow.conversation.in_(_OPEN)


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
    """What they said last, other than that they want a person, or yes or no; or what is to be done."""
    lang: str
    """What the subject is read out in."""
    created_at: datetime
    waiting_since: datetime | None
    """Since when somebody waits for the team; None where the customer has had the last answer."""
    answered_by: str
    """Who of the team wrote last; "" for nobody, or somebody unnamed."""
    grave: bool
    decisions: int
    """Writes of the same conversation that wait for the team; of a ticket."""


@dataclass(frozen=True, slots=True)
class _Reply:
    """What a person of the team wrote to the customer."""

    turn: int
    seen: int
    """The last turn that they had read."""
    about: str
    """The ticket's number; "" where it was not noted."""
    by: str


@dataclass(slots=True)
class _Talk:
    """How a conversation stands."""

    asked: list[tuple[int, datetime]] = field(default_factory=list)
    """Turn and time of each of the customer's messages."""
    replies: list[_Reply] = field(default_factory=list)


def cases(store: Store, waiting: Sequence[StoredApproval]) -> tuple[Case, ...]:
    """Return all that is open, the most urgent first.

    Args:
        waiting: The writes that wait for the team.
    """
    with store.reading() as session:
        tickets = session.scalars(select(TicketRow).where(TicketRow.status == "open")).all()
        talks, said = _talks(session), _last_said(session)
        names = _names(session, [one.pending.conversation for one in waiting])
        begun = _hand_overs(session, [row for row in tickets if row.reason != WRITTEN and "written" in row.summary])
        writes = Counter(one.pending.conversation for one in waiting)
        found = [
            *(
                _of_ticket(
                    row,
                    talks.get(row.conversation, _Talk()),
                    begun=begun.get(row.number, (row.turn, row.created_at)),
                    said=said.get(row.conversation, ""),
                    customer=customer_name(names.get(row.conversation), ticket=row),
                    decisions=writes[row.conversation],
                )
                for row in tickets
            ),
            *(_of_approval(one, names) for one in waiting),
        ]
    return tuple(sorted(found, key=_urgency))


def mark_of(found: Sequence[Case]) -> str:
    """Return what changes with anything that the list shows."""
    return hashlib.sha256(repr(found).encode()).hexdigest()[:32]


def customer_name(visitor: VisitorRow | None, *, ticket: TicketRow | None = None) -> str:
    """Return how to speak of a customer; "" where nobody is known."""
    if visitor is not None and (visitor.name or visitor.customer):
        return visitor.name or visitor.customer or ""
    return (ticket.customer or ticket.contact) if ticket is not None else ""


def _urgency(case: Case) -> tuple[bool, bool, float]:
    if case.waiting_since is not None:
        return (not case.grave, False, case.waiting_since.timestamp())
    return (not case.grave, True, -case.created_at.timestamp())


def _of_ticket(
    row: TicketRow, talk: _Talk, *, begun: tuple[int, datetime], said: str, customer: str, decisions: int
) -> Case:
    """Describe a ticket.

    Args:
        begun: Turn and time since which it is what it is.
    """
    subject = short(subject_of(row, said=said))
    replies = [
        reply
        for reply in talk.replies
        if reply.turn > begun[0] and (row.reason != WRITTEN or reply.about in ("", row.number))
    ]
    return Case(
        kind="ticket",
        id=row.number,
        reason=row.reason,
        language=row.language,
        customer=customer,
        subject=subject,
        lang=html_language(subject),
        created_at=row.created_at,
        waiting_since=_waiting_since(row, talk, replies, begun=begun),
        answered_by=replies[-1].by if replies else "",
        grave=row.reason in GRAVE,
        decisions=decisions,
    )


def _waiting_since(
    row: TicketRow, talk: _Talk, replies: Sequence[_Reply], *, begun: tuple[int, datetime]
) -> datetime | None:
    """Return since when the customer waits; a tool's ticket waits for its first answer only."""
    if not replies:
        return begun[1]
    if row.reason == WRITTEN:
        return None
    read = max(begun[0], *(reply.seen for reply in replies))
    return next((at for turn, at in talk.asked if turn > read), None)


def _of_approval(one: StoredApproval, names: Mapping[str, VisitorRow]) -> Case:
    pending = one.pending
    return Case(
        kind="approval",
        id=pending.key,
        reason=pending.tool,
        language=pending.language,
        customer=customer_name(names.get(pending.conversation)) or pending.customer,
        subject=short(pending.text),
        lang=html_language(pending.text),
        created_at=one.asked_at,
        waiting_since=one.asked_at,
        answered_by="",
        grave=False,
        decisions=0,
    )


def _talks(session: Session) -> dict[str, _Talk]:
    """Return how the conversations of open tickets stand in which somebody of the team wrote: who wrote when.

    What is told with a decision on a write answers nothing that the customer asked.
    """
    noted = {
        (entry.conversation, entry.turn): entry
        for entry in session.scalars(
            select(DeskEntryRow).where(DeskEntryRow.conversation.in_(_OPEN), DeskEntryRow.kind.in_(("replied", "said")))
        )
    }
    turns = (
        select(TurnRow.conversation, TurnRow.turn, TurnRow.started_at, TurnRow.owner, TurnRow.question != "")
        .where(TurnRow.conversation.in_(select(TurnRow.conversation).where(_IN_OPEN, TurnRow.owner == PERSON)))
        .order_by(TurnRow.conversation, TurnRow.turn)
    )
    talks: dict[str, _Talk] = {}
    for conversation, turn, at, owner, asked in session.execute(turns):
        talk = talks.setdefault(conversation, _Talk())
        if asked:
            talk.asked.append((turn, at))
        elif owner == PERSON:
            entry = noted.get((conversation, turn))
            if entry is not None and entry.kind == "said":
                continue
            seen = turn if entry is None or entry.seen is None else entry.seen
            about, by = (entry.about, entry.operator) if entry is not None else ("", "")
            talk.replies.append(_Reply(turn, seen, about, by))
    return talks


def _last_said(session: Session) -> dict[str, str]:
    """Return the customers' last messages in the conversations of open tickets."""
    last = (
        select(TurnRow.conversation, func.max(TurnRow.turn).label("turn"))
        .where(_IN_OPEN, TurnRow.question != "")
        .group_by(TurnRow.conversation)
        .subquery()
    )
    both = and_(TurnRow.conversation == last.c.conversation, TurnRow.turn == last.c.turn)
    rows = session.execute(select(TurnRow.conversation, TurnRow.question).join(last, both))
    return {row.conversation: row.question for row in rows}


def _hand_overs(session: Session, tickets: Sequence[TicketRow]) -> dict[str, tuple[int, datetime]]:
    """Return in which turn, begun when, a person took over what the customer had written to the team before."""
    steps = (
        select(StepRow.data, TurnRow.turn, TurnRow.started_at)
        .join(TurnRow, and_(TurnRow.conversation == StepRow.conversation, TurnRow.turn == StepRow.turn))
        .where(StepRow.conversation.in_([row.conversation for row in tickets]), StepRow.kind == "handed_over")
        .order_by(TurnRow.turn)
    )
    return {str(data["ticket"]): (turn, at) for data, turn, at in session.execute(steps)}


def _names(session: Session, others: Sequence[str]) -> dict[str, VisitorRow]:
    """Return who talks in the conversations of open tickets, and in others."""
    known = or_(VisitorRow.conversation.in_(_OPEN), VisitorRow.conversation.in_(others))
    return {row.conversation: row for row in session.scalars(select(VisitorRow).where(known))}


def short(text: str) -> str:
    """Return the beginning of a text, on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= SUBJECT_CHARACTERS else flat[:SUBJECT_CHARACTERS].rstrip() + "…"
