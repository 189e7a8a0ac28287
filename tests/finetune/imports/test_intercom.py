import json
from pathlib import Path
from typing import Any

import pytest

from finetune.data.conversations import Said
from finetune.errors import FinetuneError
from finetune.imports.files import read


def part(kind: str, who: str, body: str | None, at: int, **more: Any) -> dict[str, Any]:
    return {
        "type": "conversation_part",
        "part_type": kind,
        "body": body,
        "created_at": 1_767_348_000 + at,
        "author": {"type": who},
    } | more


CONVERSATION: dict[str, Any] = {
    "type": "conversation",
    "id": "44",
    "source": {"body": "<p>Is it <b>dimmable</b>?</p>", "author": {"type": "lead", "name": "Ada King"}},
    "conversation_rating": {"rating": 5},
    "conversation_parts": {
        "conversation_parts": [
            part("close", "admin", "<p>Glad to help.</p>", 9),
            part("comment", "bot", "<p>We reply in hours.</p>", 1),
            part("note", "admin", "<p>She is angry.</p>", 2),
            part("note_and_reopen", "admin", "<p>Angry again.</p>", 3),
            part("note_of_a_new_kind", "admin", "<p>Still angry.</p>", 4),
            part("assignment", "admin", "<p>Take this, Tom</p>", 5),
            part("comment", "admin", "<p>Yes, at the foot.</p>", 6, author={"type": "admin", "name": "Tom Baker"}),
            part("comment", "user", None, 7, attachments=[{"name": "a.jpg"}]),
            part("comment", "user", "secret", 8, redacted=True),
        ]
    },
}
SAID = (
    Said("user", "Is it dimmable?"),
    Said("assistant", "We reply in hours.", by_person=False),
    Said("assistant", "Yes, at the foot."),
    Said("user", ""),
    Said("user", ""),
    Said("assistant", "Glad to help."),
)


@pytest.mark.parametrize("shape", ["lines", "list", "page"])
def test_a_conversation_is_read_without_its_notes(tmp_path: Path, shape: str) -> None:
    older = CONVERSATION | {"conversation_parts": {"conversation_parts": []}}
    whole = {"list": [older, CONVERSATION], "page": {"type": "conversation.list", "conversations": [CONVERSATION]}}
    path = tmp_path / ("a.jsonl" if shape == "lines" else "a.json")
    path.write_text(json.dumps(CONVERSATION if shape == "lines" else whole[shape]), encoding="utf-8")
    found = read(path)
    assert found.format == "intercom"
    (one,) = found.conversations
    assert (one.id, one.said, one.rating) == ("intercom:44", SAID, "up")
    assert one.names == {"Ada King", "Tom Baker"}


def test_a_campaign_is_no_persons_reply(tmp_path: Path) -> None:
    sent = {"body": "<p>Sale!</p>", "author": {"type": "admin"}, "delivered_as": "automated"}
    path = tmp_path / "a.json"
    path.write_text(json.dumps([CONVERSATION | {"source": sent}]), encoding="utf-8")
    assert read(path).conversations[0].said[0] == Said("assistant", "Sale!", by_person=False)


@pytest.mark.parametrize("mark", ["from_ai_agent", "is_ai_answer"])
def test_what_an_ai_agent_wrote_under_an_admins_name_is_no_persons_reply(tmp_path: Path, mark: str) -> None:
    parts = [
        part("comment", "admin", "By a machine.", 1, author={"type": "admin", mark: True}),
        part("comment", "user", "Really?", 2),
        part("comment", "admin", "By Tom.", 3, author={"type": "admin", "from_ai_agent": False, "is_ai_answer": None}),
    ]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(CONVERSATION | {"conversation_parts": {"conversation_parts": parts}}), encoding="utf-8")
    assert read(path).conversations[0].said[1:] == (
        Said("assistant", "By a machine.", by_person=False),
        Said("user", "Really?"),
        Said("assistant", "By Tom."),
    )


def test_every_broken_conversation_is_told(tmp_path: Path) -> None:
    bad = [CONVERSATION, CONVERSATION | {"id": 2, "conversation_parts": [4]}, {"id": 3}, 5]
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(map(json.dumps, bad)), encoding="utf-8")
    with pytest.raises(FinetuneError) as error:
        read(path)
    assert f"{path}:2 is no conversation with parts: conversation 2 has values of another kind." in str(error.value)
    assert f"{path}:3 is no conversation with parts: conversation 3 lacks 'source'." in str(error.value)
    assert f"{path}:4 " in str(error.value)
