import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from threading import Event
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from agents.errors import ModelUnavailable
from agents.models import LoadedModel
from agents.transcript import Step
from agents.turn import Request
from assistant.app import Application, open_application
from assistant.settings import Settings, SettingsError
from finetune.labels import word_model
from finetune.labels.intent_trial import WORDS
from finetune.labels.intents import Record
from finetune.labels.word_model import WordModel
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.scores import Score


class Part:
    def __init__(self, name: str, closed: list[str]) -> None:
        self.name, self.closed = name, closed

    def close(self) -> None:
        self.closed.append(self.name)


def test_parts_that_are_handed_in_are_used_and_closed_last_opened_first(tmp_path: Path) -> None:
    closed: list[str] = []
    parts = {name: Part(name, closed) for name in ("library", "model", "responder", "store", "turns")}
    application = Application(Settings(home=tmp_path), **parts)  # type: ignore[arg-type]
    assert application.library is parts["library"]
    assert application.turns is parts["turns"]
    application.close()
    application.close()
    assert closed == ["turns", "store", "responder", "model", "library"]


def test_intents_are_those_that_were_trained_and_are_closed_with_the_rest(tmp_path: Path) -> None:
    assert Application(Settings(home=tmp_path)).intents is None
    words = WordModel(("ask", "buy"), {"lamp": 0}, np.ones(1), np.array([[1.0], [-1.0]]), np.zeros(2), 0.5)
    word_model.save(words, tmp_path / "intents")
    record = asdict(Record(WORDS, Score(0.9, 0.8, 1.0, 40), ("ask", "buy"), 0.5, 0.7))
    (tmp_path / "intents" / "intents.json").write_text(json.dumps({"record": record, "routes": {"ask": "documents"}}))
    application = Application(Settings(home=tmp_path))
    embedder = HashingEmbedder()

    assert application.intents is not None
    assert application.intents.target("a lamp", embedder) == "documents"
    assert application.intents.target("?", embedder) == "documents", "half is sure enough here"
    closed: list[str] = []
    application.__dict__["intents"] = Part("intents", closed)
    application.close()
    assert closed == ["intents"]


@pytest.mark.parametrize(("session_key", "offered"), [("", ["hours"]), ("k" * 32, ["hours", "orders"])])
def test_tools_that_nobody_can_be_known_to_are_not_offered(
    tmp_path: Path, session_key: str, offered: list[str]
) -> None:
    code = (
        "from agents.tools import Tool",
        'def hours() -> str:\n    """Say when it is open."""\n    return "9"',
        'def orders() -> str:\n    """List the orders."""\n    return "-"',
        'TOOLS = (Tool(hours, effect="read"), Tool(orders, effect="read", identified=True))',
    )
    (tmp_path / "mine.py").write_text("\n".join(code), encoding="utf-8")
    application = Application(Settings(home=tmp_path, tools=(str(tmp_path / "mine.py"),), session_key=session_key))
    try:
        assert application.acting is not None
        assert [tool.name for tool in application.acting.tools] == offered
        assert [tool.name for tool in application.tools.tools] == ["hours", "orders"], "the doctor names them"
    finally:
        application.close()


def test_the_model_is_loaded_beside_other_work_and_its_fault_waits_for_its_use(tmp_path: Path) -> None:
    called = Event()

    def verify() -> None:
        called.set()
        raise ModelUnavailable("no model")

    application = Application(Settings(home=tmp_path), model=LoadedModel("none", None, verify=verify))
    application.load_model_soon()
    assert called.wait(10)


def test_opening_makes_the_home_and_nothing_in_it(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    application = open_application(Settings(home=home))
    assert list(home.iterdir()) == []
    application.close()


def test_searching_loads_no_model_and_no_store(tmp_path: Path) -> None:
    application = open_application(Settings(home=tmp_path, embedder="hashing"))
    application.library.search("lamp")
    assert "model" not in vars(application)
    assert "store" not in vars(application)
    application.close()


def test_settings_reach_the_parts(tmp_path: Path) -> None:
    application = Application(Settings(home=tmp_path, embedder="hashing", model="none"))
    assert application.library.embedder.name.startswith("hashing")
    assert application.model.name == "none"
    application.close()


@pytest.mark.parametrize(
    ("setting", "asked", "answered"), [("zh", None, "zh"), ("zh", "en", "en"), ("auto", None, None)]
)
def test_a_turn_without_a_language_takes_that_of_the_settings(
    tmp_path: Path, setting: Any, asked: Any, answered: str | None
) -> None:
    seen: list[Request] = []

    def respond(request: Request, *, stop: Event) -> Iterator[Step]:
        seen.append(request)
        return iter(())

    responder = SimpleNamespace(respond=respond)
    application = Application(Settings(home=tmp_path, language=setting), responder=responder)  # type: ignore[arg-type]
    conversation = application.store.start_conversation()
    turn = application.turns.start(conversation, "How long?", language=asked)
    list(application.turns.subscribe(conversation, turn))
    application.close()
    assert [request.language for request in seen] == [answered]


def test_a_home_that_cannot_be_made_is_one_clear_message(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="FRONTDESK_HOME"):
        open_application(Settings(home=tmp_path / "file" / "home"))


def test_serving_imports_no_torch() -> None:
    code = "import sys, assistant.api, assistant.ui, assistant.app; print('torch' in sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "False"


def test_tickets_hear_dangers_with_the_librarys_embedder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = SimpleNamespace(embedder=HashingEmbedder(), close=lambda: None)
    asked: list[object] = []

    def classifier_for(embedder: object) -> SimpleNamespace:
        asked.append(embedder)
        return SimpleNamespace(likelihood=lambda message: float("crackles" in message))

    monkeypatch.setattr("agents.danger.classifier_for", classifier_for)
    application = Application(Settings(home=tmp_path), library=library)  # type: ignore[arg-type]
    assert application.tickets.reason_for("The socket crackles") == "safety"
    assert application.tickets.reason_for("The socket is white") is None
    assert asked == [library.embedder] * 2
    application.close()
