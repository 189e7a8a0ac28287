import pytest
from fastapi import FastAPI, HTTPException
from fastapi.testclient import TestClient

from assistant.own_pages import COLOURS, HEADERS, ICON, POLICY, StrictHeaders, page_file


def test_headers_are_put_on_what_lies_below_the_prefix_alone() -> None:
    api = FastAPI()
    api.add_middleware(StrictHeaders, prefixes=("/desk",))

    @api.get("/{path:path}")
    def answer(path: str) -> str:
        return path

    with TestClient(api) as client:
        for path, strict in (("/desk", True), ("/desk/a.js", True), ("/desktop", False), ("/", False)):
            headers = client.get(path).headers
            assert {name: headers.get(name) == value for name, value in HEADERS.items()} == dict.fromkeys(
                HEADERS, strict
            )


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_inline() -> None:
    assert POLICY.startswith("default-src 'none'")
    assert "unsafe" not in POLICY
    assert "http" not in POLICY
    assert "*" not in POLICY


def test_only_named_files_are_given() -> None:
    for name, kind in ((COLOURS, "text/css"), (ICON, "image/svg+xml"), ("page.js", "text/javascript")):
        found = page_file(name, package="assistant.desk_page", allowed=("page.js",))
        assert found.headers["content-type"].startswith(kind)
        assert found.body
    for name in ("page.css", "../api.py", "api.py"):
        with pytest.raises(HTTPException):
            page_file(name, package="assistant.desk_page", allowed=("page.js",))
