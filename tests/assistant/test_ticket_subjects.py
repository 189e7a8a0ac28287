"""What a ticket is about, in the lists."""

from datetime import UTC, datetime
from typing import Any

import pytest

from assistant.ticket_contents import Ticket
from assistant.ticket_subjects import subject_of

ACTED = {"tool": "refund", "result": "€5 was refunded.", "state": "done"}
WRITTEN = {"subject": "a lamp hums", "text": "at night"}


def ticket(reason: str = "repeated_failure", **summary: Any) -> Ticket:
    return Ticket("483-9206", "c", 1, reason, "open", "en", summary, "", "", datetime.now(UTC), None)


@pytest.mark.parametrize(
    ("found", "subject"),
    [
        (ticket(asked=["Refund B-1", "yes"]), "Refund B-1"),
        (ticket(asked=["退款 B-1", "好的，请办理", "谢谢", "转人工"]), "退款 B-1"),
        (ticket(asked=["yes"], acted=[ACTED]), "€5 was refunded."),
        (ticket(asked=["yes"], acted=[ACTED | {"result": ""}]), "refund"),
        (ticket(asked=["yes"], acted=[ACTED | {"state": "failed", "result": "E-42 no such order"}]), "refund"),
        (ticket(asked=["A person, please"]), "A person, please"),
        (ticket(), ""),
        (ticket("written", asked=["yes"], written=[WRITTEN]), "a lamp hums"),
        (ticket("asked", asked=["It hums", "yes"], written=[WRITTEN]), "It hums"),
    ],
)
def test_a_yes_is_never_what_a_ticket_is_about(found: Ticket, subject: str) -> None:
    assert subject_of(found) == subject


def test_what_was_said_since_counts() -> None:
    assert subject_of(ticket(asked=["It hums"]), said="And it flickers") == "And it flickers"
    assert subject_of(ticket(asked=["It hums"]), said="yes") == "It hums"
