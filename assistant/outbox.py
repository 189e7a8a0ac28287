"""What has to leave the house: tickets on their way out, kept until they have arrived.

    a transaction adds entries -> due() claims one for a minute -> sent | waits, longer each time | failed, and visible

An entry is claimed before it is sent, so two processes do not send it at once; one whose sender died is due again when
the claim runs out. It may therefore arrive twice, with the same key. Nothing is ever dropped: what cannot be delivered
stays as `failed`, with its reason, until it is sent again or forgotten.
"""

import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, cast

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from assistant.database import OutboxRow
from assistant.store import Store, now

Channel = Literal["webhook", "email"]
State = Literal["waiting", "sent", "failed"]
CLAIM_SECONDS = 90.0
"""How long whoever took an entry may take to send it."""
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 3600.0
GIVE_UP_SECONDS = 3 * 86_400.0
"""How long an entry is tried before it waits for the operator."""
ERROR_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Entry:
    """One message for one channel."""

    key: str
    """The same at every try: whoever receives it twice can tell."""
    ticket: str
    channel: Channel
    event: str
    body: Mapping[str, Any]
    state: State
    attempts: int
    error: str
    created_at: datetime
    next_at: datetime


@dataclass(frozen=True, slots=True)
class Counts:
    waiting: int
    failed: int
    sent: int
    error: str
    """The latest fault of an entry that has not arrived; "" when there is none."""


def add(session: Session, *, channel: Channel, event: str, body: Mapping[str, Any]) -> None:
    """Add an entry within the caller's transaction."""
    key = secrets.token_hex(16)
    row = OutboxRow(
        key=key,
        conversation=body["conversation"],
        ticket=body["ticket"],
        channel=channel,
        event=event,
        body={**body, "key": key},
        state="waiting",
        attempts=0,
        error="",
        created_at=now(),
        next_at=now(),
    )
    session.add(row)


class Outbox:
    """The entries of a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def claim(self, *, beside: Collection[Channel] = ()) -> Entry | None:
        """Take the entry that has been due for longest, for CLAIM_SECONDS; None when none is due.

        Args:
            beside: Channels whose entries stay where they are.
        """
        with self._store.writing() as session:
            query = (
                select(OutboxRow)
                .where(OutboxRow.state == "waiting", OutboxRow.next_at <= now(), OutboxRow.channel.not_in(beside))
                .order_by(OutboxRow.next_at, OutboxRow.id)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            row = session.scalar(query)
            if row is None:
                return None
            row.attempts += 1
            row.next_at = now() + timedelta(seconds=CLAIM_SECONDS)
            return _entry(row)

    def sent(self, key: str) -> None:
        """Note that an entry has arrived."""
        with self._store.writing() as session:
            row = _row(session, key)
            if row is not None:
                row.state, row.sent_at, row.error = "sent", now(), ""

    def fault(self, key: str, error: str, *, lasting: bool) -> State:
        """Note that an entry could not be delivered and return its state now.

        Args:
            lasting: Whether trying again is pointless, as the receiver says.
        """
        with self._store.writing() as session:
            row = _row(session, key)
            if row is None:  # forgotten meanwhile
                return "failed"
            row.error = error[:ERROR_CHARACTERS]
            if lasting or now() - row.created_at > timedelta(seconds=GIVE_UP_SECONDS):
                row.state = "failed"
            row.next_at = now() + timedelta(seconds=pause_seconds(row.attempts))
            return cast(State, row.state)

    def again(self) -> int:
        """Make all that has not arrived due now, the failed too; return how many."""
        with self._store.writing() as session:
            rows = session.scalars(select(OutboxRow).where(OutboxRow.state != "sent")).all()
            for row in rows:
                row.state, row.next_at, row.created_at = "waiting", now(), now()
            return len(rows)

    def counts(self) -> Counts:
        """Return how many entries are in which state."""
        with self._store.reading() as session:
            found = session.execute(select(OutboxRow.state, func.count()).group_by(OutboxRow.state))
            numbers = {str(row[0]): int(row[1]) for row in found}
            query = select(OutboxRow.error).where(OutboxRow.state != "sent", OutboxRow.error != "")
            error = session.scalar(query.order_by(OutboxRow.id.desc()).limit(1)) or ""
        return Counts(numbers.get("waiting", 0), numbers.get("failed", 0), numbers.get("sent", 0), error)

    def of_ticket(self, number: str) -> tuple[Entry, ...]:
        """Return a ticket's entries, oldest first."""
        with self._store.reading() as session:
            rows = session.scalars(select(OutboxRow).where(OutboxRow.ticket == number).order_by(OutboxRow.id))
            return tuple(_entry(row) for row in rows)


def pause_seconds(attempts: int) -> float:
    """Return how long to wait after so many tries: 5 s, 10 s, 20 s, … an hour."""
    return float(min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** min(attempts - 1, 20)))


def _row(session: Session, key: str) -> OutboxRow | None:
    return session.scalar(select(OutboxRow).where(OutboxRow.key == key))


def _entry(row: OutboxRow) -> Entry:
    return Entry(
        key=row.key,
        ticket=row.ticket,
        channel=cast(Channel, row.channel),
        event=row.event,
        body=row.body,
        state=cast(State, row.state),
        attempts=row.attempts,
        error=row.error,
        created_at=row.created_at,
        next_at=row.next_at,
    )
