"""What was asked for, what was done and who talks, kept in the database of conversations.

    agents.actions.ActionLog, agents.approvals.Approvals, agents.approvals.Visitors  <-  tables

Every call is a transaction of its own, durable when it returns. Of two who move the same approval, from whatever
process, one succeeds. This file knows neither models nor tools.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import Engine, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from agents.actions import Action, ActionState, Change, Customer, How, Visitor
from agents.approvals import OPEN, Pending, Stage
from agents.transcript import Language
from assistant.database import ActionRow, ApprovalRow, VisitorRow, storable
from assistant.errors import NotStored, StoreError


@dataclass(frozen=True, slots=True)
class StoredApproval:
    """A pending write and when it was asked for."""

    pending: Pending
    asked_at: datetime


class _Tables:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._writer = engine.execution_options(frontdesk_writes=True)

    @contextmanager
    def _session(self, *, writes: bool = False) -> Iterator[Session]:
        try:
            with Session(self._writer if writes else self._engine) as session, session.begin():
                yield session
        except SQLAlchemyError as error:
            raise StoreError(f"The log of actions cannot be used: {_cause(error)}. Next: frontdesk doctor") from error


class StoredActionLog(_Tables):
    """The log of writes."""

    def begin(self, action: Action) -> Action:
        """Note a write that is about to be done, and return `action`; or what is known of its key."""
        row = ActionRow(**{**asdict(action), "begun_at": _now(), "ended_at": None})
        try:
            with Session(self._writer) as session, session.begin():
                session.add(row)
        except IntegrityError:
            known = self.get(action.key)
            if known is None:
                raise StoreError(f"The action {action.key} can be neither noted nor read.") from None
            return known
        except SQLAlchemyError as error:
            raise StoreError(
                f"The action {action.key} cannot be noted: {_cause(error)}. Next: frontdesk doctor"
            ) from error
        return action

    def get(self, key: str) -> Action | None:
        """Return what is known of a write."""
        with self._session() as session:
            row = session.get(ActionRow, key)
            return _action(row) if row else None

    def finish(self, key: str, *, change: Change) -> None:
        """Note that it was done."""
        self._end(key, state="done", result=storable(change.text), before=dict(change.before), after=dict(change.after))

    def fail(self, key: str, *, reason: str) -> None:
        """Note that it was refused and changed nothing."""
        self._end(key, state="failed", result=storable(reason))

    def of(self, conversation: str) -> tuple[Action, ...]:
        """Return the writes of a conversation, oldest first."""
        query = select(ActionRow).where(ActionRow.conversation == conversation).order_by(ActionRow.begun_at)
        with self._session() as session:
            return tuple(_action(row) for row in session.scalars(query))

    def _end(self, key: str, **values: Any) -> None:
        with self._session(writes=True) as session:
            row = session.get(ActionRow, key, with_for_update=True)
            if row is None:
                raise NotStored(f"There is no action {key!r}.")
            for name, value in values.items():
                setattr(row, name, value)
            row.ended_at = _now()


class StoredApprovals(_Tables):
    """Writes that wait, and what became of them."""

    def ask(self, pending: Pending) -> None:
        """Keep a pending write; one with its key stays as it is."""
        with self._session(writes=True) as session:
            if session.get(ApprovalRow, pending.key) is None:
                now = _now()
                values = {**asdict(pending), "text": storable(pending.text)}
                session.add(ApprovalRow(**values, asked_at=now, moved_at=now))

    def get(self, key: str) -> Pending | None:
        """Return one."""
        with self._session() as session:
            row = session.get(ApprovalRow, key)
            return _pending(row) if row else None

    def open(self, conversation: str) -> tuple[Pending, ...]:
        """Return what is not settled in a conversation, oldest first."""
        query = select(ApprovalRow).where(ApprovalRow.conversation == conversation, ApprovalRow.stage.in_(OPEN))
        with self._session() as session:
            return tuple(_pending(row) for row in session.scalars(query.order_by(ApprovalRow.asked_at)))

    def for_operators(self) -> tuple[StoredApproval, ...]:
        """Return what waits for a person of the company, oldest first."""
        query = select(ApprovalRow).where(ApprovalRow.stage == "operator").order_by(ApprovalRow.asked_at)
        with self._session() as session:
            return tuple(StoredApproval(_pending(row), row.asked_at) for row in session.scalars(query))

    def approved(self) -> tuple[Pending, ...]:
        """Return what was approved and is not settled: under way now, or cut off."""
        query = select(ApprovalRow).where(ApprovalRow.stage == "approved").order_by(ApprovalRow.moved_at)
        with self._session() as session:
            return tuple(_pending(row) for row in session.scalars(query))

    def move(self, key: str, *, before: Stage, after: Stage) -> bool:
        """Change the stage, if it is `before`; return whether it was."""
        change = update(ApprovalRow).where(ApprovalRow.key == key, ApprovalRow.stage == before)
        with self._session(writes=True) as session:
            moved = session.execute(change.values(stage=after, moved_at=_now()))
            return bool(cast(Any, moved).rowcount)


class StoredVisitors(_Tables):
    """Who is known to talk in a conversation."""

    def load(self, conversation: str) -> Visitor:
        """Return who it is; nobody, for a conversation without an entry."""
        with self._session() as session:
            row = session.get(VisitorRow, conversation)
            if row is None:
                return Visitor()
            customer = Customer(row.customer, row.name, cast(How, row.how)) if row.customer is not None else None
            return Visitor(customer, failed_attempts=row.failed_attempts)

    def save(self, conversation: str, visitor: Visitor) -> None:
        """Keep who it is, and how many tries failed."""
        customer = visitor.customer
        with self._session(writes=True) as session:
            session.merge(
                VisitorRow(
                    conversation=conversation,
                    customer=customer.id if customer else None,
                    name=customer.name if customer else "",
                    how=customer.how if customer else "",
                    failed_attempts=visitor.failed_attempts,
                )
            )


def _action(row: ActionRow) -> Action:
    return Action(
        key=row.key,
        state=cast(ActionState, row.state),
        tool=row.tool,
        arguments=row.arguments,
        conversation=row.conversation,
        customer=row.customer,
        result=row.result,
        before=row.before,
        after=row.after,
    )


def _pending(row: ApprovalRow) -> Pending:
    return Pending(
        key=row.key,
        conversation=row.conversation,
        thread=row.thread,
        tool=row.tool,
        arguments=row.arguments,
        text=row.text,
        fingerprint=row.fingerprint,
        customer=row.customer,
        language=cast(Language, row.language),
        operator=row.operator,
        stage=cast(Stage, row.stage),
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _cause(error: SQLAlchemyError) -> str:
    """Return the first line of what the database said, without the statement and what was in it."""
    said = str(getattr(error, "orig", None) or error)
    return said.partition("\n")[0] or type(error).__name__
