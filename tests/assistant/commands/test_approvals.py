"""`approvals` on the command line: was what the team says with a decision sent, with a server and without one."""

import json
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from agents.approvals import Pending
from agents.prompts import acting as words
from agents.transcript import Answer, Finished, Step
from assistant import running
from assistant.actions import StoredApprovals
from assistant.approvals_api import shown
from assistant.commands import approvals as commands
from assistant.decisions import Decisions
from assistant.operators import OWNER
from assistant.store import Store, sqlite_url
from assistant.turns import TurnRunner
from tests.assistant.command_line import Run

WORD = "As a courtesy."
KEY = "w" * 24
LOST = f"What you wrote was not sent: “{WORD}”. Next: frontdesk approvals list\n"


class Desk:
    """An application with a write that waits for the team; asked as it is, or as a running server is."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(sqlite_url(folder / "desk.sqlite3"))
        self.approvals = StoredApprovals(self.store.engine)
        self.turns = TurnRunner(self.store, self.respond)
        self.goes_on = "done"
        conversation = self.store.start_conversation()
        waits = Pending(
            KEY, conversation, "t", "refund", {}, "Refund €5", "f", "7", "en", operator=True, stage="operator"
        )
        self.approvals.ask(waits)

    def respond(self, *_: object) -> Iterator[Step]:
        if self.goes_on == "fails":
            raise RuntimeError("before anything was done")
        if self.goes_on == "cut off":
            self.approvals.move(KEY, before="operator", after="approved")
            raise RuntimeError("before its end was known")
        if self.goes_on in ("done", "breaks off"):
            self.approvals.move(KEY, before="operator", after="done")
        if self.goes_on == "breaks off":
            raise RuntimeError("after it was done")
        text = "€5 was refunded." if self.goes_on == "done" else words.TEAM_NOT_NOW["en"]
        yield Finished(Answer(text, (), "acted", 0.0, "en", "none", 0.1, 0.1))

    def as_server(self) -> Any:
        desk = self

        class Server:
            def approvals(self) -> list[dict[str, Any]]:
                return [shown(one) for one in desk.approvals.for_operators()]

            def decide(self, key: str, *, approved: bool, text: str = "") -> dict[str, Any]:
                decisions = Decisions(desk.store, desk.approvals, desk.turns)
                conversation, turn = decisions.decide(key, approved=approved, by=OWNER, text=text)
                return {"conversation": conversation, "turn": turn}

            def ended(self, conversation: str, turn: int) -> list[dict[str, Any]]:
                list(desk.turns.subscribe(conversation, turn))
                return [asdict(one) for one in desk.store.transcript(conversation) if one.turn >= turn]

        return Server()


@pytest.fixture(params=["server", "here"])
def desk(tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    desk = Desk(tmp_path)
    server = desk.as_server() if request.param == "server" else None
    monkeypatch.setattr(running, "find_server", lambda _: server)
    monkeypatch.setattr(commands, "opened", lambda _: nullcontext(desk))
    yield desk
    desk.turns.close()
    desk.store.close()


def test_a_word_that_was_sent_is_not_spoken_of(run: Run, desk: Desk) -> None:
    code, out, _ = run("approvals", "approve", KEY, "--text", f" {WORD} ", "--json")
    told = json.loads(out)
    assert (code, told["key"], told["approved"], told["answer"], told["told"]) == (
        0,
        KEY,
        True,
        "€5 was refunded.",
        True,
    )
    assert run("approvals", "approve", KEY, "--text", WORD)[1] == f"Approved: {KEY}\n€5 was refunded.\n"


def test_a_word_with_a_write_that_was_done_before_its_turn_broke_off_was_sent(run: Run, desk: Desk) -> None:
    desk.goes_on = "breaks off"
    for _ in range(2):
        assert run("approvals", "approve", KEY, "--text", WORD)[:2] == (0, f"Approved: {KEY}\n")
    code, _, error = run("approvals", "approve", KEY, "--text", "Another word.")
    assert (code, f"told with it: “{WORD}”" in error) == (1, True)


def test_a_write_that_was_done_before_its_turn_broke_off_is_told_as_approved(run: Run, desk: Desk) -> None:
    """The command looked at the turn, and said of a write that was done that it "did not go on"."""
    desk.goes_on = "breaks off"
    assert run("approvals", "approve", KEY)[:2] == (0, f"Approved: {KEY}\n")


@pytest.mark.parametrize("desk", ["here"], indirect=True)
def test_of_a_write_that_was_cut_off_it_is_said_who_finds_its_end(run: Run, desk: Desk) -> None:
    desk.goes_on = "cut off"
    code, _, error = run("approvals", "approve", KEY)
    assert (code, "was approved and cut off (failed). Next: frontdesk serve" in error) == (1, True)


def test_a_word_that_was_not_sent_is_said_not_to_be(run: Run, desk: Desk) -> None:
    """The command said "Approved" and nothing else, where the write waits again."""
    desk.goes_on = "waits"
    assert run("approvals", "approve", KEY, "--text", WORD)[1] == f"Approved: {KEY}\n{words.TEAM_NOT_NOW['en']}\n{LOST}"
    assert json.loads(run("approvals", "approve", KEY, "--text", WORD, "--json")[1])["told"] is False
    assert LOST not in run("approvals", "approve", KEY)[1]


def test_a_word_with_a_turn_that_broke_off_is_said_not_to_be_sent(run: Run, desk: Desk) -> None:
    desk.goes_on = "fails"
    code, _, error = run("approvals", "approve", KEY, "--text", WORD)
    assert code == 1
    assert "The write did not go on (failed), and what you wrote was not sent." in error
