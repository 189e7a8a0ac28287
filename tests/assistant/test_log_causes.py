"""What an operator can mend is one line of the log; what is a bug keeps its traceback."""

import io
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.errors import ModelUnavailable
from assistant.errors import Forestalled, NotStored, StoreError
from assistant.log_causes import CauseFilter
from knowledge.errors import KnowledgeError

ROOT = Path(__file__).parents[2]
FULL = "The database of conversations cannot be used: database or disk is full. Next: frontdesk doctor"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(CauseFilter())
    logger = logging.getLogger("ours.with.causes")
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, stream
    logger.removeHandler(handler)
    logger.propagate = True


@pytest.mark.parametrize("kind", [StoreError, KnowledgeError, ModelUnavailable])
def test_what_can_be_mended_is_one_line(log: tuple[logging.Logger, io.StringIO], kind: type[Exception]) -> None:
    logger, stream = log
    try:
        raise kind(FULL) from OSError("disk")
    except kind as error:
        logger.error("%s failed, reference %s", "/api/conversations", "cfc1e85a", exc_info=error)
    assert stream.getvalue() == f"/api/conversations failed, reference cfc1e85a: {FULL}\n"


def test_a_bug_keeps_its_traceback(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    try:
        raise KeyError("nothing")
    except KeyError:
        logger.exception("it failed")
    assert stream.getvalue().startswith("it failed\nTraceback ")


@pytest.mark.parametrize("error", [NotStored("No turn 3."), Forestalled("Ada was faster.", by="Ada", did="replied")])
def test_what_no_operator_can_mend_keeps_its_traceback(
    log: tuple[logging.Logger, io.StringIO], error: Exception
) -> None:
    logger, stream = log
    logger.error("it failed", exc_info=error)
    assert stream.getvalue() == f"it failed\nassistant.errors.{type(error).__name__}: {error}\n"


def test_who_says_the_cause_keeps_the_traceback_that_was_asked_for(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    logger.error("turn 3 failed: %s", FULL, exc_info=StoreError(FULL))
    assert stream.getvalue() == f"turn 3 failed: {FULL}\nassistant.errors.StoreError: {FULL}\n"


def test_a_record_that_does_not_fit_its_format_is_left_to_the_handler() -> None:
    error = StoreError(FULL)
    record = logging.LogRecord("ours", logging.ERROR, "", 1, "%d failed", ("x",), (StoreError, error, None))
    assert CauseFilter().filter(record)
    assert (record.msg, record.exc_info) == ("%d failed", (StoreError, error, None))


def test_the_command_line_logs_through_it() -> None:
    """In a process of its own: here the root has handlers of the test's."""
    program = (
        "import logging\n"
        "from assistant.commands.options import set_up_log\n"
        "from assistant.errors import StoreError\n"
        "from assistant.settings import Settings\n"
        "set_up_log(Settings())\n"
        "logging.getLogger('assistant.api').error('it failed', exc_info=StoreError('the disk of ada@example.com'))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith("ERROR assistant.api: it failed: the disk of [email]\n")
