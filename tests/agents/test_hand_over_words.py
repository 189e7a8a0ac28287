"""The patterns stay quick, whatever a customer types."""

import time

import pytest

from agents import hand_over_words as words

PATTERNS = {name: getattr(words, name) for name in ("ASKED", "NOT_ASKED", "SAFETY", "NOT_SAFETY", "LEGAL", "ANGER")}


@pytest.mark.parametrize("name", PATTERNS)
@pytest.mark.parametrize("piece", ["a ", "real ", "talk to a ", "我要", "i am so very ", "is there a real live ", "ha"])
def test_long_messages_take_no_time(name: str, piece: str) -> None:
    text = (piece * 4000)[:4000]
    started = time.thread_time()
    PATTERNS[name].search(text)
    assert time.thread_time() - started < 1.0
