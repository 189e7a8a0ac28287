"""What is over: in order, a page at a time, found again by number and words; nothing of what was forgotten."""

from collections.abc import Callable
from typing import Any

import pytest

from agents.actions import Customer, Visitor
from assistant.actions import StoredVisitors
from assistant.desk_page import finished as finished_module
from assistant.desk_page.cases import cases
from assistant.desk_page.finished import Place, finished
from assistant.desk_work import DeskWork
from assistant.retention import forget
from assistant.store import Store
from assistant.tickets import Tickets


def over(desk: Any, *questions: str, status: Any = "closed", by: str = "Ada") -> str:
    """Return the number of a ticket that has ended."""
    _, number = desk.hand_over(*questions)
    DeskWork(desk.store).end(number, by=by, status=status)
    return str(number)


def found(desk: Any, search: str) -> list[str]:
    return [case.id for case in finished(desk.store, search=search).cases]


def test_what_is_over_is_told_with_who_did_what_and_when_the_last_first(desk: Any) -> None:
    desk.hand_over("This one is open")
    first = over(desk, "My lamp hums", "Let me talk to a person")
    second = over(desk, "转人工", status="returned", by="Ben")
    write = desk.wait_for_team(desk.store.start_conversation())
    assert desk.signed_in("Cy").post(f"/api/desk/approvals/{write.key}", json={"approved": False}).is_success
    desk.approvals.move(write.key, before="operator", after="declined")
    page = finished(desk.store)
    assert [(case.id, case.how, case.by) for case in page.cases] == [
        (write.key, "declined", "Cy"),
        (second, "returned", "Ben"),
        (first, "closed", "Ada"),
    ]
    assert [case.subject for case in page.cases] == ["Refund €5", "转人工", "My lamp hums"]
    assert [case.language for case in page.cases] == ["en", "zh", "en"]
    assert page.cases[2].ended_at == desk.tickets.get(first).returned_at
    assert page.next is None


def test_pages_follow_one_another_and_none_is_told_twice(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    numbers = [over(desk, "A person please") for _ in range(5)]
    monkeypatch.setattr(finished_module, "PAGE", 2)
    told: list[str] = []
    after = None
    for size in (2, 2, 1):
        page = finished(desk.store, after=after)
        assert len(page.cases) == size
        told, after = [*told, *(case.id for case in page.cases)], page.next
        over(desk, "Ended while they were read")
    assert (told, after) == (numbers[::-1], None)


def test_cases_that_ended_in_the_same_moment_are_each_told_once(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    moment = desk.tickets.get(over(desk, "A person please")).returned_at
    monkeypatch.setattr("assistant.ticket_turns.now", lambda: moment)
    numbers = {over(desk, "A person please") for _ in range(4)}
    monkeypatch.setattr(finished_module, "PAGE", 2)
    first = finished(desk.store)
    second = finished(desk.store, after=first.next)
    third = finished(desk.store, after=second.next)
    told = [case.id for page in (first, second, third) for case in page.cases]
    assert len(told) == len(set(told)) == 5
    assert numbers < set(told)


def test_words_of_the_customer_find_a_case(desk: Any) -> None:
    numbers = [over(desk, "My lamp hums, 100% sure"), over(desk, "我要退款，发票也要")]
    conversation, last = desk.hand_over("For the École, write to ben@example.com")
    StoredVisitors(desk.store.engine).save(conversation, Visitor(Customer("7", "Ada Byron", how="session")))
    DeskWork(desk.store).reply(last, "Of course, hippopotamus", by="Ada")
    DeskWork(desk.store).end(last, by="Ada", status="closed")
    for search, expected in {
        "lamp": [0],
        "LAMP hum": [0],
        "lamp chair": [],
        "退款": [1],
        "发票 退款": [1],
        "发票 灯": [],
        "école": [2],
        "ÉCOLE": [2],
        "ada byron": [2],
        "100%": [0],
        "100_": [],
        "  ": [2, 1, 0],
        "ben@example.com": [2],
        "<b>": [],
        "hippopotamus": [],
    }.items():
        assert found(desk, search) == [[*numbers, last][at] for at in expected], search


def test_a_number_finds_its_ticket_however_it_is_typed(desk: Any) -> None:
    number = over(desk, "A person please")
    over(desk, "Another")
    digits = number.replace("-", "")
    for typed in (number, digits, f"#{digits}", f" {digits[:3]} {digits[3:]} ", number[:6]):
        assert number in found(desk, typed)
    assert found(desk, number) == [number]


def test_what_was_forgotten_is_not_found(desk: Any) -> None:
    number = over(desk, "My lamp hums")
    forget(desk.store, [desk.tickets.get(number).conversation])
    assert finished(desk.store).cases == ()
    assert found(desk, "lamp") == []


def test_only_operators_read_it_and_no_address_holds_what_is_looked_for(desk: Any) -> None:
    number = over(desk, "My lamp hums")
    conversation = desk.tickets.get(number).conversation
    ada = desk.signed_in("Ada")
    data = ada.post("/api/desk/finished", json={"search": "lamp"}).json()
    assert [case["id"] for case in data["cases"]] == [number]
    assert conversation not in str(data)
    assert ada.get("/api/desk/finished?search=lamp").status_code == 405
    assert ada.post("/api/desk/finished", json={"search": "x" * 201}).status_code == 422
    for place in ("yesterday", {"at": "yesterday", "id": ""}, {"at": "2026-01-01T00:00:00", "id": ""}, {"id": ""}):
        assert ada.post("/api/desk/finished", json={"after": place}).status_code == 422
    later = {"at": "2126-01-01T00:00:00Z", "id": ""}
    assert ada.post("/api/desk/finished", json={"after": later}).json()["cases"] == data["cases"]
    assert desk.client().post("/api/desk/finished", json={}).status_code == 401


@pytest.mark.servers
def test_postgresql_tells_the_same(new_database: Callable[[], str]) -> None:
    store = Store(new_database().replace("postgresql://", "postgresql+pg8000://"))
    tickets, work = Tickets(store), DeskWork(store)
    conversation = store.start_conversation()
    number = tickets.hand_over(conversation, store.start_turn(conversation, "My Lamp hums"), reason="asked")
    asked = store.start_turn(conversation, "我要退款")
    tickets.add_message(conversation, asked)
    work.reply(number, "Hello", by="Ada", seen=asked - 1)
    (case,) = cases(store, ())
    assert (case.id, case.answered_by) == (number, "Ada")
    assert case.waiting_since == store.transcript(conversation)[asked - 1].started_at
    work.end(number, by="Ben", status="closed")
    (over,) = finished(store).cases
    for search in ("LAMP", "退款", number.replace("-", "")):
        assert finished(store, search=search).cases == (over,)
    assert finished(store, after=Place(over.ended_at, over.id)).cases == ()
    assert (over.how, over.by) == ("closed", "Ben")
    store.close()
