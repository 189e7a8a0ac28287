import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from types import SimpleNamespace

import pytest

from assistant.commands import options
from assistant.commands.options import harmless, local, progress_bar, signs_of_life


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


def test_a_pipe_is_told_now_and_then_how_far_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = iter((0.0, 29.0, 31.0, 62.0, 92.0, 93.0))
    monkeypatch.setattr(options, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with progress_bar("Reading") as progress:
        for share in (0.1, 0.25, 0.4, 0.5):
            progress("faq/big\x1b.txt", share, 1)
        progress("faq/next.txt", 1, 1)
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err == "Reading big�.txt: 25% after 31 s\nReading big�.txt: 50% after 92 s\n"


def test_of_a_large_file_among_others_its_own_share_is_told_and_never_more_than_six_lines_an_hour(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    hours = 10
    clock = iter(range(hours * 3600))
    monkeypatch.setattr(options, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))
    with progress_bar("Reading") as progress:
        for second in range(hours * 3600 - 1):
            progress("log.txt", 6 + second / (hours * 3600), 9)
    first, *others = capsys.readouterr().err.splitlines()
    assert first == "Reading log.txt (7 of 9): 0% after 30 s"
    assert len(others) <= hours * 6 + 4
    assert others[-1].startswith("Reading log.txt (7 of 9): 9")


def test_work_that_cannot_tell_its_share_is_told_by_its_part_however_long_that_takes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    seconds, told = count(), threading.Event()

    def monotonic() -> float:
        now = next(seconds)
        if now > 300:
            told.set()
        return float(now)

    monkeypatch.setattr(options, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(options, "time", SimpleNamespace(monotonic=monotonic))
    with signs_of_life("Proving") as turn_to:
        turn_to("greedy\x1b tokens")
        assert told.wait(30)
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[:3] == [f"Proving: greedy� tokens, after {seconds} s" for seconds in (30, 90, 210)]


def test_work_that_fails_is_told_of_no_longer() -> None:
    def telling() -> list[str]:
        return [one.name for one in threading.enumerate() if one.name == "signs of life"]

    def fail() -> None:
        with signs_of_life("Proving"):
            assert telling()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not telling()


def test_quick_work_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with signs_of_life("Proving") as turn_to:
        turn_to("prompt")
    assert capsys.readouterr() == ("", "")
