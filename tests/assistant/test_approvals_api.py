"""Decisions over HTTP are taken as they were sent, or not at all, by programs and at the desk."""

from types import SimpleNamespace
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.approvals_api import add_approvals
from assistant.desk_page.api import HEADER, DeskFrame, add_desk


class Decided:
    """Notes what was decided."""

    def __init__(self) -> None:
        self.noted: list[bool] = []

    def decide(self, key: str, *, approved: bool, by: str, text: str) -> tuple[str, int]:
        self.noted.append(approved)
        return "c", 1


@pytest.mark.parametrize("approved", ["no", "false", "yes", "true", 1, 0, None, [True]])
@pytest.mark.parametrize("path", ["/api/approvals/k", "/api/desk/approvals/k"])
def test_only_true_and_false_decide(approved: Any, path: str) -> None:
    api, decisions = FastAPI(), Decided()
    parts: Any = {"approvals": None, "decisions": decisions}
    signed_in: Any = SimpleNamespace(of_session=lambda token: SimpleNamespace(name="Ada"))
    add_approvals(api, **parts, require_operator=lambda: "Ada")
    store: Any = SimpleNamespace()
    add_desk(api, store, signed_in, **parts, frame=DeskFrame())
    client = TestClient(api, headers={HEADER: "1"})
    assert client.post(path, json={"approved": approved}).status_code == 422
    assert decisions.noted == []
    for word in (True, False):
        assert client.post(path, json={"approved": word}).status_code == 201
    assert decisions.noted == [True, False]
