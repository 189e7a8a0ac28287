from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from assistant import clock_leaps
from assistant.errors import StoreError

DAY = timedelta(days=1)
TODAY = datetime(2026, 11, 29, 8, tzinfo=UTC)


def waits(file: Path, at: datetime, *, newest: datetime | None = None) -> bool:
    try:
        clock_leaps.check(file, newest=newest, at=at)
    except StoreError:
        return True
    return False


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / clock_leaps.FILE


def test_a_server_that_looks_every_day_never_waits(file: Path) -> None:
    """Nor does one that nobody asks anything for months."""
    assert not any(waits(file, TODAY + n * DAY, newest=TODAY) for n in range(90))


def test_the_first_look_measures_from_the_newest_conversation(file: Path) -> None:
    assert not waits(file, TODAY, newest=None)
    file.unlink()
    assert not waits(file, TODAY, newest=TODAY - 6 * DAY)
    file.unlink()
    assert waits(file, TODAY, newest=TODAY - 8 * DAY)


def test_a_leap_is_waited_out_for_a_day_whatever_is_asked_meanwhile(file: Path) -> None:
    waits(file, TODAY, newest=TODAY)
    ahead = TODAY + 3650 * DAY
    assert [waits(file, ahead + n * DAY / 4, newest=ahead) for n in range(5)] == [True, True, True, True, False]
    assert not waits(file, ahead + 2 * DAY, newest=ahead)


def test_a_clock_that_is_set_right_goes_on_at_once_and_the_next_leap_waits_again(file: Path) -> None:
    waits(file, TODAY, newest=TODAY)
    assert waits(file, TODAY + 3650 * DAY)
    assert not waits(file, TODAY + DAY, newest=TODAY + 3650 * DAY)
    assert waits(file, TODAY + 3650 * DAY, newest=TODAY + 3650 * DAY)


@pytest.mark.parametrize("text", ["", "[]", '{"at": 5}', '{"at": "soon"}', '{"at": "2026-11-01T08:00"}'])
def test_a_damaged_note_is_none(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")
    assert waits(file, TODAY, newest=TODAY - 8 * DAY)


def test_what_cannot_be_noted_deletes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"nothing was deleted.*Next: "):
        clock_leaps.check(tmp_path / "nowhere" / clock_leaps.FILE, newest=TODAY, at=TODAY)
