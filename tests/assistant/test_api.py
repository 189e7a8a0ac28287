"""The API, served by the real uvicorn on loopback: conversations, event streams, passages, ingest, readiness."""

import contextlib
import json
import logging
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn
from sqlalchemy import select

from agents.errors import ModelUnavailable
from agents.transcript import Answer, Delta, Finished, Step
from agents.turn import Request
from assistant import api as api_module
from assistant.api import create_api
from assistant.database import ConversationRow
from assistant.rates import Limits
from assistant.sessions import SessionRefused
from assistant.store import Store, sqlite_url
from assistant.turns import TurnRunner
from knowledge.errors import KnowledgeError

TOKEN = "a-token"


@dataclass(frozen=True)
class Excerpt:
    document: str
    quote: str


@dataclass(frozen=True)
class Failed:
    path: str
    error: str


@dataclass(frozen=True)
class Report:
    documents: int
    failed: tuple[Failed, ...] = ()


class FakeLibrary:
    """Holds one public and one staff document; ingest counts its paths."""

    def __init__(self) -> None:
        self.ingested: list[dict[str, Any]] = []
        self.broken: Exception | None = None

    def excerpt(self, collection: str, document: str, start: int, end: int, *, audiences: Sequence[str]) -> Excerpt:
        audience = {"returns.md": "public", "salaries.md": "staff"}.get(document)
        if audience not in audiences:
            raise KnowledgeError(f"{document} is for {audience}")
        return Excerpt(document, "Within 30 days."[start:end])

    def page_view(
        self, collection: str, document: str, page: int, *, audiences: Sequence[str], content: str = ""
    ) -> SimpleNamespace:
        if document != "guide.pdf" or collection != "default" or page > 2 or content not in ("", "a1"):
            raise KnowledgeError(f"There is no page {page} in {document}")
        assert tuple(audiences) == ("public",)
        return SimpleNamespace(image=b"\x89PNG of page %d" % page)

    def ingest(
        self, paths: Sequence[Path], *, progress: Callable[[str, int, int], None] | None, **options: Any
    ) -> Report:
        if self.broken:
            raise self.broken
        for number, path in enumerate(paths, 1):
            assert progress is not None
            progress(path.name, number, len(paths))
        self.ingested.append({"paths": list(paths), **options})
        return Report(len(paths), (Failed("x.pdf", "empty"),))

    def forget(self, paths: Sequence[Path], *, collection: str) -> Report:
        self.ingested.append({"paths": list(paths), "collection": collection, "forget": True})
        return Report(0)

    def check(self) -> None:
        if self.broken:
            raise self.broken


@dataclass
class FakeModel:
    checks: int = 0
    broken: Exception | None = None
    hanging: threading.Event | None = None

    def check(self) -> None:
        self.checks += 1
        if self.hanging:
            self.hanging.wait(20)
        if self.broken:
            raise self.broken


@dataclass
class Served:
    client: httpx.Client
    library: FakeLibrary
    model: FakeModel
    store: Store
    turns: TurnRunner
    let_on: threading.Event = field(default_factory=threading.Event)

    def ask(self, question: str = "How long?") -> str:
        conversation = self.client.post("/api/conversations").json()["conversation"]
        answer = self.client.post(f"/api/conversations/{conversation}/turns", json={"question": question})
        assert answer.json() == {"turn": 1}
        return f"/api/conversations/{conversation}/turns/1"


@contextlib.contextmanager
def serving(api: Any) -> Iterator[str]:
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(api, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    store, library, model = Store(sqlite_url(tmp_path / "frontdesk.sqlite3")), FakeLibrary(), FakeModel()
    let_on = threading.Event()

    def respond(request: Request, stop: threading.Event) -> Iterator[Step]:
        if request.question == "break":
            raise RuntimeError("secret detail")
        yield Delta("Within ")
        if request.question == "slowly":
            while not let_on.wait(0.01):
                if stop.is_set():
                    return
        yield Delta("30 days.")
        yield Finished(Answer("Within 30 days.", (), "answered", 0.9, "en", "scripted", 0.1, 0.05))

    turns = TurnRunner(store, respond)
    application = SimpleNamespace(
        settings=SimpleNamespace(host="desk.example"),
        library=library,
        model=model,
        responder=None,
        store=store,
        turns=turns,
    )
    with serving(create_api(application, token=TOKEN)) as url, httpx.Client(base_url=url, timeout=20) as client:
        yield Served(client, library, model, store, turns, let_on)
    turns.close()
    store.close()


def events(lines: Iterator[str]) -> Iterator[tuple[int, dict[str, Any]]]:
    number = 0
    for line in lines:
        if line.startswith("id: "):
            number = int(line[4:])
        elif line.startswith("data: "):
            yield number, json.loads(line[6:])


def test_health(served: Served) -> None:
    assert served.client.get("/healthz").json() == {"ok": True}
    assert served.client.head("/healthz").status_code == 200


def test_readiness_is_remembered_for_a_moment_and_turns_red_when_the_model_fails(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(5):
        answer = served.client.get("/readyz")
    assert (answer.status_code, answer.json()["parts"]) == (200, {"model": True, "index": True, "store": True})
    assert served.model.checks == 1
    monkeypatch.setattr(api_module, "READY_SECONDS", 0.0)
    served.model.broken = ModelUnavailable("Ollama does not answer")
    deadline = time.monotonic() + api_module.READY_SECONDS + 8
    while (answer := served.client.get("/readyz")).status_code == 200:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert answer.status_code == served.client.head("/readyz").status_code == 503
    assert answer.json() == {"ok": False, "parts": {"model": False, "index": True, "store": True}}
    assert "Ollama" not in answer.text


def test_a_question_streams_its_steps_to_the_end(served: Served) -> None:
    with served.client.stream("GET", served.ask() + "/steps") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        steps = list(events(stream.iter_lines()))
    assert [number for number, _ in steps] == list(range(1, len(steps) + 1))
    assert steps[-1][1]["answer"]["text"] == "Within 30 days."


def test_a_stream_arrives_while_the_answer_is_written(served: Served) -> None:
    turn = served.ask("slowly")
    with served.client.stream("GET", turn + "/steps") as stream:
        coming = events(stream.iter_lines())
        assert next(coming) == (1, {"kind": "delta", "text": "Within "})
        served.let_on.set()
        assert [data["kind"] for _, data in coming] == ["delta", "finished"]


def test_a_stream_goes_on_where_it_was_lost(served: Served) -> None:
    turn = served.ask()
    with served.client.stream("GET", turn + "/steps") as stream:
        everything = list(events(stream.iter_lines()))
    with served.client.stream("GET", turn + "/steps", headers={"Last-Event-ID": "1"}) as stream:
        assert list(events(stream.iter_lines())) == everything[1:]
    with served.client.stream("GET", turn + "/steps", params={"after": 1}) as stream:
        assert list(events(stream.iter_lines())) == everything[1:]
    after_the_end = served.client.get(turn + "/steps", headers={"Last-Event-ID": str(len(everything))})
    assert after_the_end.status_code == 204


def test_a_question_that_is_sent_again_under_its_key_is_asked_once(served: Served) -> None:
    """While it is answered, after it was, and where the first answer to the request was lost on its way."""
    conversation = served.client.post("/api/conversations").json()["conversation"]
    path = f"/api/conversations/{conversation}/turns"
    body = {"question": "slowly", "key": "q-1"}
    first, again = (served.client.post(path, json=body) for _ in range(2))
    assert (first.json(), again.json(), again.status_code) == ({"turn": 1}, {"turn": 1}, 201)
    served.let_on.set()
    steps = list(served.turns.subscribe(conversation, 1))
    assert served.client.post(path, json=body).json() == {"turn": 1}
    assert list(served.turns.subscribe(conversation, 1)) == steps
    other = served.client.post(path, json={"question": "How long?", "key": "q-1"})
    assert (other.status_code, other.json()) == (422, {"error": "This key stands for another question."})
    assert served.client.post(path, json={"question": "How long?", "key": "q-2"}).json() == {"turn": 2}
    assert [served.client.post(path, json={"question": "How long?"}).json()["turn"] for _ in range(2)] == [3, 4]
    elsewhere = served.client.post("/api/conversations").json()["conversation"]
    answer = served.client.post(f"/api/conversations/{elsewhere}/turns", json={"question": "How long?", "key": "q-1"})
    assert answer.json() == {"turn": 1}, "a key counts within its conversation"


def test_a_silent_stream_is_kept_alive(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_module, "KEEP_ALIVE_SECONDS", 0.05)
    turn = served.ask("slowly")
    with served.client.stream("GET", turn + "/steps") as stream:
        lines = stream.iter_lines()
        assert next(line for line in lines if line.startswith(":")) == ": still here"
        served.let_on.set()
        assert list(events(lines))[-1][1]["kind"] == "finished"


def test_stop_ends_the_turn(served: Served) -> None:
    turn = served.ask("slowly")
    with served.client.stream("GET", turn + "/steps") as stream:
        coming = events(stream.iter_lines())
        next(coming)
        assert served.client.post(turn + "/stop").status_code == 202
        assert [data["kind"] for _, data in coming] == ["stopped"]


def test_a_failure_shows_a_reference_and_nothing_else(served: Served) -> None:
    with served.client.stream("GET", served.ask("break") + "/steps") as stream:
        steps = list(events(stream.iter_lines()))
    assert [(data["kind"], sorted(data)) for _, data in steps] == [("failed", ["kind", "reference"])]


def test_transcript_and_feedback(served: Served) -> None:
    turn = served.ask()
    with served.client.stream("GET", turn + "/steps") as stream:
        list(stream.iter_lines())
    assert served.client.post(turn + "/feedback", json={"rating": "down", "comment": "wrong"}).status_code == 201
    kept = served.client.get(turn.partition("/turns")[0] + "/transcript").json()["turns"]
    assert [(one["question"], one["text"], one["pointed"], one["status"]) for one in kept] == [
        ("How long?", "Within 30 days.", "", "finished")
    ]
    assert (kept[0]["feedback"]["rating"], kept[0]["feedback"]["comment"]) == ("down", "wrong")


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"question": " "}, "The question is empty."),
        ({"question": " \0 "}, "The question is empty."),
        ({"question": "x" * 4001}, "The question is too long: 4,001 characters, at most 4,000."),
        ({}, "question: Field required."),
        ({"question": "?", "language": "fr"}, "language: Input should be 'en' or 'zh'."),
    ],
)
def test_a_question_that_cannot_be_taken_is_told_why(served: Served, body: dict[str, str], sentence: str) -> None:
    conversation = served.client.post("/api/conversations").json()["conversation"]
    answer = served.client.post(f"/api/conversations/{conversation}/turns", json=body)
    assert (answer.status_code, answer.json()) == (422, {"error": sentence})
    assert served.store.transcript(conversation) == ()


def test_what_is_not_there_is_not_found(served: Served) -> None:
    for method, path in (
        ("GET", "/api/conversations/nobody/transcript"),
        ("GET", "/api/conversations/nobody/turns/1/steps"),
        ("POST", "/api/conversations/nobody/turns/1/stop"),
    ):
        answer = served.client.request(method, path)
        assert (answer.status_code, answer.json()) == (404, {"error": "This is not here."})


def test_a_session_that_proves_nothing_leaves_no_conversation_behind(tmp_path: Path) -> None:
    def recognise(session: str) -> Callable[[str], None]:
        if session != "ada":
            raise SessionRefused("The session is over. Please sign in again.")
        return known.append

    store, known = Store(sqlite_url(tmp_path / "frontdesk.sqlite3")), list[str]()
    part: Any = SimpleNamespace(check=None, tickets=None, host="desk.example")
    parts: Any = SimpleNamespace(library=part, model=part, store=store, turns=part, settings=part)
    with serving(create_api(parts, recognise=recognise)) as url, httpx.Client(base_url=url, timeout=20) as client:
        refused = client.post("/api/conversations", json={"session": "eve"})
        assert (refused.status_code, refused.json()["error"][:23]) == (401, "The session is over. Pl")
        made = client.post("/api/conversations", headers={"X-Customer-Session": "ada"}).json()["conversation"]
        with store.reading() as session:
            assert known == [made] == list(session.scalars(select(ConversationRow.id)))
    store.close()


def test_a_passage_is_shown_and_a_staff_document_looks_like_a_missing_one(served: Served) -> None:
    span = {"collection": "default", "start": 0, "end": 6}
    assert served.client.get("/api/passages", params={"document": "returns.md", **span}).json()["quote"] == "Within"
    staff = served.client.get("/api/passages", params={"document": "salaries.md", **span})
    missing = served.client.get("/api/passages", params={"document": "nothing.md", **span})
    assert (staff.status_code, staff.content) == (missing.status_code, missing.content) == (404, missing.content)


def test_a_page_is_a_picture_and_whatever_cannot_be_shown_is_not_here(served: Served) -> None:
    def get(**parameters: Any) -> httpx.Response:
        return served.client.get("/api/pages", params={"collection": "default", "document": "guide.pdf", **parameters})

    shown = get(page=2, content="a1")
    assert (shown.status_code, shown.content) == (200, b"\x89PNG of page 2")
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["cache-control"].startswith("private")
    refused = [
        get(page=3),
        get(page=1, content="b2"),
        get(page=1, document="salaries.pdf"),
        get(page=1, document="../guide.pdf"),
        get(page=1, document="/etc/passwd"),
        get(page=1, collection="staff"),
    ]
    assert {(each.status_code, each.content) for each in refused} == {(404, b'{"error":"This is not here."}')}
    for page in (0, -1, "one", 10**12):
        assert get(page=page).status_code == 422


def test_ingest_streams_progress_and_ends_with_the_report(served: Served, tmp_path: Path) -> None:
    body = {"paths": [str(tmp_path / "a.md"), str(tmp_path / "b.md")], "prune": True}
    answer = served.client.post("/api/ingest", json=body, headers={"Authorization": f"Bearer {TOKEN}"})
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert lines == [
        {"path": "a.md", "done": 1, "total": 2},
        {"path": "b.md", "done": 2, "total": 2},
        {"report": {"documents": 2, "failed": [{"path": "x.pdf", "error": "empty"}]}},
    ]
    assert served.library.ingested[0]["prune"] is True


def test_what_was_read_can_be_forgotten(served: Served, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    body = {"paths": [str(tmp_path)], "collection": "a", "forget": True}
    answer = served.client.post("/api/ingest", json=body, headers=headers)
    assert json.loads(answer.text)["report"]["documents"] == 0
    assert served.library.ingested == [{"paths": [tmp_path], "collection": "a", "forget": True}]
    body = {"paths": [], "reindex": True, "forget": True}
    assert served.client.post("/api/ingest", json=body, headers=headers).status_code == 422


def test_reindex_needs_no_path(served: Served) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = served.client.post("/api/ingest", json={"paths": [], "reindex": True}, headers=headers)
    assert answer.status_code == 200
    assert served.library.ingested[0]["reindex"] is True
    answer = served.client.post("/api/ingest", json={"paths": []}, headers=headers)
    assert answer.status_code == 422
    assert "at least one path" in answer.json()["error"]


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", "Bearer ключ"])
def test_ingest_needs_the_token(served: Served, tmp_path: Path, authorization: str) -> None:
    answer = served.client.post(
        "/api/ingest", json={"paths": [str(tmp_path)]}, headers={"Authorization": authorization.encode()}
    )
    assert answer.status_code == 401
    assert served.library.ingested == []


def test_ingest_tells_the_operator_what_went_wrong(served: Served, tmp_path: Path) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    served.library.broken = KnowledgeError("There is no folder x. Next: frontdesk ingest FOLDER")
    answer = served.client.post("/api/ingest", json={"paths": [str(tmp_path)]}, headers=headers)
    assert json.loads(answer.text) == {"error": "There is no folder x. Next: frontdesk ingest FOLDER"}
    served.library.broken = RuntimeError("a bug")
    answer = served.client.post("/api/ingest", json={"paths": [str(tmp_path)]}, headers=headers)
    assert sorted(json.loads(answer.text)) == ["error", "reference"]
    answer = served.client.post("/api/ingest", json={"paths": ["docs"]}, headers=headers)
    assert answer.json() == {"error": "The path docs is not absolute."}


def test_only_our_own_names_are_answered(served: Served) -> None:
    for host, status in (("127.0.0.1:7860", 200), ("desk.example", 200), ("evil.example", 400)):
        assert served.client.get("/healthz", headers={"Host": host}).status_code == status


def test_a_caller_cannot_write_lines_into_the_log(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    place = {"collection": "default", "document": "a.md\n2026-01-01 ERROR all is lost", "start": "0", "end": "9"}
    with caplog.at_level(logging.INFO, logger="assistant.api"):
        assert served.client.get("/api/passages", params=place).status_code == 404
    assert "all is lost" in caplog.text
    assert not [line for line in caplog.text.splitlines() if line.startswith("2026-01-01 ERROR")]


def test_other_sites_cannot_act_here(served: Served) -> None:
    own = str(served.client.base_url).rstrip("/")
    for origin, status in ((own, 201), ("https://evil.example", 403), ("null", 403)):
        assert served.client.post("/api/conversations", headers={"Origin": origin}).status_code == status
    seen = served.client.get("/healthz", headers={"Origin": "https://evil.example"})
    assert "access-control-allow-origin" not in seen.headers


def test_a_request_that_is_too_large_is_refused(served: Served) -> None:
    large = json.dumps({"language": "x" * (5 * 1024 * 1024)}).encode()
    announced = served.client.post("/api/conversations", content=large)
    assert (announced.status_code, announced.json()) == (413, {"error": "The request is too large."})

    def pieces() -> Iterator[bytes]:
        for start in range(0, len(large), 65536):
            yield large[start : start + 65536]

    headers = {"Content-Type": "application/json"}
    try:
        streamed = served.client.post("/api/conversations", content=pieces(), headers=headers)
    except httpx.WriteError:
        return  # refused before all of it was sent
    assert streamed.status_code == 413


def test_nothing_is_fetched_for_documentation(served: Served) -> None:
    assert served.client.get("/docs").status_code == 404


def test_the_description_for_machines_tells_refusals_streams_and_keys_as_they_are(served: Served) -> None:
    told = served.client.get("/api/openapi.json").json()
    operations = {path: each for path, methods in told["paths"].items() for each in methods.values()}
    refusals = [each["responses"]["default"]["content"]["application/json"]["schema"] for each in operations.values()]
    assert {schema["$ref"].rpartition("/")[2] for schema in refusals} == {"Refusal"}
    assert not {"422", "HTTPValidationError"} & {
        *told["components"]["schemas"],
        *(status for each in operations.values() for status in each["responses"]),
    }
    steps = operations["/api/conversations/{conversation}/turns/{turn}/steps"]["responses"]
    assert (list(steps["200"]["content"]), "204" in steps) == (["text/event-stream"], True)
    ingest = operations["/api/ingest"]
    assert list(ingest["responses"]["200"]["content"]) == ["application/x-ndjson"]
    assert (ingest["security"], told["components"]["securitySchemes"]["key"]["scheme"]) == ([{"key": []}], "bearer")
    assert [each["name"] for each in ingest.get("parameters", ())] == []
    assert "security" not in operations["/api/conversations"]


def test_many_streams_hold_no_thread_each(served: Served) -> None:
    turn = served.ask("slowly")
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(served.client.stream("GET", turn + "/steps")) for _ in range(60)]
        assert next(events(streams[0].iter_lines()))[0] == 1
        assert served.client.get("/healthz").status_code == 200
        assert threading.active_count() < 50
        served.let_on.set()
        assert list(events(streams[59].iter_lines()))[-1][1]["kind"] == "finished"


def test_a_fault_of_ours_is_a_sentence_and_a_reference(served: Served) -> None:
    def broken(conversation: str) -> None:
        raise RuntimeError("secret detail")

    served.store.transcript = broken  # type: ignore[method-assign, assignment]
    answer = served.client.get("/api/conversations/x/transcript")
    assert answer.status_code == 500
    assert sorted(answer.json()) == ["error", "reference"]
    assert "secret" not in answer.text


def test_a_check_that_hangs_is_asked_once_and_counts_as_failing(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(api_module, "READY_SECONDS", 0.0)
    monkeypatch.setattr(api_module, "CHECK_SECONDS", 0.05)
    served.model.hanging = served.let_on
    for _ in range(8):
        answer = served.client.get("/readyz")
        assert (answer.status_code, answer.json()["parts"]["model"]) == (503, False)
    assert served.model.checks == 1
    served.let_on.set()
    monkeypatch.setattr(api_module, "CHECK_SECONDS", 10)
    assert served.client.get("/readyz").status_code == 200


def test_numbers_beyond_any_database_are_no_fault_of_ours(served: Served) -> None:
    turn = served.ask()
    assert served.client.get(turn + "/steps", params={"after": 10**30}).status_code == 422
    assert served.client.get(turn[:-1] + "9" * 30 + "/steps").status_code == 422
    with served.client.stream("GET", turn + "/steps") as stream:
        list(stream.iter_lines())
    assert served.client.get(turn + "/steps", headers={"Last-Event-ID": "9" * 30}).status_code == 204


@pytest.mark.parametrize("body", [rb'{"\ud800": 1}', rb'{"language": "\ud800"}', b"{", b"[" * 100_000, b"\xff"])
def test_a_malformed_request_is_no_fault_of_ours(served: Served, body: bytes) -> None:
    answer = served.client.post("/api/conversations", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert list(answer.json()) == ["error"]


@pytest.mark.parametrize(
    ("body", "kind", "told"),
    [
        (b'{"question": "Open?"}', "application/x-www-form-urlencoded", "Content-Type: application/json"),  # curl -d
        (b"", "application/json", "Content-Type: application/json"),
        (b"[]", "application/json", "must be a JSON object"),
        (b'{question: "Open?"}', "application/json", "is no JSON: Expecting property name"),
        (b'{"question": "caf\xe9"}', "application/json", "is no JSON in UTF-8"),
    ],
)
def test_a_body_of_another_kind_is_told_in_words(served: Served, body: bytes, kind: str, told: str) -> None:
    conversation = served.client.post("/api/conversations").json()["conversation"]
    turns = f"/api/conversations/{conversation}/turns"
    answer = served.client.post(turns, content=body, headers={"Content-Type": kind})
    assert answer.status_code == 422
    assert told in answer.json()["error"]


def test_who_asks_too_often_is_told_how_long_to_wait(tmp_path: Path) -> None:
    store = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    turns = TurnRunner(store, lambda request, stop: iter(()))
    application = SimpleNamespace(
        settings=SimpleNamespace(host="desk.example"),
        library=FakeLibrary(),
        model=FakeModel(),
        responder=None,
        store=store,
        turns=turns,
    )
    api = create_api(application, limits=Limits(of_conversation=2, of_address=100))
    with serving(api) as url, httpx.Client(base_url=url, timeout=20) as client:
        one, other = (client.post("/api/conversations").json()["conversation"] for _ in range(2))
        asked = [client.post(f"/api/conversations/{one}/turns", json={"question": "?"}) for _ in range(3)]
        assert [answer.status_code for answer in asked] == [201, 201, 429]
        assert 1 <= int(asked[-1].headers["Retry-After"]) <= 30
        assert "wait" in asked[-1].json()["error"]
        assert client.post(f"/api/conversations/{other}/turns", json={"question": "?"}).status_code == 201
        rated = [client.post(f"/api/conversations/{one}/turns/1/feedback", json={"rating": "up"}) for _ in range(3)]
        assert [answer.status_code for answer in rated] == [201, 201, 429]
        nowhere = [client.post("/api/conversations/none/turns/1/feedback", json={"rating": "up"}) for _ in range(3)]
        assert {answer.status_code for answer in nowhere} == {404}
    turns.close()
    store.close()
