import pytest

from finetune.imports.moments import by_time


@pytest.mark.parametrize(
    ("first", "second", "turned"),
    [
        (1704100000, 1704099999, True),
        (1704100000, None, False),
        (1704100000, 1704099999000, False),
        ("2024-01-01T10:00:00Z", "2024-01-01T09:00:00Z", True),
        ("2024-01-01T10:00:00+02:00", "2024-01-01T09:00:00Z", False),
        ("2024-01-01T10:30:00+02:00", "2024-01-01T08:00:00Z", True),
        ("2024-01-01T10:00:00.5Z", "2024-01-01T10:00:00Z", True),
        ("1 Feb 2024", "12 Jan 2024", False),
    ],
)
def test_messages_are_turned_only_by_times_that_can_be_compared(
    first: str | int, second: str | int | None, turned: bool
) -> None:
    messages = [{"n": 1, "created_at": first}, {"n": 2, "created_at": second}]
    assert [message["n"] for message in by_time(messages)] == ([2, 1] if turned else [1, 2])
