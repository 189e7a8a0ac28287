"""Chatwoot: conversations with their messages, as its API gives them.

    {"id", "messages": [{"content", "message_type", "private", "sender": {"type"}}]} -> Conversation
    {"payload": [message, …]}, the messages of one conversation                      -> Conversation

One conversation a line, a list, or the API's answer with its `data` and `payload`. Private notes, activities and
templates are never read. Incoming is the customer, outgoing the company.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from finetune.conversations import Conversation, Said
from finetune.example_forms import Record
from finetune.imports.files import Faults
from finetune.imports.mails import by_time, without_quoted

INCOMING, OUTGOING = {0, "incoming"}, {1, "outgoing"}
BOTS = {"agent_bot", "AgentBot", "captain_assistant", "Captain::Assistant"}


def fits(data: Mapping[str, Any]) -> bool:
    """Say whether the first record of a file is of this format."""
    return any(isinstance(one, dict) and "message_type" in one for one in _first(data)[:1])


def conversations(found: Sequence[Record], source: str) -> Iterator[Conversation]:
    """Yield the conversations.

    Raises:
        Faults: names the records that cannot be read.
    """
    faults: list[tuple[int, str]] = []
    messages: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for record in found:
        try:
            for identity, message in _messages(record.data, record.line):
                if not isinstance(message["message_type"], int | str):
                    raise TypeError("message_type")
                messages[identity].append(message)
        except (AttributeError, KeyError, TypeError) as error:
            reason = f"lacks {error}" if isinstance(error, KeyError) else "has values of another kind"
            faults.append((record.line, f"is no conversation with messages: it {reason}"))
    if faults:
        raise Faults(faults)
    for identity, said in messages.items():
        kept = tuple(one for message in by_time(said) if (one := _said(message)))
        yield Conversation(f"chatwoot:{identity}", source, kept)


def _first(data: Mapping[str, Any]) -> list[Any]:
    """Return the messages that a record begins with."""
    inside = data.get("data", data)
    payload = inside.get("payload") if isinstance(inside, dict) else None
    if isinstance(payload, list) and payload and isinstance(payload[0], dict):
        return payload[0]["messages"] if isinstance(payload[0].get("messages"), list) else payload
    found = data.get("messages")
    return found if isinstance(found, list) else []


def _messages(data: Mapping[str, Any], line: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
    inside = data.get("data", data)
    listed = inside.get("payload", [data])
    for one in listed:
        if "messages" in one:
            yield from ((str(one.get("id", line)), message) for message in one["messages"])
        else:
            yield str(one.get("conversation_id", line)), one


def _said(message: Mapping[str, Any]) -> Said | None:
    """Return a message that customer or company wrote to the other; None for any other."""
    kind, content = message["message_type"], message.get("content")
    if message.get("private") or not content or kind not in INCOMING | OUTGOING:
        return None
    sender = message.get("sender") or {}
    by_bot = BOTS & {sender.get("type"), message.get("sender_type")}
    text = without_quoted(str(content))
    return Said("user", text) if kind in INCOMING else Said("assistant", text, by_person=not by_bot)
