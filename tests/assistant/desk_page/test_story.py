"""One case as it is told: lines in order, what was tried with its end, writes, and a mark that tells of changes."""

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy.orm import Session

from agents.transcript import (
    Acted,
    Answer,
    ApprovalAsked,
    ApprovalDecided,
    Citation,
    Delta,
    Finished,
    Searched,
    Step,
    ToolCalled,
    ToolReturned,
    step_to_data,
)
from assistant import desk_entries
from assistant.database import DeskEntryRow
from assistant.desk_page import story
from assistant.desk_work import DeskWork

PASSAGE = {"document": "w.md", "title": "Warranty", "text": "Three years."}
CITATION = Citation(1, "default", "w.md", "Warranty", 3, 0, 12, "Three years.")


def turn(desk: Any, conversation: str, question: str, *steps: Step) -> None:
    number = desk.store.start_turn(conversation, question)
    for step in steps:
        desk.store.append_step(conversation, number, step_to_data(step))


def answer(text: str, *citations: Citation, outcome: Any = "answered") -> Finished:
    return Finished(Answer(text, citations, outcome, 0.8, "en", "embedded", 0.1, 0.1))


def test_a_story_from_question_to_close(desk: Any) -> None:
    conversation = desk.store.start_conversation()
    turn(desk, conversation, "How long?", Searched("How long?", 0.8, (PASSAGE,), 0.1), answer("3 years [1]", CITATION))
    number = desk.tickets.hand_over(conversation, desk.store.start_turn(conversation, "A person"), reason="asked")
    work = DeskWork(desk.store)
    work.note(number, "Ask the workshop", by="Ben")
    work.reply(number, "It is three.", by="Ada")
    told = story.of_ticket(desk.store, number)
    assert [(line["who"], line["by"]) for line in told["lines"]] == [
        ("customer", ""),
        ("assistant", ""),
        ("customer", ""),
        ("notice", ""),
        ("note", "Ben"),
        ("person", "Ada"),
    ]
    (source,) = told["lines"][1]["sources"]
    where = {"number": 1, "title": "Warranty", "document": "w.md", "page": 3}
    assert source == {**where, "quote": "Three years.", "lang": "en"}
    assert told["tried"] == [
        {
            "kind": "search",
            "what": "How long?",
            "passages": 1,
            "documents": ["Warranty"],
            "evidence": 0.8,
            "state": "done",
        }
    ]
    asked = [{"text": "How long?", "lang": "en"}, {"text": "A person", "lang": "en"}]
    assert (told["seen"], told["ticket"]["asked"]) == (3, asked)
    assert story.of_ticket(desk.store, number, mark=told["mark"]) == {"mark": told["mark"], "unchanged": True}
    work.end(number, by="Ada", status="closed")
    ended = story.of_ticket(desk.store, number, mark=told["mark"])
    assert (ended["ticket"]["status"], ended["ticket"]["ended_by"]) == ("closed", "Ada")
    assert ended["lines"][-1] | {"at": "", "id": ""} == {
        "id": "", "who": "event", "text": "closed", "lang": "en", "at": "", "by": "Ada", "running": False,
        "sources": [],
    }  # fmt: skip
    assert conversation not in str(ended)


def test_what_was_tried_says_what_came_of_it(desk: Any) -> None:
    conversation, number = desk.hand_over("A person please")
    call = ToolCalled("refund", {"order": "B-1"})
    turn(
        desk,
        conversation,
        "Where is it?",
        ToolCalled("status", {"order": "B-1"}),
        ToolReturned("status", "sent", True),
        ToolCalled("status", {"order": "B-2"}),
        ToolReturned("status", "no such order", False),
        Searched("it", 0.1, (), 0.1),
        answer("Sent."),
    )
    for key in ("k1", "k2", "k3"):
        turn(desk, conversation, "Refund", call, ApprovalAsked(key, "refund", "Refund €5", True), answer("Shall I?"))
    turn(desk, conversation, "no", ApprovalDecided("k1", "declined", "customer"), answer("No."))
    turn(desk, conversation, "yes", ApprovalDecided("k2", "approved", "customer"), answer("The team looks."))
    turn(
        desk,
        conversation,
        "",
        ApprovalDecided("k3", "approved", "operator"),
        Acted("k3", "refund", "€5 is back.", "done"),
    )
    told = story.of_ticket(desk.store, number)["tried"]
    assert [(one["kind"], one["what"], one["state"], one.get("came", "")) for one in told] == [
        ("tool", "status", "done", "sent"),
        ("tool", "status", "failed", "no such order"),
        ("search", "it", "failed", ""),
        ("write", "refund", "declined", "Refund €5"),
        ("write", "refund", "asked", "Refund €5"),
        ("write", "refund", "done", "€5 is back."),
    ]


def test_a_write_shows_exactly_what_the_customer_saw_and_who_decided(desk: Any) -> None:
    conversation, number = desk.hand_over("A person please")
    pending = desk.wait_for_team(conversation, "Refund <b>€5</b>\n- to: 7")
    for told in (story.of_ticket(desk.store, number), story.of_approval(desk.store, pending)):
        (write,) = told["writes"]
        assert (write["text"], write["arguments"], write["stage"]) == (pending.text, pending.arguments, "operator")
    assert desk.signed_in("Ada").post(f"/api/desk/approvals/{pending.key}", json={"approved": False}).status_code == 201
    desk.approvals.move(pending.key, before="operator", after="declined")
    after = story.of_approval(desk.store, pending)
    assert (after["writes"][0]["stage"], after["writes"][0]["decided_by"]) == ("declined", "Ada")
    assert [(line["text"], line["by"]) for line in after["lines"] if line["who"] == "event"] == [("declined", "Ada")]
    (beside,) = story.of_ticket(desk.store, number)["writes"]
    assert (beside["stage"], beside["decided_by"]) == ("declined", "Ada"), "who decided beside a ticket sees it"
    again = desk.wait_for_team(conversation, "Refund €5 after all")
    assert [one["key"] for one in story.of_approval(desk.store, again)["writes"]] == [again.key], "not what was before"
    DeskWork(desk.store).end(number, by="Ada", status="closed")
    later = desk.tickets.hand_over(conversation, desk.store.start_turn(conversation, "A person"), reason="asked")
    assert [one["key"] for one in story.of_ticket(desk.store, later)["writes"]] == [again.key]


def test_a_word_that_is_told_while_the_story_is_read_is_never_one_that_was_not(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A turn that ended after the entries were read made the page say that the word was not sent."""
    conversation, _ = desk.hand_over("A person please")
    pending = desk.wait_for_team(conversation, "Refund €5")
    number = desk.store.start_turn(conversation, "")
    with desk.store.writing() as session:
        desk_entries.add(
            session, "pressed", kind="declined", about=pending.key, conversation=conversation, by="Ada", turn=number
        )
    read = desk_entries.of_conversation

    def read_and_ended(session: Session, conversation: str) -> Sequence[DeskEntryRow]:
        entries = read(session, conversation)
        monkeypatch.setattr(desk_entries, "of_conversation", read)
        desk.store.end_turn(conversation, number, "stopped")
        return entries

    monkeypatch.setattr(desk_entries, "of_conversation", read_and_ended)
    (write,) = story.of_approval(desk.store, pending)["writes"]
    assert (write["said"], write["deciding"]) == ("", True)
    (write,) = story.of_approval(desk.store, pending)["writes"]
    assert write["deciding"] is False


def test_a_failed_turn_and_a_running_one_say_so(desk: Any) -> None:
    conversation, number = desk.hand_over("Broken?", "A person please")
    desk.store.append_step(conversation, desk.store.start_turn(conversation, "More"), step_to_data(Delta("As f")))
    lines = story.of_ticket(desk.store, number)["lines"]
    assert (lines[1]["who"], lines[1]["text"]) == ("notice", "")
    assert (lines[-1]["who"], lines[-1]["text"], lines[-1]["running"]) == ("assistant", "As f", True)
