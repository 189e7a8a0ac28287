"""Tickets: one transaction, one ticket, whatever happens and whoever tries."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from agents.actions import Action, Change, Customer, Visitor
from agents.approvals import Pending
from agents.errors import ToolRefusal
from agents.hand_over_notices import waiting
from agents.handover import Desk
from agents.transcript import Answer, Citation
from assistant import ticket_numbers
from assistant.actions import StoredActionLog, StoredApprovals, StoredVisitors
from assistant.database import TurnRow
from assistant.delivery import Places, mail_of
from assistant.desk_work import DeskWork
from assistant.errors import NotStored, StoreError
from assistant.outbox import Outbox
from assistant.store import Store, sqlite_url
from assistant.ticket_desk import TicketDesk
from assistant.tickets import Tickets, Wording

ROOT = Path(__file__).parents[2]
PENDING = Pending("k", "c", "c/t", "refund", {"order_number": "B-1"}, "Refund €5", "f" * 64, "C-1042", "en", True)
WORDING = Wording(contact="help@example.com", hours="Mon-Fri 9-17")
REFUSED = Answer("It is not there. [1]", (Citation(1, "default", "a.md", "A", None, 0, 1, "x"),), "refused", 0.2, "en", "none", 0.1, 0.1)  # fmt: skip  # noqa: E501

DIES = """
import os, signal, sys
from sqlalchemy import event
from assistant.store import Store, sqlite_url
from assistant.tickets import Tickets

url, conversation, statements = sys.argv[1], sys.argv[2], int(sys.argv[3])
store = Store(url)
tickets = Tickets(store, channels=("webhook", "email"))
turn = store.start_turn(conversation, "I want to talk to a person, mail a@example.com")
seen = 0

def count(*_):
    global seen
    seen += 1
    if seen == statements:
        os.kill(os.getpid(), signal.SIGKILL)

event.listen(store.engine, "after_cursor_execute", count)
event.listen(store.engine, "commit", count)
tickets.hand_over(conversation, turn, reason="asked")
print(seen)
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return sqlite_url(tmp_path / "frontdesk.sqlite3")
    new_database: Callable[[], str] = request.getfixturevalue("new_database")
    return new_database().replace("postgresql://", "postgresql+pg8000://")


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    store = Store(url)
    yield store
    store.close()


@pytest.fixture
def tickets(store: Store) -> Tickets:
    return Tickets(store, wording=WORDING, channels=("webhook", "email"))


def handed_over(store: Store, tickets: Tickets, question: str = "A person, please") -> tuple[str, str]:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, question)
    return conversation, tickets.hand_over(conversation, turn, reason="asked")


def test_a_hand_over_makes_ticket_state_outbox_and_the_turns_end(store: Store, tickets: Tickets) -> None:
    conversation, number = handed_over(store, tickets, "A person, please. Call +44 20 7946 0018")
    ticket = tickets.get(number)
    assert (ticket.conversation, ticket.turn, ticket.reason, ticket.status) == (conversation, 1, "asked", "open")
    assert ticket.contact == "+44 20 7946 0018"
    assert ticket.summary["asked"] == ["A person, please. Call +44 20 7946 0018"]
    assert tickets.is_held(conversation)
    kinds = [step.data["kind"] for step in store.steps(conversation, 1)]
    assert kinds == ["handed_over", "delta", "finished"]
    (turn,) = store.transcript(conversation)
    assert turn.status == "finished"
    assert turn.answer is not None
    assert turn.answer["outcome"] == "handed_over"
    assert number in turn.text
    assert "help@example.com" in turn.text
    assert {entry.channel for entry in Outbox(store).of_ticket(number)} == {"webhook", "email"}


def test_whoever_writes_japanese_or_korean_is_told_of_their_ticket_in_english(store: Store, tickets: Tickets) -> None:
    conversation, number = handed_over(store, tickets, "担当者と話したいです")
    added = store.start_turn(conversation, "상담원과 통화하고 싶어요")
    tickets.add_message(conversation, added)
    assert tickets.get(number).language == "en"
    first, second = store.transcript(conversation)
    assert first.text.startswith("I have passed your conversation on")
    assert second.text == waiting(number, language="en")


def test_whoever_gives_an_address_alone_is_told_in_the_language_of_the_answer_before_it(
    store: Store, tickets: Tickets
) -> None:
    """A Chinese refusal went on in English."""
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "ada@example.com")
    number = tickets.hand_over(conversation, turn, reason="low_evidence", said=replace(REFUSED, language="zh"))
    assert "您的工单编号" in store.transcript(conversation)[-1].text
    tickets.add_message(conversation, store.start_turn(conversation, "B-11196"))
    assert store.transcript(conversation)[-1].text == waiting(number, language="zh")
    tickets.add_message(conversation, store.start_turn(conversation, "Where is it?"))
    assert store.transcript(conversation)[-1].text == waiting(number, language="en")


def test_the_summary_holds_what_was_tried_and_found(store: Store, tickets: Tickets) -> None:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "Where is it?")
    passage = {"document": "a.md", "title": "A"}
    store.append_step(
        conversation, turn, {"kind": "searched", "query": "where", "evidence": 0.2, "passages": [passage], "seconds": 1}
    )
    store.append_step(conversation, turn, {"kind": "tool_called", "tool": "order_status", "arguments": {"order": "7"}})
    store.append_step(
        conversation, turn, {"kind": "tool_returned", "tool": "order_status", "content": "none", "ok": False}
    )
    summary = tickets.get(tickets.hand_over(conversation, turn, reason="low_evidence", said=REFUSED)).summary
    assert [step["step"] for step in summary["tried"]] == ["search", "order_status"]
    assert summary["found"][0]["documents"] == ["a.md"]
    assert summary["found"][1]["ok"] is False
    assert summary["answered"] == "refused"
    (stored,) = store.transcript(conversation)
    assert stored.text.startswith("It is not there. [1]\n\n")
    assert stored.answer is not None
    assert len(stored.answer["citations"]) == 1


def test_a_second_try_of_a_turn_gives_the_same_ticket(store: Store, tickets: Tickets) -> None:
    conversation, number = handed_over(store, tickets)
    assert tickets.hand_over(conversation, 1, reason="asked") == number
    later = store.start_turn(conversation, "And?")
    assert tickets.hand_over(conversation, later, reason="anger") == number
    assert len(tickets.all()) == 1


def test_many_who_hand_over_at_once_make_one_ticket(store: Store, tickets: Tickets) -> None:
    conversation = store.start_conversation()
    turns = [store.start_turn(conversation, f"Person {number}") for number in range(6)]
    numbers: list[str] = []
    threads = [
        threading.Thread(target=lambda t=turn: numbers.append(tickets.hand_over(conversation, t, reason="asked")))
        for turn in turns
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(numbers) == 6
    assert len(set(numbers)) == len(tickets.all()) == 1


def test_what_the_customer_adds_is_in_the_ticket_and_the_outbox(store: Store, tickets: Tickets) -> None:
    conversation, number = handed_over(store, tickets)
    turn = store.start_turn(conversation, "我的邮箱是 a@example.com")
    assert tickets.add_message(conversation, turn) == number
    assert tickets.get(number).contact == "a@example.com"
    assert [line.text for line in tickets.lines(number) if line.who == "customer"][-1] == "我的邮箱是 a@example.com"
    assert "工单" in store.transcript(conversation)[-1].text
    assert [entry.event for entry in Outbox(store).of_ticket(number)].count("ticket.message") == 2


def test_a_persons_reply_and_the_return(store: Store, tickets: Tickets) -> None:
    conversation, number = handed_over(store, tickets)
    turn = DeskWork(store).reply(number.replace("-", ""), "Hello, this is Ada.", by="Ada")
    stored = store.transcript(conversation)[turn - 1]
    assert (stored.question, stored.text, stored.status) == ("", "Hello, this is Ada.", "finished")
    assert stored.answer is not None
    assert stored.answer["model"] == "person"
    assert tickets.lines(number)[-1].who == "person"
    assert DeskWork(store).end(number, by="Ada", status="returned").status == "returned"
    assert not tickets.is_held(conversation)
    assert DeskWork(store).end(number, by="Ada", status="returned").status == "returned"
    with pytest.raises(StoreError, match=r"returned to the assistant already.*Next: "):
        DeskWork(store).reply(number, "Too late", by="Ada")
    again = store.start_turn(conversation, "A person again")
    assert tickets.hand_over(conversation, again, reason="asked") != number


def test_a_reply_must_say_something(store: Store, tickets: Tickets) -> None:
    _, number = handed_over(store, tickets)
    with pytest.raises(StoreError, match=r"1 to 10,000 characters; this has 0\. Next: "):
        DeskWork(store).reply(number, " \n", by="Ada")


def test_a_number_that_cannot_be_one_is_refused(tickets: Tickets) -> None:
    number = ticket_numbers.new()
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    with pytest.raises(NotStored, match="a digit is wrong"):
        tickets.get(wrong)
    with pytest.raises(NotStored, match="seven digits"):
        tickets.get("hello")
    with pytest.raises(NotStored, match="There is no ticket"):
        tickets.get(number)


def test_what_belongs_to_the_turns_end_is_stored_with_the_ticket_or_neither(store: Store, tickets: Tickets) -> None:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "?")

    def fails(session: Session, ended: str) -> None:
        row = session.get(TurnRow, (ended, turn))
        assert row is not None
        assert row.status == "finished"
        raise StoreError("disk full")

    store.when_turns_end(fails)
    with pytest.raises(StoreError, match="disk full"):
        tickets.hand_over(conversation, turn, reason="asked")
    assert (store.status(conversation, turn), tickets.all()) == ("running", ())


def test_an_ended_turn_makes_no_ticket(store: Store, tickets: Tickets) -> None:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "x")
    store.end_turn(conversation, turn, "stopped")
    with pytest.raises(StoreError, match="has ended"):
        tickets.hand_over(conversation, turn, reason="asked")
    assert not tickets.is_held(conversation)


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_kill_at_any_statement_leaves_one_whole_ticket(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "frontdesk.sqlite3")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    at, last = 1, None
    while last is None or at <= last:
        store = Store(url)
        conversation = store.start_conversation()
        store.close()
        command = [sys.executable, "-c", DIES, url, conversation, str(at)]
        died = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert died.returncode == -signal.SIGKILL, died.stderr
        last = int(died.stdout) if died.stdout else last
        store = Store(url)
        tickets = Tickets(store, wording=WORDING, channels=("webhook", "email"))
        store.interrupted()
        mine = [ticket for ticket in tickets.all() if ticket.conversation == conversation]
        (turn,) = store.transcript(conversation)
        assert len(mine) == 1, f"killed after statement {at}"
        assert tickets.is_held(conversation)
        assert turn.status == "finished"
        assert mine[0].number in turn.text
        assert len(Outbox(store).of_ticket(mine[0].number)) == 2
        store.close()
        at += 4 if last is None or at + 4 <= last else 1
        if at > 60:
            pytest.fail("the hand-over does not end")
    assert last is not None


def test_a_message_to_a_person_survives_a_crash_too(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "frontdesk.sqlite3")
    before = Store(url)
    conversation, number = handed_over(before, Tickets(before))
    before.start_turn(conversation, "My order is 4711")
    before.close()  # its lock is free now, as after a crash
    store = Store(url)
    tickets = Tickets(store, channels=("webhook",))
    store.interrupted()
    assert store.transcript(conversation)[-1].status == "finished"
    assert [line.text for line in tickets.lines(number) if line.who == "customer"][-1] == "My order is 4711"
    assert [entry.event for entry in Outbox(store).of_ticket(number)] == ["ticket.message"]
    store.close()


def test_a_decision_that_was_cut_off_beside_a_ticket_is_no_message_of_the_customers(tmp_path: Path) -> None:
    """An empty message went to the team, and the customer was thanked for it."""
    url = sqlite_url(tmp_path / "frontdesk.sqlite3")
    before = Store(url)
    conversation, number = handed_over(before, Tickets(before))
    before.start_turn(conversation, "")  # as the team's decision on a write begins
    before.close()
    store = Store(url)
    Tickets(store, channels=("webhook",))
    store.interrupted()
    assert store.transcript(conversation)[-1].status == "failed"
    assert Outbox(store).of_ticket(number) == ()
    store.close()


def test_an_interrupted_question_that_needs_no_person_fails_as_before(tmp_path: Path) -> None:
    url = sqlite_url(tmp_path / "frontdesk.sqlite3")
    before = Store(url)
    conversation = before.start_conversation()
    before.start_turn(conversation, "How long may I return a lamp?")
    before.close()
    store = Store(url)
    tickets = Tickets(store)
    store.interrupted()
    assert store.transcript(conversation)[-1].status == "failed"
    assert tickets.all() == ()
    store.close()


def test_it_is_the_desk_that_agents_ask_for(store: Store) -> None:
    desk: Desk = Tickets(store)
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "x")
    assert not desk.is_held(conversation)
    assert desk.hand_over(conversation, turn, reason="tool")
    assert desk.is_held(conversation)


def test_a_hand_over_withdraws_what_waits_and_names_who_is_recognised(store: Store, tickets: Tickets) -> None:
    conversation = store.start_conversation()
    elsewhere = store.start_conversation()
    approvals, visitors = StoredApprovals(store.engine), StoredVisitors(store.engine)
    visitors.save(conversation, Visitor(Customer("C-1042", "Ada")))
    for key, of, stage in (
        ("a", conversation, "customer"),
        ("b", conversation, "operator"),
        ("c", elsewhere, "customer"),
    ):
        approvals.ask(replace(PENDING, key=key, conversation=of, stage=stage))  # type: ignore[arg-type]
    number = tickets.hand_over(conversation, store.start_turn(conversation, "A person, please"), reason="asked")
    assert tickets.get(number).customer == "C-1042"
    stages = {key: approvals.get(key).stage for key in "abc"}  # type: ignore[union-attr]
    assert stages == {"a": "withdrawn", "b": "operator", "c": "customer"}


def test_what_a_tool_wrote_for_the_customer_is_one_ticket_for_each_action(store: Store, tickets: Tickets) -> None:
    conversation = store.start_conversation()
    desk = TicketDesk(tickets)
    with pytest.raises(ToolRefusal, match="only in a conversation on the page"):
        desk.open_ticket(conversation="chat-7", subject="s", text="t", key="k0")
    store.start_turn(conversation, "Tell your team that the lamp hums; ada@example.com")
    number = desk.open_ticket(conversation=conversation, subject="Lamp", text="It hums", key="k1")
    assert desk.open_ticket(conversation=conversation, subject="Lamp", text="It hums", key="k1") == number
    assert [entry.event for entry in Outbox(store).of_ticket(number)] == ["ticket.created"] * 2  # one by each channel
    ticket = tickets.get(number)
    assert (ticket.reason, ticket.contact, ticket.turn) == ("written", "ada@example.com", 1)
    assert not tickets.is_held(conversation)
    assert desk.open_ticket(conversation=conversation, subject="More", text="And it blinks", key="k2") == number
    assert [one["subject"] for one in tickets.get(number).summary["written"]] == ["Lamp", "More"]
    DeskWork(store).reply(number, "We look at it.", by="Ada")
    assert DeskWork(store).end(number, by="Ada", status="returned").status == "returned"
    assert number in store.transcript(conversation)[-1].text
    assert not tickets.is_held(conversation)


def test_a_message_is_no_message_to_a_person_where_nobody_has_the_conversation(store: Store, tickets: Tickets) -> None:
    conversation = store.start_conversation()
    store.start_turn(conversation, "Tell your team that the lamp hums")
    number = tickets.write(conversation, subject="Lamp", text="It hums", key="k1")
    later = store.start_turn(conversation, "How long is the warranty?")
    with pytest.raises(NotStored):
        tickets.add_message(conversation, later)
    held = tickets.hand_over(conversation, later, reason="asked")
    assert held == number, "the person who takes over gets what was written before"
    assert tickets.is_held(conversation)
    assert tickets.get(number).summary["written"] == [{"subject": "Lamp", "text": "It hums"}]
    assert tickets.get(number).reason == "asked"
    DeskWork(store).end(number, by="Ada", status="returned")
    assert not tickets.is_held(conversation)


def test_a_summary_names_what_was_done_and_what_may_have_been(store: Store, tickets: Tickets) -> None:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "Refund B-7")
    log = StoredActionLog(store.engine)
    for key in ("k-done", "k-begun", "k-refused"):
        log.begin(Action(key, "begun", "refund", {"order": "B-7"}, conversation, "1"))
    log.finish("k-done", change=Change("refunded €5"))
    log.fail("k-refused", reason="too late")
    number = tickets.hand_over(conversation, turn, reason="tool")
    acted = {act["key"]: (act["state"], act["result"]) for act in tickets.get(number).summary["acted"]}
    assert acted == {"k-done": ("done", "refunded €5"), "k-begun": ("unknown", ""), "k-refused": ("failed", "too late")}
    entry = next(entry for entry in Outbox(store).of_ticket(number) if entry.channel == "email")
    mail = mail_of(entry, Places(email="desk@example.com", sender="desk@example.com")).get_content()
    assert "refund {'order': 'B-7'}: unknown (action k-begun)" in mail
