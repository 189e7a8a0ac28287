"""Conversations, kept: what was asked, every step of the answer, and what the customer thought of it.

    question -> turn -> steps (append-only) -> transcript, feedback

A turn's steps are numbered 1, 2, …; a reader that knows the last number it saw asks for what came after it. The step
of a kind in `TERMINAL_STEPS` is the last one, and the turn's status changes in the same transaction. Values go in and
out as frozen dataclasses, so nothing outside this file knows SQL. Every call is its own transaction, from any thread.
"""

import hashlib
import secrets
import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, cast

from filelock import FileLock, Timeout
from sqlalchemy import Engine, func, make_url, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from agents.transcript import Language, without_folder
from assistant.database import (
    ConversationRow,
    FeedbackRow,
    StepRow,
    TurnRow,
    create_database_engine,
    database_file,
    migrate,
    sqlite_url,
    storable,
)
from assistant.errors import KeyTaken, NotStored, StoreError

__all__ = [
    "TERMINAL_STEPS",
    "EndStatus",
    "Rating",
    "Store",
    "StoredConversation",
    "StoredFeedback",
    "StoredStep",
    "StoredTurn",
    "TurnStatus",
    "sqlite_url",
    "storable",
]

TurnStatus = Literal["running", "finished", "stopped", "failed"]
EndStatus = Literal["finished", "stopped", "failed"]
Rating = Literal["up", "down"]

TERMINAL_STEPS: frozenset[str] = frozenset({"finished", "stopped", "failed"})
ENDED = "conversations whose turns have ended"
"""Where a transaction keeps them."""
LEAST_FREE_BYTES = 1_000_000
"""Room on the disk below which nothing is sure to be stored."""
SILENCE_SECONDS = 900
"""On a database without a file, where no lock tells who lives: a running turn this long without a step is dead."""


@dataclass(frozen=True, slots=True)
class StoredConversation:
    """One visit of one customer."""

    id: str
    channel: str
    """Where it came from, such as `browser`, `api` or `terminal`."""
    language: Language | None
    started_at: datetime


@dataclass(frozen=True, slots=True)
class StoredStep:
    """One step of a turn, as `agents.transcript.step_to_data` wrote it."""

    sequence: int
    data: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredFeedback:
    """What the customer thought of an answer."""

    rating: Rating
    comment: str
    at: datetime


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A question and what became of it."""

    turn: int
    question: str
    status: TurnStatus
    answer: Mapping[str, Any] | None
    """The fields of `agents.transcript.Answer` when the turn finished; else None."""
    text: str
    """The answer's text; for a turn that did not finish, what had been shown."""
    pointed: str
    """The few words that `text` begins with, on a line of their own; "" when it begins otherwise."""
    reference: str | None
    """For a failed turn, the number that finds the log line; else None."""
    started_at: datetime
    ended_at: datetime | None
    feedback: StoredFeedback | None
    """The latest; earlier ones stay in the table."""


class Store:
    """The database behind a running app.

    Args:
        url: An SQLAlchemy URL, such as `sqlite:////home/me/frontdesk/frontdesk.sqlite3`.

    Raises:
        StoreTooNew: A newer Frontdesk wrote the database.
        StoreError: It cannot be opened, or is no database.
    """

    def __init__(self, url: str) -> None:
        self._name = make_url(url).render_as_string(hide_password=True)
        self._file = database_file(url)
        self._owner = secrets.token_hex(8)
        self._lock: FileLock | None = None
        self._locking = threading.Lock()
        self._rescue: Callable[[Session, TurnRow], bool] | None = None
        self._at_ends: Callable[[Session, str], object] | None = None
        self._engine = create_database_engine(url)
        self._writer = self._engine.execution_options(frontdesk_writes=True)
        try:
            with self._translated(), self._writer.begin() as connection:
                migrate(connection, self._name)
        except StoreError:
            self._engine.dispose()
            raise

    def start_conversation(self, *, channel: str = "browser", language: Language | None = None) -> str:
        """Begin a conversation and return its id, which nobody can guess."""
        identity = secrets.token_urlsafe(18)
        with self._write() as session:
            session.add(ConversationRow(id=identity, channel=channel, language=language, started_at=now()))
        return identity

    def conversation(self, conversation: str) -> StoredConversation:
        """Return one conversation.

        Raises:
            NotStored: There is none with this id.
        """
        with self._read() as session:
            row = conversation_row(session, conversation)
            return StoredConversation(row.id, row.channel, cast(Language | None, row.language), row.started_at)

    def turn_of(self, conversation: str, *, key: str, question: str) -> int | None:
        """Return the turn that was begun under a key of the caller's; None where there is none.

        Raises:
            KeyTaken: It was begun with another question.
        """
        if not key:
            return None
        query = select(TurnRow).where(TurnRow.conversation == conversation, TurnRow.key == _hashed(key))
        with self._read() as session:
            row = session.scalar(query)
            if row is not None and row.question != storable(question):
                raise KeyTaken("This key stands for another question.")
            return row.turn if row is not None else None

    def start_turn(
        self, conversation: str, question: str, *, key: str = "", then: Callable[[Session, int], object] | None = None
    ) -> int:
        """Begin the next turn of a conversation and return its number, from 1.

        Args:
            conversation: An id from the store.
            question: What the customer wrote.
            key: By which `turn_of` finds it; used once in a conversation.
            then: What else belongs into the transaction; it is given the turn's number.

        Raises:
            NotStored: There is no such conversation.
        """
        self._hold_lock()
        with self._write() as session:
            conversation_row(session, conversation, locked=True)
            last = session.scalar(select(func.max(TurnRow.turn)).where(TurnRow.conversation == conversation)) or 0
            session.add(
                TurnRow(
                    conversation=conversation,
                    turn=last + 1,
                    question=storable(question),
                    status="running",
                    owner=self._owner,
                    started_at=now(),
                    key=_hashed(key) if key else None,
                )
            )
            if then is not None:
                session.flush()
                then(session, last + 1)
        return last + 1

    def append_step(self, conversation: str, turn: int, data: Mapping[str, Any]) -> int:
        """Add a step to a running turn and return its number, from 1; a terminal kind also ends the turn.

        Raises:
            NotStored: There is no such turn.
            StoreError: The turn has ended.
        """
        with self._write() as session:
            row = turn_row(session, conversation, turn, locked=True)
            if row.status != "running":
                raise StoreError(f"Turn {turn} of conversation {conversation} has ended ({row.status}): no more steps.")
            return append(session, row, data)

    def end_turn(self, conversation: str, turn: int, status: EndStatus, *, reference: str | None = None) -> None:
        """End a turn that its last step has not ended yet; an ended turn stays as it is.

        Args:
            conversation: An id from the store.
            turn: The turn's number.
            status: How it ends; the step of this kind is added.
            reference: For a failure, the number that finds the log line.

        Raises:
            NotStored: There is no such turn.
        """
        with self._write() as session:
            row = turn_row(session, conversation, turn, locked=True)
            if row.status == "running":
                append(session, row, {"kind": status, **({"reference": reference} if reference else {})})

    def status(self, conversation: str, turn: int) -> TurnStatus:
        """Return how a turn stands.

        Raises:
            NotStored: There is no such turn.
        """
        with self._read() as session:
            return cast(TurnStatus, turn_row(session, conversation, turn).status)

    def is_answering(self, conversation: str, *, before: int) -> bool:
        """Say whether any turn with a lesser number still runs."""
        query = select(TurnRow.turn).where(
            TurnRow.conversation == conversation, TurnRow.turn < before, TurnRow.status == "running"
        )
        with self._read() as session:
            return session.scalar(query.limit(1)) is not None

    def steps(self, conversation: str, turn: int, *, after: int = 0) -> tuple[StoredStep, ...]:
        """Return a turn's steps with a number above `after`, in order; none for a turn that does not exist."""
        query = select(StepRow).where(
            StepRow.conversation == conversation, StepRow.turn == turn, StepRow.sequence > after
        )
        with self._read() as session:
            rows = session.scalars(query.order_by(StepRow.sequence))
            return tuple(StoredStep(row.sequence, without_folder(row.data), row.at) for row in rows)

    def transcript(self, conversation: str) -> tuple[StoredTurn, ...]:
        """Return a conversation's turns in order.

        Raises:
            NotStored: There is no such conversation.
        """
        with self._read() as session:
            conversation_row(session, conversation)
            turns = session.scalars(
                select(TurnRow).where(TurnRow.conversation == conversation).order_by(TurnRow.turn)
            ).all()
            kinds = ("short_answer", "delta", *TERMINAL_STEPS)
            query = select(StepRow).where(StepRow.conversation == conversation, StepRow.kind.in_(kinds))
            steps: dict[int, list[Mapping[str, Any]]] = {}
            for step in session.scalars(query.order_by(StepRow.turn, StepRow.sequence)):
                steps.setdefault(step.turn, []).append(without_folder(step.data))
            opinions = session.scalars(
                select(FeedbackRow).where(FeedbackRow.conversation == conversation).order_by(FeedbackRow.id)
            )
            feedback = {row.turn: StoredFeedback(cast(Rating, row.rating), row.comment, row.at) for row in opinions}
            return tuple(_stored_turn(row, steps.get(row.turn, []), feedback.get(row.turn)) for row in turns)

    def add_feedback(self, conversation: str, turn: int, *, rating: Rating, comment: str = "") -> None:
        """Keep what the customer thought of a turn; a later opinion does not delete an earlier one.

        Raises:
            NotStored: There is no such turn.
        """
        with self._write() as session:
            turn_row(session, conversation, turn)
            session.add(
                FeedbackRow(conversation=conversation, turn=turn, rating=rating, comment=storable(comment), at=now())
            )

    def interrupted(self) -> tuple[tuple[str, int], ...]:
        """End the turns whose process is gone as failed, and return them as (conversation, turn).

        Who lives is told by a lock file beside the database, which the system frees when its process ends.
        """
        with self._read() as session:
            owners = set(
                session.scalars(
                    select(TurnRow.owner).where(TurnRow.status == "running", TurnRow.owner != self._owner).distinct()
                )
            )
        ended = []
        for owner in owners:
            if self._file is not None and _is_held(_lock_file(self._file, owner)):
                continue
            with self._write() as session:
                running = select(TurnRow).where(TurnRow.status == "running", TurnRow.owner == owner)
                for row in session.scalars(running.with_for_update()):
                    if self._file is None and _last_sign(session, row) > now() - timedelta(seconds=SILENCE_SECONDS):
                        continue
                    if self._rescue is None or not self._rescue(session, row):
                        append(session, row, {"kind": "failed", "reference": secrets.token_hex(4)})
                    ended.append((row.conversation, row.turn))
            if self._file is not None:
                _lock_file(self._file, owner).unlink(missing_ok=True)
        return tuple(ended)

    def rescue_with(self, rescue: Callable[[Session, TurnRow], bool]) -> None:
        """Have interrupted turns looked at before they are ended as failed.

        Args:
            rescue: Called within the transaction; True says that it ended the turn itself.
        """
        self._rescue = rescue

    def when_turns_end(self, then: Callable[[Session, str], object]) -> None:
        """Have something done within each transaction that ends a turn, whoever ends it and however.

        Args:
            then: Given the conversation; what it ends itself does not call it again.
        """
        self._at_ends = then

    @property
    def reading(self) -> Callable[[], AbstractContextManager[Session]]:
        """A transaction that reads, for the modules that keep further tables in the same database."""
        return self._read

    @property
    def writing(self) -> Callable[[], AbstractContextManager[Session]]:
        """A transaction that writes, for the same."""
        return self._write

    @property
    def file(self) -> Path | None:
        """The database's file; None on a server."""
        return self._file

    @property
    def engine(self) -> Engine:
        """For what no transaction may hold, such as VACUUM."""
        return self._engine

    def check(self) -> None:
        """Read one row, and see that there is room to write.

        Raises:
            StoreError: The database does not answer, or its disk is full.
        """
        with self._read() as session:
            session.execute(select(ConversationRow.id).limit(1))
        if self._file is not None and shutil.disk_usage(self._file.parent).free < LEAST_FREE_BYTES:
            raise StoreError(
                f"The disk of the database of conversations {self._file} is full, so nothing can be asked or stored. "
                "Next: free some space on it, then frontdesk doctor"
            )

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()
        with self._locking:
            lock, self._lock = self._lock, None
        if lock is not None:
            lock.release()
            with suppress(OSError):
                Path(lock.lock_file).unlink(missing_ok=True)

    def _hold_lock(self) -> None:
        """Show other processes that this one lives; held until the store is closed or the process ends."""
        with self._locking:
            if self._file is None or self._lock is not None:
                return
            path = _lock_file(self._file, self._owner)
            lock = FileLock(path, thread_local=False)
            try:
                path.parent.mkdir(exist_ok=True)
                lock.acquire(timeout=0)
            except (OSError, Timeout) as error:
                raise StoreError(f"Cannot write {path}: {error}. Next: check the folder's permissions.") from error
            self._lock = lock

    @contextmanager
    def _read(self) -> Iterator[Session]:
        with self._translated(), Session(self._engine) as session:
            yield session

    @contextmanager
    def _write(self) -> Iterator[Session]:
        with self._translated(), Session(self._writer) as session, session.begin():
            yield session
            if self._at_ends is not None:
                for conversation in session.info.pop(ENDED, ()):
                    session.flush()
                    self._at_ends(session, conversation)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except SQLAlchemyError as error:
            cause = str(getattr(error, "orig", None) or error).splitlines()[0]
            raise StoreError(
                f"The database of conversations {self._name} cannot be used: {cause}. Next: frontdesk doctor"
            ) from error


def append(session: Session, row: TurnRow, data: Mapping[str, Any]) -> int:
    """Add a step to a turn within a transaction and return its number; a terminal kind also ends the turn."""
    last = session.scalar(
        select(func.max(StepRow.sequence)).where(StepRow.conversation == row.conversation, StepRow.turn == row.turn)
    )
    sequence, at, kind = (last or 0) + 1, now(), str(data["kind"])
    step = StepRow(conversation=row.conversation, turn=row.turn, sequence=sequence, kind=kind, data=dict(data), at=at)
    session.add(step)
    if kind in TERMINAL_STEPS:
        row.status, row.ended_at = kind, at
        session.info.setdefault(ENDED, set()).add(row.conversation)
    return sequence


def _stored_turn(row: TurnRow, steps: list[Mapping[str, Any]], feedback: StoredFeedback | None) -> StoredTurn:
    last = steps[-1] if steps else {}
    answer: Mapping[str, Any] | None = last.get("answer") if last.get("kind") == "finished" else None
    shown = "".join(step.get("text", "") for step in steps if step["kind"] == "delta")
    pointed = next((step["text"] for step in steps if step["kind"] == "short_answer"), "")
    return StoredTurn(
        turn=row.turn,
        question=row.question,
        status=cast(TurnStatus, row.status),
        answer=answer,
        text=answer["text"] if answer else shown,
        pointed=answer.get("pointed", "") if answer else pointed,  # older ones have none
        reference=last.get("reference"),
        started_at=row.started_at,
        ended_at=row.ended_at,
        feedback=feedback,
    )


def conversation_row(session: Session, conversation: str, *, locked: bool = False) -> ConversationRow:
    """Return a conversation's row within a transaction, or raise NotStored."""
    row = session.get(ConversationRow, conversation, with_for_update=locked)
    if row is None:
        raise NotStored(f"There is no conversation {conversation!r}.")
    return row


def turn_row(session: Session, conversation: str, turn: int, *, locked: bool = False) -> TurnRow:
    """Return a turn's row within a transaction, or raise NotStored."""
    row = session.get(TurnRow, (conversation, turn), with_for_update=locked)
    if row is None:
        raise NotStored(f"There is no turn {turn} in conversation {conversation!r}.")
    return row


def _hashed(key: str) -> str:
    return hashlib.sha256(storable(key).encode()).hexdigest()


def _last_sign(session: Session, row: TurnRow) -> datetime:
    query = select(func.max(StepRow.at)).where(StepRow.conversation == row.conversation, StepRow.turn == row.turn)
    last = session.scalar(query)
    return max(row.started_at, last) if last is not None else row.started_at


def _lock_file(database: Path, owner: str) -> Path:
    return database.with_name(database.name + ".owners") / f"{owner}.lock"


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    try:
        with FileLock(path, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:
        return False


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)
