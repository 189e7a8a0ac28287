"""Where loops stopped that wait for a yes, on a PostgreSQL server: the only file that knows psycopg.

    postgresql://user@host/database -> PostgresSaver on a small pool of connections

As `assistant.checkpoints`, for installations whose catalogue lies on such a server (`catalog_url`): what waits then
outlives the machine. A password that the address lacks comes from the environment (PGPASSWORD).
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import make_url

from assistant.errors import StoreError
from knowledge.environment import PIP

CONNECTIONS = 4
WAIT_SECONDS = 15.0
SETUP_LOCK = 4_711_022
"""Key of the lock under which one process at a time makes the tables."""
TABLES = ("checkpoint_writes", "checkpoint_blobs", "checkpoints")
MISSING = f"Waiting writes on a PostgreSQL server need one package more. Next: {PIP} install 'frontdesk[server]'"


class SharedCheckpoints:
    """The server's tables and the connections to them; safe to use from many threads and processes.

    Raises:
        StoreError: the driver is missing, or the server cannot be used.
    """

    def __init__(self, url: str) -> None:
        try:
            import psycopg
            from langgraph.checkpoint.postgres import PostgresSaver
            from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
            from psycopg.rows import dict_row
            from psycopg_pool import ConnectionPool, PoolTimeout
        except ImportError as error:
            raise StoreError(MISSING) from error
        options: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
        self._pool: ConnectionPool[Any] = ConnectionPool(
            _plain(url),
            kwargs=options,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=WAIT_SECONDS,
            open=False,
            check=ConnectionPool.check_connection,  # the server may have been started again
        )
        try:
            with _named(url):  # a pool would try again and again, and not say why
                psycopg.connect(_plain(url), connect_timeout=int(WAIT_SECONDS)).close()
            self._pool.open(wait=True, timeout=WAIT_SECONDS)
            # No type but plain data and messages is read back.
            self.saver: PostgresSaver = PostgresSaver(
                self._pool, serde=JsonPlusSerializer(allowed_msgpack_modules=None)
            )
            with _named(url), self._pool.connection() as connection:
                connection.execute("SELECT pg_advisory_lock(%s)", (SETUP_LOCK,))
                try:
                    self.saver.setup()
                finally:
                    connection.execute("SELECT pg_advisory_unlock(%s)", (SETUP_LOCK,))
        except (PoolTimeout, StoreError) as error:
            self._pool.close()
            if isinstance(error, StoreError):
                raise
            raise StoreError(_cause(url, str(error))) from error

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.close()


def forget(url: str, conversations: Iterable[str]) -> None:
    """Delete what loops of these conversations left on a server; no tables, nothing to do.

    Raises:
        StoreError: the driver is missing, or the server cannot be used.
    """
    try:
        import psycopg
        from psycopg import sql
    except ImportError as error:
        raise StoreError(MISSING) from error
    with _named(url), psycopg.connect(_plain(url), connect_timeout=int(WAIT_SECONDS)) as connection:
        for table in TABLES:
            if connection.execute("SELECT to_regclass(%s)", (table,)).fetchone() == (None,):
                continue
            delete = sql.SQL("DELETE FROM {} WHERE starts_with(thread_id, %s)").format(sql.Identifier(table))
            for conversation in conversations:
                connection.execute(delete, (f"{conversation}/",))  # a thread is named conversation/run


@contextmanager
def _named(url: str) -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise StoreError(_cause(url, str(error))) from error


def _cause(url: str, cause: str) -> str:
    place = make_url(url).render_as_string(hide_password=True)
    return f"Waiting writes cannot be kept at {place}: {' '.join(cause.split())[:300]}. Next: frontdesk doctor"


def _plain(url: str) -> str:
    """Return an address as libpq reads it, without the name of a driver."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
