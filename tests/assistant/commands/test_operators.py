"""`operators`, and `tickets` under the owner's name, on the command line."""

import json
from pathlib import Path

import pytest

from assistant.desk_work import DeskWork
from assistant.operators import Operators
from assistant.store import Store, sqlite_url
from assistant.tickets import Tickets
from tests.assistant.command_line import Run


def test_a_key_is_printed_once_and_opens_the_desk(run: Run, tmp_path: Path) -> None:
    code, out, _ = run("operators", "add", "Ada", "--days", "30", "--json")
    added = json.loads(out)
    assert (code, added["name"], added["desk"]) == (0, "Ada", None)
    assert run("operators", "list")[1].startswith("Ada  key of ")
    (listed,) = json.loads(run("operators", "list", "--json")[1])["operators"]
    assert added["key"] not in str(listed)
    store = Store(sqlite_url(tmp_path / "frontdesk-home" / "frontdesk.sqlite3"))
    assert Operators(store).by_key(added["key"]).name == "Ada"
    renewed = run("operators", "renew", "Ada")[1]
    key = next(line.strip() for line in renewed.splitlines() if line.startswith("    "))
    assert Operators(store).by_key(key).name == "Ada"
    assert "frontdesk serve" in renewed
    assert run("operators", "remove", "ada")[1].startswith("Ada is let in no longer")
    assert "frontdesk operators add NAME" in run("operators", "list")[1]
    store.close()


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", ""), "printable"),
        (("add", "Ada", "--days", "0"), "1 to 3650 days"),
        (("renew", "Nobody"), "no operator 'Nobody'"),
        (("remove", "Nobody"), "no operator 'Nobody'"),
    ],
)
def test_bad_input_is_told_with_the_next_command(run: Run, arguments: tuple[str, ...], says: str) -> None:
    code, _, err = run("operators", *arguments)
    assert code == 1
    assert says in err
    assert "Next: frontdesk operators" in err


def test_a_ticket_is_closed_by_the_owner_and_who_was_faster_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "frontdesk-home").mkdir()
    store = Store(sqlite_url(tmp_path / "frontdesk-home" / "frontdesk.sqlite3"))
    conversation = store.start_conversation()
    first, second = (
        Tickets(store).hand_over(conversation, store.start_turn(conversation, "A person please"), reason="asked"),
        Tickets(store).hand_over(
            other := store.start_conversation(), store.start_turn(other, "A person please"), reason="asked"
        ),
    )
    assert run("tickets", "close", first)[1] == f"Ticket {first} is closed; the assistant answers again.\n"
    assert json.loads(run("tickets", "close", first, "--json")[1])["status"] == "closed"
    DeskWork(store).end(second, by="Ada", status="returned")
    code, _, err = run("tickets", "close", second)
    assert (code, f"Ticket {second} was returned to the assistant already" in err) == (1, True)
    store.close()
