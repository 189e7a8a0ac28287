from datetime import UTC, datetime, timedelta
from pathlib import Path

from agents.actions import Customer, Visitor
from agents.transcript import Answer, Citation, Delta, Finished, ToolCalled, ToolReturned, step_to_data
from assistant import retention
from assistant.actions import StoredVisitors
from assistant.desk_work import DeskWork
from assistant.operators import OWNER
from assistant.past_conversations import past_conversations
from assistant.store import Store, sqlite_url
from assistant.tickets import Tickets

CITATION = Citation(1, "default", "a.md", "A", None, 0, 7, "30 days")


def answer(text: str, outcome: str) -> Answer:
    return Answer(text, (CITATION,), outcome, 0.9, "en", "none", 0.1, 0.1)  # type: ignore[arg-type]


def test_what_is_stored_is_what_is_learned_from(tmp_path: Path) -> None:
    store = Store(sqlite_url(tmp_path / "a.sqlite3"))
    tickets = Tickets(store)
    first = store.start_conversation()
    turn = store.start_turn(first, "How long?")
    for step in (
        ToolCalled("track", {"order": "A-1"}),
        ToolReturned("track", "sent", True),
        Delta("30 days [1]."),
        Finished(answer("30 days [1].", "answered")),
    ):
        store.append_step(first, turn, step_to_data(step))
    store.add_feedback(first, turn, rating="down")
    store.add_feedback(first, turn, rating="up")
    turn = store.start_turn(first, "A person please")
    number = tickets.hand_over(first, turn, reason="asked")
    DeskWork(store).reply(number, "Hello, 45 days.", by="Ada")
    store.start_turn(first, "still running")
    second = store.start_conversation()
    store.end_turn(second, store.start_turn(second, "Broken?"), "failed")

    one, two = past_conversations(store)
    assert (one.id, two.id, one.identified) == (first, second, False)
    assert (one.names, two.names) == ({"Ada"}, frozenset())
    asked, handed, reply = one.turns
    assert (asked.question, asked.text, asked.outcome, asked.rating) == ("How long?", "30 days [1].", "answered", "up")
    assert asked.citations[0]["quote"] == "30 days"
    assert [step["kind"] for step in asked.steps] == ["tool_called", "tool_returned", "delta", "finished"]
    assert (handed.outcome, handed.by_person) == ("handed_over", False)
    assert (reply.question, reply.text, reply.by_person) == ("", "Hello, 45 days.", True)
    assert (two.turns[0].outcome, two.turns[0].text) == ("", "")
    assert list(past_conversations(store, since=datetime.now(UTC) + timedelta(hours=1))) == []
    store.close()


def test_who_takes_part_is_known_by_name(tmp_path: Path) -> None:
    store = Store(sqlite_url(tmp_path / "a.sqlite3"))
    conversation = store.start_conversation()
    number = Tickets(store).hand_over(conversation, store.start_turn(conversation, "A person please"), reason="asked")
    StoredVisitors(store.engine).save(conversation, Visitor(Customer("7", "Marisol Quintero", how="session")))
    DeskWork(store).reply(number, "Hello", by="Ben Ode")
    DeskWork(store).reply(number, "Hello again", by=OWNER)
    (one,) = past_conversations(store)
    assert (one.identified, one.names) == (True, {"Marisol Quintero", "Ben Ode"})
    store.close()


def test_a_conversation_that_is_forgotten_meanwhile_is_passed_over(tmp_path: Path) -> None:
    store = Store(sqlite_url(tmp_path / "a.sqlite3"))
    first, second, third = (store.start_conversation() for _ in range(3))
    found = past_conversations(store)
    assert next(found).id == first
    retention.forget(store, [second])
    assert [one.id for one in found] == [third]
    store.close()
