"""Forgetting: conversations that are too old, or a customer who asks for it, gone from every table and from the file.

    customer id, e-mail address, conversation id, age -> conversations -> their rows in all tables -> bytes overwritten

Which tables hold something of a conversation is read from the tables themselves, so a new one cannot be missed.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, Text, and_, cast, delete, func, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import InstrumentedAttribute, Session

from assistant import checkpoints, clock_leaps
from assistant.database import (
    ActionRow,
    ApprovalRow,
    Base,
    ConversationRow,
    DeskEntryRow,
    FeedbackRow,
    OutboxRow,
    StepRow,
    TicketRow,
    TurnRow,
    VisitorRow,
)
from assistant.errors import NotStored, StoreError
from assistant.store import Store, now
from assistant.ticket_contents import PERSON

BATCH = 200
"""Conversations that are deleted in one transaction."""
SHORTEST_ADDRESS = 3
"""Characters of an address below which nothing is looked for; an id is compared as a whole, however short."""

UNDECIDED = ("operator", "approved")
"""Stages of a write that waits for the team, or that a person approved and nobody has done yet."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was deleted, or would be."""

    conversations: tuple[str, ...]
    rows: Mapping[str, int]
    """Rows of each table."""


def find(store: Store, who: str) -> tuple[str, ...]:
    """Return the conversations of a customer, by id or by an e-mail address in what was written, or the one of this id.

    Raises:
        NotStored: There are none.
        StoreError: `who` is too short to name anybody.
    """
    who = who.strip()
    if not who or ("@" in who and len(who) < SHORTEST_ADDRESS):
        raise StoreError(f"{who!r} is too short to name a customer. Next: frontdesk forget CUSTOMER|CONVERSATION")
    with store.reading() as session:
        found = set(session.scalars(select(ConversationRow.id).where(ConversationRow.id == who)))
        for table in _tables()[1:]:
            names = [name for name in ("conversation", "customer") if name in table.columns]
            is_theirs = or_(*(table.columns[name] == who for name in names))
            found |= set(session.scalars(select(table.columns["conversation"]).where(is_theirs)))
        if "@" in who:
            found |= _writing(session, who)
    if not found:
        raise NotStored(
            f"No conversation is of the customer, or has the id or address, {who!r}. "
            f"Next: frontdesk tickets list, or check the spelling"
        )
    return tuple(sorted(found))


def count(store: Store, conversations: Sequence[str]) -> Forgotten:
    """Return what `forget` would delete."""
    rows = dict.fromkeys((table.name for table in _tables()), 0)
    with store.reading() as session:
        for batch in _batches(conversations):
            for table in _tables():
                where = _of(table, batch)
                rows[table.name] += session.scalar(select(func.count()).select_from(table).where(where)) or 0
    return Forgotten(tuple(conversations), {name: number for name, number in rows.items() if number})


def forget(store: Store, conversations: Sequence[str], *, waits_at: Path | str | None = None) -> Forgotten:
    """Delete conversations with everything that hangs on them, waiting writes too, and free the bytes.

    Args:
        waits_at: Where loops wait, as `assistant.checkpoints` has it; None: the file beside the store.

    Raises:
        StoreError: The database cannot be written; conversations of earlier batches are gone, no row of others is.
    """
    if waits_at is None and store.file is not None:
        waits_at = store.file.with_name(checkpoints.FILE)
    if conversations and waits_at is not None:
        checkpoints.forget(waits_at, conversations)
    rows = dict.fromkeys((table.name for table in _tables()), 0)
    for batch in _batches(conversations):
        with store.writing() as session:
            for table in reversed(_tables()):
                deleted = session.execute(delete(table).where(_of(table, batch)))
                rows[table.name] += max(0, getattr(deleted, "rowcount", 0))
    if conversations:
        free_bytes(store)
    return Forgotten(tuple(conversations), {name: number for name, number in rows.items() if number})


def sweep(
    store: Store, *, keep_days: int, waits_at: Path | str | None = None, clock_is_right: bool = False
) -> Forgotten:
    """Forget the conversations in which nothing has happened for so many days; 0 keeps all.

    Open tickets stay, and writes that wait for the team: their customers were told that somebody will see to it.

    Args:
        waits_at: as for `forget`.
        clock_is_right: Somebody says so; else a leap of the clock is waited out.

    Raises:
        StoreError: as `forget` does, or the clock has leapt.
    """
    if keep_days <= 0:
        return Forgotten((), {})
    if store.file is not None and not clock_is_right:
        clock_leaps.check(store.file.with_name(clock_leaps.FILE), newest=_newest(store), at=now())
    before = now() - timedelta(days=keep_days)
    alive = select(TurnRow.conversation).where(or_(TurnRow.started_at >= before, TurnRow.status == "running"))
    open_tickets = select(TicketRow.conversation).where(TicketRow.status == "open")
    waiting = select(OutboxRow.conversation).where(OutboxRow.state == "waiting")
    undecided = select(ApprovalRow.conversation).where(ApprovalRow.stage.in_(UNDECIDED))
    with store.reading() as session:
        old = session.scalars(
            select(ConversationRow.id)
            .where(ConversationRow.started_at < before)
            .where(ConversationRow.id.not_in(alive), ConversationRow.id.not_in(open_tickets))
            .where(ConversationRow.id.not_in(waiting), ConversationRow.id.not_in(undecided))
        ).all()
        unkept = _unkept(session, before)
    return forget(store, (*old, *unkept), waits_at=waits_at)


def _newest(store: Store) -> datetime | None:
    """Return when something was last asked, or a conversation begun."""
    with store.reading() as session:
        columns = (TurnRow.started_at, ConversationRow.started_at)
        moments = [session.scalar(select(column).order_by(column.desc()).limit(1)) for column in columns]
    return max((moment for moment in moments if moment is not None), default=None)


def _unkept(session: Session, before: datetime) -> list[str]:
    """Return what has rows but is no stored conversation, and was idle since then.

    Of such a kind are talks in the terminal, and what a turn still wrote while its conversation was forgotten.
    """
    names = {name for table in (ActionRow, ApprovalRow, VisitorRow) for name in session.scalars(_not_stored(table))}
    lively = {
        *session.scalars(_not_stored(ActionRow).where(ActionRow.begun_at >= before)),
        *session.scalars(_not_stored(ApprovalRow).where(ApprovalRow.moved_at >= before)),
        *session.scalars(_not_stored(ApprovalRow).where(ApprovalRow.stage.in_(UNDECIDED))),
    }
    return sorted(names - lively)


def _not_stored(table: type[ActionRow | ApprovalRow | VisitorRow]) -> Select[str]:
    return select(table.conversation).where(table.conversation.not_in(select(ConversationRow.id))).distinct()


def free_bytes(store: Store) -> None:
    """Make sure that what was deleted is no longer in an SQLite file; PostgreSQL frees pages by itself.

    Deleted cells are overwritten as they go (`secure_delete`). The write-ahead log still holds what was written to
    it, so it is emptied, after the pages have been written anew without gaps.

    Raises:
        StoreError: Another process keeps the database busy; the rows are deleted, their bytes may still be there.
    """
    if store.engine.dialect.name != "sqlite":
        return
    try:
        with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            driver = connection.connection.driver_connection
            assert driver is not None
            driver.execute("VACUUM")
            busy, _, _ = driver.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    except SQLAlchemyError as error:
        raise _still_there(str(error)) from error
    except Exception as error:
        if type(error).__module__ == "sqlite3":
            raise _still_there(str(error)) from error
        raise
    if busy:
        raise _still_there("another process reads the database")


def _still_there(cause: str) -> StoreError:
    return StoreError(
        f"The rows are deleted, but their bytes could not be overwritten yet: {cause}. Next: frontdesk forget --sweep"
    )


def _writing(session: Session, address: str) -> set[str]:
    """Return the conversations in which an address was written, by whomever, as a whole and in any case."""
    found = set()
    for conversation, text in _texts_with(session, address.casefold()):
        words = text.casefold()
        place = words.find(address.casefold())
        while place >= 0:
            before, after = words[max(place - 1, 0) : place], words[place + len(address) :][:2]
            if not _comes_before(before) and not _goes_on(after):
                found.add(conversation)
            place = words.find(address.casefold(), place + 1)
    return found


def _texts_with(session: Session, part: str) -> Iterable[tuple[str, str]]:
    """Return what customers and people of the company wrote, each with its conversation, where it has such a part."""
    pattern = "%" + part.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"

    def has_it(column: ColumnElement[Any] | InstrumentedAttribute[Any]) -> ColumnElement[bool]:
        return func.lower(column).like(pattern, escape="\\")

    for column in (TurnRow.question, FeedbackRow.comment, TicketRow.contact, DeskEntryRow.text):
        rows = session.execute(select(column.class_.conversation, column).where(has_it(column)))
        yield from ((conversation, text) for conversation, text in rows)
    replies = (
        select(StepRow.conversation, StepRow.data)
        .join(TurnRow, and_(TurnRow.conversation == StepRow.conversation, TurnRow.turn == StepRow.turn))
        .where(TurnRow.owner == PERSON, StepRow.kind == "finished", has_it(cast(StepRow.data, Text)))
    )
    yield from ((conversation, str(data["answer"]["text"])) for conversation, data in session.execute(replies))


def _comes_before(before: str) -> bool:
    """Say whether an address is only the end of a longer one: `ada@b.co` of `x.ada@b.co`."""
    return before != "" and before.isascii() and (before.isalnum() or before in "._-+")


def _goes_on(after: str) -> bool:
    """Say whether an address is only the beginning of a longer one: `a@b.co` of `a@b.com`, `a@b.co.uk`."""
    if not after:
        return False
    first, second = after[0], after[1:]
    return (first.isascii() and (first.isalnum() or first in "-_")) or (
        first == "." and second.isascii() and second.isalnum()
    )


def _tables() -> list[Table]:
    """Return the tables that hold something of a conversation, parents first."""
    tables = [table for table in Base.metadata.sorted_tables if "conversation" in table.columns]
    return [Base.metadata.tables["conversation"], *tables]


def _of(table: Table, conversations: Iterable[str]) -> ColumnElement[bool]:
    column = table.columns["id"] if table.name == "conversation" else table.columns["conversation"]
    return column.in_(list(conversations))


def _batches(conversations: Sequence[str]) -> Iterable[Sequence[str]]:
    return (conversations[start : start + BATCH] for start in range(0, len(conversations), BATCH))
