import json
from pathlib import Path
from typing import Any

import pytest

from finetune.data.conversations import Said
from finetune.errors import FinetuneError
from finetune.imports.files import read


def message(content: str | None, kind: int | str, **more: Any) -> dict[str, Any]:
    return {"content": content, "message_type": kind, "private": False, "conversation_id": 12} | more


MESSAGES = [
    message("Where is it?", 0, sender={"type": "contact"}),
    message("I look.", 1, sender={"type": "agent_bot"}),
    message("She is angry", "outgoing", private=True),
    message("Conversation was assigned", 2),
    message("Rate us", 3),
    message(None, 1),
    message("And?", "incoming"),
    message("It comes on Monday.", "outgoing", sender={"type": "user"}),
]
SAID = (
    Said("user", "Where is it?"),
    Said("assistant", "I look.", by_person=False),
    Said("user", "And?"),
    Said("assistant", "It comes on Monday."),
)


@pytest.mark.parametrize(
    "data",
    [
        {"meta": {"sender": {}}, "payload": MESSAGES},
        {"id": 12, "messages": MESSAGES, "status": "resolved"},
        [{"id": 12, "messages": MESSAGES}],
        {"data": {"meta": {"all_count": 1}, "payload": [{"id": 12, "messages": MESSAGES}]}},
    ],
)
def test_conversations_are_read_without_notes_and_activities(tmp_path: Path, data: Any) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(data, indent=1), encoding="utf-8")
    found = read(path)
    assert found.format == "chatwoot"
    assert [(one.id, one.said) for one in found.conversations] == [("chatwoot:12", SAID)]


def test_what_was_deleted_failed_or_sent_by_a_rule_is_no_reply(tmp_path: Path) -> None:
    messages = [
        message("Where is it?", 0, id=1, sender={"type": "contact", "name": "Ada King"}),
        message("This message was deleted", 1, id=2, content_attributes={"deleted": True}),
        message("It did not arrive.", 1, id=3, status="failed"),
        message("We got it.", 1, id=4, content_attributes={"automation_rule_id": 5}),
        message(None, 0, id=5, attachments=[{"file_type": "image"}]),
        message("It is broken, we send another.", 1, id=6, sender={"type": "user", "name": "Tom Baker"}),
        message("Anything else?", 1, id=7, sender={"type": "agent_bot", "name": "Lumen Bot"}),
    ]
    path = tmp_path / "a.jsonl"  # pages overlap
    path.write_text("\n".join(json.dumps({"id": 1, "messages": messages[n : n + 5]}) for n in (0, 2)), encoding="utf-8")
    (found,) = read(path).conversations
    assert found.said == (
        Said("user", "Where is it?"),
        Said("assistant", "We got it.", by_person=False),
        Said("user", ""),
        Said("assistant", "It is broken, we send another."),
        Said("assistant", "Anything else?", by_person=False),
    )
    assert found.names == {"Ada King", "Tom Baker"}


@pytest.mark.parametrize(
    ("changed", "fault"),
    [({"private": "?"}, "has '\\?' where"), ({"sender": "Tom"}, "has values of another kind")],
)
def test_what_does_not_say_whether_it_is_private_is_a_fault(
    tmp_path: Path, changed: dict[str, Any], fault: str
) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps([{"id": 1, "messages": [message("She is angry", 1, **changed)]}]), encoding="utf-8")
    with pytest.raises(FinetuneError, match=fault):
        read(path)


def test_every_broken_conversation_is_told_by_line(tmp_path: Path) -> None:
    good = {"id": 1, "messages": MESSAGES}
    path = tmp_path / "a.jsonl"
    lines = [good, {"id": 2, "messages": [{"content": "x"}]}, {"id": 3, "messages": [4]}, 5]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    with pytest.raises(FinetuneError) as error:
        read(path)
    assert f"{path}:2 is no conversation with messages: it lacks 'message_type'." in str(error.value)
    assert f"{path}:3 " in str(error.value)
    assert f"{path}:4 " in str(error.value)
