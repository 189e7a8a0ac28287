"""Whether a pooler between us and PostgreSQL, such as PgBouncer, keeps one session for one connection.

    two connections -> their servers' process numbers -> a session each, or one lent anew for each transaction

Turns to write are locks of a session, readers set their session's isolation, and what waits for a yes uses prepared
statements. Where a pooler lends sessions anew, a lock stays with somebody else's connection for ever.
"""

from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import ProgrammingError

from knowledge.errors import KnowledgeError

ROUNDS = 5
"""How often it is looked at: which session a pooler lends next is its own affair, mostly the last given back."""
LOST_STATEMENT = ("26000", "42P05")
"""What a server says of a statement that was prepared in another session, or by somebody else in this one."""


def is_pooled(connection: Connection) -> bool:
    """Return whether the server that answers is another one than said so when the connection began."""
    raw: Any = connection.connection.driver_connection
    key = getattr(raw, "_backend_key_data", None)  # pg8000: a process number and a secret, four bytes each
    began = int.from_bytes(key[:4], "big") if key else getattr(getattr(raw, "info", None), "backend_pid", None)
    return began is not None and began != _process(connection)


def refuse_lent_sessions(kept: Connection, other: Connection, *, shown: str) -> None:
    """Raise KnowledgeError where `kept` does not keep its session while transactions of `other` begin and end.

    Args:
        kept: Of an engine that commits each statement.
        other: Not in a transaction yet.
    """
    try:
        lent = _is_lent(kept, other)
    except ProgrammingError as error:
        if getattr(error.orig, "sqlstate", "") not in LOST_STATEMENT:
            raise
        lent = True
    if lent:
        raise KnowledgeError(
            f"At {shown} a pooler (such as PgBouncer) lends sessions for one transaction only, and Frontdesk's locks "
            "need sessions of their own. Next: set pool_mode = session for this database in the pooler, or name "
            "PostgreSQL's own address in `catalog_url`."
        )


def _is_lent(kept: Connection, other: Connection) -> bool:
    """Return whether `kept` is ever answered by two processes, or by the one that answers `other`."""
    keeps: set[int] = set()
    for _ in range(ROUNDS):
        with other.begin():
            others = _process(other)
            keeps.add(_process(kept))
        keeps |= {_process(kept), _process(kept)}  # twice: where sessions are lent in turns, the first is its own again
        if others in keeps or len(keeps) > 1:
            return True
    return False


def _process(connection: Connection) -> int:
    return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())
