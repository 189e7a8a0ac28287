"""Decisions over HTTP are taken as they were sent, or not at all."""

from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from assistant.approvals_api import add_approvals


class Decided:
    """Notes what was decided."""

    def __init__(self) -> None:
        self.noted: list[bool] = []

    def decide(self, key: str, *, approved: bool, by: str, text: str) -> tuple[str, int]:
        self.noted.append(approved)
        return "c", 1


@pytest.mark.parametrize("approved", ["no", "false", "yes", "true", 1, 0, None, [True]])
def test_only_true_and_false_decide(approved: Any) -> None:
    api, decisions = FastAPI(), Decided()
    add_approvals(api, None, decisions, require_operator=lambda: "Ada")  # type: ignore[arg-type]
    client = TestClient(api)
    assert client.post("/api/approvals/k", json={"approved": approved}).status_code == 422
    assert decisions.noted == []
    for word in (True, False):
        assert client.post("/api/approvals/k", json={"approved": word}).status_code == 201
    assert decisions.noted == [True, False]
