"""The whole path, nothing faked: a release is registered with a real Ollama, and served by Frontdesk in a browser."""

import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect, sync_playwright
from typer.testing import CliRunner

from agents.models.registration import read_registration
from assistant.cli import app
from assistant.commands import options
from tests.assistant.ui.chat_page import ARGUMENTS, START_SECONDS, WAIT_MILLISECONDS
from tests.conftest import ROOT, free_port
from tests.finetune.ollama.test_template_shape import UNSEEN
from tests.finetune.served_releases import Live, Made, write_release

pytestmark = [pytest.mark.ollama, pytest.mark.model, pytest.mark.slow]
RETURNS = "# Returns\n\nYou can send a lamp back within 30 days of delivery. Goods from the sale have 14 days.\n"


def environment(home: Path, url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FRONTDESK_")}
    own = {"FRONTDESK_HOME": str(home), "FRONTDESK_OLLAMA_URL": url, "FRONTDESK_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return kept | own


def run(home: Path, url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "assistant.cli", *arguments]
    return subprocess.run(
        command, cwd=home, env=environment(home, url), capture_output=True, text=True, timeout=500, check=False
    )


@pytest.mark.timeout(600)
def test_registered_proved_and_doctored(live: Live, tiny_file: Path, tmp_path: Path) -> None:
    """Random weights never end a reply, so that proof must fail and the command with it; the prompt must hold."""
    write_release(tmp_path, "tiny", tiny_file, UNSEEN)
    told = run(tmp_path, live.url, "register", "tiny", "--as", "by-cli", "--no-transformers", "--json")
    assert told.returncode == 1, told.stderr
    data = json.loads(told.stdout)
    checks = {check["name"]: check for check in data["checks"]}
    assert (data["ok"], checks["prompt"]["ok"], checks["end of reply"]["ok"]) == (False, True, False)
    assert data["ollama"]
    registration = read_registration(tmp_path / "registered", "by-cli")
    assert registration is not None
    assert registration.digest == data["digest"]
    again = run(tmp_path, live.url, "register", "tiny", "--as", "by-cli", "--json")
    assert again.returncode == 1
    assert "--replace" in json.loads(again.stdout)["error"]
    looked = run(tmp_path, live.url, "doctor", "--model", "by-cli", "--json")
    checks = {check["name"]: check for check in json.loads(looked.stdout)["checks"]}
    assert "tested with" in checks["Ollama's version"]["detail"]
    assert checks["proof: prompt"]["ok"]
    assert not checks["proof: end of reply"]["ok"]


def test_what_is_missing_is_told_before_anything_is_registered(
    live: Live, tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_release(tmp_path, "tiny", tiny_file, UNSEEN)
    monkeypatch.setitem(sys.modules, "transformers.utils", None)
    for name, value in environment(tmp_path, live.url).items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(app, ["register", "tiny", "--as", "half", "--transformers"])
    assert "This needs torch" in str(told.exception)
    assert read_registration(tmp_path / "registered", "half") is None


@pytest.mark.timeout(600)
def test_in_a_pipe_lines_tell_what_it_is_at(
    live: Live, tiny_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_release(tmp_path, "tiny", tiny_file, UNSEEN)
    monkeypatch.setattr(options, "LINE_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(options, "LOOK_SECONDS", 0.001)
    for name, value in environment(tmp_path, live.url).items():
        monkeypatch.setenv(name, value)
    told = CliRunner().invoke(app, ["register", "tiny", "--as", "by-lines", "--no-transformers", "--json"])
    assert json.loads(told.stdout)["model"] == "by-lines:latest"
    assert "Registering: loading " in told.stderr
    assert re.search(r"^Proving: prompt, after \d+ s$", told.stderr, re.MULTILINE)
    assert "Proving: end of reply, after " in told.stderr


@pytest.mark.browser
@pytest.mark.timeout(600)
def test_promoted_and_served_in_the_browser(tuned: Made, models_folder: Path, chromium: str, tmp_path: Path) -> None:
    """The trained release, promoted: `auto` takes it, and through Ollama, where its file is registered."""
    release = tuned.planned.release
    shutil.copytree(release.folder, tmp_path / "releases" / release.name, copy_function=os.link)
    shutil.copytree(tuned.home / "registered", tmp_path / "registered")
    live = tuned.live
    told = run(tmp_path, live.url, "release", "promote", release.name, "--without-proof", "tried by hand", "--json")
    assert json.loads(told.stdout)["to"] == release.name
    (tmp_path / "models").symlink_to(models_folder.absolute(), target_is_directory=True)
    (tmp_path / "returns.md").write_text(RETURNS, encoding="utf-8")
    assert run(tmp_path, live.url, "ingest", "returns.md", "--json").returncode == 0
    before = len(live.prompts())
    with serving(tmp_path, live.url, "auto") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = browser.new_page(locale="en-GB")
        page.set_default_timeout(WAIT_MILLISECONDS)
        page.goto(address)
        page.locator("#question textarea").fill("How many days do I have to send a lamp back?")
        page.locator("#question textarea").press("Enter")
        expect(page.locator("#past .turn.answered")).to_have_count(1, timeout=300_000)
        page.locator("#past .source").first.click()
        expect(page.locator(".passage mark")).to_contain_text("30 days")
        browser.close()
    asked = live.prompts()[before:]
    assert asked, "the release was asked"
    assert all(prompt.startswith("<|im_start|>") and prompt.endswith("<|im_start|>assistant\n") for prompt in asked)


class serving:  # noqa: N801 - reads as a word in `with`
    """`frontdesk serve` in a process of its own, ended at the end."""

    def __init__(self, home: Path, url: str, model: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "assistant.cli", "serve", "--port", str(self.port), "--model", model]
        self.start: Callable[[], subprocess.Popen[str]] = lambda: subprocess.Popen(
            command, cwd=home, env=environment(home, url), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def __enter__(self) -> str:
        import time
        import urllib.error
        import urllib.request

        self.server = self.start()
        address = f"http://127.0.0.1:{self.port}"
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.server.poll() is None:
            try:
                with urllib.request.urlopen(f"{address}/healthz", timeout=2):
                    return address
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.3)
        self.server.kill()
        output = self.server.communicate()[0]
        pytest.fail(f"the server did not start: {output[-2000:]}")

    def __exit__(self, *_: Any) -> None:
        self.server.terminate()
        guard = threading.Timer(20, self.server.kill)
        guard.start()
        self.server.communicate()
        guard.cancel()
