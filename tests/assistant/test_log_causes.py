"""What an operator can mend is one line of the log; what is a bug keeps its traceback."""

import io
import logging
from collections.abc import Iterator

import pytest

from agents.errors import ModelUnavailable
from assistant.errors import Forestalled, NotStored, StoreError
from assistant.log_causes import CauseFilter
from knowledge.errors import KnowledgeError
from tests.assistant.filtered_log import behind, of_the_command_line

FULL = "The database of conversations cannot be used: database or disk is full. Next: frontdesk doctor"


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, io.StringIO]]:
    with behind(CauseFilter()) as log:
        yield log


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


def test_who_looks_for_faults_sees_the_traceback(log: tuple[logging.Logger, io.StringIO]) -> None:
    logger, stream = log
    before = logger.level
    logger.setLevel(logging.DEBUG)
    logger.error("turn 3 failed", exc_info=StoreError(FULL))
    logger.setLevel(before)
    assert stream.getvalue() == f"turn 3 failed\nassistant.errors.StoreError: {FULL}\n"


def test_a_record_that_does_not_fit_its_format_is_left_to_the_handler() -> None:
    error = StoreError(FULL)
    record = logging.LogRecord("ours", logging.ERROR, "", 1, "%d failed", ("x",), (StoreError, error, None))
    assert CauseFilter().filter(record)
    assert (record.msg, record.exc_info) == ("%d failed", (StoreError, error, None))


def test_the_command_line_logs_through_it() -> None:
    told = of_the_command_line(
        "from assistant.errors import StoreError",
        "logging.getLogger('assistant.api').error('it failed', exc_info=StoreError('the disk of ada@example.com'))",
    )
    assert told.count("\n") == 1
    assert told.endswith("ERROR assistant.api: it failed: the disk of [email]\n")
