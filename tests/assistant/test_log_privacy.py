"""Log lines hold no personal data: messages, arguments, tracebacks, of any library."""

import io
import logging
from collections.abc import Iterator

import pytest

from assistant.log_privacy import PrivacyFilter


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
