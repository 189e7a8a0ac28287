from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from agents.transcript import Answer, Finished, Step
from assistant import app as app_module
from assistant.app import Application
from tests.assistant.command_line import Run


@dataclass
class Answering:
    """Answers every question alike."""

    def respond(self, request: Any, *, stop: object = None) -> Iterator[Step]:
        yield Finished(Answer("You have 30 days.", (), "answered", 0.9, "en", "scripted", 0.5, 0.1))


@pytest.fixture(autouse=True)
def answering(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_EMBEDDER", "hashing")
    monkeypatch.setenv("FRONTDESK_MODEL", "none")
    monkeypatch.setattr(
        app_module,
        "open_application",
        lambda settings: Application(settings, responder=Answering()),  # type: ignore[arg-type]
    )


def test_who_calls_for_a_person_is_told_that_the_command_line_has_none(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, err = run("ask", "Can I talk to somebody real?", "--json")
    assert (code, out[0]) == (0, "{")
    assert "calls a person (asked)" in err
    assert "Next: frontdesk serve" in err
    lines = iter(["Your service is a joke", ""])
    monkeypatch.setattr("builtins.input", lambda _prompt="": next(lines))
    assert "calls a person (anger)" in run("chat")[2]
    assert "person" not in run("ask", "How long?")[2]
