"""Where loops stopped that wait for a yes, on a PostgreSQL server: the only file that knows psycopg.

    postgresql://user@host/database -> PostgresSaver on a small pool of connections

As `assistant.checkpoints`, for installations whose catalogue lies on such a server (`catalog_url`): what waits then
outlives the machine. A password that the address lacks comes from the environment (PGPASSWORD).
"""

import logging
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import make_url

from agents.errors import LoopsUnavailable
from assistant.errors import StoreError
from knowledge import postgres_address
from knowledge.environment import get_extra

if TYPE_CHECKING:
    from psycopg import Connection
    from psycopg_pool import ConnectionPool

CONNECTIONS = 4
OPEN_SECONDS = 15.0
ANSWER_SECONDS = 3.0
"""How long a customer who said yes waits for a server that is away; twice as long where it hangs or is frozen."""
STATEMENT_SECONDS = 2.5
"""How long one step of the server may take: what it has not ended by then it undoes, before the customer is told so."""
TURN_POLL_SECONDS = 0.2
SETUP_LOCK = 4_711_022
"""Key of the lock under which one process at a time makes the tables."""
TABLES = ("checkpoint_writes", "checkpoint_blobs", "checkpoints")
MISSING = f"Waiting writes on a PostgreSQL server need one package more. Next: {get_extra('server')}"


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
        except ImportError as error:
            raise StoreError(MISSING) from error
        self._pool = _pool(url)
        try:
            # A pool would try again and again, and not say why; and its connections do not wait until others are done.
            options: dict[str, Any] = {"autocommit": True, "prepare_threshold": 0, "row_factory": dict_row}
            options |= {"connect_timeout": int(OPEN_SECONDS), "tcp_user_timeout": int(1000 * OPEN_SECONDS)}
            with psycopg.connect(_plain(url), **options) as connection:
                _take_turn(connection, url)
                PostgresSaver(connection).setup()
            self._pool.open(wait=True, timeout=OPEN_SECONDS)
            # No type but plain data and messages is read back.
            self.saver: PostgresSaver = PostgresSaver(
                self._pool, serde=JsonPlusSerializer(allowed_msgpack_modules=None)
            )
        except (psycopg.Error, LoopsUnavailable) as error:
            self._pool.close()
            raise StoreError(str(error) if isinstance(error, LoopsUnavailable) else _cause(url, error)) from error

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
    with _named(url), psycopg.connect(_plain(url), connect_timeout=int(OPEN_SECONDS)) as connection:
        for table in TABLES:
            if connection.execute("SELECT to_regclass(%s)", (table,)).fetchone() == (None,):
                continue
            delete = sql.SQL("DELETE FROM {} WHERE starts_with(thread_id, %s)").format(sql.Identifier(table))
            for conversation in conversations:
                connection.execute(delete, (f"{conversation}/",))  # a thread is named conversation/run


def _pool(url: str) -> "ConnectionPool[Any]":
    """Return a pool that gives up soon and says why, for a customer waits; the next who asks tries anew.

    Raises:
        StoreError: the driver is missing.
    """
    try:
        import psycopg
        from psycopg.rows import dict_row
        from psycopg_pool import ConnectionPool, PoolTimeout
    except ImportError as error:
        raise StoreError(MISSING) from error

    class PatientConnection(psycopg.Connection[Any]):
        """Gives up a server that is silent: no timeout of TCP's or the server's ends a wait for one that is frozen."""

        def wait(self, gen: Any, *rest: Any, **more: Any) -> Any:
            return super().wait(self._heard(gen), *rest, **more)

        def _heard(self, exchange: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
            """Pass an exchange with the server on, as long as it answers; it is asked ten times a second."""
            heard = time.monotonic()
            try:
                state = next(exchange)
                while True:
                    ready = yield state
                    if ready:
                        heard = time.monotonic()
                    elif time.monotonic() - heard > ANSWER_SECONDS:
                        self.pgconn.finish()
                        raise psycopg.OperationalError(f"it has not answered for {ANSWER_SECONDS:.0f} s")
                    state = exchange.send(ready)
            except StopIteration as end:
                return end.value

    class SayingPool(ConnectionPool[Any]):
        @contextmanager
        def connection(self, timeout: float | None = None) -> Iterator[Any]:
            try:
                with super().connection(timeout) as connection:
                    yield connection
            except PoolTimeout as late:  # says how long it was, not why
                try:
                    psycopg.connect(_plain(url), connect_timeout=int(ANSWER_SECONDS)).close()
                except psycopg.Error as error:
                    raise LoopsUnavailable(_cause(url, error)) from error
                raise LoopsUnavailable(_cause(url, late)) from late
            except psycopg.Error as error:
                raise LoopsUnavailable(_cause(url, error)) from error

    def bound(connection: Any) -> None:
        connection.execute(f"SET statement_timeout = {int(1000 * STATEMENT_SECONDS)}")

    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it warns of each of many tries; what is raised says it
    return SayingPool(
        _plain(url),
        connection_class=PatientConnection,
        kwargs={
            "autocommit": True,
            "prepare_threshold": 0,
            "row_factory": dict_row,
            "connect_timeout": int(ANSWER_SECONDS),
            "tcp_user_timeout": int(1000 * ANSWER_SECONDS),
        },
        configure=bound,
        min_size=1,
        max_size=CONNECTIONS,
        timeout=ANSWER_SECONDS,
        reconnect_timeout=ANSWER_SECONDS,
        open=False,
        check=ConnectionPool.check_connection,  # the server may have been started again
    )


@contextmanager
def _named(url: str) -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise StoreError(_cause(url, error)) from error


def _take_turn(connection: "Connection[dict[str, Any]]", url: str) -> None:
    """Take the lock on making the tables, until the connection is closed.

    It is asked for again and again: whoever waits within the server holds up the index that the other makes, and the
    server ends one of the two.
    """
    deadline = time.monotonic() + OPEN_SECONDS
    while True:
        taken = connection.execute("SELECT pg_try_advisory_lock(%s) AS taken", (SETUP_LOCK,)).fetchone()
        if taken and taken["taken"]:
            return
        if time.monotonic() > deadline:
            raise LoopsUnavailable(
                f"Waiting writes cannot be kept at {_shown(url)}: another server has been making the tables for "
                f"{OPEN_SECONDS:.0f} s. Next: wait for it to end, then start again"
            )
        time.sleep(TURN_POLL_SECONDS)


def _shown(url: str) -> str:
    """Return an address fit to print: a password may stand behind the question mark too."""
    return make_url(url).set(query={}).render_as_string(hide_password=True)


def _cause(url: str, error: Exception) -> str:
    said = str(error).strip().partition("\n")[0].rstrip(".")
    return f"Waiting writes cannot be kept at {_shown(url)}: {said[:300]}. Next: frontdesk doctor"


def _plain(url: str) -> str:
    """Return an address as libpq reads it, without the name of a driver."""
    return postgres_address.for_libpq(make_url(url)).render_as_string(hide_password=False)
