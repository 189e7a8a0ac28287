import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest
from filelock import FileLock

from assistant.errors import ServerError
from assistant.running import LOCK_FILE, TOKEN_HEADER, find_server, sole_writer

REPORT = {"documents": 1, "chunks": 2, "unchanged": 0, "removed": 0, "failed": [], "seconds": 0.1}


class Handler(BaseHTTPRequestHandler):
    lines: ClassVar[list[dict[str, Any]]] = []
    status: ClassVar[int] = 200
    seen: ClassVar[list[tuple[str, dict[str, Any]]]] = []

    def do_GET(self) -> None:
        self.send_response(200 if self.headers[TOKEN_HEADER] == "secret" else 401)
        self.end_headers()

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        Handler.seen.append((self.headers["Authorization"], body))
        self.send_response(Handler.status)
        self.end_headers()
        for line in Handler.lines:
            self.wfile.write(json.dumps(line).encode() + b"\n")

    def log_message(self, *_arguments: object) -> None: ...


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose server is the one above."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    state = {"url": f"http://127.0.0.1:{server.server_port}", "pid": 1, "token": "secret"}
    (tmp_path / "server.json").write_text(json.dumps(state))
    Handler.lines, Handler.status, Handler.seen = [{"report": REPORT}], 200, []
    yield tmp_path
    server.shutdown()
    server.server_close()
    thread.join()


def ingest(home: Path, **options: Any) -> dict[str, Any]:
    server = find_server(home)
    assert server
    return server.ingest([Path("a.md")], collection="default", audience="public", prune=False, **options)


def test_the_server_ingests_absolute_paths_with_its_token(home: Path) -> None:
    Handler.lines = [{"path": "a.md", "done": 1, "total": 1}, {"report": REPORT}]
    seen: list[tuple[str, int, int]] = []
    assert ingest(home, progress=lambda *words: seen.append(words)) == REPORT
    token, body = Handler.seen[0]
    assert token == "Bearer secret"
    assert body["paths"] == [str(Path("a.md").absolute())]
    assert seen == [("a.md", 1, 1)]


def test_waiting_for_another_ingest_is_said(home: Path) -> None:
    Handler.lines = [{"waiting": "Another ingest is under way."}, {"report": REPORT}]
    said: list[str] = []
    assert ingest(home, say=said.append, prune_empty=True) == REPORT
    assert said == ["Another ingest is under way."]
    assert Handler.seen[0][1]["prune_empty"] is True


@pytest.mark.parametrize("reindex", [False, True])
def test_the_server_is_told_whether_to_make_the_vectors_anew(home: Path, reindex: bool) -> None:
    ingest(home, reindex=reindex)
    assert Handler.seen[0][1]["reindex"] is reindex


@pytest.mark.parametrize("forget", [False, True])
def test_the_server_is_told_to_forget_only_when_it_is_to(home: Path, forget: bool) -> None:
    ingest(home, forget=forget)
    assert Handler.seen[0][1].get("forget", False) is forget


@pytest.mark.parametrize(
    ("started", "asked", "refused"),
    [
        ("embedded", "multilingual", True),
        ("multilingual", "embedded", True),
        ("embedded", "english", False),
        ("multilingual", "multilingual", False),
        ("", "multilingual", False),
    ],
)
def test_vectors_are_not_made_anew_with_an_embedder_of_before(
    home: Path, started: str, asked: str, refused: bool
) -> None:
    state = json.loads((home / "server.json").read_text())
    (home / "server.json").write_text(json.dumps({**state, **({"embedder": started} if started else {})}))
    server = find_server(home)
    assert server is not None
    if refused:
        with pytest.raises(ServerError, match=r"stop the server, frontdesk ingest --reindex, frontdesk serve"):
            server.check_embedder(asked)
    else:
        server.check_embedder(asked)


def test_what_a_colleague_said_is_quoted_whole_and_one_next_command_is_named(home: Path) -> None:
    """The message was cut where the colleague's own words read like its end."""
    server = find_server(home)
    assert server
    refused = "Ada was faster. Told with it: “Sent. Next: wait.”. Not sent: “Hello”. Next: frontdesk approvals list"
    Handler.status = 409
    for error, said in ((refused, refused), ("no", "no Next: frontdesk approvals list")):
        Handler.lines = [{"error": error}]
        with pytest.raises(ServerError) as raised:
            server.decide("k", approved=True, text="Hello")
        assert str(raised.value) == f"The server at {server.url} could not do this: {said}"


def test_the_token_is_not_shown(home: Path) -> None:
    assert "secret" not in repr(find_server(home))


@pytest.mark.parametrize(
    ("status", "lines", "words"),
    [
        (401, [{"error": "no"}], "refused to ingest: HTTP 401"),
        (200, [{"error": "Not found: a.md"}], "Not found: a.md"),
        (200, [], "went away"),
    ],
)
def test_what_goes_wrong_there_is_said_here(home: Path, status: int, lines: list[dict[str, Any]], words: str) -> None:
    Handler.status, Handler.lines = status, lines
    with pytest.raises(ServerError, match=words):
        ingest(home)


@pytest.mark.parametrize(
    "state", [None, "", "[]", '{"url": "http://127.0.0.1:9", "pid": 1, "token": "t"}', '{"url": 1}']
)
def test_a_left_over_state_is_ignored(tmp_path: Path, state: str | None) -> None:
    if state is not None:
        (tmp_path / "server.json").write_text(state)
    assert find_server(tmp_path) is None


def test_a_server_that_the_token_is_unknown_to_is_another_homes(home: Path) -> None:
    """The port of a server that crashed may be another one's by now: a demo's, say."""
    state = json.loads((home / "server.json").read_text())
    assert find_server(home) is not None
    (home / "server.json").write_text(json.dumps({**state, "token": "of a server that crashed"}))
    assert find_server(home) is None


def test_a_writer_that_finds_the_lock_held_looks_for_the_server_until_it_answers(home: Path) -> None:
    state = home / "server.json"
    starting = state.rename(home / "not-yet.json")
    said: list[str] = []

    def say(text: str) -> None:
        said.append(text)
        starting.rename(state)

    with FileLock(home / LOCK_FILE, thread_local=False), sole_writer(home, say=say) as server:
        assert server is not None
        assert server.pid == 1
    assert len(said) == 1
    assert str(home) in said[0]


def test_a_writer_waits_for_another_one_and_then_has_the_home_to_itself(tmp_path: Path) -> None:
    other = FileLock(tmp_path / LOCK_FILE, thread_local=False)
    other.acquire()
    with sole_writer(tmp_path, say=lambda _: other.release()) as server:
        assert server is None
        with pytest.raises(TimeoutError):
            other.acquire(timeout=0)


def test_an_address_left_by_a_crash_that_another_server_took_over_is_not_ours(home: Path) -> None:
    with sole_writer(home, say=print) as server:
        assert server is None
