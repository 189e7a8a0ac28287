"""Approved writes whose process ended are seen to when a server starts, not when the customer writes again."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select

from agents.actions import Action, Change
from agents.approvals import Pending
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.prompts import acting as words
from assistant.actions import StoredActionLog
from assistant.app import Application
from assistant.database import OutboxRow
from assistant.settings import Settings
from tests.assistant.killing import needs_kills, results, step_of

SHOP_TOOLS = Path(__file__).parents[2] / "examples" / "brindlemoor" / "shop_tools.py"


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    yield from opened(tmp_path)


def opened(home: Path, **more: Any) -> Iterator[Application]:
    settings = Settings(home=home, tools=(str(SHOP_TOOLS),), embedder="hashing", **more)
    library: Any = SimpleNamespace(embedder=None, close=lambda: None)
    model = LoadedModel("scripted:test", ScriptedChat([]), "native")
    application = Application(settings, library=library, model=model)
    yield application
    application.close()


def approved(application: Application, key: str, *, operator: bool = False) -> str:
    """Return a conversation in which a write was approved and then nothing more was heard."""
    conversation = application.store.start_conversation(language="zh")
    turn = application.store.start_turn(conversation, "Yes, do it")
    application.store.end_turn(conversation, turn, "failed")
    arguments = {"order_number": "B-10234"}
    application.approvals.ask(
        Pending(key, conversation, f"{conversation}/t", "refund", arguments, "Refund €5", "f" * 64, "7", "zh", operator)
    )
    assert application.approvals.move(key, before="customer", after="approved")
    return conversation


def test_what_was_begun_goes_to_a_person(application: Application) -> None:
    conversation = approved(application, "k1")
    action = Action("k1", "begun", "refund", {"order_number": "B-10234"}, conversation, "7")
    StoredActionLog(application.store.engine).begin(action)
    application.settle_cut_off()
    last = list(application.turns.subscribe(conversation, 2))[-1].data
    assert last["answer"]["outcome"] == "handed_over"
    (ticket,) = application.tickets.all(status="open")
    assert (ticket.conversation, ticket.language) == (conversation, "zh")
    pending = application.approvals.get("k1")
    assert pending is not None
    assert pending.stage == "unknown"
    application.settle_cut_off()
    assert len(application.tickets.all()) == 1


@pytest.mark.parametrize(
    ("state", "told"),
    [("done", "在中断之前，这件事已经办好：€5 已退款。"), ("failed", "已经退过款了。")],
)
def test_what_has_an_end_is_told_also_where_a_person_has_the_conversation(
    application: Application, state: str, told: str
) -> None:
    """It was told with the customer's next message only, and beside a ticket never."""
    conversation = approved(application, "k1")
    turn = application.store.start_turn(conversation, "转人工")
    application.tickets.hand_over(conversation, turn, reason="asked")
    log = StoredActionLog(application.store.engine)
    log.begin(Action("k1", "begun", "refund", {}, conversation, "7"))
    if state == "done":
        log.finish("k1", change=Change("€5 已退款。", {}, {}))
    else:
        log.fail("k1", reason="已经退过款了。")
    application.settle_cut_off()
    last = list(application.turns.subscribe(conversation, 3))[-1].data["answer"]
    assert (last["text"], last["outcome"]) == (told, "acted" if state == "done" else "answered")
    pending = application.approvals.get("k1")
    assert pending is not None
    assert pending.stage == state
    application.settle_cut_off()
    assert len(application.store.transcript(conversation)) == 3


@pytest.mark.parametrize(("operator", "stage"), [(False, "customer"), (True, "operator")])
def test_what_was_not_begun_waits_again(application: Application, operator: bool, stage: str) -> None:
    approved(application, "k1", operator=operator)
    application.settle_cut_off()
    pending = application.approvals.get("k1")
    assert pending is not None
    assert pending.stage == stage
    assert application.tickets.all() == ()


def test_what_is_under_way_is_left_alone(application: Application) -> None:
    conversation = approved(application, "k1")
    application.store.start_turn(conversation, "still running")
    application.settle_cut_off()
    pending = application.approvals.get("k1")
    assert pending is not None
    assert pending.stage == "approved"


def test_a_talk_in_the_terminal_that_was_cut_off_does_not_keep_the_server_from_starting(
    application: Application, caplog: pytest.LogCaptureFixture
) -> None:
    for key in ("begun", "approved", "done"):
        asked = Pending(key, f"terminal-{key}", "t", "refund", {}, "Refund €5", "f" * 64, "7", "en", operator=False)
        application.approvals.ask(asked)
        application.approvals.move(key, before="customer", after="approved")
    log = StoredActionLog(application.store.engine)
    log.begin(Action("begun", "begun", "refund", {}, "terminal-begun", "7"))
    log.begin(Action("done", "begun", "refund", {}, "terminal-done", "7"))
    log.finish("done", change=Change("Refunded.", {}, {}))
    application.settle_cut_off()
    stages = [pending.stage for key in ("begun", "approved", "done") if (pending := application.approvals.get(key))]
    assert stages == ["unknown", "customer", "done"]
    assert "the write begun (refund) was begun in a talk that is not stored (terminal-begun)" in caplog.text


def begun_beside_a_ticket(application: Application, key: str) -> str:
    """Return a conversation that a person has, with a write that was begun and has no end."""
    conversation = approved(application, key)
    turn = application.store.start_turn(conversation, "转人工")
    application.tickets.hand_over(conversation, turn, reason="asked")
    StoredActionLog(application.store.engine).begin(Action(key, "begun", "refund", {}, conversation, "7"))
    return conversation


def test_what_was_begun_beside_a_ticket_is_told_to_the_customer_and_to_the_person(application: Application) -> None:
    """The customer read that "this" was added to the ticket, the ticket said nothing of it, and nobody looked again."""
    conversation = begun_beside_a_ticket(application, "k1")
    application.settle_cut_off()
    last = list(application.turns.subscribe(conversation, 3))[-1].data["answer"]
    assert (last["text"], last["outcome"]) == (words.UNKNOWN["zh"], "handed_over")
    (ticket,) = application.tickets.all(status="open")
    assert [(act["key"], act["state"]) for act in ticket.summary["acted"]] == [("k1", "unknown")]
    assert application.tickets.lines(ticket.number)[-1].text == words.UNKNOWN["zh"]


def test_channels_hear_of_what_was_begun_beside_a_ticket_in_the_assistants_words(tmp_path: Path) -> None:
    for application in opened(tmp_path, ticket_webhook_url="https://desk.example.com/"):
        begun_beside_a_ticket(application, "k1")
        application.settle_cut_off()
        list(application.turns.subscribe(application.tickets.all()[0].conversation, 3))
        with application.store.reading() as session:
            bodies = [row.body for row in session.scalars(select(OutboxRow).order_by(OutboxRow.id))]
    assert [(one["who"], one["text"]) for one in bodies[-1]["messages"]] == [("assistant", words.UNKNOWN["zh"])]
    assert [act["state"] for act in bodies[-1]["summary"]["acted"]] == ["unknown"]


def test_two_cut_off_writes_of_one_conversation_are_told_in_one_turn(
    application: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second turn found nothing left, withdrew what still waited and asked the model about nothing."""
    conversation = approved(application, "k1")
    first = application.approvals.get("k1")
    assert first is not None
    application.approvals.ask(replace(first, key="k2"))
    application.approvals.ask(replace(first, key="waits", stage="customer"))
    log = StoredActionLog(application.store.engine)
    for key in ("k1", "k2"):
        log.begin(Action(key, "begun", "refund", {}, conversation, "7"))
        log.finish(key, change=Change(f"€5 {key}。", {}, {}))
    start = application.turns.start

    def start_and_wait(*given: Any, **more: Any) -> int:
        turn = start(*given, **more)
        list(application.turns.subscribe(conversation, turn))
        return turn

    monkeypatch.setattr(application.turns, "start", start_and_wait)
    application.settle_cut_off()
    turns = application.store.transcript(conversation)
    assert len(turns) == 2
    assert ("€5 k1。" in turns[-1].text, "€5 k2。" in turns[-1].text) == (True, True)
    waits = application.approvals.get("waits")
    assert waits is not None
    assert waits.stage == "customer"


@pytest.mark.slow
@pytest.mark.timeout(300)
@needs_kills
def test_kill_at_each_boundary_of_a_hand_over_makes_it_once(tmp_path: Path) -> None:
    """Killed after it was noted that nobody knows, and before the ticket was there, nobody was ever told."""
    *killed, whole = results("killed_hand_overs.py", tmp_path, step := step_of(4), seconds=270)
    assert whole["completed"]
    assert len(killed) >= 24 // step
    for result in (*killed, whole):
        assert (result["status"], result["stages"], result["told"]) == (0, ["unknown"], 1), result
        assert "running" not in result["statuses"], result
        ((act,),) = result["tickets"]
        assert (act["tool"], act["state"], result["events"]) == ("move", "unknown", ["ticket.created"]), result
