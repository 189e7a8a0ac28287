"""SQLite's write-ahead log, switched on by many at once.

Whoever finds another connection switching in the same moment is refused there and then: SQLite does not wait for that
lock as it does for others (its documentation, "Busy handler": a wait that might never end is not begun).
"""

import sqlite3
import time
from typing import Any

PAUSE_SECONDS = 0.01


def switch_on(connection: Any, *, seconds: float) -> None:
    """Let a connection of the `sqlite3` module, or its cursor, use the write-ahead log.

    Args:
        seconds: how long to try while others hold the file.

    Raises:
        sqlite3.Error: they hold it longer, or the file cannot be used.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(PAUSE_SECONDS)
        else:
            return
