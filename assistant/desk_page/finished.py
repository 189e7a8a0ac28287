"""What is over: tickets that were returned or closed, and writes that people decided; the last first, a page at a time.

    words, place -> Finished, Finished, … + the place where the next page begins

Every word that is looked for must stand in what the customer wrote, in their name, or in the text of the write; a
number also finds its ticket. Words are compared as they are, without their endings.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from assistant import desk_entries
from assistant.database import ApprovalRow, DeskEntryRow, TicketRow, TurnRow, VisitorRow
from assistant.desk_page.cases import customer_name, short
from assistant.store import Store
from assistant.ticket_subjects import subject_of
from knowledge.languages import html_language

PAGE = 30
"""Cases that are sent at once."""
MOST_WORDS = 8
SEARCH_CHARACTERS = 200
DECIDED = ("approved", "declined")
"""Kinds of entries that decide a write."""
Column = InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True)
class Finished:
    """A line of the list."""

    kind: Literal["ticket", "approval"]
    id: str
    """The ticket's number, or the write's key."""
    reason: str
    """`agents.handover.Reason`, `written`, or for a write its tool."""
    language: str
    customer: str
    subject: str
    """What it was about."""
    lang: str
    """What the subject is read out in."""
    created_at: datetime
    ended_at: datetime
    how: str
    """`returned`, `closed`, `approved` or `declined`."""
    by: str
    """Who did it; "" for somebody unnamed."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page of the list ends: what follows ended before, or in the same moment with a lesser id."""

    at: datetime
    id: str


@dataclass(frozen=True, slots=True)
class FinishedPage:
    """A part of the list."""

    cases: tuple[Finished, ...]
    next: Place | None
    """The place behind which the next page begins; None after the last one."""


def finished(store: Store, *, search: str = "", after: Place | None = None) -> FinishedPage:
    """Return what is over, the last first.

    Args:
        search: Words, or a ticket's number or a part of one; "" finds everything.
        after: `FinishedPage.next` of the page before; None begins with what ended last.
    """
    with store.reading() as session:
        found = [*_tickets(session, search, after), *_writes(session, search, after)]
        found.sort(key=lambda one: (one.ended_at, one.id), reverse=True)
    shown = tuple(found[:PAGE])
    return FinishedPage(shown, Place(shown[-1].ended_at, shown[-1].id) if len(found) > PAGE else None)


def _tickets(session: Session, search: str, place: Place | None) -> Iterable[Finished]:
    query = select(TicketRow, VisitorRow).outerjoin(VisitorRow, VisitorRow.conversation == TicketRow.conversation)
    query = query.where(TicketRow.status.in_(("returned", "closed")))
    ended_at = func.coalesce(TicketRow.returned_at, TicketRow.created_at)
    query = query.where(_behind(ended_at, TicketRow.number, place))
    query = query.order_by(ended_at.desc(), TicketRow.number.desc()).limit(PAGE + 1)
    own = (TicketRow.customer, TicketRow.contact)
    found = and_(true(), *(_written(word, TicketRow.conversation, own) for word in _words(search)))
    digits = re.sub(r"[\s.\-–—#]", "", search)
    if digits.isascii() and digits.isdecimal():
        found = or_(found, func.replace(TicketRow.number, "-", "").like(f"%{digits}%"))
    for ticket, visitor in session.execute(query.where(found)):
        entry = desk_entries.latest(session, ticket.number, kinds=("returned", "closed"))
        subject = short(subject_of(ticket))
        yield Finished(
            kind="ticket",
            id=ticket.number,
            reason=ticket.reason,
            language=ticket.language,
            customer=customer_name(visitor, ticket=ticket),
            subject=subject,
            lang=html_language(subject),
            created_at=ticket.created_at,
            ended_at=ticket.returned_at or ticket.created_at,
            how=ticket.status,
            by=entry.operator if entry is not None else "",
        )


def _writes(session: Session, search: str, place: Place | None) -> Iterable[Finished]:
    """Return the writes that people of the company decided; what the customer decided is no case of the desk."""
    later = aliased(DeskEntryRow)
    query = (
        select(ApprovalRow, DeskEntryRow, VisitorRow)
        .join(DeskEntryRow, and_(DeskEntryRow.about == ApprovalRow.key, DeskEntryRow.kind.in_(DECIDED)))
        .outerjoin(VisitorRow, VisitorRow.conversation == ApprovalRow.conversation)
        .where(
            ApprovalRow.stage.not_in(("customer", "operator")),
            ~exists().where(later.about == ApprovalRow.key, later.kind.in_(DECIDED), later.id > DeskEntryRow.id),
        )
    )
    query = query.where(_behind(DeskEntryRow.at, ApprovalRow.key, place))
    query = query.order_by(DeskEntryRow.at.desc(), ApprovalRow.key.desc()).limit(PAGE + 1)
    own = (ApprovalRow.text, ApprovalRow.customer)
    found = and_(true(), *(_written(word, ApprovalRow.conversation, own) for word in _words(search)))
    for write, entry, visitor in session.execute(query.where(found)):
        yield Finished(
            kind="approval",
            id=write.key,
            reason=write.tool,
            language=write.language,
            customer=customer_name(visitor) or write.customer,
            subject=short(write.text),
            lang=html_language(write.text),
            created_at=write.asked_at,
            ended_at=entry.at,
            how=entry.kind,
            by=entry.operator,
        )


def _behind(at: Column | ColumnElement[datetime], identity: Column, place: Place | None) -> ColumnElement[bool]:
    return true() if place is None else or_(at < place.at, and_(at == place.at, identity < place.id))


def _words(search: str) -> Sequence[str]:
    return unicodedata.normalize("NFKC", search).split()[:MOST_WORDS]


def _written(word: str, conversation: Column, own: Sequence[Column]) -> ColumnElement[bool]:
    """Return whether a word stands in one of the columns, or in what the customer of a conversation wrote or is."""
    asked = exists().where(TurnRow.conversation == conversation, _has(TurnRow.question, word))
    return or_(asked, *(_has(column, word) for column in (VisitorRow.name, VisitorRow.customer, *own)))


def _has(column: Column, word: str) -> ColumnElement[bool]:
    """Return whether a text has a word in it, in any case; SQLite knows only the cases of English letters."""
    cases = {_lower_ascii(form) for form in (word.lower(), word.upper(), word.title())}
    return or_(*(func.lower(column).contains(form, autoescape=True) for form in sorted(cases)))


def _lower_ascii(text: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)
