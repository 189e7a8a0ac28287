"""The page in a real browser: a real run of a tiny model grows, is stopped, goes on, and ends."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from assistant.commands.finetune import words_for
from finetune.bases import Base
from finetune.examples import Example
from finetune.runs import open_run
from finetune.training import Request

pytest.importorskip("trl")
pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
WAIT_MILLISECONDS = 60_000
EPOCHS = 60
"""Of four steps each: seconds, so that there is time to press Stop."""

Write = Callable[[Sequence[Example], str], Path]


@pytest.fixture
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    home = str(tmp_path / "home")
    return {**os.environ, "PYTHONPATH": str(ROOT), "FRONTDESK_HOME": home, "OMP_NUM_THREADS": "1"}


@pytest.fixture
def address(environment: dict[str, str]) -> Iterator[str]:
    command = [sys.executable, "-m", "assistant.cli", "finetune", "watch", "--port", "0"]
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield server.stdout.readline().partition(" at ")[2].split(" ")[0]
        finally:
            server.terminate()
            server.wait(30)


@pytest.fixture
def command(tiny_base: Base, intents: tuple[Example, ...], write_examples: Write) -> list[str]:
    """Return what begins the run `watched`."""
    data, heldout = write_examples(intents[:16], "train.jsonl"), write_examples(intents[16:], "heldout.jsonl")
    numbers = (f"epochs={EPOCHS}", "batch_size=4", "precision=float32", "patience=0")
    base = str(tiny_base.folder)
    request = Request((data,), "watched", heldout=(heldout,), base=base, recipe="lora", overrides=numbers)
    return words_for(request, config=None)


def test_a_run_is_watched_stopped_and_gone_on_with(
    browser: Browser, address: str, environment: dict[str, str], command: list[str], tmp_path: Path
) -> None:
    requested: list[str] = []
    problems: list[str] = []
    page = browser.new_page()
    page.set_default_timeout(WAIT_MILLISECONDS)
    page.on("request", lambda request: requested.append(request.url))
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.goto(address)
    expect(page.get_by_text("There are none yet")).to_be_visible()

    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, env=environment, cwd=ROOT, **options) as training:
        expect(page.locator("#runs strong")).to_have_text("watched", timeout=WAIT_MILLISECONDS)
        expect(page.locator("#plots figure")).to_have_count(5, timeout=WAIT_MILLISECONDS)
        grown = drawn(page)
        expect(page.locator("#plots .curve").first).not_to_have_attribute("d", grown, timeout=WAIT_MILLISECONDS)
        expect(page.locator("#figures")).to_contain_text("Time left")
        page.get_by_role("button", name="Stop").click()
        assert training.wait(60) == 130, training.stderr.read().decode() if training.stderr else ""
    expect(page.locator("#state")).to_contain_text("stopped", timeout=WAIT_MILLISECONDS)
    assert not (tmp_path / "home" / "runs" / "watched" / "manifest.json").exists()
    expect(page.get_by_role("button", name="Stop")).to_be_hidden()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("#state")).to_contain_text("finished", timeout=WAIT_MILLISECONDS)
    expect(page.locator("#figures")).to_contain_text("Held out")
    expect(page.get_by_role("button")).to_have_count(0)
    assert open_run("watched", home=tmp_path / "home").manifest["steps"] == EPOCHS * 4
    assert problems == []
    assert {urlsplit(url).hostname for url in requested} == {"127.0.0.1"}


def test_the_name_of_an_axis_stands_apart_from_its_first_number(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(address)
    page.evaluate(
        """async () => {
          const { plot } = await import("/plots.js");
          const curves = [{ points: [[1, 2.5], [2, 2.4]] }];
          document.getElementById("run").hidden = false;
          const drawn = plot({ title: "Loss", axis: "step", format: String, curves, steps: 2 });
          document.getElementById("plots").append(drawn);
        }"""
    )
    axis = page.get_by_text("step", exact=True).bounding_box()
    first = page.locator("#plots text", has_text="1").last.bounding_box()
    assert axis is not None
    assert first is not None
    assert axis["x"] + axis["width"] + 3 < first["x"]


def drawn(page: Page) -> str:
    return page.locator("#plots .curve").first.get_attribute("d") or ""
