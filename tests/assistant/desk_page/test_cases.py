"""The list: what is in it, and in which order."""

from typing import Any

import pytest

from agents.actions import Customer, Visitor
from assistant import desk_entries
from assistant.actions import StoredVisitors
from assistant.desk_page.cases import cases
from assistant.desk_work import DeskWork
from assistant.ticket_turns import say


def listed(desk: Any) -> list[Any]:
    return list(cases(desk.store, desk.approvals.for_operators()))


def test_an_empty_desk_lists_nothing(desk: Any) -> None:
    assert listed(desk) == []


def test_danger_comes_first_then_who_waits_longest_then_what_was_answered(desk: Any) -> None:
    answered, first = desk.hand_over("How long?", "A person please")
    second_conversation, second = desk.hand_over("转人工")
    write = desk.wait_for_team(desk.store.start_conversation())
    _, danger = desk.hand_over("I got an electric shock", reason="safety")
    desk.signed_in("Ada").post(
        f"/api/desk/tickets/{first}/reply", json={"key": "k" * 24, "text": "Three years.", "seen": 2}
    )
    found = listed(desk)
    assert [case.id for case in found] == [danger, second, write.key, first]
    assert [case.grave for case in found] == [True, False, False, False]
    assert [case.language for case in found] == ["en", "zh", "en", "en"]
    assert (found[3].waiting_since, found[3].answered_by) == (None, "Ada")
    desk.tickets.add_message(answered, desk.store.start_turn(answered, "And the battery?"))
    again = {case.id: case for case in listed(desk)}[first]
    assert again.subject == "And the battery?"
    assert again.waiting_since is not None
    assert again.waiting_since > again.created_at
    assert second_conversation not in str(found), "the customer's own key to the conversation stays here"


def test_a_customer_is_named_and_writes_of_a_ticket_are_counted(desk: Any) -> None:
    conversation, number = desk.hand_over("I am ada@example.com, a person please")
    write = desk.wait_for_team(conversation, "Refund <b>€5</b>\nto " + "x" * 200)
    assert {case.customer for case in listed(desk)} == {"ada@example.com", "7"}
    StoredVisitors(desk.store.engine).save(conversation, Visitor(Customer("7", "Ada <i>B</i>", how="order_and_email")))
    ticket, approval = listed(desk)
    assert (ticket.id, ticket.customer, ticket.decisions) == (number, "Ada <i>B</i>", 1)
    assert (approval.id, approval.reason, approval.customer) == (write.key, "refund", "Ada <i>B</i>")
    assert approval.subject.startswith("Refund <b>€5</b> to xxx")
    assert len(approval.subject) == 161


def test_what_a_tool_wrote_waits_for_its_first_answer_only(desk: Any) -> None:
    conversation = desk.store.start_conversation()
    desk.store.end_turn(conversation, desk.store.start_turn(conversation, "Tell them"), "failed")
    number = desk.tickets.write(conversation, subject="a lamp hums", text="at night", key="a" * 24)
    (case,) = listed(desk)
    assert (case.reason, case.subject, case.waiting_since) == ("written", "a lamp hums", case.created_at)
    desk.signed_in("Ada").post(f"/api/desk/tickets/{number}/reply", json={"key": "k" * 24, "text": "Hm.", "seen": 1})
    desk.store.end_turn(conversation, desk.store.start_turn(conversation, "Another matter"), "failed")
    assert listed(desk)[0].waiting_since is None
    desk.signed_in("Ben").post(f"/api/desk/tickets/{number}/end", json={"status": "closed", "seen": 9})
    assert listed(desk) == []


def test_what_was_answered_in_an_earlier_ticket_says_nothing_of_a_later_one(desk: Any) -> None:
    conversation, first = desk.hand_over("A person please")
    work = DeskWork(desk.store)
    work.reply(first, "Here I am", by="Ada")
    work.end(first, by="Ada", status="returned")
    desk.store.end_turn(conversation, desk.store.start_turn(conversation, "How long is the warranty?"), "failed")
    written = desk.tickets.write(conversation, subject="a lamp hums", text="at night", key="a" * 24)
    (case,) = listed(desk)
    assert (case.id, case.waiting_since, case.answered_by) == (written, case.created_at, "")
    other = desk.store.start_turn(conversation, "Tell them that the box is torn too")
    desk.store.end_turn(conversation, other, "failed")
    second = desk.tickets.write(conversation, subject="the box", text="torn", key="b" * 24)
    work.reply(written, "We look at the lamp", by="Ada")
    found = {case.id: (case.waiting_since is None, case.answered_by) for case in listed(desk)}
    assert found == {written: (True, "Ada"), second: (False, "")}


def test_who_waits_again_waits_since_they_asked_for_a_person_again(desk: Any) -> None:
    conversation, first = desk.hand_over("A person please")
    work = DeskWork(desk.store)
    work.reply(first, "Here I am", by="Ada")
    work.end(first, by="Ada", status="returned")
    desk.store.end_turn(conversation, desk.store.start_turn(conversation, "How long is the warranty?"), "failed")
    asked = desk.store.start_turn(conversation, "A person please, again")
    second = desk.tickets.hand_over(conversation, asked, reason="asked")
    (case,) = listed(desk)
    assert (case.id, case.waiting_since, case.answered_by) == (second, case.created_at, "")


def test_a_ticket_that_becomes_a_hand_over_waits_since_the_hand_over(desk: Any) -> None:
    conversation = desk.store.start_conversation()
    desk.store.end_turn(conversation, desk.store.start_turn(conversation, "Tell them"), "failed")
    number = desk.tickets.write(conversation, subject="a lamp hums", text="at night", key="a" * 24)
    DeskWork(desk.store).reply(number, "Hm.", by="Ada")
    desk.store.end_turn(conversation, desk.store.start_turn(conversation, "Another matter"), "failed")
    turn = desk.store.start_turn(conversation, "A person please")
    assert desk.tickets.hand_over(conversation, turn, reason="asked") == number
    (case,) = listed(desk)
    assert case.waiting_since == desk.store.transcript(conversation)[-1].started_at
    assert case.answered_by == ""


def test_a_message_that_the_writer_of_a_reply_had_not_seen_still_waits(desk: Any) -> None:
    conversation, number = desk.hand_over("A person please")
    asked = desk.store.start_turn(conversation, "It smells of smoke now!")
    desk.tickets.add_message(conversation, asked)
    ada = desk.signed_in("Ada")
    ada.post(f"/api/desk/tickets/{number}/reply", json={"key": "k" * 24, "text": "Hello!", "seen": asked - 1})
    (case,) = listed(desk)
    assert case.waiting_since == desk.store.transcript(conversation)[asked - 1].started_at
    ada.post(f"/api/desk/tickets/{number}/reply", json={"key": "l" * 24, "text": "Unplug it!", "seen": asked + 1})
    assert listed(desk)[0].waiting_since is None


def test_a_word_with_a_decision_answers_nobody_who_waits(desk: Any) -> None:
    conversation, number = desk.hand_over("A person please")
    write = desk.wait_for_team(conversation)
    with desk.store.writing() as session:
        turn = say(session, conversation, "As a courtesy.")
        desk_entries.add(
            session, "k" * 24, kind="said", about=write.key, conversation=conversation, by="Ada", turn=turn
        )
    case = next(case for case in listed(desk) if case.id == number)
    assert (case.waiting_since, case.answered_by) == (case.created_at, "")


def test_of_many_open_tickets_the_grave_and_the_oldest_are_shown(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.desk_page.api.MOST_CASES", 3)
    numbers = [desk.hand_over("A person please")[1] for _ in range(3)]
    danger = desk.hand_over("I got an electric shock", reason="safety")[1]
    newest = desk.hand_over("A person please")[1]
    data = desk.signed_in("Ada").get("/api/desk/cases").json()
    assert [case["id"] for case in data["cases"]] == [danger, numbers[0], numbers[1]]
    assert (data["waiting"], data["more"]) == (5, 2)
    assert newest not in str(data)


def test_a_page_that_has_the_list_is_told_that_nothing_changed(desk: Any) -> None:
    desk.hand_over("A person please")
    ada = desk.signed_in("Ada")
    first = ada.get("/api/desk/cases").json()
    again = ada.get(f"/api/desk/cases?mark={first['mark']}").json()
    assert again == {"operator": "Ada", "now": again["now"], "mark": first["mark"], "unchanged": True}
    _, other = desk.hand_over("Me too")
    changed = ada.get(f"/api/desk/cases?mark={first['mark']}").json()
    assert other in [case["id"] for case in changed["cases"]]


def test_a_yes_or_a_no_is_not_what_a_ticket_is_about(desk: Any) -> None:
    desk.hand_over("Refund B-11088", "Yes, do it", "Thanks!", "I would like to talk to a person.")
    (case,) = listed(desk)
    assert case.subject == "Refund B-11088"
