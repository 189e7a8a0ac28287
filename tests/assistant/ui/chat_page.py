"""The chat page from a real server, the browsers that open it, and what is done there.

The server is `scripted_server.py`, whose answers take a known time, or `demo_server.py`, the demo as it is.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect

ROOT = Path(__file__).parents[3]
SERVERS = Path(__file__).parent
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
WAIT_MILLISECONDS = 20_000
START_SECONDS = 100


@contextmanager
def served(script: str, *arguments: Path) -> Iterator[str]:
    """Run a server in a process of its own and give its address."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, str(SERVERS / script), *map(str, arguments)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as server:
        guard = threading.Timer(START_SECONDS, server.kill)
        guard.start()
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            assert address.startswith("http://127.0.0.1:"), "the server did not start"
            guard.cancel()
            yield address
        finally:
            guard.cancel()
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()


def open_context(browser: Browser, requested: list[str], **options: Any) -> BrowserContext:
    context = browser.new_context(**{"viewport": {"width": 1280, "height": 800}, "locale": "en-GB", **options})
    context.set_default_timeout(WAIT_MILLISECONDS)
    context.on("request", lambda request: requested.append(request.url))
    context.on("dialog", lambda dialog: requested.append(f"dialog:{dialog.message}"))
    return context


def open_page(context: BrowserContext, address: str) -> Page:
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#past .welcome, #past .turn, #present .turn").first).to_be_visible()
    return page


def ask(page: Page, question: str) -> None:
    page.locator("#question textarea").fill(question)
    page.keyboard.press("Enter")


def await_answers(page: Page, count: int = 1) -> None:
    expect(page.locator("#past .turn")).to_have_count(count, timeout=WAIT_MILLISECONDS)
    expect(page.locator("#present .turn")).to_have_count(0)
