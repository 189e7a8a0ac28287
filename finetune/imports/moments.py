"""When messages were written: times of exports in, an order out where they can be compared.

"2026-01-02T10:00:00Z", "2026-01-02 10:00:00 +0200", 1767348000, 1767348000000 -> kind of time, seconds
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

EPOCH = re.compile(r"(?P<whole>\d{9,})(?:\.\d+)?")
"""Seconds since 1970, or thousandths of them."""
MOMENT = re.compile(r"(?P<date>\d{4}-\d\d-\d\d[T ]\d\d:\d\d\S*)(?: (?P<zone>UTC|GMT|Z|[+-]\d\d:?\d\d))?")
"""A date of ISO 8601 with a time of day, and the zone that programs write behind a blank."""
ZONES = {"UTC": "Z", "GMT": "Z"}
Message = TypeVar("Message")


def by_time(messages: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return messages by their `created_at`, as `in_order` does."""
    return in_order(messages, lambda message: message.get("created_at"))


def in_order(messages: Sequence[Message], time: Callable[[Message], Any]) -> list[Message]:
    """Return messages by time where all have one and these can be compared; else as they come."""
    moments = [found for message in messages if (found := moment(str(time(message))))]
    if len(moments) < len(messages) or len({kind for kind, _ in moments}) > 1:
        return list(messages)
    return [messages[place] for place in sorted(range(len(messages)), key=lambda place: moments[place][1])]


def moment(time: str) -> tuple[str, float] | None:
    """Return what kind of time this is, and its seconds, to be compared within the kind; None for any other form."""
    if number := EPOCH.fullmatch(time):
        return f"{len(number['whole'])} digits", float(time)
    found = MOMENT.fullmatch(time)
    try:
        read = datetime.fromisoformat(found["date"] + ZONES.get(found["zone"], found["zone"] or "")) if found else None
    except ValueError:
        return None
    if read is None:
        return None
    return ("no zone", read.replace(tzinfo=UTC).timestamp()) if read.tzinfo is None else ("zone", read.timestamp())
