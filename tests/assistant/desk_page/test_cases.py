"""The list: what is in it, and in which order."""

from typing import Any

from agents.actions import Customer, Visitor
from assistant.actions import StoredVisitors
from assistant.desk_page.cases import cases


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
    StoredVisitors(desk.store.engine).save(conversation, Visitor(Customer("7", "Ada <i>B</i>", how="order")))
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
    desk.signed_in("Ben").post(f"/api/desk/tickets/{number}/end", json={"status": "closed"})
    assert listed(desk) == []
