import json
from pathlib import Path
from typing import Any

import pytest

from finetune.data.conversations import Said
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
            "html_body": "<p>Where is my <b>lamp</b>?</p>\n<p>Ada</p>",
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
    assert first.content == "Where is my lamp?\nAda"
    assert (first.role, reply) == ("user", Said("assistant", "It is on its way."))


def comment(author: int, body: str, channel: str = "", **more: Any) -> dict[str, Any]:
    via = {"via": {"channel": channel}} if channel else {}
    return {"author_id": author, "plain_body": body, "public": True, **via, **more}


ASKED = comment(7, "Where is my parcel?", "email")
CLOSED = comment(-1, "This ticket was closed automatically.")
HUSBAND = comment(99, "I am her husband, we never got the invoice!", "email")


def spoken(tmp_path: Path, *tickets: dict[str, Any], **more: Any) -> list[list[tuple[str, str]]]:
    path = tmp_path / "a.json"
    whole = [{"id": place, "requester_id": 7, **ticket} for place, ticket in enumerate(tickets)]
    path.write_text(json.dumps({"tickets": whole, **more}), encoding="utf-8")
    return [[(said.role, said.content) for said in conversation.said] for conversation in read(path).conversations]


def test_who_is_in_copy_is_not_the_company(tmp_path: Path) -> None:
    [said] = spoken(tmp_path, {"comments": [ASKED, HUSBAND, CLOSED]})
    assert said == [("user", ASKED["plain_body"]), ("user", HUSBAND["plain_body"])]


@pytest.mark.parametrize(
    "automatic",
    [
        CLOSED,
        comment(9, "We got your message.", "rule"),
        comment(9, "We got your message.", via={"channel": "web", "source": {"rel": "trigger"}}),
        comment(9, "Does this help?", "answer_bot_for_web_widget"),
        comment(7, "I am away until Monday.", "email", metadata={"flags": [4]}),
        comment(9, 'This request was closed and merged into request #12 "Lamp".', "web"),
        comment(
            9,
            'Request #12 "Lamp" was closed and merged into this request. Last comment in request #12:\n\nHelp!',
            "web",
        ),
        comment(9, "Requests #12, #13 were closed and merged into this request.", "web"),
        comment(9, "(10:31:12) Visitor 4: Where is it?\n(10:31:40) Tom: Let me look.", "chat"),
    ],
)
def test_what_no_person_wrote_is_left_out(tmp_path: Path, automatic: dict[str, Any]) -> None:
    answered = comment(9, "It comes on Monday.", "web")
    [said] = spoken(tmp_path, {"comments": [ASKED, automatic, answered]})
    assert said == [("user", ASKED["plain_body"]), ("assistant", "It comes on Monday.")]


@pytest.mark.parametrize("public", [False, "false", "False", 0, "no"])
def test_a_note_is_never_read_however_it_is_called_one(tmp_path: Path, public: Any) -> None:
    note = comment(9, "She is angry.", "web", public=public)
    replied = comment(9, "It comes on Monday.", "web", public="true")
    [said] = spoken(tmp_path, {"comments": [ASKED, note, replied]})
    assert said[1:] == [("assistant", "It comes on Monday.")]


@pytest.mark.parametrize(
    ("changed", "fault"),
    [
        ({"public": None}, "has None where yes or no should stand"),
        ({"public": "agents"}, "has 'agents' where yes or no should stand"),
        ({}, "lacks 'public'"),
    ],
)
def test_what_does_not_say_that_it_is_public_is_a_fault(tmp_path: Path, changed: dict[str, Any], fault: str) -> None:
    unclear = {"author_id": 9, "plain_body": "She is angry.", **changed}
    with pytest.raises(FinetuneError, match=fault):
        spoken(tmp_path, {"comments": [ASKED, unclear]})


def test_of_a_ticket_that_was_exported_twice_the_later_state_counts(tmp_path: Path) -> None:
    old = {"id": 5, "updated_at": "2026-01-01T00:00:00Z", "comments": [comment(7, "My card is 4111."), CLOSED]}
    new = {"id": 5, "updated_at": "2026-02-01T00:00:00Z", "comments": [comment(7, "My card is ████."), CLOSED]}
    gone = {"id": 6, "status": "open", "updated_at": "2026-01-01", "comments": [ASKED]}
    found = spoken(tmp_path, new, old, gone, gone | {"status": "deleted", "updated_at": "2026-02-01"})
    assert found == [[("user", "My card is ████.")]]


def test_who_takes_part_is_known_by_name(tmp_path: Path) -> None:
    sent = {"channel": "email", "source": {"from": {"name": "Ada King", "address": "ada@mail.example"}}}
    tickets = [
        {"id": 1, "requester_id": 7, "comments": [comment(7, "Hello?&nbsp;Hello?", via=sent), comment(9, "Yes")]}
    ]
    users = [{"id": 9, "name": "Tom Baker", "role": "agent"}, {"id": 8, "name": "Somebody Else"}]
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"tickets": tickets, "users": users}), encoding="utf-8")
    (found,) = read(path).conversations
    assert found.names == {"Ada King", "Tom Baker"}
    assert found.said[0].content == "Hello? Hello?"


@pytest.mark.parametrize(
    ("ticket", "more", "role"),
    [
        ({"assignee_id": 9}, {}, "assistant"),
        ({"submitter_id": 9}, {}, "assistant"),
        ({}, {"users": [{"id": 9, "role": "agent"}]}, "assistant"),
        ({"assignee": {"id": 9, "role": "admin"}}, {}, "assistant"),
        ({"assignee_id": 9, "collaborator_ids": [9]}, {}, "assistant"),
        ({"collaborator_ids": [9]}, {}, "user"),
        ({"submitter_id": 9}, {"users": [{"id": 9, "role": "end-user"}]}, "user"),
        ({"submitter_id": None, "email_cc_ids": None}, {"users": "none"}, "user"),
    ],
)
def test_who_answers_by_mail_is_told_by_the_file(
    tmp_path: Path, ticket: dict[str, Any], more: dict[str, Any], role: str
) -> None:
    [said] = spoken(tmp_path, {**ticket, "comments": [ASKED, comment(9, "On Monday.", "email")]}, **more)
    assert said[1] == (role, "On Monday.")


def test_what_one_ticket_tells_of_people_holds_for_all(tmp_path: Path) -> None:
    note = comment(9, "She is angry.", public=False)
    by_mail = {"comments": [ASKED, comment(9, "On Monday.", "email")]}
    stranger = {"comments": [ASKED, comment(8, "Mine too!", "web")]}
    noted, mailed, strange, _ = spoken(
        tmp_path, {"comments": [ASKED, note]}, by_mail, stranger, {"requester_id": 8, "comments": []}
    )
    assert noted == [("user", ASKED["plain_body"])]
    assert mailed[1] == ("assistant", "On Monday.")
    assert strange[1] == ("user", "Mine too!"), "who asks in another ticket is no agent"


def test_every_ticket_without_comments_is_told(tmp_path: Path) -> None:
    bad = [{"id": 1, "requester_id": 7}, TICKET, {"id": 2, "requester_id": 7, "comments": [3]}]
    bad.append(
        {
            "id": 3,
            "requester_id": [7],
            "assignee": {"id": {}, "role": []},
            "comments": [{"author_id": {}, "public": True}],
        }
    )
    path = tmp_path / "a.json"
    path.write_text(json.dumps({"tickets": bad}), encoding="utf-8")
    with pytest.raises(FinetuneError) as error:
        read(path)
    assert "ticket 1 lacks 'comments'" in str(error.value)
    assert "ticket 2 has values of another kind" in str(error.value)
    assert "ticket 3 has values of another kind" in str(error.value)
