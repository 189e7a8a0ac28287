"""A server of the chat page for each file, and a browser that asks nobody else."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.assistant.ui.chat_page import ARGUMENTS, open_context, open_page, served


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served") / "home"


@pytest.fixture(scope="module")
def address(home: Path) -> Iterator[str]:
    with served("scripted_server.py", home) as address:
        yield address


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def requested() -> list[str]:
    return []


@pytest.fixture
def context(browser: Browser, requested: list[str]) -> Iterator[BrowserContext]:
    context = open_context(browser, requested)
    yield context
    context.close()
    outside = [url for url in requested if urlsplit(url).scheme not in ("data", "blob") and not is_here(url)]
    assert requested
    assert outside == []


def is_here(url: str) -> bool:
    return urlsplit(url).hostname == "127.0.0.1"


@pytest.fixture
def page(context: BrowserContext, address: str) -> Page:
    return open_page(context, address)
