"""The tables of conversations, and the engine that reaches them.

    URL -> engine, file, migrations -> tables

Known only to `assistant.store` and to the migrations, which are checked against the tables here.
"""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import (
    JSON,
    Connection,
    DateTime,
    Dialect,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
    create_engine,
    event,
    inspect,
    make_url,
    text,
)
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from assistant.errors import StoreError, StoreTooNew
from knowledge import write_ahead

REVISION = "0006"
"""The newest migration; a database that has it is opened without loading alembic."""
BUSY_TIMEOUT_SECONDS = 15


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, aware in Python; SQLite forgets the zone, so it is given back here."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return the stored moment with its zone."""
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


class Base(DeclarativeBase):
    """The tables; migrations are checked against them."""

    type_annotation_map = {datetime: UtcDateTime(), dict[str, Any]: JSON()}


class ConversationRow(Base):
    __tablename__ = "conversation"
    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    language: Mapped[str | None] = mapped_column(String(8))
    started_at: Mapped[datetime]
    held_by: Mapped[str] = mapped_column(String(16), default="assistant", server_default="assistant")


class TurnRow(Base):
    __tablename__ = "turn"
    __table_args__ = (Index("turn_status", "status"), Index("turn_key", "conversation", "key", unique=True))
    conversation: Mapped[str] = mapped_column(String(64), ForeignKey("conversation.id"), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    question: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(String(16))
    owner: Mapped[str] = mapped_column(String(64))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    key: Mapped[str | None] = mapped_column(String(64))
    """Of the caller's, hashed: the same one again is this turn."""


class StepRow(Base):
    __tablename__ = "step"
    __table_args__ = (ForeignKeyConstraint(["conversation", "turn"], ["turn.conversation", "turn.turn"]),)
    conversation: Mapped[str] = mapped_column(String(64), primary_key=True)
    turn: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]
    at: Mapped[datetime]


class FeedbackRow(Base):
    __tablename__ = "feedback"
    __table_args__ = (
        ForeignKeyConstraint(["conversation", "turn"], ["turn.conversation", "turn.turn"]),
        Index("feedback_turn", "conversation", "turn"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    conversation: Mapped[str] = mapped_column(String(64))
    turn: Mapped[int]
    rating: Mapped[str] = mapped_column(String(8))
    comment: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]


class TicketRow(Base):
    __tablename__ = "ticket"
    __table_args__ = (
        ForeignKeyConstraint(["conversation", "turn"], ["turn.conversation", "turn.turn"]),
        UniqueConstraint("conversation", "turn"),
        Index("ticket_status", "status"),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(String(16), unique=True)
    conversation: Mapped[str] = mapped_column(String(64))
    turn: Mapped[int]
    reason: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16))
    language: Mapped[str] = mapped_column(String(8))
    summary: Mapped[dict[str, Any]]
    contact: Mapped[str] = mapped_column(Text)
    customer: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime]
    returned_at: Mapped[datetime | None]


class OutboxRow(Base):
    __tablename__ = "outbox"
    __table_args__ = (Index("outbox_due", "state", "next_at"),)
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    conversation: Mapped[str] = mapped_column(String(64), ForeignKey("conversation.id"), index=True)
    ticket: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str] = mapped_column(String(16))
    event: Mapped[str] = mapped_column(String(32))
    body: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(String(16))
    attempts: Mapped[int]
    error: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime]
    next_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class ActionRow(Base):
    __tablename__ = "action"
    __table_args__ = (Index("action_conversation", "conversation"),)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    state: Mapped[str] = mapped_column(String(16))
    tool: Mapped[str] = mapped_column(String(128))
    arguments: Mapped[dict[str, Any]]
    conversation: Mapped[str] = mapped_column(String(64))
    customer: Mapped[str] = mapped_column(String(128))
    result: Mapped[str] = mapped_column(Text)
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    begun_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ApprovalRow(Base):
    __tablename__ = "approval"
    __table_args__ = (
        Index("approval_conversation", "conversation", "stage"),
        Index("approval_stage", "stage"),
    )
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation: Mapped[str] = mapped_column(String(64))
    thread: Mapped[str] = mapped_column(String(128))
    tool: Mapped[str] = mapped_column(String(128))
    arguments: Mapped[dict[str, Any]]
    text: Mapped[str] = mapped_column(Text)
    fingerprint: Mapped[str] = mapped_column(String(64))
    customer: Mapped[str] = mapped_column(String(128))
    language: Mapped[str] = mapped_column(String(8))
    operator: Mapped[bool]
    stage: Mapped[str] = mapped_column(String(16))
    asked_at: Mapped[datetime]
    moved_at: Mapped[datetime]


class VisitorRow(Base):
    __tablename__ = "visitor"
    conversation: Mapped[str] = mapped_column(String(64), primary_key=True)
    customer: Mapped[str | None] = mapped_column(String(128))
    name: Mapped[str] = mapped_column(String(256))
    how: Mapped[str] = mapped_column(String(32))
    failed_attempts: Mapped[int]


class OperatorRow(Base):
    __tablename__ = "operator"
    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]


class OperatorSessionRow(Base):
    __tablename__ = "operator_session"
    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    operator: Mapped[str] = mapped_column(String(64), ForeignKey("operator.name"), index=True)
    ends_at: Mapped[datetime]


class DeskEntryRow(Base):
    """What a person of the company did: a reply, a note, a decision, the end of a ticket."""

    __tablename__ = "desk_entry"
    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    conversation: Mapped[str] = mapped_column(String(64), ForeignKey("conversation.id"), index=True)
    about: Mapped[str] = mapped_column(String(64))
    kind: Mapped[str] = mapped_column(String(16))
    operator: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    turn: Mapped[int | None]
    seen: Mapped[int | None]
    at: Mapped[datetime]


def sqlite_url(path: Path) -> str:
    """Return the URL of a database file."""
    return f"sqlite:///{path.absolute().as_posix()}"


def database_file(url: str) -> Path | None:
    """Return the file of an SQLite URL; None for memory and for a server."""
    parsed = make_url(url)
    if not parsed.drivername.startswith("sqlite") or not parsed.database or parsed.database == ":memory:":
        return None
    return Path(parsed.database)


def storable(text: str) -> str:
    """Return the text without what a database cannot hold: NUL and halves of surrogate pairs."""
    return text.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def create_database_engine(url: str) -> Engine:
    """Return the engine of a database; its file is made, its structure is not.

    Raises:
        StoreError: The file cannot be made, or there is no driver for such a URL.
    """
    file = database_file(url)
    if file is not None:
        _create_private(file)
    try:
        engine = create_engine(
            url,
            json_serializer=lambda data: storable(json.dumps(data, ensure_ascii=False)),
            hide_parameters=True,  # they are what customers wrote, and errors go into the log with their tracebacks
            connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False} if "sqlite" in url else {},
        )
    except (SQLAlchemyError, ImportError) as error:
        raise StoreError(f"The database URL cannot be used: {error}. Next: check it with frontdesk doctor") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # the driver must not begin transactions by itself; _begin_sqlite does
    write_ahead.switch_on(connection, seconds=BUSY_TIMEOUT_SECONDS)
    for pragma in ("foreign_keys=ON", "synchronous=NORMAL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once where a write follows: a lock taken halfway fails without waiting."""
    writes = connection.get_execution_options().get("frontdesk_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _create_private(file: Path) -> None:
    """Make the file readable by its owner only; the journals beside it inherit that."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(
            f"Cannot open the database of conversations {file}: {error.strerror}. "
            f"Next: check the folder, or set FRONTDESK_HOME to one that you can write"
        ) from error


def migrate(connection: Connection, name: str) -> None:
    """Bring the structure up to date inside the caller's transaction.

    Raises:
        StoreTooNew: A newer Frontdesk wrote the database.
    """
    present: str | None = None
    if inspect(connection).has_table("alembic_version"):
        present = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if present == REVISION:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if present is not None and present not in known:
        raise StoreTooNew(
            f"The database {name} was written by a newer Frontdesk (structure {present}; this one knows {REVISION}). "
            f"Next: use that version again, or set FRONTDESK_HOME to another folder"
        )
    command.upgrade(config, "head")
