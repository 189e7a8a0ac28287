"""The page's HTTP side; a run that was begun is a folder, a running one a lock that is really held."""

import json
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from filelock import FileLock

from assistant.own_pages import COLOURS, ICON, POLICY
from assistant.training_page.api import FILES, TOKEN_HEADER, create_app
from finetune.going_on import Command, remember

TOKEN = "t0ken"
WAIT = """
import os, time
print(os.environ["FRONTDESK_HOME"], flush=True)
while not os.path.exists("end"):
    time.sleep(0.02)
raise SystemExit("Error: it is over")
"""
ALLOWED = {TOKEN_HEADER: TOKEN}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "runs" / "r"
    folder.mkdir(parents=True)
    fingerprint = {"recipe": "lora", "base": "<b>bold</b>", "settings": {"rank": 8}, "data": {"a.jsonl": "0"}}
    (folder / "begun.json").write_text(json.dumps(fingerprint), encoding="utf-8")
    lines = [json.dumps({"step": step, "steps": 8, "loss": 1 / step}) for step in (1, 2, 3)]
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    with TestClient(create_app(tmp_path, token=TOKEN), base_url="http://127.0.0.1:7870") as client:
        yield client


def test_a_run_that_diverged_hides_no_other(client: TestClient, folder: Path) -> None:
    other = folder.parent / "diverged"
    other.mkdir()
    (other / "begun.json").write_text((folder / "begun.json").read_text(encoding="utf-8"), encoding="utf-8")
    (other / "log.jsonl").write_text('{"step": 1, "steps": 8, "loss": Infinity}\n', encoding="utf-8")
    assert {run["name"]: run["loss"] for run in client.get("/api/runs").json()["runs"]} == {
        "r": 1 / 3,
        "diverged": None,
    }
    assert client.get("/api/runs/diverged").json()["log"]["lines"] == [{"step": 1, "steps": 8, "loss": None}]
    manifest = '{"base": {"name": "b"}, "steps": 8, "train_loss": NaN, "heldout_loss": -Infinity, "created": "2026"}'
    (other / "manifest.json").write_text(manifest, encoding="utf-8")
    assert len(client.get("/api/runs").json()["runs"]) == 2
    assert client.get("/api/runs/diverged").json()["run"]["manifest"]["train_loss"] is None


def test_runs_and_their_logs_are_told(client: TestClient, folder: Path) -> None:
    (run,) = client.get("/api/runs").json()["runs"]
    assert (run["name"], run["state"], run["step"], run["steps"]) == ("r", "stopped", 3, 8)
    first = client.get("/api/runs/r").json()
    assert first["run"]["settings"] == {"rank": 8}
    assert [line["step"] for line in first["log"]["lines"]] == [1, 2, 3]
    rest = client.get("/api/runs/r", params={"after": 2, "mark": "another"}).json()["log"]
    assert (rest["start"], len(rest["lines"])) == (0, 3)
    rest = client.get("/api/runs/r", params={"after": 3, "mark": first["log"]["mark"]}).json()["log"]
    assert (rest["start"], rest["lines"]) == (3, [])


def test_a_run_that_does_not_exist_is_not_found(client: TestClient, folder: Path) -> None:
    answer = client.get("/api/runs/s")
    assert answer.status_code == 404
    assert "There is no run 's'; there are: r" in answer.json()["error"]
    assert client.get("/api/runs/..%2Fr").status_code == 404
    assert client.get("/begun.json").status_code == 404


@pytest.mark.parametrize("wish", ["stop", "go-on"])
@pytest.mark.parametrize("headers", [{}, {TOKEN_HEADER: ""}, {TOKEN_HEADER: "other"}])
def test_nothing_changes_without_the_pages_token(
    client: TestClient, folder: Path, wish: str, headers: dict[str, str]
) -> None:
    remember(Command((sys.executable, "-c", "open('ran', 'w')"), folder), folder)
    with FileLock(folder / "lock"):
        assert client.post(f"/api/runs/r/{wish}", headers=headers).status_code == 403
    assert not (folder / "stop").exists()
    assert not (folder / "output.log").exists()


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:7870", "0.0.0.0", "192.168.1.4", ""])
def test_other_names_for_this_machine_are_refused(client: TestClient, host: str) -> None:
    for path in ("/", "/api/runs"):
        answer = client.get(path, headers={"Host": host})
        assert answer.status_code == 400
        assert TOKEN not in answer.text


def test_another_sites_page_is_refused(client: TestClient, folder: Path) -> None:
    with FileLock(folder / "lock"):
        answer = client.post("/api/runs/r/stop", headers={**ALLOWED, "Origin": "https://evil.example"})
        assert answer.status_code == 403
        assert not (folder / "stop").exists()
        same = client.post("/api/runs/r/stop", headers={**ALLOWED, "Origin": "http://127.0.0.1:7870"})
        assert same.status_code == 200


def test_the_page_carries_the_token_and_nothing_inline(client: TestClient) -> None:
    page = client.get("/")
    assert f'name="token" content="{TOKEN}"' in page.text
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*src=)|https?://", page.text)
    for path in ("/", "/favicon.svg", "/api/runs", *(f"/{name}" for name in FILES)):
        answer = client.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-security-policy"] == POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in POLICY


def test_every_file_that_the_page_names_is_served(client: TestClient) -> None:
    named = re.findall(r'(?:href|src)="/([\w.]+)"', client.get("/").text)
    named += re.findall(r'from "\./([\w.]+)"', client.get("/page.js").text)
    assert set(named) == {*FILES, COLOURS, ICON}


def test_both_languages_say_everything(client: TestClient) -> None:
    english, chinese = re.findall(r"= \{(.*?)\};", client.get("/texts.js").text, re.DOTALL)
    keys = re.findall(r"^  (\w+):", english, re.MULTILINE)
    assert len(keys) > 20
    assert re.findall(r"^  (\w+):", chinese, re.MULTILINE) == keys
    used = re.findall(r'data-text="(\w+)"', client.get("/").text)
    used += re.findall(r"texts\.(?!js)(\w+)", client.get("/page.js").text)
    assert set(used) <= set(keys)


def test_stop_leaves_a_wish_that_training_obeys(client: TestClient, folder: Path) -> None:
    assert client.post("/api/runs/r/stop", headers=ALLOWED).status_code == 409
    with FileLock(folder / "lock"):
        assert client.post("/api/runs/r/stop", headers=ALLOWED).json()["run"]["state"] == "stopping"
    assert (folder / "stop").is_file()


def test_go_on_gives_the_command_again_once(client: TestClient, folder: Path, tmp_path: Path) -> None:
    remember(Command((sys.executable, "-c", WAIT), folder), folder)
    begun = client.post("/api/runs/r/go-on", headers=ALLOWED)
    assert (begun.status_code, begun.json()["run"]["state"]) == (200, "running")
    assert client.get("/api/runs").json()["runs"][0]["state"] == "running"
    again = client.post("/api/runs/r/go-on", headers=ALLOWED)
    assert again.status_code == 409
    assert "is running" in again.json()["error"]
    (folder / "end").touch()
    deadline = time.monotonic() + 60
    while client.get("/api/runs").json()["runs"][0]["state"] == "running" and time.monotonic() < deadline:
        time.sleep(0.05)
    ended = client.get("/api/runs/r").json()["run"]
    assert (ended["state"], ended["error"], ended["can_go_on"]) == ("stopped", "it is over", True)
    assert (folder / "output.log").read_text(encoding="utf-8").splitlines()[0] == str(tmp_path)


def test_what_runs_elsewhere_is_not_begun_twice(client: TestClient, folder: Path) -> None:
    remember(Command((sys.executable, "-c", "pass"), folder), folder)
    with FileLock(folder / "lock"):
        assert client.post("/api/runs/r/go-on", headers=ALLOWED).status_code == 409
    (folder / "manifest.json").write_text(
        json.dumps({"run": "r", "base": {"name": "b"}, "steps": 8, "created": "2026"}), encoding="utf-8"
    )
    assert client.post("/api/runs/r/go-on", headers=ALLOWED).status_code == 409
    assert not (folder / "output.log").exists()


def test_a_run_that_has_stopped_is_stopping_until_its_process_is_gone(
    client: TestClient, folder: Path, tmp_path: Path
) -> None:
    """Ending takes an interpreter with torch seconds, in which nothing runs any more."""
    remember(Command((sys.executable, "-c", WAIT), tmp_path), folder)

    def state() -> str:
        return str(client.get("/api/runs/r").json()["run"]["state"])

    client.post("/api/runs/r/go-on", headers=ALLOWED)
    assert state() == "running"
    with FileLock(folder / "lock"):
        assert state() == "running"
    assert state() == "stopping"
    (tmp_path / "end").touch()
    while state() == "stopping":
        time.sleep(0.02)
    assert state() == "stopped"
