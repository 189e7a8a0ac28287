"""Tickets: a conversation that a person has, made in one transaction with everything that hangs on it.

    running turn -> hand_over -> ticket + conversation held by a person + outbox + the turn's last steps, or nothing
    the customer writes on    -> add_message        the operator -> assistant.desk_work
    a tool, after a yes       -> write: a ticket beside which the assistant goes on

A crash therefore leaves either a turn that has not ended, which the next start looks at again, or a hand-over that is
whole. While a person has a conversation there is one open ticket for it, whatever is tried how often.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from agents import hand_over_notices as notices
from agents.handover import Reason, from_words
from agents.transcript import Answer, Finished, HandedOver, Language, step_to_data
from assistant import outbox, ticket_contents
from assistant.database import ActionRow, ApprovalRow, ConversationRow, TicketRow, TurnRow, VisitorRow, storable
from assistant.errors import NotStored, StoreError
from assistant.outbox import Channel
from assistant.store import Store, append, conversation_row, now, turn_row
from assistant.ticket_contents import PERSON, Line, Status, Ticket
from assistant.ticket_rows import (
    WRITTEN,
    as_ticket,
    free_number,
    has_open,
    holding_ticket,
    of_action,
    ticket_of_turn,
    ticket_row,
    written_ticket,
)
from assistant.ticket_turns import finish
from knowledge.languages import answer_language, tells_language


@dataclass(frozen=True, slots=True)
class Wording:
    """What the company's settings add to what a customer is told."""

    contact: str = ""
    hours: str = ""
    language: Language | None = None
    """The language of all answers; None takes the customer's."""


class Tickets:
    """The tickets of a store; safe from many threads and processes. It is the `agents.handover.Desk` of the app.

    Args:
        channels: Where tickets are sent; each gets an entry in the outbox.
        hears_danger: Says whether a message reports a danger, beside the wordings for it.
    """

    def __init__(
        self,
        store: Store,
        *,
        wording: Wording | None = None,
        channels: Sequence[Channel] = (),
        hears_danger: Callable[[str], bool] = lambda message: False,
    ) -> None:
        self._store = store
        self._hears_danger = hears_danger
        self._wording = wording or Wording()
        self._channels = tuple(channels)
        store.rescue_with(self._rescue)

    def reason_for(self, message: str, *, books_calls: bool = False) -> Reason | None:
        """Return why a customer's message needs a person; None when it does not (`agents.handover.from_words`)."""
        return from_words(message, books_calls=books_calls, hears_danger=self._hears_danger)

    def is_held(self, conversation: str) -> bool:
        """Say whether a person has this conversation now.

        Raises:
            NotStored: There is no such conversation.
        """
        with self._store.reading() as session:
            return conversation_row(session, conversation).held_by == PERSON

    def has_open(self, conversation: str) -> bool:
        """Say whether a person may write to this conversation: there is an open ticket of it."""
        with self._store.reading() as session:
            return has_open(session, conversation)

    def hand_over(
        self,
        conversation: str,
        turn: int,
        *,
        reason: Reason,
        said: Answer | None = None,
        shown: str = "",
        customer: str = "",
    ) -> str:
        """Make the ticket, pause the assistant and end the turn with what the customer is told.

        Args:
            said: An answer of this turn that the customer reads first, such as a refusal.
            shown: The text of this turn that has been shown already.
            customer: Who it is, if established.

        Returns:
            The ticket's number: that of the open one, where a person has the conversation already.

        Raises:
            NotStored: There is no such turn.
            StoreError: It cannot be stored; nothing was changed.
        """
        with self._store.writing() as session:
            row = turn_row(session, conversation, turn, locked=True)
            if row.status != "running":
                existing = ticket_of_turn(session, conversation, turn)
                if existing is not None:
                    return existing.number
                raise StoreError(f"Turn {turn} of conversation {conversation} has ended ({row.status}).")
            return self._hand_over(session, row, reason, said=said, shown=shown, customer=customer)

    def add_message(self, conversation: str, turn: int) -> str:
        """End the turn of a customer who wrote while a person has the conversation; return the ticket's number.

        Raises:
            NotStored: There is no such turn, or no open ticket.
        """
        with self._store.writing() as session:
            row = turn_row(session, conversation, turn, locked=True)
            ticket = holding_ticket(session, conversation)
            if ticket is None:
                raise NotStored(f"Conversation {conversation!r} has no open ticket.")
            if row.status == "running":
                self._add_message(session, row, ticket)
            return ticket.number

    def write(self, conversation: str, *, subject: str, text: str, key: str) -> str:
        """Make a ticket of what a customer had written to the team, and let the assistant go on.

        Args:
            subject: What it is about.
            text: What the customer said of it.
            key: The action's; the same makes one ticket only.

        Returns:
            The ticket's number: that of the open one, where the turn or a person has one already.

        Raises:
            NotStored: There is no such conversation, or nothing was said in it.
        """
        with self._store.writing() as session:
            conversation_row(session, conversation, locked=True)
            last = session.scalar(select(func.max(TurnRow.turn)).where(TurnRow.conversation == conversation))
            if last is None:
                raise NotStored(f"Conversation {conversation!r} has no turn that a ticket could be about.")
            row = turn_row(session, conversation, last)
            known = of_action(session, conversation, key)
            if known is not None:
                return known.number
            there = ticket_of_turn(session, conversation, last) or holding_ticket(session, conversation)
            entry = {"subject": storable(subject), "text": storable(text)}
            if there is not None:
                there.summary = ticket_contents.with_written(there.summary, entry, key=key)
                said = ticket_contents.message("customer", f"{subject}\n{text}", now())
                self._send(session, there, "ticket.message", [said])
                return there.number
            summary = ticket_contents.with_written(ticket_contents.summary(session, row, None, but=key), entry, key=key)
            language = self._language(row.question, conversation_row(session, conversation))
            ticket = self._new_row(session, row, reason=WRITTEN, language=language, summary=summary)
            self._send(session, ticket, "ticket.created", ticket_contents.messages(session, conversation))
            return ticket.number

    def get(self, number: str) -> Ticket:
        """Return one ticket.

        Raises:
            NotStored: There is none with this number.
        """
        with self._store.reading() as session:
            return as_ticket(ticket_row(session, number))

    def all(self, *, status: Status | None = None, limit: int = 200) -> tuple[Ticket, ...]:
        """Return tickets, the newest first."""
        query = select(TicketRow).order_by(TicketRow.id.desc()).limit(limit)
        if status is not None:
            query = query.where(TicketRow.status == status)
        with self._store.reading() as session:
            return tuple(as_ticket(row) for row in session.scalars(query))

    def lines(self, number: str) -> tuple[Line, ...]:
        """Return the whole conversation behind a ticket, with all that was written since.

        Raises:
            NotStored: There is no such ticket.
        """
        conversation = self.get(number).conversation
        lines: list[Line] = []
        for turn in self._store.transcript(conversation):
            if turn.question:
                lines.append(Line("customer", turn.question, turn.started_at))
            if turn.text:
                model = str((turn.answer or {}).get("model", ""))
                lines.append(
                    Line("person" if model == PERSON else "assistant", turn.text, turn.ended_at or turn.started_at)
                )
        return tuple(lines)

    def _rescue(self, session: Session, row: TurnRow) -> bool:
        """Finish, after a crash, what a turn should have come to: its message reaches the person it was meant for."""
        if not row.question:
            return False
        ticket = holding_ticket(session, row.conversation)
        if ticket is not None:
            self._add_message(session, row, ticket)
            return True
        reason = from_words(row.question)  # no embedder is asked while the store is locked
        if reason is None:
            return False
        self._hand_over(session, row, reason, shown=ticket_contents.shown_text(session, row))
        return True

    def _hand_over(
        self,
        session: Session,
        row: TurnRow,
        reason: Reason,
        *,
        said: Answer | None = None,
        shown: str = "",
        customer: str = "",
    ) -> str:
        conversation = conversation_row(session, row.conversation, locked=True)
        open_one = holding_ticket(session, row.conversation)
        if open_one is not None and row.question:
            self._add_message(session, row, open_one)
            return open_one.number
        if reason == "tool":
            _note_unknown(session, row.conversation)
        if open_one is not None:
            self._add_deeds(session, row, open_one, said=said, shown=shown)
            return open_one.number
        _withdraw_approvals(session, row.conversation)
        language = self._language(row.question, conversation, otherwise=said.language if said else None)
        summary = ticket_contents.summary(session, row, said)
        ticket = written_ticket(session, row.conversation)
        event = "ticket.message" if ticket else "ticket.created"
        if ticket is None:
            ticket = self._new_row(session, row, reason=reason, language=language, summary=summary, customer=customer)
        else:  # what was written to the team before becomes the person's case
            before: dict[str, Any] = {key: ticket.summary[key] for key in ("written", "keys") if key in ticket.summary}
            ticket.reason, ticket.summary = reason, {**summary, **before}
        contact = ticket.contact
        conversation.held_by = PERSON
        session.flush()
        wording = self._wording
        told = notices.handed_over(
            reason,
            ticket.number,
            language=language,
            contact=wording.contact,
            hours=wording.hours,
            reachable=contact,
        )
        shown_before = said.text if said else shown
        append(session, row, step_to_data(HandedOver(ticket.number, reason)))
        finish(session, row, told, before=shown_before, language=language, said=said)
        session.flush()
        self._send(session, ticket, event, ticket_contents.messages(session, row.conversation))
        return ticket.number

    def _new_row(
        self,
        session: Session,
        row: TurnRow,
        *,
        reason: str,
        language: Language,
        summary: dict[str, Any],
        customer: str = "",
    ) -> TicketRow:
        ticket = TicketRow(
            number=free_number(session),
            conversation=row.conversation,
            turn=row.turn,
            reason=reason,
            status="open",
            language=language,
            summary=summary,
            contact=ticket_contents.contact(summary["asked"]),
            customer=customer or _recognised(session, row.conversation),
            created_at=now(),
        )
        session.add(ticket)
        session.flush()
        return ticket

    def _add_message(self, session: Session, row: TurnRow, ticket: TicketRow) -> None:
        conversation = conversation_row(session, row.conversation)
        language = self._language(row.question, conversation, otherwise=cast(Language, ticket.language))
        finish(session, row, notices.waiting(ticket.number, language=language), language=language)
        if not ticket.contact:
            ticket.contact = ticket_contents.contact([row.question])
        self._send(
            session, ticket, "ticket.message", [ticket_contents.message("customer", row.question, row.started_at)]
        )

    def _add_deeds(self, session: Session, row: TurnRow, ticket: TicketRow, *, said: Answer | None, shown: str) -> None:
        """End a turn in which nobody asked, such as that of a decision: the ticket's person learns what was done."""
        ticket.summary = {**ticket.summary, "acted": ticket_contents.summary(session, row, said)["acted"]}
        told = said.text if said else notices.waiting(ticket.number, language=cast(Language, ticket.language))
        if said:
            append(session, row, step_to_data(Finished(said)))
        else:
            finish(session, row, told, before=shown, language=cast(Language, ticket.language))
        self._send(session, ticket, "ticket.message", [ticket_contents.message("assistant", told, now())])

    def _send(self, session: Session, ticket: TicketRow, event: str, messages: list[dict[str, Any]]) -> None:
        body = {
            "event": event,
            "ticket": ticket.number,
            "conversation": ticket.conversation,
            "reason": ticket.reason,
            "language": ticket.language,
            "contact": ticket.contact,
            "customer": ticket.customer,
            "created_at": ticket.created_at.isoformat(),
            "summary": ticket.summary,
            "messages": messages,
        }
        for channel in self._channels:
            outbox.add(session, channel=channel, event=event, body=body)

    def _language(self, question: str, conversation: ConversationRow, *, otherwise: Language | None = None) -> Language:
        """Return the language of the company's settings or the customer's words, or what stands for either."""
        if self._wording.language is not None:
            return self._wording.language
        if tells_language(question):
            return answer_language(question)
        return otherwise or cast(Language, conversation.language or "en")


def _withdraw_approvals(session: Session, conversation: str) -> None:
    """Let no yes that comes after a person took over do what was asked about before."""
    waiting = update(ApprovalRow).where(ApprovalRow.conversation == conversation, ApprovalRow.stage == "customer")
    session.execute(waiting.values(stage="withdrawn", moved_at=now()))


def _note_unknown(session: Session, conversation: str) -> None:
    """Note of each write that was begun and has no end that a person looks, since what is handed over says so."""
    begun = select(ActionRow.key).where(ActionRow.conversation == conversation, ActionRow.state == "begun")
    approved = update(ApprovalRow).where(ApprovalRow.conversation == conversation, ApprovalRow.stage == "approved")
    session.execute(approved.where(ApprovalRow.key.in_(begun)).values(stage="unknown", moved_at=now()))


def _recognised(session: Session, conversation: str) -> str:
    """Return who the customer is, as the company's own system names them; "" for nobody known."""
    visitor = session.get(VisitorRow, conversation)
    return (visitor.customer or "") if visitor else ""
