"""Turns: steps stored and announced in order, stop, failure, queueing, history, and watching from elsewhere."""

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from agents.errors import ModelUnavailable
from agents.transcript import Answer, Delta, Finished, Searched, Step
from agents.turn import Request
from assistant import following, step_log, ticket_turns
from assistant import turns as turns_module
from assistant.desk_work import DeskWork
from assistant.errors import NotStored, StoreError, TurnRefused
from assistant.log_causes import CauseFilter
from assistant.store import Store, StoredStep, sqlite_url
from assistant.tickets import Tickets, Wording
from assistant.turns import Respond, TurnRunner
from knowledge.errors import KnowledgeError

WAIT = 10.0


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    yield store
    store.close()


@pytest.fixture
def runner(store: Store) -> Iterator[Callable[..., TurnRunner]]:
    runners: list[TurnRunner] = []

    def build(respond: Respond, **options: Any) -> TurnRunner:
        runners.append(TurnRunner(store, respond, **options))
        return runners[-1]

    yield build
    for each in runners:
        each.close()


def finished(text: str) -> Finished:
    return Finished(Answer(text, (), "answered", 0.9, "en", "scripted", 0.1, 0.05))


def say(*pieces: str) -> Respond:
    def respond(request: Request, stop: threading.Event) -> Iterator[Step]:
        yield Searched(request.question, 0.9, (), 0.01)
        for piece in pieces:
            yield Delta(piece)
        yield finished("".join(pieces))

    return respond


class Gate:
    """Answers that say one piece, then wait to be let on, or stopped."""

    def __init__(self) -> None:
        self.opened = threading.Event()
        self.requests: list[Request] = []

    def __call__(self, request: Request, stop: threading.Event) -> Iterator[Step]:
        self.requests.append(request)
        yield Delta("first ")
        while not self.opened.wait(0.01):
            if stop.is_set():
                return
        yield Delta("second")
        yield finished("first second")


def kinds(steps: Iterator[StoredStep] | tuple[StoredStep, ...]) -> list[str]:
    return [step.data["kind"] for step in steps]


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


def test_steps_arrive_in_order_and_end_with_the_answer(store: Store, runner: Callable[..., TurnRunner]) -> None:
    turns = runner(say("Within ", "30 days."))
    conversation = store.start_conversation()
    turn = turns.start(conversation, "How long?")
    steps = list(turns.subscribe(conversation, turn))
    assert [step.sequence for step in steps] == list(range(1, len(steps) + 1))
    assert kinds(tuple(steps))[0] == "searched"
    assert "".join(step.data["text"] for step in steps if step.data["kind"] == "delta") == "Within 30 days."
    assert steps[-1].data["answer"]["text"] == "Within 30 days."
    assert store.status(conversation, turn) == "finished"


def test_a_question_that_is_sent_again_is_found_where_too_many_wait(
    store: Store, runner: Callable[..., TurnRunner]
) -> None:
    turns = runner(Gate(), workers=1, waiting=1)
    conversation = store.start_conversation()
    first = turns.start(conversation, "first", key="1")
    until(lambda: store.steps(conversation, first))
    second = turns.start(conversation, "second", key="2")
    with pytest.raises(TurnRefused):
        turns.start(conversation, "third", key="3")
    assert [turns.start(conversation, "first", key="1"), turns.start(conversation, "second", key="2")] == [1, second]


def test_a_question_that_is_sent_again_after_a_crash_is_the_turn_that_broke_off(
    store: Store, runner: Callable[..., TurnRunner], tmp_path: Path
) -> None:
    conversation = store.start_conversation()
    dead = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    dead.start_turn(conversation, "How long?", key="1")
    dead.close()
    turns = runner(say("30 days."))
    assert turns.start(conversation, "How long?", key="1") == 1
    assert kinds(turns.subscribe(conversation, 1)) == ["failed"]
    assert kinds(turns.subscribe(conversation, turns.start(conversation, "How long?", key="2")))[-1] == "finished"


def test_a_subscriber_that_comes_back_sees_only_the_rest(store: Store, runner: Callable[..., TurnRunner]) -> None:
    gate = Gate()
    turns = runner(gate)
    conversation = store.start_conversation()
    turn = turns.start(conversation, "?")
    first = next(turns.subscribe(conversation, turn))
    assert first.data["text"] == "first "
    gate.opened.set()
    assert kinds(turns.subscribe(conversation, turn, after=first.sequence)) == ["delta", "finished"]
    assert kinds(turns.subscribe(conversation, turn, after=99)) == []


def test_text_that_comes_fast_is_gathered(
    store: Store, runner: Callable[..., TurnRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(step_log, "DELTA_SECONDS", 0.5)
    turns = runner(say(*"abcdefgh"))
    conversation = store.start_conversation()
    steps = tuple(turns.subscribe(conversation, turns.start(conversation, "?")))
    assert [step.data["text"] for step in steps if step.data["kind"] == "delta"] == ["a", "bcdefgh"]


def test_gathered_text_is_shown_though_nothing_follows(store: Store, runner: Callable[..., TurnRunner]) -> None:
    let_on = threading.Event()

    def respond(request: Request, stop: threading.Event) -> Iterator[Step]:
        yield Delta("a")
        yield Delta("b")
        let_on.wait(WAIT)
        yield finished("ab")

    turns = runner(respond)
    conversation = store.start_conversation()
    watching = turns.subscribe(conversation, turns.start(conversation, "?"))
    assert [next(watching).data["text"], next(watching).data["text"]] == ["a", "b"]
    let_on.set()
    assert kinds(watching) == ["finished"]


def test_stop_keeps_the_text_so_far(store: Store, runner: Callable[..., TurnRunner]) -> None:
    turns = runner(Gate())
    conversation = store.start_conversation()
    turn = turns.start(conversation, "?")
    watching = turns.subscribe(conversation, turn)
    assert next(watching).data["text"] == "first "
    turns.stop(conversation, turn)
    assert kinds(watching) == ["stopped"]
    kept = store.transcript(conversation)[0]
    assert (kept.status, kept.text) == ("stopped", "first ")


def test_a_waiting_turn_is_stopped_before_it_begins(store: Store, runner: Callable[..., TurnRunner]) -> None:
    gate = Gate()
    turns = runner(gate, workers=1)
    conversation = store.start_conversation()
    turns.start(conversation, "one")
    second = turns.start(conversation, "two")
    turns.stop(conversation, second)
    assert kinds(turns.subscribe(conversation, second)) == ["stopped"]
    gate.opened.set()
    assert kinds(turns.subscribe(conversation, 1))[-1] == "finished"
    assert [request.question for request in gate.requests] == ["one"]


def test_stopping_what_has_ended_or_never_was_changes_nothing(store: Store, runner: Callable[..., TurnRunner]) -> None:
    turns = runner(say("a"))
    conversation = store.start_conversation()
    turn = turns.start(conversation, "?")
    assert kinds(turns.subscribe(conversation, turn))[-1] == "finished"
    turns.stop(conversation, turn)
    turns.stop(conversation, 7)
    assert store.status(conversation, turn) == "finished"


def test_a_failure_gives_the_customer_a_reference_that_finds_the_traceback(
    store: Store, runner: Callable[..., TurnRunner], caplog: pytest.LogCaptureFixture
) -> None:
    def respond(request: Request, stop: threading.Event) -> Iterator[Step]:
        yield Delta("so far")
        raise RuntimeError("secret detail")

    turns = runner(respond)
    conversation = store.start_conversation()
    with caplog.at_level(logging.ERROR):
        steps = tuple(turns.subscribe(conversation, turns.start(conversation, "?")))
    assert kinds(steps) == ["delta", "failed"]
    assert "secret" not in str(steps[-1].data)
    record = next(record for record in caplog.records if steps[-1].data["reference"] in record.getMessage())
    assert record.exc_info is not None


def test_a_server_that_is_gone_is_one_line_in_the_log(
    store: Store, desk: Tickets, runner: Callable[..., TurnRunner], caplog: pytest.LogCaptureFixture
) -> None:
    """What it says names cause and command; its traceback would be some hundred lines of libraries for each turn."""
    gone = KnowledgeError("The catalogue cannot be used. Next: frontdesk doctor")
    conversation, turns = store.start_conversation(), runner(Refusing(gone), tickets=desk)
    with caplog.at_level(logging.INFO):
        run_turn(turns, conversation, "One?")
        run_turn(turns, conversation, "Two?")
        model = runner(Refusing(ModelUnavailable("No model. Next: ollama serve")), tickets=desk)
        run_turn(model, store.start_conversation(), "How long?")
    told = [record for record in caplog.records if record.levelno == logging.ERROR and CauseFilter().filter(record)]
    assert [record.exc_info for record in told if record.exc_info] == []
    ends = [record.getMessage().partition(" Next: ")[2] for record in told]
    assert ends == ["frontdesk doctor", "frontdesk doctor", "ollama serve"]


def test_steps_that_end_without_an_answer_are_a_failure(store: Store, runner: Callable[..., TurnRunner]) -> None:
    turns = runner(lambda request, stop: iter([Delta("half")]))
    conversation = store.start_conversation()
    assert kinds(turns.subscribe(conversation, turns.start(conversation, "?"))) == ["delta", "failed"]


def test_history_is_the_finished_turns(store: Store, runner: Callable[..., TurnRunner]) -> None:
    seen: list[Request] = []

    def respond(request: Request, stop: threading.Event) -> Iterator[Step]:
        seen.append(request)
        if request.question == "break":
            raise RuntimeError("broken")
        yield finished("answer to " + request.question)

    turns = runner(respond)
    conversation = store.start_conversation()
    for question in ("one", "break", "two"):
        list(turns.subscribe(conversation, turns.start(conversation, question, language="zh")))
    assert seen[0].history == ()
    assert [(message.role, message.content) for message in seen[2].history] == [
        ("user", "one"),
        ("assistant", "answer to one"),
    ]
    assert (seen[2].language, seen[2].audiences) == ("zh", ("public",))


def test_turns_of_one_conversation_run_one_after_another(store: Store, runner: Callable[..., TurnRunner]) -> None:
    gate = Gate()
    turns = runner(gate, workers=3)
    one, other = store.start_conversation(), store.start_conversation()
    turns.start(one, "a")
    turns.start(one, "b")
    turns.start(other, "c")
    until(lambda: len(gate.requests) == 2)
    assert {request.question for request in gate.requests} == {"a", "c"}
    gate.opened.set()
    assert kinds(turns.subscribe(one, 2))[-1] == "finished"
    assert gate.requests[2].history[0].content == "a"


def test_too_many_questions_are_refused(store: Store, runner: Callable[..., TurnRunner]) -> None:
    gate = Gate()
    turns = runner(gate, workers=1, waiting=2)
    conversations = [store.start_conversation() for _ in range(4)]
    turns.start(conversations[0], "?")
    until(lambda: gate.requests)
    turns.start(conversations[1], "?")
    turns.start(conversations[2], "?")
    with pytest.raises(TurnRefused, match="ask again in a moment"):
        turns.start(conversations[3], "?")
    assert store.transcript(conversations[3]) == ()
    gate.opened.set()


def test_one_conversation_cannot_fill_the_queue(store: Store, runner: Callable[..., TurnRunner]) -> None:
    gate = Gate()
    turns = runner(gate, workers=1)
    conversation = store.start_conversation()
    turns.start(conversation, "?")
    until(lambda: gate.requests)
    for _ in range(3):
        turns.start(conversation, "?")
    with pytest.raises(TurnRefused):
        turns.start(conversation, "?")
    gate.opened.set()


def test_another_process_can_follow(store: Store, runner: Callable[..., TurnRunner], tmp_path: Path) -> None:
    gate = Gate()
    turns = runner(gate)
    conversation = store.start_conversation()
    turn = turns.start(conversation, "?")
    elsewhere = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    watcher = TurnRunner(elsewhere, gate)
    watching = watcher.subscribe(conversation, turn)
    assert next(watching).data["text"] == "first "
    gate.opened.set()
    assert kinds(watching) == ["delta", "finished"]
    watcher.close()
    elsewhere.close()


def test_a_subscriber_learns_that_the_other_process_died(
    store: Store, runner: Callable[..., TurnRunner], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "ORPHAN_SECONDS", 0.0)
    monkeypatch.setattr(following, "POLL_SECONDS", 0.05)
    turns = runner(say("a"))
    elsewhere = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    conversation = elsewhere.start_conversation()
    turn = elsewhere.start_turn(conversation, "?")
    elsewhere.append_step(conversation, turn, {"kind": "delta", "text": "half"})
    watching = turns.subscribe(conversation, turn)
    assert next(watching).data["text"] == "half"
    elsewhere.close()  # its lock is free now, as after a crash
    assert kinds(watching) == ["failed"]


def test_closing_ends_what_runs_and_what_waits(store: Store, runner: Callable[..., TurnRunner]) -> None:
    gate = Gate()
    turns = runner(gate, workers=1)
    conversation = store.start_conversation()
    turns.start(conversation, "one")
    turns.start(conversation, "two")
    until(lambda: gate.requests)
    turns.close()
    assert [turn.status for turn in store.transcript(conversation)] == ["failed", "failed"]
    with pytest.raises(TurnRefused, match="shutting down"):
        turns.start(conversation, "three")


def test_watching_what_does_not_exist_is_refused(store: Store, runner: Callable[..., TurnRunner]) -> None:
    turns = runner(say("a"))
    with pytest.raises(NotStored):
        turns.subscribe("nobody", 1)


def test_many_async_subscribers_hold_no_thread(store: Store, runner: Callable[..., TurnRunner]) -> None:
    gate = Gate()
    turns = runner(gate)
    conversation = store.start_conversation()
    turn = turns.start(conversation, "?")

    async def watch() -> list[str]:
        return [step.data["kind"] async for step in turns.subscribe_async(conversation, turn)]

    async def watch_all() -> list[list[str]]:
        watching = [asyncio.create_task(watch()) for _ in range(40)]
        await asyncio.sleep(0.3)
        gate.opened.set()
        return await asyncio.gather(*watching)

    assert asyncio.run(watch_all()) == [["delta", "delta", "finished"]] * 40


def test_a_yes_to_what_a_person_wrote_meanwhile_has_not_seen_what_the_assistant_asks(
    store: Store, runner: Callable[..., TurnRunner]
) -> None:
    gate = Gate()
    turns = runner(gate)
    conversation = store.start_conversation()
    turns.start(conversation, "Cancel it")
    with store.writing() as session:
        ticket_turns.say(session, conversation, "Shall I call you?")
    yes = turns.start(conversation, "yes")
    gate.opened.set()
    list(turns.subscribe(conversation, yes))
    list(turns.subscribe(conversation, turns.start(conversation, "yes")))
    assert [request.unseen for request in gate.requests] == [False, True, False]


def test_a_turn_whose_end_could_not_be_stored_fails_when_the_store_is_back(
    store: Store, runner: Callable[..., TurnRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    append, full = store.append_step, threading.Event()

    def append_or_fail(*step: Any, **more: Any) -> int:
        if full.is_set():
            raise StoreError("disk full")
        return append(*step, **more)

    monkeypatch.setattr(store, "append_step", append_or_fail)
    gate = Gate()
    turns = runner(gate, workers=1)
    conversation = store.start_conversation()
    watching = turns.subscribe(conversation, turns.start(conversation, "?"))
    next(watching)
    full.set()
    gate.opened.set()
    assert kinds(watching) == ["failed"]
    full.clear()
    assert kinds(turns.subscribe(conversation, turns.start(conversation, "again")))[-1] == "finished"


def test_a_yes_counts_after_a_turn_whose_end_could_not_be_stored(
    store: Store, runner: Callable[..., TurnRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody watched that turn: it ran for ever, and every yes was asked for again."""

    def refuse(*_: object, **__: object) -> int:
        raise StoreError("disk full")

    gate = Gate()
    gate.opened.set()
    turns = runner(gate)
    conversation = store.start_conversation()
    with monkeypatch.context() as full:
        full.setattr(store, "append_step", refuse)
        lost = turns.start(conversation, "Cancel it")
        until(lambda: turns._lost)
    list(turns.subscribe(conversation, turns.start(conversation, "yes")))
    assert [request.unseen for request in gate.requests] == [False, False]
    assert store.status(conversation, lost) == "failed"


def test_a_stop_and_an_end_that_cannot_be_stored_leave_no_turn_that_runs_for_ever(
    store: Store, runner: Callable[..., TurnRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> int:
        raise StoreError("disk full")

    gate = Gate()
    turns = runner(gate, workers=1)
    one, other = store.start_conversation(), store.start_conversation()
    turns.start(one, "runs")
    stopped, waiting = turns.start(one, "waits"), turns.start(other, "waits too")
    until(lambda: gate.requests)
    with monkeypatch.context() as full:
        full.setattr(store, "append_step", refuse)
        turns.stop(one, stopped)
        gate.opened.set()
        turns.close()
    for conversation, turn in ((one, stopped), (other, waiting)):
        assert kinds(turns.subscribe(conversation, turn)) == ["failed"]


def test_half_characters_do_not_reach_the_answer(store: Store, runner: Callable[..., TurnRunner]) -> None:
    gate = Gate()
    gate.opened.set()
    turns = runner(gate)
    conversation = store.start_conversation()
    assert kinds(turns.subscribe(conversation, turns.start(conversation, "a\ud800b")))[-1] == "finished"
    assert gate.requests[0].question == "a?b"


def test_a_model_that_does_not_hear_stop_is_not_waited_for(
    store: Store, runner: Callable[..., TurnRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns_module, "STOP_SECONDS", 0.05)
    let_on = threading.Event()

    def respond(request: Request, stop: threading.Event) -> Iterator[Step]:
        yield Delta("so far")
        let_on.wait(WAIT)
        yield Delta("too late")
        yield finished("too late")

    turns = runner(respond, workers=1)
    conversation = store.start_conversation()
    turn = turns.start(conversation, "?")
    watching = turns.subscribe(conversation, turn)
    next(watching)
    turns.stop(conversation, turn)
    turns.stop(conversation, turn)
    assert kinds(watching) == ["stopped"]
    let_on.set()
    following = turns.start(conversation, "next")
    assert kinds(turns.subscribe(conversation, following))[-1] == "finished"
    kept = store.transcript(conversation)[0]
    assert (kept.status, kept.text) == ("stopped", "so far")


def test_closing_does_not_wait_for_a_model_that_hangs(store: Store, runner: Callable[..., TurnRunner]) -> None:
    let_on = threading.Event()

    def respond(request: Request, stop: threading.Event) -> Iterator[Step]:
        yield Delta("so far")
        let_on.wait(WAIT)

    turns = runner(respond)
    conversation = store.start_conversation()
    next(turns.subscribe(conversation, turns.start(conversation, "?")))
    turns.close(timeout_seconds=0.05)
    assert [turn.status for turn in store.transcript(conversation)] == ["failed"]
    let_on.set()


@pytest.fixture
def desk(store: Store) -> Tickets:
    return Tickets(store, wording=Wording(contact="help@example.com"))


class Refusing:
    """Refuses every question, or fails, and counts how often it was asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[Request] = []
        self.error = error

    def __call__(self, request: Request, stop: threading.Event) -> Iterator[Step]:
        self.asked.append(request)
        if self.error is not None:
            raise self.error
        yield Delta("It is not there.")
        yield Finished(Answer("It is not there.", (), "refused", 0.1, "en", "scripted", 0.1, 0.05))


def run_turn(runner: TurnRunner, conversation: str, question: str) -> list[Mapping[str, Any]]:
    return [step.data for step in runner.subscribe(conversation, runner.start(conversation, question))]


def test_who_asks_for_a_person_gets_one_and_no_model_is_asked(
    store: Store, desk: Tickets, runner: Callable[..., TurnRunner]
) -> None:
    respond, conversation = Refusing(), store.start_conversation()
    turns = runner(respond, tickets=desk)
    steps = run_turn(turns, conversation, "Can I talk to a real person?")
    assert [step["kind"] for step in steps] == ["handed_over", "delta", "finished"]
    assert steps[0]["reason"] == "asked"
    assert steps[0]["ticket"] in steps[1]["text"]
    steps = run_turn(turns, conversation, "How long may I return a lamp?")
    assert "has been added to ticket" in steps[0]["text"]
    assert respond.asked == []


def test_a_danger_that_only_its_meaning_tells_is_handed_over_too(
    store: Store, runner: Callable[..., TurnRunner]
) -> None:
    respond, conversation = Refusing(), store.start_conversation()
    turns = runner(respond, tickets=Tickets(store, hears_danger=lambda message: "crackles" in message))
    steps = run_turn(turns, conversation, "The socket crackles and is brown")
    assert steps[0]["reason"] == "safety"
    assert respond.asked == []


def test_the_second_refusal_in_a_row_is_handed_over_and_still_shown(
    store: Store, desk: Tickets, runner: Callable[..., TurnRunner]
) -> None:
    conversation, turns = store.start_conversation(), runner(Refusing(), tickets=desk)
    assert run_turn(turns, conversation, "One?")[-1]["answer"]["outcome"] == "refused"
    steps = run_turn(turns, conversation, "Two?")
    assert [step["kind"] for step in steps] == ["delta", "handed_over", "delta", "finished"]
    text = steps[-1]["answer"]["text"]
    assert text == "".join(step["text"] for step in steps if step["kind"] == "delta")
    assert text.startswith("It is not there.\n\nI could not find this twice now")


def test_a_model_that_fails_is_a_hand_over_and_no_error(
    store: Store, desk: Tickets, runner: Callable[..., TurnRunner]
) -> None:
    conversation = store.start_conversation()
    turns = runner(Refusing(ModelUnavailable("secret detail")), tickets=desk)
    steps = run_turn(turns, conversation, "How long?")
    assert steps[0] == {"kind": "handed_over", "ticket": desk.all()[0].number, "reason": "model_failed"}
    assert "secret" not in str(steps)


def test_the_second_failure_in_a_row_is_handed_over(
    store: Store, desk: Tickets, runner: Callable[..., TurnRunner]
) -> None:
    conversation, turns = store.start_conversation(), runner(Refusing(RuntimeError("a bug")), tickets=desk)
    assert run_turn(turns, conversation, "One?")[-1]["kind"] == "failed"
    assert run_turn(turns, conversation, "Two?")[0]["reason"] == "repeated_failure"


def test_a_tool_that_needs_a_person_gets_one(store: Store, desk: Tickets, runner: Callable[..., TurnRunner]) -> None:
    def respond(request: Request, stop: threading.Event) -> Iterator[Step]:
        yield Delta("This is above my limit.")
        yield Finished(Answer("This is above my limit.", (), "handed_over", 0.9, "en", "scripted", 0.1, 0.05))

    conversation = store.start_conversation()
    steps = run_turn(runner(respond, tickets=desk), conversation, "Refund 900 euros")
    assert [step["kind"] for step in steps] == ["delta", "handed_over", "delta", "finished"]
    assert desk.all()[0].reason == "tool"


def test_a_returned_conversation_begins_anew_and_the_model_reads_the_person(
    store: Store, desk: Tickets, runner: Callable[..., TurnRunner]
) -> None:
    respond, conversation = Refusing(), store.start_conversation()
    turns = runner(respond, tickets=desk)
    run_turn(turns, conversation, "One?")
    run_turn(turns, conversation, "Two?")
    number = desk.all()[0].number
    DeskWork(store).reply(number, "We sell no such lamp.", by="Ada")
    DeskWork(store).end(number, by="Ada", status="returned")
    assert run_turn(turns, conversation, "Three?")[-1]["answer"]["outcome"] == "refused"
    said = [(message.role, message.content) for message in respond.asked[-1].history]
    assert said[-1] == ("assistant", "(A person of our team wrote: “We sell no such lamp.”)")
    assert all(content for _, content in said)


def test_without_a_desk_nothing_is_handed_over(store: Store, runner: Callable[..., TurnRunner]) -> None:
    conversation, turns = store.start_conversation(), runner(Refusing())
    for _ in range(3):
        assert run_turn(turns, conversation, "A person, please")[-1]["answer"]["outcome"] == "refused"


def test_a_hand_over_that_cannot_be_stored_is_no_silence(
    store: Store, desk: Tickets, runner: Callable[..., TurnRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> str:
        raise StoreError("the disk is full")

    monkeypatch.setattr(desk, "hand_over", fail)
    conversation, turns = store.start_conversation(), runner(Refusing(), tickets=desk)
    steps = run_turn(turns, conversation, "A person, please")
    assert steps[-1]["kind"] == "failed"
    assert steps[-1]["reference"]


def test_a_conversation_that_is_returned_at_this_moment_is_answered(
    store: Store, desk: Tickets, runner: Callable[..., TurnRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk, "is_held", lambda conversation: True)
    respond, conversation = Refusing(), store.start_conversation()
    steps = run_turn(runner(respond, tickets=desk), conversation, "How long?")
    assert steps[-1]["answer"]["outcome"] == "refused"
    assert len(respond.asked) == 1


def test_a_call_back_is_for_the_tools_where_one_books_it(
    store: Store, desk: Tickets, runner: Callable[..., TurnRunner]
) -> None:
    turns = runner(Refusing(), tickets=desk, books_calls=lambda: True)
    conversation = store.start_conversation()
    run_turn(turns, conversation, "请给我回电话")
    assert not desk.is_held(conversation)
    other = store.start_conversation()
    assert run_turn(runner(Refusing(), tickets=desk), other, "请给我回电话")[0]["kind"] == "handed_over"
