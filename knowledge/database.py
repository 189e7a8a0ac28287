"""Where the catalogue's tables lie: SQLite in a file, or a PostgreSQL server; the only file that knows how they differ.

    location -> Database: read() one snapshot, write() one transaction at a time, writers_turn() one ingest at a time

A location is the path of a file or a URL such as `postgresql://user@host/database`. A password that the URL lacks comes
from the environment (PGPASSWORD), as for PostgreSQL's own programs.
"""

import os
import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock
from sqlalchemy import URL, Connection, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)

from knowledge import pooling, postgres_address, write_ahead
from knowledge.environment import get_extra
from knowledge.errors import KnowledgeError

BUSY_TIMEOUT_MILLISECONDS = 15_000
SERVER_TIMEOUT_SECONDS = 60.0
"""Longest silence of a server; a merge of postings is many short statements, none of which takes that long."""
TURN_POLL_SECONDS = 0.2
KEEP_ALIVE_SECONDS = 30.0
"""Longest silence of the connection that holds a writer's turn."""
MAPPED_BYTES = 1 << 36
"""Most of a file that readers read in place rather than copy; a writer, who goes through all of it, would hold it."""
WRITERS_CACHE_KIBIBYTES = 16_000
LOG_BYTES = 64_000_000
"""What is left of the write-ahead log when all of it is in the database; the commit of a large document makes more."""
LOCK_NAME = "ingest.lock"


class Database(Protocol):
    """What the catalogue needs of SQL."""

    @property
    def shown(self) -> str:
        """Its place, fit to print: no password."""

    def read(self) -> AbstractContextManager[Connection]:
        """One consistent view of everything committed."""

    def write(self) -> AbstractContextManager[Connection]:
        """One transaction, begun when no other writes: all of it is committed, or nothing."""

    def writers_turn(self) -> AbstractContextManager[None]:
        """Wait until no other process or thread has it, and hold it."""

    def close(self) -> None: ...


def open_database(location: Path | str) -> Database:
    """Return the database of a file or a URL; nothing is connected yet.

    Raises:
        KnowledgeError: no such kind of database is known, or its driver is not installed.
    """
    if isinstance(location, Path):
        return SqliteDatabase(location)
    try:
        url = make_url(location)
    except ArgumentError as error:
        raise KnowledgeError(
            "The setting `catalog_url` is no database URL. Next: write it as postgresql://user@host/database"
        ) from error
    if url.get_backend_name() != "postgresql":
        raise KnowledgeError(
            f"The setting `catalog_url` names {url.get_backend_name()!r}, which keeps no catalogue. "
            "Next: write it as postgresql://user@host/database, or leave it empty for SQLite."
        )
    return PostgresDatabase(url)


class SqliteDatabase:
    """A file in write-ahead mode: readers never wait for the writer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        _create_private(path)
        self._readers, self._writers = (
            create_engine(f"sqlite:///{path}", hide_parameters=True, connect_args={"check_same_thread": False})
            for _ in range(2)
        )
        for engine, own, begin in (
            (self._readers, f"mmap_size={MAPPED_BYTES}", "BEGIN"),
            # A transaction that reads before it writes would fail, not wait, when another one wrote in between.
            (self._writers, f"cache_size=-{WRITERS_CACHE_KIBIBYTES}", "BEGIN IMMEDIATE"),
        ):
            event.listen(engine, "connect", partial(_prepare_sqlite, own=own))
            event.listen(engine, "begin", partial(_begin_sqlite, statement=begin))

    @property
    def shown(self) -> str:
        return str(self._path)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._translated(), self._readers.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._translated(), self._writers.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writers_turn(self) -> Iterator[None]:
        lock = FileLock(self._path.with_name(LOCK_NAME))
        try:
            lock.acquire()
        except OSError as error:
            raise KnowledgeError(
                f"The library in {self._path.parent} cannot be written ({error.strerror or error}). "
                "Next: set FRONTDESK_HOME to a folder that you may write."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def close(self) -> None:
        for engine in (self._readers, self._writers):
            engine.dispose()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DatabaseError as error:
            if type(error) not in (DatabaseError, OperationalError):  # the others are mistakes of ours
                raise
            raise KnowledgeError(
                f"The catalogue {self._path} cannot be used ({error.orig}). Next: see that its folder may be written "
                "and its disk is not full; if it is damaged, restore a backup, or move it away together with the "
                "folder chroma beside it and run frontdesk ingest again."
            ) from error


class PostgresDatabase:
    """A server, which several machines may share."""

    def __init__(self, url: URL) -> None:
        driver = "postgresql+pg8000" if url.drivername == "postgresql" else url.drivername
        self._url = url.set(drivername=driver, password=url.password or os.environ.get("PGPASSWORD"))
        self._held = threading.local()
        self._keeps_sessions = False
        # Parameters are what documents say, which is nothing for a message or a log.
        options: dict[str, Any] = {"pool_pre_ping": True, "hide_parameters": True}
        postgres_address.mode(self._url)  # whichever driver: what waits for a yes is asked through psycopg anyway
        if driver == "postgresql+pg8000":
            self._url, said = postgres_address.arguments(self._url)
            options["connect_args"] = {"timeout": SERVER_TIMEOUT_SECONDS, **said}
            if not self._url.password:  # pg8000 breaks where a server asks and there is none
                options["connect_args"]["password"] = ""
        try:
            # A reader keeps the view of its first statement. A writer waits for its turn with its first statement, and
            # must then see what was written while it waited.
            self._readers = create_engine(self._url, isolation_level="REPEATABLE READ", **options)
            self._writers = create_engine(self._url, isolation_level="READ COMMITTED", **options)
            self._lockers = create_engine(self._url, isolation_level="AUTOCOMMIT", **options)
        except (ImportError, NoSuchModuleError) as error:
            raise KnowledgeError(
                f"The driver of {self.shown} is not installed ({error}). Next: {get_extra('server')}"
            ) from error

    @property
    def shown(self) -> str:
        url = self._url.set(drivername="postgresql", query={})
        return url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._translated(), self._readers.connect() as connection, connection.begin():
            self._see_pooler(connection)
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._translated(), self._writers.connect() as connection, connection.begin():
            self._see_pooler(connection)
            self._wait(connection, "pg_try_advisory_xact_lock", _TRANSACTION_LOCK, BUSY_TIMEOUT_MILLISECONDS / 1000)
            turn: _Turn | None = getattr(self._held, "turn", None)
            if turn is not None:  # looked at while no one else can write: who has the turn now comes after this
                turn.check()
            yield connection

    @contextmanager
    def writers_turn(self) -> Iterator[None]:
        with self.read():  # what lies in between is looked at before a lock is taken
            pass
        with self._translated(), self._lockers.connect() as connection:
            self._wait(connection, "pg_try_advisory_lock", _INGEST_LOCK, None)
            self._held.turn = turn = _Turn(connection, self.shown)
            try:
                yield
            finally:
                self._held.turn = None
                turn.end()

    def close(self) -> None:
        for engine in (self._readers, self._writers, self._lockers):
            engine.dispose()

    def _see_pooler(self, connection: Connection) -> None:
        """Refuse a pooler that does not keep sessions; looked at once."""
        if not self._keeps_sessions and pooling.is_pooled(connection):
            with self._lockers.connect() as kept, self._readers.connect() as other:
                pooling.refuse_lent_sessions(kept, other, shown=self.shown)
        self._keeps_sessions = True

    def _wait(self, connection: Connection, function: str, lock: int, seconds: float | None) -> None:
        """Take an advisory lock; asked for again and again, because a connection must not be silent for long."""
        started = time.monotonic()
        while not connection.execute(text(f"SELECT {function}(:lock)"), {"lock": lock}).scalar():
            if seconds is not None and time.monotonic() - started > seconds:
                raise KnowledgeError(
                    f"The catalogue {self.shown} cannot be used (another program has been writing for {seconds:.0f} s)."
                    " Next: wait for it to end, then try again."
                )
            time.sleep(TURN_POLL_SECONDS)

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (DatabaseError, InterfaceError) as error:
            cause, next_step = _server_fault(error)
            if not cause:
                raise  # a mistake of ours
            raise KnowledgeError(f"The catalogue {self.shown} cannot be used ({cause}). Next: {next_step}") from error
        except ssl.SSLError as error:  # pg8000 lets these through as they are
            cause = getattr(error, "verify_message", "") or str(error)
            raise KnowledgeError(f"The catalogue {self.shown} cannot be used ({cause}). Next: {_TLS}") from error
        except (ConnectionError, TimeoutError) as error:
            raise KnowledgeError(
                f"The catalogue {self.shown} cannot be used ({error}). Next: {_FAULTS['08']}"
            ) from error


class _Turn:
    """A writer's turn: a lock that ends with its session, so the session is kept busy and looked at before it counts.

    A firewall that drops silent connections, or an administrator, may end the session; then another ingest begins.
    """

    def __init__(self, connection: Connection, shown: str) -> None:
        self._connection = connection
        self._shown = shown
        self._fault: SQLAlchemyError | ConnectionError | None = None
        self._one_at_a_time = threading.Lock()
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._keep_alive, name="writers-turn", daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raise KnowledgeError when the lock is lost."""
        self._ask("SELECT 1")
        if self._fault is not None:
            cause = getattr(self._fault, "orig", None) or self._fault
            raise KnowledgeError(
                f"The turn to write to the catalogue {self._shown} was lost, because its connection was ended "
                f"({cause}). What was committed stays, and nothing else. Next: frontdesk ingest again"
            ) from self._fault

    def end(self) -> None:
        """Free the lock; closing the session would free it too, but a pool keeps sessions."""
        self._ended.set()
        self._thread.join()
        self._ask(f"SELECT pg_advisory_unlock({_INGEST_LOCK})")
        if self._fault is not None:
            self._connection.invalidate()

    def _keep_alive(self) -> None:
        while not self._ended.wait(KEEP_ALIVE_SECONDS):
            self._ask("SELECT 1")

    def _ask(self, statement: str) -> None:
        with self._one_at_a_time:
            if self._fault is None:
                try:
                    self._connection.execute(text(statement))
                except (SQLAlchemyError, ConnectionError) as error:  # pg8000 lets a reset connection through as it is
                    self._fault = error


_TRANSACTION_LOCK, _INGEST_LOCK = 0x66726F6E74, 0x6465736B
"""Numbers of advisory locks, which are each database's own; any two will do that no other program uses."""

_TLS = (
    "see that the server speaks TLS (ssl = on), that `catalog_url` names the host as its certificate does, and in "
    "sslrootcert who signed that."
)
_FAULTS = {
    "28": "set the user in `catalog_url` and its password in the environment variable PGPASSWORD; where pg_hba.conf "
    "has no entry, let it admit them, and say sslmode=require where it wants encryption.",
    "3D": "make the database with createdb, or mend its name in `catalog_url`.",
    "42501": "let the user of `catalog_url` create and use tables in this database.",
    "53": "see to the server's disk, memory or number of connections.",
    "57": "start the server again, then frontdesk doctor",
    "08": "see that the server runs and `catalog_url` has its address, then frontdesk doctor",
    "XX": "restore a backup, or use an empty database and run frontdesk ingest again.",
}
"""Beginning of an SQLSTATE code (PostgreSQL's manual, appendix A) -> what to do; other codes are mistakes of ours."""
_UNCODED = {
    r"pg_hba\.conf|authentication failed": _FAULTS["28"],
    "certificate|does not support SSL|Server refuses SSL": _TLS,
    "": _FAULTS["08"],
}
"""What a driver says of a connection that failed, for which it has no code (the first that fits) -> what to do."""


def _server_fault(error: DatabaseError | InterfaceError) -> tuple[str, str]:
    """Return what the server or the network said, and what to do; ("", "") for a statement that is wrong."""
    answered = _answer(error.orig)
    if answered:
        code, said = str(answered.get("C", "")), str(answered.get("M", answered))
    else:
        reason = error.orig.__cause__ if error.orig is not None else None
        network = isinstance(reason, OSError)  # the driver's own words name arguments of its functions
        code, said = str(getattr(error.orig, "sqlstate", None) or ""), str(reason if network else error.orig).strip()
        if not code and isinstance(error, OperationalError | InterfaceError):
            next_step = next(step for words, step in _UNCODED.items() if re.search(words, said))
            return " ".join(said.split()), next_step
    for start, next_step in _FAULTS.items():
        if code.startswith(start):
            return " ".join(said.split()), next_step
    return "", ""


def _answer(error: BaseException | None) -> dict[str, str]:
    """Return the fields of pg8000's error response, also where its farewell then found the server gone; {} without."""
    while error is not None:
        if error.args and isinstance(error.args[0], dict):
            return error.args[0]
        error = error.__context__
    return {}


def _create_private(path: Path) -> None:
    """Make a new file readable by its owner only, as the journals beside it then are; SQLite says what cannot be."""
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _begin_sqlite(connection: Connection, *, statement: str) -> None:
    connection.exec_driver_sql(statement)


def _prepare_sqlite(connection: Any, record: Any, *, own: str) -> None:
    connection.isolation_level = None  # else the driver begins only at the first write, and reads see no one snapshot
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MILLISECONDS}")
    write_ahead.switch_on(cursor, seconds=BUSY_TIMEOUT_MILLISECONDS / 1000)
    cursor.execute(f"PRAGMA journal_size_limit={LOG_BYTES}")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute(f"PRAGMA {own}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
