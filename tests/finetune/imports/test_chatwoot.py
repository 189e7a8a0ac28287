import json
from pathlib import Path
from typing import Any

import pytest

from finetune.conversations import Said
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
