"""Writes over HTTP and on the command line, against the real server: approve, restart, operator, signed session."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.sessions import make

ROOT = Path(__file__).parents[2]
KEY = "0123456789abcdef" * 2
SERVER = Path(__file__).parent / "ui" / "acting_server.py"

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


class Server:
    """The server of a home, which can be killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
        self.environment |= {"PYTHONPATH": str(ROOT), "FRONTDESK_HOME": str(home)}
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(SERVER), str(self.home)], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.url = self.process.stdout.readline().strip()
        assert self.url.startswith("http://127.0.0.1:")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(20)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def post(self, path: str, **body: Any) -> httpx.Response:
        return httpx.post(f"{self.url}{path}", json=body, timeout=60, trust_env=False)

    def converse(self) -> str:
        return str(self.post("/api/conversations").json()["conversation"])

    def say(self, conversation: str, question: str, **more: str) -> list[dict[str, Any]]:
        path = f"/api/conversations/{conversation}/turns"
        turn = self.post(path, question=question, **more).json()["turn"]
        return self.steps(conversation, turn)

    def steps(self, conversation: str, turn: int) -> list[dict[str, Any]]:
        path = f"{self.url}/api/conversations/{conversation}/turns/{turn}/steps"
        text = httpx.get(path, timeout=60, trust_env=False).text
        return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]

    def command(self, *arguments: str, group: str = "approvals") -> Any:
        command = [sys.executable, "-m", "assistant.cli", group, *arguments, "--json"]
        done = subprocess.run(
            command, env=self.environment, capture_output=True, text=True, cwd=self.home, timeout=120, check=False
        )
        return json.loads(done.stdout)

    def status(self, order: str) -> str:
        with closing(sqlite3.connect(self.home / "shop.sqlite3")) as shop:
            query = "SELECT status FROM orders WHERE order_number = ?"
            return str(shop.execute(query, (order,)).fetchone()[0])


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Any:
    server = Server(tmp_path_factory.mktemp("acting") / "home")
    yield server
    server.kill()


def orders(server: Server) -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads((server.home / "orders.json").read_text())
    return found


def kinds(steps: list[dict[str, Any]]) -> list[str]:
    return [step["kind"] for step in steps]


def test_pending_write_survives_a_kill_and_is_approved_by_its_key(server: Server) -> None:
    order, email = orders(server)["received"]
    conversation = server.converse()
    server.say(conversation, f"My order is {order}, {email}")
    asked = server.say(conversation, f"Cancel {order}")
    card = next(step for step in asked if step["kind"] == "approval_asked")
    assert asked[-1]["answer"]["outcome"] == "awaiting_approval"
    server.kill()
    server.start()
    wrong = server.say(conversation, "Yes, do it", approval="0" * 24)
    assert wrong[-1]["answer"]["outcome"] == "clarify"
    assert server.status(order) == "received"
    done = server.say(conversation, "Yes, do it", approval=card["key"])
    assert [kind for kind in kinds(done) if kind in ("approval_decided", "acted")] == ["approval_decided", "acted"]
    assert done[-1]["answer"]["outcome"] == "acted"
    assert server.status(order) == "cancelled"


def test_operator_approves_on_the_command_line(server: Server) -> None:
    order, email = orders(server)["returned"]
    conversation = server.converse()
    server.say(conversation, f"My order is {order}, {email}")
    server.say(conversation, f"Refund {order}")
    assert server.say(conversation, "yes")[-1]["answer"]["outcome"] == "awaiting_approval"
    (waiting,) = server.command("list")["approvals"]
    assert waiting["tool"] == "refund"
    assert httpx.get(f"{server.url}/api/approvals", trust_env=False).status_code == 401
    assert server.post(f"/api/approvals/{waiting['key']}", approved=True).status_code == 401
    declined = server.command("decline", waiting["key"][:8], "--text", "Without its box.")
    assert (declined["told"], declined["answer"]) == (
        True,
        server.steps(conversation, declined["turn"])[-1]["answer"]["text"],
    )
    server.say(conversation, f"Refund {order}")
    assert server.say(conversation, "yes")[-1]["answer"]["outcome"] == "awaiting_approval"
    (waiting,) = server.command("list")["approvals"]
    server.kill()  # the command goes on by itself where no server runs
    told = server.command("approve", waiting["key"][:8], "--text", "As a courtesy.")["answer"]
    assert told.startswith("€")
    server.start()
    turns = httpx.get(f"{server.url}/api/conversations/{conversation}/transcript", trust_env=False).json()["turns"]
    assert [(turn["question"], turn["answer"]["outcome"]) for turn in turns[-2:]] == [
        ("", "acted"),
        ("", "handed_over"),
    ]
    assert (turns[-1]["text"], turns[-1]["answer"]["model"]) == ("As a courtesy.", "person")
    assert server.command("list") == {"approvals": []}
    late = server.command("decline", waiting["key"], "--text", "Without its box.")["error"]
    assert "You have approved this already, as owner." in late
    assert "told with it: “As a courtesy.”" in late
    assert "not sent: “Without its box.”" in late
    begun = server.command("decline", waiting["key"][:8], "--text", "Without its box.")["error"]
    assert "nothing with this key waits, and what you wrote was not sent" in begun


def test_ticket_of_a_tool_reaches_the_desk_and_the_assistant_goes_on(server: Server) -> None:
    conversation = server.converse()
    asked = server.say(conversation, "Please write a ticket for your team")
    asked = server.say(conversation, "Tell the team by ticket: a lamp hums. Order B-10001, the lamp hums at night")
    assert asked[-1]["answer"]["outcome"] == "awaiting_approval"
    done = server.say(conversation, "yes")
    assert done[-1]["answer"]["outcome"] == "acted"
    (ticket,) = server.command("list", group="tickets")["tickets"]
    assert f"Your ticket is {ticket['number']}." in done[-1]["answer"]["text"]
    assert (ticket["reason"], ticket["conversation"]) == ("written", conversation)
    assert ticket["summary"]["written"] == [{"subject": "a lamp hums", "text": "the lamp hums at night"}]
    assert server.say(conversation, "What can you do?")[-1]["answer"]["model"] != "none", "it is not held"
    held = server.say(conversation, "Let me talk to a person")
    assert held[0] == {"kind": "handed_over", "ticket": ticket["number"], "reason": "asked"}
    kept = server.command("show", ticket["number"], group="tickets")
    (action,) = kept["summary"]["acted"]
    assert (action["tool"], action["state"]) == ("open_ticket", "done")
    assert action["key"] in kept["summary"]["keys"]
    assert kept["summary"]["written"] == ticket["summary"]["written"]


def test_signed_session_is_refused_without_its_key(server: Server) -> None:
    token = make(KEY, customer="1", expires=int(time.time()) + 60)
    refused = server.post("/api/conversations", session=token)
    assert refused.status_code == 401
    assert "session_key" in refused.json()["detail"]
