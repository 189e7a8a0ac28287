"""The desk of an app that hands over: its API asked without a socket, and a server for each file of a browser."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from playwright.sync_api import Browser

from agents.approvals import Pending
from assistant.actions import StoredApprovals
from assistant.api import create_api
from assistant.desk_page.api import HEADER, DeskFrame
from assistant.operators import Operators
from assistant.store import Store, sqlite_url
from assistant.tickets import Tickets
from assistant.turns import TurnRunner
from tests.assistant.desk_page.acting_desk import Served, Visitors, browsing, serving

TOKEN = "an-owners-token"
OURS = {HEADER: "1"}


@dataclass
class Desk:
    """What a test of the desk needs at hand."""

    store: Store
    tickets: Tickets
    turns: TurnRunner
    approvals: StoredApprovals
    operators: Operators
    api: Any

    def client(self) -> TestClient:
        """Return a browser of its own."""
        return TestClient(self.api, base_url="http://127.0.0.1", headers=OURS)

    def signed_in(self, name: str) -> TestClient:
        """Return the browser of an operator who is signed in."""
        client = self.client()
        assert client.post("/api/desk/sign-in", json={"key": self.operators.add(name)}).status_code == 200
        return client

    def hand_over(self, *questions: str, reason: Any = "asked") -> tuple[str, str]:
        """Return a conversation and the number of its ticket."""
        conversation = self.store.start_conversation()
        for question in questions[:-1]:
            self.store.end_turn(conversation, self.store.start_turn(conversation, question), "failed")
        turn = self.store.start_turn(conversation, questions[-1])
        return conversation, self.tickets.hand_over(conversation, turn, reason=reason)

    def wait_for_team(self, conversation: str, text: str = "Refund €5") -> Pending:
        """Return a write that waits for a decision."""
        pending = Pending(
            key=f"write-{len(conversation)}-{len(text)}",
            conversation=conversation,
            thread="t",
            tool="refund",
            arguments={"order": "B-1", "cents": 500},
            text=text,
            fingerprint="f",
            customer="7",
            language="en",
            operator=True,
            stage="operator",
        )
        self.approvals.ask(pending)
        return pending


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    store = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    tickets = Tickets(store)
    turns = TurnRunner(store, lambda request, stop: iter(()), tickets=tickets)
    approvals = StoredApprovals(store.engine)
    application: Any = SimpleNamespace(
        settings=SimpleNamespace(host="127.0.0.1"),
        library=SimpleNamespace(check=lambda: None),
        model=SimpleNamespace(check=lambda: None),
        store=store,
        turns=turns,
    )
    frame = DeskFrame('Brindlemoor <script>alert("1")</script>')
    api = create_api(application, token=TOKEN, approvals=approvals, desk=frame)
    yield Desk(store, tickets, turns, approvals, Operators(store), api)
    turns.close()
    store.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("desk") / "home") as served:
        yield served


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with browsing(chromium) as browser:
        yield browser


@pytest.fixture
def visitors(browser: Browser, served: Served) -> Iterator[Visitors]:
    visitors = Visitors(browser, served)
    yield visitors
    visitors.close()
    assert visitors.problems == []
