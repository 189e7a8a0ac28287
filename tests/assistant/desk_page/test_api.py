"""The desk over HTTP: who may, what a cookie is worth, and what another site cannot do."""

import time
from typing import Any

import pytest
from fastapi.testclient import TestClient

from assistant import operators as operators_module
from assistant.desk_page.api import COOKIE, FILES, HEADER, WRITER
from assistant.own_pages import COLOURS, HEADERS, ICON
from assistant.sessions import make

KEY = "k" * 24
CONVERSATION_KEY = "0123456789abcdef" * 2
READING = ("/api/desk/cases", "/api/desk/tickets/{number}", "/api/desk/approvals/{write}")
WORK: tuple[tuple[str, dict[str, Any]], ...] = (
    ("/api/desk/tickets/{number}/reply", {"key": KEY, "text": "Hello", "seen": 9}),
    ("/api/desk/tickets/{number}/notes", {"key": "n" * 24, "text": "A note"}),
    ("/api/desk/approvals/{write}", {"approved": True}),
    ("/api/desk/tickets/{number}/end", {"status": "closed", "seen": 9}),
    ("/api/desk/sign-out", {}),
)


def paths(desk: Any) -> dict[str, str]:
    conversation, number = desk.hand_over("A person please")
    return {"number": number, "write": desk.wait_for_team(conversation).key}


def test_an_operator_reads_works_and_signs_out(desk: Any) -> None:
    ada, names = desk.signed_in("Ada"), paths(desk)
    assert ada.get("/api/desk/session").json() == {"operator": "Ada"}
    for path in READING:
        assert ada.get(path.format(**names)).status_code == 200
    for path, body in WORK:
        answer = ada.post(path.format(**names), json=body)
        assert answer.is_success, (path, answer.text)
    assert ada.get("/api/desk/session").json() == {"operator": ""}
    assert ada.get("/api/desk/cases").status_code == 401


def visitors(desk: Any) -> dict[str, dict[str, str]]:
    """Return how those who are no operators would try it: headers by who it is."""
    customer = make(CONVERSATION_KEY, customer="7", expires=int(time.time()) + 60)
    return {
        "anonymous": {},
        "signed customer": {"X-Customer-Session": customer, "Cookie": f"{COOKIE}={customer}"},
        "customer with the key of the conversation": {"Cookie": f"{COOKIE}={desk.store.start_conversation()}"},
        "somebody with a key in the cookie": {"Cookie": f"{COOKIE}={desk.operators.add('Cy')}"},
        "the owner's token is no session": {"Authorization": "Bearer an-owners-token"},
    }


def test_nobody_else_reads_or_does_anything(desk: Any) -> None:
    names = paths(desk)
    for who, headers in visitors(desk).items():
        client = desk.client()
        for path in READING:
            assert client.get(path.format(**names), headers=headers).status_code == 401, who
        for path, body in WORK:
            answer = client.post(path.format(**names), headers=headers, json=body)
            assert answer.status_code == 401, who
            assert "key" in answer.json()["error"]
    assert desk.tickets.get(names["number"]).status == "open"
    assert len(desk.store.transcript(desk.tickets.get(names["number"]).conversation)) == 1


def test_a_key_opens_tickets_and_approvals_to_programs_and_nothing_of_the_owners(desk: Any) -> None:
    client, key = desk.client(), desk.operators.add("Ada")
    expected = {"/api/tickets": 200, "/api/tickets/483-9206": 404, "/api/approvals": 200, "/api/ingest": 401}
    for path, allowed in expected.items():
        statuses = []
        for authorization in (f"Bearer {key}", "Bearer wrong", "", f"Basic {key}"):
            headers = {"Authorization": authorization}
            if path == "/api/ingest":
                statuses.append(client.post(path, headers=headers, json={"paths": ["/tmp"]}).status_code)
            else:
                statuses.append(client.get(path, headers=headers).status_code)
        assert statuses == [allowed, 401, 401, 401], path


def test_what_a_program_does_bears_its_name(desk: Any) -> None:
    names, key = paths(desk), desk.operators.add("Robot")
    headers = {"Authorization": f"Bearer {key}"}
    client = desk.client()
    answer = client.post(f"/api/tickets/{names['number']}/reply", headers=headers, json={"text": "Hello"})
    assert answer.status_code == 201
    lines = desk.signed_in("Ada").get(f"/api/desk/tickets/{names['number']}").json()["lines"]
    assert [(line["who"], line["by"]) for line in lines][-1] == ("person", "Robot")
    assert client.post(f"/api/tickets/{names['number']}/return", headers=headers).json()["status"] == "returned"
    assert client.post(f"/api/tickets/{names['number']}/return", headers=headers).json()["status"] == "returned"


def test_a_key_that_opens_nothing_says_what_next(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    client, key = desk.client(), desk.operators.add("Ada")
    wrong = client.post("/api/desk/sign-in", json={"key": "wrong"})
    assert (wrong.status_code, wrong.json()["why"]) == (401, "unknown")
    assert "Next: frontdesk operators list" in wrong.json()["error"]
    assert "set-cookie" not in wrong.headers
    later = operators_module.now() + operators_module.timedelta(days=400)
    monkeypatch.setattr(operators_module, "now", lambda: later)
    over = client.post("/api/desk/sign-in", json={"key": key}).json()
    assert (over["why"], over["name"]) == ("expired", "Ada")
    assert "Next: frontdesk operators renew Ada" in over["error"]


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_cookie_is_for_the_desk_alone(desk: Any, scheme: str) -> None:
    client = TestClient(desk.api, base_url=f"{scheme}://127.0.0.1", headers={HEADER: "1"})
    answer = client.post("/api/desk/sign-in", json={"key": desk.operators.add("Ada")})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Path" not in cookie, "the browser's default is /api/desk"
    assert ("Secure" in cookie) == (scheme == "https")
    (kept,) = client.cookies.jar
    assert kept.path == "/api/desk"
    assert kept.value not in answer.text


def test_another_site_does_nothing_with_an_operators_browser(desk: Any) -> None:
    ada, names = desk.signed_in("Ada"), paths(desk)
    del ada.headers[HEADER]
    for path, body in WORK:
        url = path.format(**names)
        assert ada.post(url, json=body).status_code == 403
        assert ada.post(url, json=body, headers={HEADER: "1", "Origin": "https://evil.example"}).status_code == 403
        same = {"Origin": "http://127.0.0.1", "Content-Type": "text/plain"}
        assert ada.post(url, content=b"{}", headers=same).status_code in (403, 422)
    assert ada.post("/api/desk/sign-in", json={"key": desk.operators.add("Mallory")}).status_code == 403
    assert ada.get("/api/desk/session").json() == {"operator": "Ada"}
    assert desk.tickets.get(names["number"]).status == "open"


def test_what_one_wrote_is_never_sent_as_another(desk: Any) -> None:
    browser, names = desk.signed_in("Zoë & Ada"), paths(desk)
    reply = f"/api/desk/tickets/{names['number']}/reply"
    body = {"key": KEY, "text": "Zoë here", "seen": 1}
    browser.post("/api/desk/sign-in", json={"key": desk.operators.add("Ben")})  # in another tab
    late = browser.post(reply, json=body, headers={WRITER: "Zo%C3%AB%20%26%20Ada"})
    assert (late.status_code, late.json()["error"].split(":")[0]) == (401, "Somebody else is signed in here now")
    assert browser.post(reply, json=body, headers={WRITER: "Ben"}).is_success


def test_two_operators_and_the_second_is_told(desk: Any) -> None:
    ada, ben, names = desk.signed_in("Ada"), desk.signed_in("Ben"), paths(desk)
    reply = f"/api/desk/tickets/{names['number']}/reply"
    assert ada.post(reply, json={"key": KEY, "text": "Hello", "seen": 1}).json() == {"turn": 2}
    assert ada.post(reply, json={"key": KEY, "text": "Hello", "seen": 1}).json() == {"turn": 2}
    slower = ben.post(reply, json={"key": "b" * 24, "text": "Hello too", "seen": 1})
    assert (slower.status_code, slower.json()["by"], slower.json()["did"]) == (409, "Ada", "replied")
    assert "Next:" not in slower.json()["error"]
    assert ben.post(f"/api/desk/tickets/{names['number']}/end", json={"status": "returned", "seen": 9}).is_success
    late = ada.post(reply, json={"key": "l" * 24, "text": "Late", "seen": 9}).json()
    assert (late["by"], late["did"]) == ("Ben", "returned")


def test_nobody_ends_what_the_customer_has_just_added_to(desk: Any) -> None:
    conversation, number = desk.hand_over("A person please")
    ada = desk.signed_in("Ada")
    seen = ada.get(f"/api/desk/tickets/{number}").json()["seen"]
    turn = desk.store.start_turn(conversation, "And it smells of smoke!")
    for status in ("closed", "returned"):
        answer = ada.post(f"/api/desk/tickets/{number}/end", json={"status": status, "seen": seen})
        assert (answer.status_code, answer.json()["by"], answer.json()["did"]) == (409, "customer", "wrote")
    assert desk.tickets.is_held(conversation)
    desk.tickets.add_message(conversation, turn)
    assert ada.post(f"/api/desk/tickets/{number}/end", json={"status": "closed", "seen": turn}).is_success


def test_a_mark_holds_nothing_of_the_customer_and_is_short_whatever_they_write(desk: Any) -> None:
    addresses = ", ".join(f"ada.number.{number}@example.com" for number in range(40))
    _, number = desk.hand_over(f"A person please, write to {addresses}")
    ada = desk.signed_in("Ada")
    story = ada.get(f"/api/desk/tickets/{number}").json()
    assert "example" not in story["mark"]
    again = ada.get(f"/api/desk/tickets/{number}", params={"mark": story["mark"]})
    assert again.json() == {"mark": story["mark"], "unchanged": True}


def test_a_bad_reply_is_refused_in_a_sentence(desk: Any) -> None:
    ada, names = desk.signed_in("Ada"), paths(desk)
    for body in (
        {"key": KEY, "text": "", "seen": 1},
        {"key": KEY, "text": " \n ", "seen": 1},
        {"key": KEY, "text": "x" * 10_001, "seen": 1},
        {"key": "short", "text": "x", "seen": 1},
        {"key": KEY, "text": "x"},
        {"key": KEY, "text": "x", "seen": -1},
        {"key": KEY, "text": "x", "seen": 1, "by": "Ben"},
    ):
        answer = ada.post(f"/api/desk/tickets/{names['number']}/reply", json=body)
        assert answer.status_code == 422
        assert answer.json()["error"]


def test_every_answer_has_the_strict_headers(desk: Any) -> None:
    client = desk.client()
    pages = ("/desk", *(f"/desk/{name}" for name in (*FILES, COLOURS, ICON)))
    for path in (*pages, "/desk/no.js", "/api/desk/cases", "/api/desk/session"):
        answer = client.get(path)
        assert answer.status_code == (404 if "no.js" in path else 401 if "cases" in path else 200)
        for name, value in HEADERS.items():
            assert answer.headers[name] == value
    assert client.get("/desk/", follow_redirects=False).headers["location"] == "../desk"
    assert "content-security-policy" not in client.get("/healthz").headers
    for path in ("/desk/api.py", "/desk/..%2Fapi.py", "/desk/page.html"):
        assert client.get(path).status_code == 404
