"""Intercom: conversations with their parts, as its API gives a single one.

    {"id", "source": {"body", "author": {"type"}}, "conversation_parts": {"conversation_parts": [
        {"part_type", "body", "author": {"type"}}]}} -> Conversation

One conversation a line, a list, or `{"conversations": […]}`. Of the parts only those in `READ` are read, so that no
note ever is, whatever kinds of notes are yet to come. Users, leads and contacts are customers, admins and teams the
company; what a bot, a campaign, a series or, under an admin's name, an AI agent sent was written by a machine. A rating
of 1 or 2 is a bad one, 4 or 5 a good one.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from finetune.data.conversations import Conversation, Rating, Said
from finetune.data.example_forms import Record
from finetune.imports.files import Faults, reason
from finetune.imports.mails import words
from finetune.imports.moments import by_time

READ = {"comment", "quick_reply", "open", "close"}
"""What both sides see: replies, also those that open or close a conversation."""
CUSTOMERS = {"user", "lead", "contact"}
PEOPLE = {"admin", "team"}
BY_MACHINE = {"campaigns_initiated", "operator_initiated", "automated"}
"""How a first message is delivered that no admin wrote to this customer."""
BY_AI = ("from_ai_agent", "is_ai_answer")
"""What an author has of whose words an AI agent wrote, though its type may be an admin's."""
RATINGS: dict[Any, Rating] = {1: "down", 2: "down", 4: "up", 5: "up"}


def fits(data: Mapping[str, Any]) -> bool:
    """Say whether the first record of a file is of this format."""
    listed = _listed(data)
    return bool(listed) and isinstance(listed[0], dict) and {"source", "conversation_parts"} <= set(listed[0])


def conversations(found: Sequence[Record], source: str) -> Iterator[Conversation]:
    """Yield the conversations; of one that was exported twice, the later.

    Raises:
        Faults: names the records that cannot be read.
    """
    faults: list[tuple[int, str]] = []
    read: dict[str, Conversation] = {}
    for record in found:
        for data in _listed(record.data):
            try:
                told = _conversation(data, source)
                read[told.id] = told
            except (AttributeError, KeyError, TypeError) as error:
                name = data.get("id", "?") if isinstance(data, dict) else "?"
                faults.append((record.line, f"is no conversation with parts: conversation {name} {reason(error)}"))
    if faults:
        raise Faults(faults)
    yield from read.values()


def _listed(data: Any) -> list[Any]:
    listed = data.get("conversations") if isinstance(data, dict) else None
    return listed if isinstance(listed, list) else [data]


def _conversation(data: Mapping[str, Any], source: str) -> Conversation:
    first, listed = data["source"], data["conversation_parts"]
    parts = by_time(listed["conversation_parts"] if isinstance(listed, dict) else list(listed))
    is_sent = first.get("delivered_as") in BY_MACHINE
    said = [_said(first, by_machine=is_sent), *(_said(part) for part in parts if part["part_type"] in READ)]
    authors = [one.get("author") or {} for one in (first, *parts)]
    names = [author.get("name") for author in authors if author.get("type") in CUSTOMERS | {"admin"}]
    return Conversation(
        f"intercom:{data['id']}",
        source,
        tuple(one for one in said if one),
        RATINGS.get((data.get("conversation_rating") or {}).get("rating")),
        frozenset(name for name in names if isinstance(name, str)),
    )


def _said(part: Mapping[str, Any], *, by_machine: bool = False) -> Said | None:
    """Return what somebody wrote; None where no side is known, as of X, whose texts Intercom does not give."""
    author = part.get("author") or {}
    who = author.get("type")
    by_machine = by_machine or any(author.get(mark) for mark in BY_AI)
    text = words(str(part.get("body") or "")) if not part.get("redacted") else ""
    if who in CUSTOMERS:
        return Said("user", text) if text or part.get("attachments") or part.get("redacted") else None
    return Said("assistant", text, by_person=who in PEOPLE and not by_machine) if who and text else None
