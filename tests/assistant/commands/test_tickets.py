"""`tickets` and `forget` on the command line, in a process of their own beside the one that serves."""

import io
import json
import sys
from pathlib import Path

import pytest

from assistant.store import Store, sqlite_url
from assistant.tickets import Tickets
from tests.assistant.command_line import Run


@pytest.fixture
def home(tmp_path: Path) -> Path:
    home = tmp_path / "frontdesk-home"
    home.mkdir()
    return home


@pytest.fixture
def number(home: Path) -> str:
    store = Store(sqlite_url(home / "frontdesk.sqlite3"))
    tickets = Tickets(store, channels=("webhook",))
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "A person please, I am ada@example.com")
    number = tickets.hand_over(conversation, turn, reason="asked")
    store.close()
    return number


def test_list_show_reply_and_return(run: Run, number: str) -> None:
    code, out, _ = run("tickets", "list", "--json")
    listed = json.loads(out)
    assert (code, [ticket["number"] for ticket in listed["tickets"]]) == (0, [number])
    assert listed["outbox"]["waiting"] == 1
    assert run("tickets", "reply", number, "Hello, this is Ada.", "--json") == (0, '{"turn": 2}\n', "")
    code, out, _ = run("tickets", "show", number, "--json")
    shown = json.loads(out)
    assert [message["who"] for message in shown["messages"]] == ["customer", "assistant", "person"]
    assert shown["contact"] == "ada@example.com"
    assert run("tickets", "return", number)[1] == f"Ticket {number} is returned; the assistant answers again.\n"
    assert run("tickets", "list")[1] == "No open tickets.\n"
    assert number in run("tickets", "list", "--all")[1]


def test_the_list_says_what_a_ticket_is_about(run: Run, home: Path) -> None:
    store = Store(sqlite_url(home / "frontdesk.sqlite3"))
    conversation = store.start_conversation()
    for said in ("Refund B-11088", "Tell the team by ticket: a lamp hums", "yes"):
        turn = store.start_turn(conversation, said)
    number = Tickets(store).write(conversation, subject="a lamp hums", text="at night", key="a" * 24)
    assert run("tickets", "list")[1].endswith("  open  written  a lamp hums\n")
    Tickets(store).hand_over(conversation, turn, reason="repeated_failure")
    assert run("tickets", "list")[1].endswith("  open  repeated_failure  Tell the team by ticket: a lamp hums\n")
    assert number in run("tickets", "list")[1]
    store.close()


def test_show_reads_well(run: Run, number: str) -> None:
    out = run("tickets", "show", number)[1]
    assert out.startswith(f"Ticket {number}: asked, open, since ")
    assert "Contact: ada@example.com" in out
    assert "  A person please, I am ada@example.com" in out


def test_a_customer_steers_no_terminal(run: Run, home: Path) -> None:
    store = Store(sqlite_url(home / "frontdesk.sqlite3"))
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "\x1b[2J\x1b]0;owned\x07A person please\nthanks")
    number = Tickets(store).hand_over(conversation, turn, reason="asked")
    store.close()
    for command in (["list"], ["show", number]):
        code, out, _ = run("tickets", *command)
        assert (code, "�[2J" in out) == (0, True)
        assert not set(out) & {"\x1b", "\x07"}
    assert "\n  thanks\n" in out


def test_a_reply_may_come_from_a_pipe(run: Run, number: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("您好，\n我是小李。\n"))
    assert run("tickets", "reply", number, "-")[0] == 0
    assert "  您好，\n  我是小李。" in run("tickets", "show", number)[1]


def test_wrong_numbers_are_one_clear_message(run: Run, number: str) -> None:
    wrong = number[:-1] + str((int(number[-1]) + 1) % 10)
    code, out, err = run("tickets", "show", wrong, "--json")
    assert (code, json.loads(out).keys()) == (1, {"error"})
    assert "a digit is wrong, or two are swapped. Next: frontdesk tickets list" in err


def test_resend_says_what_did_not_arrive(run: Run, number: str) -> None:
    code, out, err = run("tickets", "resend", "--json")
    assert code == 1
    assert json.loads(out)["failed"] == 1, "one object, also when not everything arrived"
    assert "Next: frontdesk doctor" in err


def test_forget_asks_first_and_prints_what_it_deleted(
    run: Run, number: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    assert run("forget", "ada@example.com")[0] == 1
    assert number in run("tickets", "list")[1]
    code, out, _ = run("forget", "ada@example.com", "--yes", "--json")
    assert code == 0
    done = json.loads(out)
    assert done["rows"] == {"conversation": 1, "turn": 1, "step": 3, "ticket": 1, "outbox": 1}
    assert len(done["conversations"]) == 1
    written = b"".join(path.read_bytes() for path in home.glob("frontdesk.sqlite3*") if path.is_file())
    assert b"ada@example.com" not in written
    code, _, err = run("forget", "ada@example.com", "--yes")
    assert (code, "Next: " in err) == (1, True)


def test_forget_says_what_it_deleted_in_words(run: Run, number: str, home: Path) -> None:
    run("tickets", "reply", number, "Hello, this is Ada.")
    run("tickets", "reply", number, "Are you there?")
    store = Store(sqlite_url(home / "frontdesk.sqlite3"))
    (conversation,) = {ticket.conversation for ticket in Tickets(store).all(status="open")}
    store.add_feedback(conversation, 1, rating="up")
    store.close()
    said = "1 conversation, 2 desk entries, 1 notice to the team, 3 turns, 1 rating, 7 steps, 1 ticket"
    assert run("forget", "ada@example.com", "--yes") == (0, f"Deleted: {said}.\n", "")


def test_forget_needs_someone_or_a_sweep(run: Run, home: Path) -> None:
    assert run("forget")[0] == run("forget", "ada@example.com", "--sweep")[0] == 2
    assert run("forget", "--sweep") == (0, "Deleted: nothing.\n", "")
