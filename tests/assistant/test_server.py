"""The server as a process of its own: health first, then the app; one a home; a clean end."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from assistant import server as server_module
from assistant.errors import ServerError
from assistant.running import FILE, TOKEN_HEADER, find_server, sole_writer
from assistant.server import serve
from assistant.settings import Settings

WAIT = 60.0
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="stops the server with POSIX signals")

PROGRAM = """
import logging, sys, threading, time
from pathlib import Path
from types import SimpleNamespace

from agents.transcript import Answer, Delta, Finished
from assistant.app import Application
from assistant.server import serve
from assistant.settings import Settings

home, port, how = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
logging.basicConfig(stream=sys.stderr)

class Responder:
    def respond(self, request, *, stop):
        yield Delta("first ")
        if request.question == "slowly":
            time.sleep(0.5)
            stop.wait(30)
        yield Finished(Answer("first", (), "answered", 0.9, "en", "scripted", 0.1, 0.1))

class Library:
    embedder = SimpleNamespace(name="none")
    def check(self):
        if how == "unready":
            raise RuntimeError("the index was made with another embedder")
    def count_chunks(self):
        return 0
    def ingest(self, paths, **options):
        from dataclasses import make_dataclass
        return make_dataclass("Report", ["documents"])(len(paths))

def open_application(settings):
    while not (home / "go").exists():
        time.sleep(0.02)
    if how == "broken":
        raise RuntimeError("the model's file is gone")
    model = SimpleNamespace(check=lambda: None)
    return Application(settings, library=Library(), model=model, responder=Responder())

async def mount_words(api, application):
    api.add_api_route("/", lambda: {"page": "chat"})

async def mount_gradio(api, application):
    import asyncio
    def build():
        import gradio
        with gradio.Blocks() as blocks:
            box = gradio.Textbox()
            box.submit(lambda text: text[::-1], box, box, api_name="reverse")
        gradio.mount_gradio_app(api, blocks, path="/", footer_links=[], run_history=False, mcp_server=False)
        return blocks
    blocks = await asyncio.to_thread(build)
    blocks.run_startup_events()
    await blocks.run_extra_startup_events()

serve(
    Settings(home=home, host=sys.argv[4], port=port),
    open_application=open_application,
    mount=mount_gradio if how == "gradio" else mount_words,
)
print("ended")
"""


@dataclass
class Started:
    home: Path
    process: "subprocess.Popen[str]"

    @property
    def url(self) -> str:
        until(lambda: (self.home / "server.json").exists() or self.process.poll() is not None)
        return str(json.loads((self.home / "server.json").read_text())["url"])

    def let_load(self) -> None:
        (self.home / "go").touch()

    def get(self, path: str, **headers: str) -> httpx.Response:
        return httpx.get(self.url + path, headers=headers, timeout=20)

    def stop(self, number: int = signal.SIGTERM) -> tuple[float, str, str]:
        began = time.monotonic()
        self.process.send_signal(number)
        out, error = self.process.communicate(timeout=WAIT)
        return time.monotonic() - began, out, error


Start = Callable[..., Started]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    with contextlib.ExitStack() as stack:

        def run(
            how: str = "words", *, home: Path = tmp_path / "home", port: int = 0, host: str = "127.0.0.1"
        ) -> Started:
            home.mkdir(exist_ok=True)
            command = [sys.executable, "-c", PROGRAM, str(home), str(port), how, host]
            environment = {**os.environ, "PYTHONPATH": str(Path(server_module.__file__).parents[1])}
            process = stack.enter_context(
                subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
            )
            stack.callback(process.kill)
            return Started(home, process)

        yield run


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + WAIT
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def is_up(started: Started) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return started.get("/readyz").status_code == 200
    return False


def answers(started: Started) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return started.get("/healthz").json() == {"ok": True}
    return False


def test_health_answers_and_a_page_waits_while_everything_loads(start: Start) -> None:
    started = start()
    until(lambda: answers(started))
    page = started.get("/", Accept="text/html")
    assert (page.status_code, page.headers["retry-after"]) == (503, "1")
    assert 'http-equiv="refresh"' in page.text
    ready = started.get("/readyz")
    assert (ready.status_code, ready.json()["ok"]) == (503, False)
    state = json.loads((started.home / "server.json").read_text())
    for asked, status in ((state["token"], 200), ("of another home", 401)):  # told apart before it has loaded
        assert started.get("/healthz", **{TOKEN_HEADER: asked}).status_code == status
    assert started.get("/healthz", Authorization="Basic eDp5").status_code == 200, "of a proxy, and none of ours"
    started.let_load()
    assert started.process.stdout is not None
    assert started.process.stdout.readline().strip() == started.url
    assert started.get("/").json() == {"page": "chat"}
    assert started.get("/readyz").status_code == 200
    assert "content-security-policy" not in started.get("/healthz").headers


def test_the_state_file_is_private_and_gone_after_a_clean_end(start: Start) -> None:
    started = start()
    started.let_load()
    until(lambda: is_up(started))
    path = started.home / "server.json"
    state = json.loads(path.read_text())
    assert path.name == FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert (state["url"], state["pid"]) == (started.url, started.process.pid)
    assert len(state["token"]) >= 32
    found = find_server(started.home)
    assert found is not None
    assert (found.url, found.token) == (state["url"], state["token"])
    _, out, error = started.stop(signal.SIGINT)
    assert started.process.returncode == 0
    assert out.endswith("ended\n")
    assert "Traceback" not in error
    assert f"no documents were read into {started.home} yet" in error
    assert not path.exists()


@pytest.mark.slow
def test_a_signal_ends_it_soon_though_a_turn_runs_and_is_watched(start: Start) -> None:
    started = start()
    started.let_load()
    until(lambda: is_up(started))
    with httpx.Client(base_url=started.url, timeout=20) as client:
        conversation = client.post("/api/conversations").json()["conversation"]
        client.post(f"/api/conversations/{conversation}/turns", json={"question": "slowly"})
        with client.stream("GET", f"/api/conversations/{conversation}/turns/1/steps") as stream:
            lines = stream.iter_lines()
            assert "first" in next(line for line in lines if line.startswith("data: "))
            seconds, _, _ = started.stop()
            assert '"failed"' in next(line for line in lines if line.startswith("data: "))
    assert started.process.returncode == 0
    assert seconds < 10  # 2 on a quiet machine


@pytest.mark.slow
def test_it_can_be_stopped_while_it_loads(start: Start) -> None:
    started = start()
    until(lambda: answers(started))
    _, _, error = started.stop()
    assert started.process.returncode == 0
    assert "Traceback" not in error


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "message"),
    [("broken", "the model's file is gone"), ("unready", "the index was made with another embedder")],
)
def test_what_fails_while_loading_is_raised_and_ends_the_server(start: Start, how: str, message: str) -> None:
    started = start(how)
    until(lambda: answers(started))
    started.let_load()
    _, error = started.process.communicate(timeout=WAIT)
    assert started.process.returncode == 1
    assert error.strip().endswith(f"RuntimeError: {message}")
    assert not (started.home / "server.json").exists()


@pytest.mark.slow
def test_an_ingest_sent_too_early_waits_until_everything_is_loaded(start: Start, tmp_path: Path) -> None:
    started = start()
    until(lambda: answers(started))
    running = find_server(started.home)
    assert running is not None
    with subprocess.Popen(["sh", "-c", 'sleep 0.5; touch "$0"', str(started.home / "go")]):
        report = running.ingest([tmp_path], collection="default", audience="public", prune=False)
    assert report == {"documents": 1}


def test_a_port_in_use_is_named_with_the_next_command(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError) as caught:
            serve(Settings(home=tmp_path, port=port))
    message = str(caught.value)
    assert message.startswith(f"Port {port} is in use by ")
    assert f"process {os.getpid()}" in message or not Path("/proc/net/tcp").exists()
    suggested = int(message.rpartition("--port ")[2])
    assert suggested == 0 or suggested > port
    assert not (tmp_path / "server.json").exists()


@pytest.mark.slow
def test_another_frontdesk_on_the_port_is_recognised(start: Start, tmp_path: Path) -> None:
    started = start()
    until(lambda: answers(started))
    port = int(started.url.rpartition(":")[2])
    with pytest.raises(ServerError, match=rf"Port {port} is in use by another Frontdesk.*serve --port \d+"):
        serve(Settings(home=tmp_path, port=port))


@pytest.mark.slow
def test_a_home_is_served_once(start: Start) -> None:
    started = start()
    until(lambda: answers(started))
    with pytest.raises(ServerError, match=rf"is being served already at {started.url} \(process \d+\)"):
        serve(Settings(home=started.home, port=0))
    assert answers(started)


@pytest.mark.slow
def test_a_server_waits_for_an_ingest_into_its_home(start: Start, tmp_path: Path) -> None:
    with sole_writer(tmp_path / "home", say=print) as other:
        assert other is None
        started = start()
        assert started.process.stderr is not None
        assert "an ingest" in started.process.stderr.readline()
        assert not (started.home / "server.json").exists()
    until(lambda: answers(started))


@pytest.mark.slow
def test_a_state_file_left_by_a_crash_is_no_hindrance(start: Start) -> None:
    first = start()
    until(lambda: answers(first))
    first.process.kill()
    first.process.wait(WAIT)
    assert (first.home / "server.json").exists()
    second = start()
    second.let_load()
    until(lambda: json.loads((second.home / "server.json").read_text())["pid"] == second.process.pid)
    until(lambda: is_up(second))


@pytest.mark.parametrize(
    ("host", "message"),
    [("nowhere.invalid", "Cannot listen on 'nowhere.invalid'"), ("203.0.113.7", "Cannot listen on 203.0.113.7")],
)
def test_an_address_that_is_not_ours_is_refused(
    tmp_path: Path, host: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(name: str, *rest: object, **options: object) -> list[tuple[object, ...]]:
        if name.endswith(".invalid"):
            raise socket.gaierror(-2, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (name, 0))]

    monkeypatch.setattr(server_module.socket, "getaddrinfo", look_up)
    with pytest.raises(ServerError, match=rf"{message}.*Next: frontdesk serve --host 127.0.0.1"):
        serve(Settings(home=tmp_path, host=host, port=0))


@pytest.mark.slow
def test_listening_beyond_loopback_warns(start: Start) -> None:
    started = start(host="0.0.0.0")
    until(lambda: answers(started))
    assert started.url.startswith("http://127.0.0.1:")
    _, _, error = started.stop()
    assert "anyone on the network can chat" in error


@pytest.mark.slow
def test_gradio_mounted_while_serving_answers_through_its_queue(start: Start) -> None:
    started = start("gradio")
    started.let_load()
    until(lambda: is_up(started))
    assert "gradio" in started.get("/").text
    assert started.get("/healthz").json() == {"ok": True}
    call = httpx.post(started.url + "/gradio_api/call/reverse", json={"data": ["abc"]}, timeout=20)
    result = httpx.get(f"{started.url}/gradio_api/call/reverse/{call.json()['event_id']}", timeout=20)
    assert '["cba"]' in result.text
    seconds, _, error = started.stop()
    assert started.process.returncode == 0
    assert "Traceback" not in error
    assert seconds < 10


@pytest.mark.slow
def test_pages_that_are_open_when_it_is_stopped_are_no_fault(start: Start) -> None:
    """Each keeps a connection for as long as it is open; its end was a traceback of a hundred lines in the log."""
    started = start("gradio")
    started.let_load()
    until(lambda: is_up(started))
    with httpx.stream("GET", f"{started.url}/gradio_api/heartbeat/one", timeout=20) as page:
        lines = page.iter_lines()  # when it goes, so does the connection
        assert "ALIVE" in next(lines)
        seconds, _, error = started.stop()
    assert started.process.returncode == 0
    assert "Traceback" not in error
    assert seconds < 10
