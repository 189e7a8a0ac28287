"""Tickets over HTTP, served by the real uvicorn on loopback."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
import uvicorn

from agents import hand_over_notices as notices
from assistant.api import create_api
from assistant.outbox import Outbox
from assistant.rates import Limits
from assistant.store import Store, sqlite_url
from assistant.tickets import Tickets
from assistant.turns import TurnRunner

TOKEN = "a-token"


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


def application(store: Store, turns: TurnRunner) -> Any:
    """Return what the API asks of the product, no more."""
    return SimpleNamespace(
        settings=SimpleNamespace(host="desk.example"),
        library=SimpleNamespace(check=lambda: None),
        model=SimpleNamespace(check=lambda: None),
        store=store,
        turns=turns,
    )


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[tuple[httpx.Client, Store]]:
    """Return a client of an app that hands over."""
    store = Store(sqlite_url(tmp_path / "desk.sqlite3"))
    turns = TurnRunner(store, lambda request, stop: iter(()), tickets=Tickets(store))
    with (
        serving(create_api(application(store, turns), token=TOKEN)) as url,
        httpx.Client(base_url=url, timeout=20) as client,
    ):
        yield client, store
    turns.close()
    store.close()


OWNER = {"Authorization": f"Bearer {TOKEN}"}


def test_a_person_is_asked_for_replies_and_returns_over_http(desk: tuple[httpx.Client, Store]) -> None:
    client, _ = desk
    conversation = client.post("/api/conversations", json={"language": "zh"}).json()["conversation"]
    assert client.post(f"/api/conversations/{conversation}/hand-over").json() == {"turn": 1}
    with client.stream("GET", f"/api/conversations/{conversation}/turns/1/steps") as stream:
        lines = [line for line in stream.iter_lines() if line.startswith("data: ")]
    kinds = [json.loads(line[6:])["kind"] for line in lines]
    assert kinds == ["handed_over", "delta", "finished"]
    (ticket,) = client.get("/api/tickets?status=open", headers=OWNER).json()["tickets"]
    number = ticket["number"]
    assert (ticket["reason"], ticket["language"]) == ("asked", "zh")
    answer = client.post(f"/api/tickets/{number}/reply", headers=OWNER, json={"text": "您好"})
    assert (answer.status_code, answer.json()) == (201, {"turn": 2})
    messages = client.get(f"/api/tickets/{number}", headers=OWNER).json()["messages"]
    assert [message["who"] for message in messages] == ["customer", "assistant", "person"]
    transcript = client.get(f"/api/conversations/{conversation}/transcript").json()["turns"]
    assert (transcript[-1]["text"], transcript[-1]["answer"]["model"]) == ("您好", "person")
    assert client.post(f"/api/tickets/{number}/return", headers=OWNER).json()["status"] == "returned"
    late = client.post(f"/api/tickets/{number}/reply", headers=OWNER, json={"text": "late"})
    assert late.status_code == 409
    assert "Next:" not in late.json()["error"]


def test_a_reply_that_is_sent_again_under_its_key_is_written_once(desk: tuple[httpx.Client, Store]) -> None:
    client, store = desk
    replies = []
    for _ in range(2):
        conversation = client.post("/api/conversations").json()["conversation"]
        client.post(f"/api/conversations/{conversation}/hand-over")
        steps = client.get(f"/api/conversations/{conversation}/turns/1/steps").text
        number = next(json.loads(line[6:])["ticket"] for line in steps.splitlines() if '"handed_over"' in line)
        for name, text, key in ((number, "Hello", "1"), (number.replace("-", ""), "Hello", "1"), (number, "More", "2")):
            body = {"text": text, "key": key}
            replies.append(client.post(f"/api/tickets/{name}/reply", headers=OWNER, json=body).json()["turn"])
        assert [turn.text for turn in store.transcript(conversation)[1:]] == ["Hello", "More"]
    assert replies == [2, 2, 3] * 2, "a key counts within its ticket"
    lost = client.post(f"/api/tickets/{number}/reply", headers=OWNER, json={"text": "Other words", "key": "1"})
    assert (lost.status_code, lost.json()) == (422, {"error": "This key stands for another reply of yours."})
    assert len(store.transcript(conversation)) == 3


def test_a_person_who_is_asked_for_again_under_a_key_is_asked_for_once(desk: tuple[httpx.Client, Store]) -> None:
    client, _ = desk
    conversation = client.post("/api/conversations").json()["conversation"]
    asked = [client.post(f"/api/conversations/{conversation}/hand-over", json={"key": "1"}).json() for _ in range(2)]
    assert asked == [{"turn": 1}] * 2


def test_a_program_closes_a_ticket_that_is_settled_and_again_changes_nothing(
    desk: tuple[httpx.Client, Store],
) -> None:
    """It could only return it, which tells the customer that the matter goes on."""
    client, store = desk
    conversation = client.post("/api/conversations").json()["conversation"]
    client.post(f"/api/conversations/{conversation}/hand-over")
    client.get(f"/api/conversations/{conversation}/turns/1/steps")
    number = client.get("/api/tickets?status=open", headers=OWNER).json()["tickets"][0]["number"]
    for _ in range(2):
        answer = client.post(f"/api/tickets/{number}/close", headers=OWNER)
        assert (answer.status_code, answer.json()["status"]) == (200, "closed")
    told = [turn.text for turn in store.transcript(conversation)[1:]]
    assert told == [notices.settled(number, language="en")]
    client.post(f"/api/conversations/{conversation}/hand-over")
    client.get(f"/api/conversations/{conversation}/turns/3/steps")
    number = client.get("/api/tickets?status=open", headers=OWNER).json()["tickets"][0]["number"]
    client.post(f"/api/tickets/{number}/return", headers=OWNER)
    late = client.post(f"/api/tickets/{number}/close", headers=OWNER)
    assert (late.status_code, late.json()["did"]) == (409, "returned")


@pytest.mark.parametrize("authorization", ["", "Bearer wrong"])
def test_tickets_are_the_owners_alone(desk: tuple[httpx.Client, Store], authorization: str) -> None:
    client, _ = desk
    headers = {"Authorization": authorization}
    number = "483-9206"
    answers = [
        client.get("/api/tickets", headers=headers),
        client.get(f"/api/tickets/{number}", headers=headers),
        client.post(f"/api/tickets/{number}/reply", headers=headers, json={"text": "x"}),
        client.post(f"/api/tickets/{number}/return", headers=headers),
        client.post(f"/api/tickets/{number}/close", headers=headers),
    ]
    assert {answer.status_code for answer in answers} == {401}


def test_a_ticket_that_is_not_there_is_404_and_an_empty_reply_422(desk: tuple[httpx.Client, Store]) -> None:
    client, _ = desk
    assert client.get("/api/tickets/nonsense", headers=OWNER).status_code == 404
    for nothing in ("", "  ", "\0 \0"):
        answer = client.post("/api/tickets/nonsense/reply", headers=OWNER, json={"text": nothing})
        assert answer.status_code == 422, repr(nothing)


def test_the_team_is_not_written_to_without_end(tmp_path: Path) -> None:
    store = Store(sqlite_url(tmp_path / "desk.sqlite3"))
    turns = TurnRunner(store, lambda request, stop: iter(()), tickets=Tickets(store, channels=("email",)))
    api = create_api(application(store, turns), limits=Limits(of_conversation=2, of_address=100))
    with serving(api) as url, httpx.Client(base_url=url, timeout=20) as client:
        conversation = client.post("/api/conversations").json()["conversation"]
        asked = []
        for _ in range(5):
            asked.append(client.post(f"/api/conversations/{conversation}/hand-over"))
            if asked[-1].status_code == 201:
                list(turns.subscribe(conversation, asked[-1].json()["turn"]))
        assert [answer.status_code for answer in asked] == [201, 201, 201, 429, 429]
        assert int(asked[-1].headers["Retry-After"]) > 0
        assert Outbox(store).counts().waiting == 3
    turns.close()
    store.close()
