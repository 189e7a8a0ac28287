"""Log lines hold no personal data: messages, arguments, tracebacks, of any library."""

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant.log_privacy import PrivacyFilter

ROOT = Path(__file__).parents[2]


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(PrivacyFilter())
    logger = logging.getLogger("somebody.elses")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, stream
    logger.removeHandler(handler)
    logger.propagate = True


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
    """In a process of its own: here the root has handlers of the test's."""
    program = (
        "import logging\n"
        "from assistant.commands.options import set_up_log\n"
        "from assistant.settings import Settings\n"
        "set_up_log(Settings())\n"
        "logging.getLogger('uvicorn.error').error('from ada@example.com')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "uvicorn.error: from [email]" in done.stderr


def test_connections_that_broke_are_told_by_whoever_needed_them() -> None:
    """SQLAlchemy writes a traceback for each connection of its pool when a PostgreSQL server ends, psycopg each try."""
    program = (
        "import logging\n"
        "from assistant.commands.options import set_up_log\n"
        "from assistant.settings import Settings\n"
        "set_up_log(Settings())\n"
        "logging.getLogger('sqlalchemy.pool.impl.QueuePool').error('Exception terminating connection')\n"
        "logging.getLogger('psycopg.pool').warning('Exception terminating connection')\n"
        "logging.getLogger('sqlalchemy.engine').error('told')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "told" in done.stderr
    assert "Exception terminating" not in done.stderr
