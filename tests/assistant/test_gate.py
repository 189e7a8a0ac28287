"""The gate: names that are ours, origins that are ours."""

import asyncio
import logging

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from assistant.gate import OTHER_SITE, PACKED, UNREAD, WHERE_FROM, Gate


async def behind(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"in"})


def knock(method: str = "GET", **headers: str) -> httpx.Response:
    async def send() -> httpx.Response:
        transport = httpx.ASGITransport(Gate(behind, hosts=("Desk.Example", "")))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            return await client.request(method, "/", headers=headers)

    return asyncio.run(send())


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:7860", "127.0.0.1:7860", "[::1]:7860", "10.0.0.7", "desk.example", "DESK.example:1"],
)
def test_our_own_names_and_addresses_pass(host: str) -> None:
    assert knock(Host=host).text == "in"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "[", "@", ""])
def test_other_names_are_refused(host: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        assert knock(Host=host).status_code == 400
    assert "refused a request for the host" in caplog.text
    assert 'host = "127.0.0.1 chat.example.com" in frontdesk.toml' in caplog.text


@pytest.mark.parametrize(
    ("method", "origin", "status"),
    [
        ("POST", "http://desk.example", 200),
        ("POST", "https://desk.example", 200),
        ("POST", "http://desk.example:7861", 403),
        ("POST", "https://evil.example", 403),
        ("POST", "null", 403),
        ("DELETE", "https://evil.example", 403),
        ("GET", "https://evil.example", 200),
    ],
)
def test_other_sites_may_not_change_anything(method: str, origin: str, status: int) -> None:
    assert knock(method, Host="desk.example", Origin=origin).status_code == status


def test_a_proxy_that_takes_the_port_out_of_the_host_is_told_what_to_pass_on(caplog: pytest.LogCaptureFixture) -> None:
    """nginx's `$host` does; the page opens then, and nothing in it works."""
    with caplog.at_level(logging.WARNING):
        assert knock("POST", Host="desk.example", Origin="https://desk.example:8443").status_code == 403
    assert "'https://desk.example:8443' made to 'desk.example'" in caplog.text
    assert "must pass on the header Host as the browser wrote it (nginx: $http_host)" in caplog.text


@pytest.mark.parametrize("length", ["5000000", "9" * 40])
def test_what_is_announced_as_too_large_is_refused_at_once(length: str) -> None:
    assert knock("POST", **{"Content-Length": length}).json() == {"error": "The request is too large."}


def test_a_browser_that_asks_whether_another_site_may_call_is_told_no() -> None:
    asked = {"Host": "desk.example", "Access-Control-Request-Method": "POST"}
    refused = knock("OPTIONS", Origin="https://evil.example", **asked)
    assert (refused.status_code, refused.json()) == (403, {"error": OTHER_SITE, "detail": WHERE_FROM})
    assert knock("OPTIONS", Origin="https://desk.example", **asked).status_code == 200
    assert knock("OPTIONS", Host="desk.example", Origin="https://evil.example").status_code == 200


def test_a_packed_body_is_refused_by_its_encoding() -> None:
    refused = knock("POST", **{"Content-Encoding": "GZIP"})
    told = {"error": UNREAD, "detail": PACKED.format(encoding="gzip")}
    assert (refused.status_code, refused.json()) == (415, told)
    assert knock("POST", **{"Content-Encoding": "identity"}).status_code == 200
