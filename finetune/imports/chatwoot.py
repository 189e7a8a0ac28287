"""Chatwoot: conversations with their messages, as its API gives them.

    {"id", "messages": [{"content", "message_type", "private", "sender": {"type"}}]} -> Conversation
    {"payload": [message, …]}, the messages of one conversation                      -> Conversation

One conversation a line, a list, or the API's answer with its `data` and `payload`. Private notes, activities and
templates are never read, nor what was deleted or did not arrive; a message that does not say whether it is private is a
fault. Incoming is the customer, outgoing the company. Pages of the API overlap: a message counts once, as it is last.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from finetune.data.conversations import Conversation, Said
from finetune.data.example_forms import Record
from finetune.imports.files import Faults, reason
from finetune.imports.flags import is_yes
from finetune.imports.mails import words
from finetune.imports.moments import by_time

INCOMING, OUTGOING = {0, "incoming"}, {1, "outgoing"}
BOTS = {"agent_bot", "AgentBot", "captain_assistant", "Captain::Assistant"}
MACHINES = {"content_attributes": "automation_rule_id", "additional_attributes": "campaign_id"}
"""What a message has that a rule or a campaign sent, under an agent's name or none."""
Message = Mapping[str, Any]


def fits(data: Mapping[str, Any]) -> bool:
    """Say whether the first record of a file is of this format."""
    return any(isinstance(one, dict) and "message_type" in one for one in _first(data)[:1])


def conversations(found: Sequence[Record], source: str) -> Iterator[Conversation]:
    """Yield the conversations.

    Raises:
        Faults: names the records that cannot be read.
    """
    faults: list[tuple[int, str]] = []
    said: dict[str, dict[Any, tuple[Message, Said | None]]] = defaultdict(dict)
    for record in found:
        try:
            for identity, message in _messages(record.data, record.line):
                of_one = said[identity]
                of_one[message.get("id", f"no id {len(of_one)}")] = message, _said(message)
        except (AttributeError, KeyError, TypeError) as error:
            faults.append((record.line, f"is no conversation with messages: it {reason(error)}"))
    if faults:
        raise Faults(faults)
    for identity, of_one in said.items():
        ordered = by_time([{**message, "said": told} for message, told in of_one.values()])
        names = frozenset(name for message in ordered if (name := _name(message)))
        kept = tuple(message["said"] for message in ordered if message["said"])
        yield Conversation(f"chatwoot:{identity}", source, kept, names=names)


def _first(data: Mapping[str, Any]) -> list[Any]:
    """Return the messages that a record begins with."""
    inside = data.get("data", data)
    payload = inside.get("payload") if isinstance(inside, dict) else None
    if isinstance(payload, list) and payload and isinstance(payload[0], dict):
        return payload[0]["messages"] if isinstance(payload[0].get("messages"), list) else payload
    found = data.get("messages")
    return found if isinstance(found, list) else []


def _messages(data: Mapping[str, Any], line: int) -> Iterator[tuple[str, Message]]:
    inside = data.get("data", data)
    listed = inside.get("payload", [data])
    for one in listed:
        if "messages" in one:
            yield from ((str(one.get("id", line)), message) for message in one["messages"])
        else:
            yield str(one.get("conversation_id", line)), one


def _said(message: Message) -> Said | None:
    """Return a message that customer or company wrote to the other, a picture without words too; None for any other."""
    kind, private = message["message_type"], is_yes(message["private"])
    attributes = message.get("content_attributes") or {}
    is_lost = attributes.get("deleted") or message.get("status") == "failed"
    if private or is_lost or kind not in INCOMING | OUTGOING:
        return None
    text = words(str(message.get("content") or ""))
    if kind in INCOMING:
        return Said("user", text)
    sent_by = {_sender(message).get("type"), message.get("sender_type")}
    by_machine = BOTS & sent_by or any((message.get(at) or {}).get(key) for at, key in MACHINES.items())
    return Said("assistant", text, by_person=not by_machine) if text else None


def _name(message: Message) -> str:
    sender = _sender(message)
    return sender["name"] if sender.get("type") not in BOTS and isinstance(sender.get("name"), str) else ""


def _sender(message: Message) -> Message:
    sender: Message = message.get("sender") or {}
    return sender
