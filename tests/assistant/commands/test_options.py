import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from assistant.commands.options import harmless, local


@pytest.fixture
def shanghai(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    if not hasattr(time, "tzset"):
        pytest.skip("the zone of a process cannot be set here")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Two\tlines\r\nof text, 两行 👩‍🔧", "Two\tlines\nof text, 两行 👩‍🔧"),
        ("\x1b]52;c;cm0gLXJm\x07", "�]52;c;cm0gLXJm�"),
        ("\x9b2J", "�2J"),
        ("pay \u202e001", "pay �001"),
    ],
)
def test_what_others_wrote_does_not_steer_the_terminal(text: str, shown: str) -> None:
    assert harmless(text) == shown


def test_moments_are_told_by_the_clock_of_who_reads_them(shanghai: None) -> None:
    assert f"{local(datetime(2026, 11, 28, 23, 30, tzinfo=UTC)):%Y-%m-%d %H:%M}" == "2026-11-29 07:30"
