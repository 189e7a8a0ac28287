"""Where loops stopped that wait for a yes: one SQLite file, one connection behind a lock.

    HOME/agent.sqlite3 -> SqliteSaver        postgresql://… -> assistant.shared_checkpoints

A write that waits goes on in another process from here. What waits for whom, and what was done, stands in the database
of conversations; this file alone approves nothing.
"""

import os
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import StoreError

if TYPE_CHECKING:
    from assistant.shared_checkpoints import SharedCheckpoints

FILE = "agent.sqlite3"
BUSY_SECONDS = 15.0


def open_checkpoints(place: Path | str) -> "Checkpoints | SharedCheckpoints":
    """Return what waits in a file, or on a PostgreSQL server.

    Raises:
        StoreError: it cannot be opened.
    """
    if isinstance(place, Path):
        return Checkpoints(place)
    from assistant.shared_checkpoints import SharedCheckpoints

    return SharedCheckpoints(place)


class Checkpoints:
    """The file and its one connection; the saver takes turns by a lock of its own.

    Raises:
        StoreError: the file cannot be opened, or is no database.
    """

    def __init__(self, path: Path) -> None:
        from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
        from langgraph.checkpoint.sqlite import SqliteSaver

        try:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._connection = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
            # No type but plain data and messages is read back.
            self.saver: SqliteSaver = SqliteSaver(
                self._connection, serde=JsonPlusSerializer(allowed_msgpack_modules=None)
            )
            self.saver.setup()
        except (OSError, sqlite3.Error) as error:
            raise StoreError(
                f"The file of waiting writes {path} cannot be opened: {error}. "
                "Next: check the folder, or move the file away; writes that wait in it must then be asked for again"
            ) from error

    def close(self) -> None:
        """Let go of the file."""
        with self.saver.lock:
            self._connection.close()


def forget(place: Path | str, conversations: Iterable[str]) -> None:
    """Delete what loops of these conversations left; of a file the bytes too.

    Where nothing ever waited, nothing is done.

    Raises:
        StoreError: the file cannot be written, or the server does not answer.
    """
    if isinstance(place, str):
        from assistant import shared_checkpoints

        shared_checkpoints.forget(place, conversations)
    elif place.exists():
        _forget_in_file(place, conversations)


def _forget_in_file(path: Path, conversations: Iterable[str]) -> None:
    try:
        with closing(sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            connection.execute("PRAGMA secure_delete=ON")
            present = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table in present & {"checkpoints", "writes"}:
                for conversation in conversations:
                    # A thread is named conversation/run; ids hold no such sign.
                    condition = "substr(thread_id, 1, length(?)) = ?"
                    connection.execute(f"DELETE FROM {table} WHERE {condition}", [f"{conversation}/"] * 2)
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    except sqlite3.Error as error:
        raise StoreError(
            f"What waits in {path} could not be deleted: {error}. Nothing else was deleted. Next: try it again"
        ) from error
