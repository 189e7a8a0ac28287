import json
from pathlib import Path
from typing import Any

import pytest

from finetune.conversations import Said
from finetune.errors import FinetuneError
from finetune.imports.files import read

TICKET: dict[str, Any] = {
    "id": 35,
    "requester_id": 7,
    "status": "solved",
    "satisfaction_rating": {"score": "good"},
    "comments": [
        {
            "id": 2,
            "author_id": 9,
            "body": "It is on its way.\n\nOn Monday Ada wrote:\n> Where is it?",
            "public": True,
            "created_at": "2026-01-02T10:00:00Z",
        },
        {
            "id": 1,
            "author_id": 7,
            "html_body": "<p>Where is my <b>lamp</b>?</p><p>Ada</p>",
            "public": True,
            "created_at": "2026-01-01T10:00:00Z",
        },
        {
            "id": 3,
            "author_id": 9,
            "body": "Ask the warehouse, she is angry.",
            "public": False,
            "created_at": "2026-01-03T10:00:00Z",
        },
    ],
}


@pytest.mark.parametrize("shape", ["lines", "list", "tickets"])
def test_a_ticket_is_read_without_its_internal_notes(tmp_path: Path, shape: str) -> None:
    second = TICKET | {"id": 36, "status": "deleted"}
    texts = {
        "lines": f"{json.dumps(TICKET)}\n{json.dumps(second)}\n",
        "list": json.dumps([TICKET, second]),
        "tickets": json.dumps({"tickets": [TICKET, second], "count": 2}, indent=2),
    }
    path = tmp_path / ("a.jsonl" if shape == "lines" else "a.json")
    path.write_text(texts[shape], encoding="utf-8")
    found = read(path)
    assert found.format == "zendesk"
    (conversation,) = found.conversations
    assert conversation.id == "zendesk:35"
    assert conversation.rating == "up"
    first, reply = conversation.said
    assert first.content.split() == ["Where", "is", "my", "lamp", "?", "Ada"]
    assert (first.role, reply) == ("user", Said("assistant", "It is on its way."))


def test_every_ticket_without_comments_is_told(tmp_path: Path) -> None:
    bad = [{"id": 1, "requester_id": 7}, TICKET, {"id": 2, "requester_id": 7, "comments": [3]}]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"tickets": bad}), encoding="utf-8")
    with pytest.raises(FinetuneError) as error:
        read(path)
    assert "ticket 1 lacks 'comments'" in str(error.value)
    assert "ticket 2 has values of another kind" in str(error.value)
