"""Decisions on writes: one turn each, however often and by whomever a button is pressed."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from agents.approvals import OperatorDecision, Pending
from agents.transcript import Answer, ApprovalDecided, Finished, Step
from agents.turn import Request
from assistant.actions import StoredApprovals
from assistant.decisions import Decisions
from assistant.desk_page import story
from assistant.errors import Forestalled, NotStored, StoreError
from assistant.store import Store, conversation_row, sqlite_url
from assistant.ticket_contents import PERSON
from assistant.ticket_turns import REPLY_CHARACTERS
from assistant.turns import TurnRunner


class Writing:
    """Moves a write as the loop does, when the test lets it."""

    def __init__(self, approvals: StoredApprovals) -> None:
        self._approvals = approvals
        self.gate = threading.Event()
        self.broken = False
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
    desk.end(desk.decisions.decide(desk.pending.key, approved=True, by="Ada", text=" As a courtesy.\n")[1])
    assert desk.writing.decided == [OperatorDecision(desk.pending.key, True, person_speaks=held, text="As a courtesy.")]


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
    with pytest.raises(Forestalled, match="withdrawn and does not wait for the team any more"):
        desk.decisions.decide(gone.key, approved=approved, by="Ada")
    assert [one.pending.key for one in desk.approvals.for_operators()] == [desk.pending.key]
