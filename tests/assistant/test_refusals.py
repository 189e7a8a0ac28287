"""What no route takes is refused in the API's own form, whatever the method."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.refusals import NOT_FOUND, add_error_handlers, add_nowhere
from assistant.sessions import SessionRefused

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "FOO")


@pytest.fixture
def client() -> Any:
    api = FastAPI()
    add_error_handlers(api)

    @api.get("/api/unsigned")
    async def unsigned() -> None:
        raise SessionRefused("Not you.", "Sign it.")

    @api.get("/readyz")
    @api.head("/readyz")
    @api.get("/api/seen")
    @api.post("/api/made")
    async def anything() -> dict[str, bool]:
        return {"ok": True}

    add_nowhere(api)
    return TestClient(api)


@pytest.mark.parametrize(("path", "allowed"), [("/api/seen", "GET"), ("/api/made", "POST")])
def test_a_wrong_method_is_told_which_ones_are_right(client: Any, path: str, allowed: str) -> None:
    assert client.request(allowed, path).json() == {"ok": True}
    for method in sorted(set(METHODS) - {allowed}):
        refused = client.request(method, path)
        assert (refused.status_code, refused.headers["Allow"]) == (405, allowed), method
        said = (
            b"" if method == "HEAD" else f'{{"error":"{method} is not for this address; it takes {allowed}."}}'.encode()
        )
        assert refused.content == said


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/healthz"])
def test_what_is_not_there_is_not_here_by_any_method(client: Any, method: str, path: str) -> None:
    refused = client.request(method, path)
    assert refused.status_code == 404
    assert method == "HEAD" or refused.json() == {"error": NOT_FOUND}


def test_every_method_of_an_address_is_told(client: Any) -> None:
    refused = client.request("FOO", "/readyz")
    assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, HEAD")
    assert client.head("/readyz").status_code == 200


def test_what_whoever_signs_has_to_mend_stands_beside_what_is_shown(client: Any) -> None:
    refused = client.get("/api/unsigned")
    assert (refused.status_code, refused.json()) == (401, {"error": "Not you.", "detail": "Sign it."})
