"""Decisions on writes: one turn each, however often and by whomever a button is pressed."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agents.approvals import OperatorDecision, Pending, Stage
from agents.transcript import Answer, ApprovalDecided, Finished, Step
from agents.turn import Request
from assistant import desk_entries
from assistant.actions import StoredApprovals
from assistant.decisions import Decisions
from assistant.desk_page import story
from assistant.errors import Forestalled, NotStored, StoreError
from assistant.past_conversations import past_conversations
from assistant.store import TERMINAL_STEPS, Store, conversation_row, sqlite_url
from assistant.ticket_contents import PERSON
from assistant.ticket_turns import REPLY_CHARACTERS, say
from assistant.turns import TurnRunner


class Writing:
    """Moves a write as the loop does, when the test lets it."""

    def __init__(self, approvals: StoredApprovals) -> None:
        self._approvals = approvals
        self.gate = threading.Event()
        self.broken = self.breaks_off = False
        self.comes_to: Stage = "done"
        self.decided: list[OperatorDecision] = []

    def __call__(self, request: Request, stop: threading.Event) -> Iterator[Step]:
        assert request.decision is not None
        self.decided.append(request.decision)
        assert self.gate.wait(20)
        if self.broken:
            raise RuntimeError("before anything was moved")
        decision = "approved" if request.decision.approved else "declined"
        assert self._approvals.move(request.decision.key, before="operator", after=decision)  # type: ignore[arg-type]
        yield ApprovalDecided(request.decision.key, decision, "operator")  # type: ignore[arg-type]
        if self.breaks_off:
            raise RuntimeError("after it was moved, before anything was done")
        if request.decision.approved:
            assert self._approvals.move(request.decision.key, before="approved", after=self.comes_to)
        yield Finished(Answer("Done.", (), "acted", 0.0, "en", "none", 0.1, 0.1))


class Desk:
    """Decisions over a real store and real turns; only the loop is a stand-in."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(sqlite_url(folder / "frontdesk.sqlite3"))
        self.approvals = StoredApprovals(self.store.engine)
        self.writing = Writing(self.approvals)
        self.turns = TurnRunner(self.store, self.writing)
        self.decisions = Decisions(self.store, self.approvals, self.turns)
        self.conversation = self.store.start_conversation()
        self.pending = Pending(
            key="w" * 24,
            conversation=self.conversation,
            thread="t",
            tool="refund",
            arguments={"order": "B-1"},
            text="Refund €5",
            fingerprint="f",
            customer="7",
            language="en",
            operator=True,
            stage="operator",
        )
        self.approvals.ask(self.pending)

    def end(self, turn: int) -> None:
        self.writing.gate.set()
        list(self.turns.subscribe(self.conversation, turn))


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.005)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    yield desk
    desk.writing.gate.set()
    desk.turns.close()
    desk.store.close()


def test_many_presses_make_one_turn_and_the_slower_is_told(desk: Desk) -> None:
    key = desk.pending.key

    def press(by: str) -> object:
        try:
            return desk.decisions.decide(key, approved=by == "Ada", by=by)[1]
        except Forestalled as error:
            return error.by, error.did

    assert press("Ada") == 1
    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(press, ["Ada", "Ben"] * 6)) == {1, ("Ada", "approved")}
    desk.end(1)
    assert press("Ada") == 1
    assert press("Ben") == ("Ada", "approved")
    assert len(desk.store.transcript(desk.conversation)) == 1
    assert desk.approvals.for_operators() == ()


@pytest.mark.parametrize("held", [True, False])
def test_the_model_is_silent_where_a_person_has_the_conversation(desk: Desk, held: bool) -> None:
    with desk.store.writing() as session:
        conversation_row(session, desk.conversation).held_by = PERSON if held else "assistant"
    desk.end(desk.decisions.decide(desk.pending.key, approved=True, by="Ada")[1])
    assert desk.writing.decided == [OperatorDecision(desk.pending.key, True, person_speaks=held)]


@pytest.mark.parametrize("approved", [True, False])
def test_a_word_with_it_is_a_message_of_whoever_decided(desk: Desk, approved: bool) -> None:
    turn = desk.decisions.decide(desk.pending.key, approved=approved, by="Ada", text=" As a courtesy.\n")[1]
    (under_way,) = story.of_approval(desk.store, desk.pending)["writes"]
    assert (under_way["deciding"], under_way["said"]) == (True, "")
    desk.end(turn)
    (over,) = story.of_approval(desk.store, desk.pending)["writes"]
    assert (over["deciding"], over["said"], over["decided_by"]) == (False, "As a courtesy.", "Ada")
    done, word = desk.store.transcript(desk.conversation)
    assert (done.text, done.answer["model"] if done.answer else "") == ("Done.", "none")
    assert (word.question, word.text, word.answer["model"] if word.answer else "") == ("", "As a courtesy.", PERSON)
    lines = story.of_approval(desk.store, desk.pending)["lines"]
    assert [(line["who"], line["by"], line["text"]) for line in lines if line["who"] != "event"] == [
        ("assistant", "", "Done."),
        ("person", "Ada", "As a courtesy."),
    ]
    (past,) = past_conversations(desk.store)
    assert [(turn.by_person, turn.with_decision) for turn in past.turns] == [(False, False), (True, True)]


@pytest.mark.parametrize("ends", ["before it", "after it", "taken back"])
def test_a_word_is_not_told_where_it_did_not_come_to_that(desk: Desk, ends: str) -> None:
    """Somebody decides again, and says theirs."""
    desk.writing.broken, desk.writing.breaks_off = ends == "before it", ends == "after it"
    turn = desk.decisions.decide(desk.pending.key, approved=True, by="Ada", text="As a courtesy.")[1]
    if ends == "taken back":
        assert desk.approvals.move(desk.pending.key, before="operator", after="withdrawn")
    desk.end(turn)
    assert [one.status for one in desk.store.transcript(desk.conversation)] == ["failed"]


@pytest.mark.parametrize("stage", ["failed", "unknown"])
def test_a_word_is_not_told_with_what_was_not_done_and_whoever_wrote_it_hears_so(desk: Desk, stage: Stage) -> None:
    desk.writing.comes_to = stage
    desk.end(desk.decisions.decide(desk.pending.key, approved=True, by="Ada", text="It is done.")[1])
    assert desk.decisions.decide(desk.pending.key, approved=True, by="Ada")[1] == 1
    with pytest.raises(Forestalled, match=r"You have approved this already, as Ada\. .* not sent: “It is done\.”"):
        desk.decisions.decide(desk.pending.key, approved=True, by="Ada", text="It is done.")
    assert [turn.text for turn in desk.store.transcript(desk.conversation)] == ["Done."]


def test_a_word_whose_turn_was_lost_is_told_with_its_end_and_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    append = desk.store.append_step

    def refuse_ends(conversation: str, turn: int, data: Mapping[str, Any], **more: Any) -> int:
        if data["kind"] in TERMINAL_STEPS:
            raise StoreError("disk full")
        return append(conversation, turn, data, **more)

    key = desk.pending.key
    turn = desk.decisions.decide(key, approved=True, by="Ada", text="As a courtesy.")[1]
    with monkeypatch.context() as full:
        full.setattr(desk.store, "append_step", refuse_ends)
        desk.writing.gate.set()
        until(lambda: desk.turns._lost)
    for _ in range(2):
        assert desk.decisions.decide(key, approved=True, by="Ada", text="As a courtesy.")[1] == turn
    assert [(one.status, one.text) for one in desk.store.transcript(desk.conversation)] == [
        ("failed", ""),
        ("finished", "As a courtesy."),
    ]


def test_a_word_whose_turn_another_process_ended_is_told_with_the_next_end_and_nobody_presses_again(desk: Desk) -> None:
    """As after a crash between the deed and the end of its turn, which the customer's next message settled."""
    key = desk.pending.key
    turn = desk.decisions.decide(key, approved=True, by="Ada", text="As a courtesy.")[1]
    desk.store.end_turn(desk.conversation, turn, "failed", reference="00000000")
    desk.writing.gate.set()
    until(lambda: desk.approvals.move(key, before="approved", after="done"))
    assert len(desk.store.transcript(desk.conversation)) == 1
    for _ in range(2):
        with desk.store.writing() as session:
            say(session, desk.conversation, "Anything else?")
    told = ["", "Anything else?", "As a courtesy.", "Anything else?"]
    assert [one.text for one in desk.store.transcript(desk.conversation)] == told
    with pytest.raises(Forestalled, match=r"told with it: “As a courtesy\.”"):
        desk.decisions.decide(key, approved=True, by="Ben")
    for text in ("As a courtesy.", ""):
        assert desk.decisions.decide(key, approved=True, by="Ada", text=text)[1] == turn
    assert [one.text for one in desk.store.transcript(desk.conversation)] == told


def test_a_decision_and_its_word_are_noted_with_its_turn_or_neither(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crash between the two would have left a turn that carries out what nobody is known to have decided."""

    def breaks(*_: object, **__: object) -> None:
        raise StoreError("disk full")

    with monkeypatch.context() as full:
        full.setattr(desk_entries, "add", breaks)
        with pytest.raises(StoreError, match="disk full"):
            desk.decisions.decide(desk.pending.key, approved=True, by="Ada", text="As a courtesy.")
    assert desk.store.transcript(desk.conversation) == ()
    desk.end(desk.decisions.decide(desk.pending.key, approved=True, by="Ada", text="As a courtesy.")[1])
    assert [turn.text for turn in desk.store.transcript(desk.conversation)] == ["Done.", "As a courtesy."]


@pytest.mark.parametrize("is_over", [False, True])
def test_who_decides_second_hears_what_was_told_and_that_theirs_was_not(desk: Desk, is_over: bool) -> None:
    key, word = desk.pending.key, "As a courtesy."
    first = desk.decisions.decide(key, approved=True, by="Ada", text=word)
    if is_over:
        desk.end(first[1])
    for again in ("", word, f" {word}\n"):
        assert desk.decisions.decide(key, approved=True, by="Ada", text=again) == first
    for by, other in (("Ada", "I looked into it."), ("Ben", "I looked into it."), ("Ben", "")):
        with pytest.raises(Forestalled) as told:
            desk.decisions.decide(key, approved=True, by=by, text=other)
        assert (told.value.by, told.value.did, told.value.said) == ("Ada", "approved", word)
        assert f"told with it: “{word}”" in str(told.value)
        assert ("not sent: “I looked into it.”" in str(told.value)) == bool(other)
    desk.end(first[1])
    assert [turn.text for turn in desk.store.transcript(desk.conversation)] == ["Done.", word]


def test_a_word_with_it_is_no_longer_than_a_reply(desk: Desk) -> None:
    with pytest.raises(StoreError, match=r"at most 10,000 characters; this has 10,001"):
        desk.decisions.decide(desk.pending.key, approved=True, by="Ada", text="x" * (REPLY_CHARACTERS + 1))
    assert [one.pending.key for one in desk.approvals.for_operators()] == [desk.pending.key], "it still waits"


def test_a_decision_whose_turn_failed_can_be_made_again(desk: Desk) -> None:
    desk.writing.broken = True
    desk.end(desk.decisions.decide(desk.pending.key, approved=True, by="Ada")[1])
    assert desk.store.status(desk.conversation, 1) == "failed"
    desk.writing.broken = False
    desk.end(desk.decisions.decide(desk.pending.key, approved=False, by="Ben")[1])
    stored = desk.approvals.get(desk.pending.key)
    assert stored is not None
    assert stored.stage == "declined"
    with pytest.raises(Forestalled, match="Ben was faster: this was declined"):
        desk.decisions.decide(desk.pending.key, approved=True, by="Ada")


def test_what_the_customer_took_back_is_not_decided(desk: Desk) -> None:
    assert desk.approvals.move(desk.pending.key, before="operator", after="withdrawn")
    with pytest.raises(Forestalled) as told:
        desk.decisions.decide(desk.pending.key, approved=True, by="Ada")
    assert (told.value.by, told.value.did) == ("customer", "withdrawn")
    desk.approvals.ask(replace(desk.pending, key="c" * 24, stage="customer"))
    with pytest.raises(Forestalled):
        desk.decisions.decide("c" * 24, approved=True, by="Ada")
    with pytest.raises(NotStored, match="Next: frontdesk approvals list"):
        desk.decisions.decide("nothing", approved=True, by="Ada")
    assert desk.store.transcript(desk.conversation) == ()


@pytest.mark.parametrize("approved", [True, False])
def test_a_write_of_a_talk_that_is_not_stored_waits_no_longer(desk: Desk, approved: bool) -> None:
    """A talk in the terminal ended while its write waited for the team: it can be seen, and ends with a decision."""
    gone = replace(desk.pending, key="g" * 24, conversation="terminal-1")
    desk.approvals.ask(gone)
    assert story.of_approval(desk.store, gone)["writes"][0]["text"] == "Refund €5"
    with pytest.raises(Forestalled, match=r"withdrawn\. It does not wait for the team any more"):
        desk.decisions.decide(gone.key, approved=approved, by="Ada")
    assert [one.pending.key for one in desk.approvals.for_operators()] == [desk.pending.key]
