"""The real server with the demo's shop, the browsers of operators and customers, and what they do there."""

import json
import os
import re
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect, sync_playwright

from assistant.desk_work import DeskWork
from assistant.operators import Operators
from assistant.store import Store, sqlite_url
from assistant.tickets import Tickets

ROOT = Path(__file__).parents[3]
SERVER = ROOT / "tests" / "assistant" / "ui" / "acting_server.py"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WAIT_MILLISECONDS = 20_000
START_SECONDS = 250


@dataclass
class Served:
    """A running server, and what its database holds."""

    url: str
    home: Path
    keys: dict[str, str]

    def rows(self, query: str, database: str = "frontdesk.sqlite3") -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.home / database)) as connection:
            return connection.execute(query).fetchall()

    def change(self, statement: str, *values: str) -> None:
        with closing(sqlite3.connect(self.home / "frontdesk.sqlite3", timeout=20)) as connection, connection:
            connection.execute(statement, values)

    def say(self, conversation: str, question: str) -> list[dict[str, Any]]:
        """Ask over HTTP and return the steps."""
        with httpx.Client(base_url=self.url, timeout=30, trust_env=False) as client:
            path = f"/api/conversations/{conversation}/turns"
            turn = client.post(path, json={"question": question}).json()["turn"]
            text = client.get(f"{path}/{turn}/steps").text
        return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]

    def conversation(self) -> str:
        answer = httpx.post(f"{self.url}/api/conversations", trust_env=False, timeout=30)
        return str(answer.json()["conversation"])


@contextmanager
def serving(home: Path) -> Iterator[Served]:
    """Serve the demo's shop from a home, and let Ada and Ben in."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    command = [sys.executable, str(SERVER), str(home)]
    options: dict[str, Any] = {"env": {**environment, "PYTHONPATH": str(ROOT)}, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **options) as server:
        guard = threading.Timer(START_SECONDS, server.kill)
        guard.start()
        try:
            url = server.stdout.readline().strip()
            assert url.startswith("http://127.0.0.1:"), "the server did not start"
            guard.cancel()
            store = Store(sqlite_url(home / "frontdesk.sqlite3"))
            keys = {name: Operators(store).add(name) for name in ("Ada", "Ben")}
            store.close()
            yield Served(url, home, keys)
        finally:
            guard.cancel()
            server.terminate()
            server.wait(30)


@contextmanager
def browsing(chromium: str) -> Iterator[Browser]:
    """Open a real browser that waits as long as a busy machine needs."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        expect.set_options(timeout=WAIT_MILLISECONDS)
        yield browser
        expect.set_options(timeout=5_000)  # as it is without
        browser.close()


class Visitors:
    """Opens browsers of their own, and keeps what none of them may do."""

    def __init__(self, browser: Browser, served: Served) -> None:
        self._browser = browser
        self._served = served
        self._contexts: list[BrowserContext] = []
        self.requested: list[str] = []
        self.problems: list[str] = []

    def page(self, path: str, **options: Any) -> Page:
        context = self._browser.new_context(
            **{"viewport": {"width": 1280, "height": 860}, "locale": "en-GB", **options}
        )
        context.set_default_timeout(WAIT_MILLISECONDS)
        self._contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("dialog", lambda dialog: self.problems.append(f"dialog: {dialog.message}"))
        if path == "/desk":  # Gradio's own page has warnings of its own
            page.on("pageerror", lambda error: self.problems.append(str(error)))
            page.on("console", lambda message: self.note(message.type, message.text))
        page.goto(self._served.url + path)
        return page

    def note(self, kind: str, text: str) -> None:
        expected = re.search(r"status of (401|404|409)|ERR_FAILED", text)
        if kind in ("error", "warning") and not expected:
            self.problems.append(text)

    def operator(self, name: str, **options: Any) -> Page:
        page = self.page("/desk", **options)
        sign_in(page, self._served.keys[name])
        return page

    def customer(self, **options: Any) -> Page:
        page = self.page("/", **options)
        expect(page.locator("#past .welcome")).to_be_visible()  # the last part that is drawn: now it takes questions
        return page

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def sign_in(page: Page, key: str) -> None:
    page.locator("#key").fill(key)
    page.keyboard.press("Enter")
    expect(page.locator("#desk")).to_be_visible()


def ask(page: Page, question: str) -> None:
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")


def hand_over(served: Served, question: str = "Let me talk to a person") -> tuple[str, str]:
    conversation = served.conversation()
    (step,) = (step for step in served.say(conversation, question) if step["kind"] == "handed_over")
    return conversation, str(step["ticket"])


def ask_for_refund(served: Served) -> tuple[str, dict[str, Any]]:
    """Return the conversation of a write that waits for the team, and the step that asked the customer."""
    order, email = json.loads((served.home / "orders.json").read_text())["returned"]
    conversation = served.conversation()
    served.say(conversation, f"My order is {order}, {email}")
    (asked,) = (step for step in served.say(conversation, f"Refund {order}") if step["kind"] == "approval_asked")
    served.say(conversation, "yes")
    return conversation, asked


def open_case(page: Page, name: str) -> None:
    page.locator("#cases a", has_text=name).first.click()
    expect(page.locator("#story")).to_be_visible()


def reply(page: Page, text: str) -> None:
    page.locator("#text").fill(text)
    page.locator("#send").click()


def replies(served: Served, number: str) -> list[tuple[Any, ...]]:
    return served.rows(f"SELECT operator, turn FROM desk_entry WHERE kind = 'replied' AND about = '{number}'")


def end_many(served: Served, count: int, question: str) -> list[str]:
    """Return the numbers of tickets that have ended, the last first."""
    store = Store(sqlite_url(served.home / "frontdesk.sqlite3"))
    numbers = []
    for _ in range(count):
        conversation = store.start_conversation()
        turn = store.start_turn(conversation, question)
        numbers.append(Tickets(store).hand_over(conversation, turn, reason="asked"))
        DeskWork(store).end(numbers[-1], by="Ben", status="closed")
    store.close()
    return numbers[::-1]


def hide(page: Page, hidden: bool) -> None:
    """Let the page believe that its tab is, or is not, behind another one."""
    page.evaluate(
        "hidden => { Object.defineProperty(document, 'hidden', { configurable: true, get: () => hidden });"
        " document.dispatchEvent(new Event('visibilitychange')); }",
        hidden,
    )


def lost_on_the_way(route: Route) -> None:
    """Answer a decision as if it were taken, and let everything else pass."""
    if route.request.method == "POST":
        route.fulfill(status=201, json={"turn": 9})
    else:
        route.continue_()
