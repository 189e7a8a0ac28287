"""Log lines hold no personal data: messages, arguments, tracebacks, of any library."""

import io
import logging
from collections.abc import Iterator

import pytest

from assistant.log_privacy import PrivacyFilter
from tests.assistant.filtered_log import behind, of_the_command_line


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    with behind(PrivacyFilter()) as log:
        yield log


def test_messages_and_arguments(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.warning("no answer for %s at %s", "ada@example.com", "13812345678")
    assert stream.getvalue() == "no answer for [email] at [phone]\n"


def test_tracebacks(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    try:
        raise ValueError("cannot mail ada@example.com")
    except ValueError:
        logger.exception("it failed")
    assert "ada@example.com" not in stream.getvalue()
    assert "ValueError: cannot mail [email]" in stream.getvalue()


def test_what_holds_nothing_is_left_alone(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.warning("turn %d of conversation %s failed, reference %s", 3, "abc", "12345678")
    assert stream.getvalue() == "turn 3 of conversation abc failed, reference 12345678\n"


def test_the_command_line_logs_through_it() -> None:
    told = of_the_command_line("logging.getLogger('uvicorn.error').error('from ada@example.com')")
    assert "uvicorn.error: from [email]" in told


def test_connections_that_broke_are_told_by_whoever_needed_them() -> None:
    """SQLAlchemy writes a traceback for each connection of its pool when a PostgreSQL server ends, psycopg each try."""
    told = of_the_command_line(
        "logging.getLogger('sqlalchemy.pool.impl.QueuePool').error('Exception terminating connection')",
        "logging.getLogger('psycopg.pool').warning('Exception terminating connection')",
        "logging.getLogger('sqlalchemy.engine').error('told')",
    )
    assert "told" in told
    assert "Exception terminating" not in told
