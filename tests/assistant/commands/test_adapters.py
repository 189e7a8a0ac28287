"""From a run to the served app: an adapter is added, answers its collection, is watched by doctor, and is removed."""

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from assistant.cli import app, main
from assistant.doctor import examine
from finetune.exporting.gguf import read_source, write_gguf
from tests.finetune.exported_runs import make_run
from tests.finetune.small_models import TEMPLATE

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("made")
    run = make_run(home, width=64, std=0.3)
    settings = run.base.folder / "config.json"
    long = json.loads(settings.read_text(encoding="utf-8")) | {"max_position_embeddings": 4096}
    settings.write_text(json.dumps(long), encoding="utf-8")
    write_gguf(read_source(run.base.folder), home / "base.gguf", name="base", template=TEMPLATE)
    return home


@pytest.fixture
def home(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "frontdesk-home"
    home.mkdir()
    (home / "runs").symlink_to(made / "runs")
    monkeypatch.chdir(tmp_path)
    settings = {
        "MODEL": f"gguf:{made / 'base.gguf'}",
        "EMBEDDER": "hashing",
        "THREADS": "1",
        "PORT": "0",
        "REFUSE_BELOW": "0",
    }
    for key, value in settings.items():
        monkeypatch.setenv(f"FRONTDESK_{key}", value)
    return home


def told(*words: str) -> Any:
    result = CliRunner().invoke(app, [*words, "--json"])
    assert result.exit_code == 0, result.exception
    return json.loads(result.stdout)


def refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    monkeypatch.setattr("sys.argv", ["frontdesk", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    return capsys.readouterr().err


def test_added_it_answers_its_collection_and_no_other(home: Path) -> None:
    added = told("adapters", "add", "tuned", "--task", "answer", "--collection", "returns", "--name", "returns")
    assert (added["name"], added["state"], added["collections"]) == ("returns", "in use", ["returns"])
    assert "next start" in added["restart"]
    (home.parent / "a.md").write_text("# Returns\n\nYou can return a lamp within 30 days of delivery.\n")
    told("ingest", str(home.parent / "a.md"))
    told("ingest", str(home.parent / "a.md"), "--collection", "returns")
    question = "Within how many days can I return a lamp?"
    served = told("ask", question)["model"]
    assert told("ask", question, "--collection", "returns")["model"] == f"{served}+returns"
    assert [one["name"] for one in told("adapters", "list")["adapters"]] == ["returns"]
    assert told("adapters", "remove", "returns")["removed"] == "returns"
    assert told("adapters", "list")["adapters"] == []
    assert told("ask", question, "--collection", "returns")["model"] == served


def test_a_changed_adapter_stops_the_start_and_doctor_says_so(
    home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    told("adapters", "add", "tuned")
    checks = {check.name: check for check in examine().checks}
    assert (checks["adapters"].ok, checks["adapters"].detail) == (True, "tuned (answer)")
    file = home / "adapters" / "tuned" / "adapter.gguf"
    file.write_bytes(file.read_bytes() + b"!")
    checks = {check.name: check for check in examine().checks}
    for name in ("adapters", "model"):
        assert not checks[name].ok
        assert "was changed since it was added" in checks[name].detail
        assert "frontdesk adapters remove tuned" in checks[name].fix
    assert "was changed since it was added" in refused(monkeypatch, capsys, "ask", "How long?")
    assert told("adapters", "list")["adapters"][0]["state"] == "its file was changed since it was added"


def test_another_model_is_served_without_it_and_doctor_says_so(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told("adapters", "add", "tuned")
    monkeypatch.setenv("FRONTDESK_MODEL", "none")
    check = next(check for check in examine().checks if check.name == "adapters")
    assert not check.ok
    assert "tuned is not used: it is for base.gguf, and none is served" in check.detail
    assert told("adapters", "list")["adapters"][0]["state"] == "not used: it is for base.gguf"


@pytest.mark.parametrize(
    ("model", "next_command"),
    [("openai:base", r"vllm serve .* --lora-modules tuned=.* model = openai:tuned"), ("ollama:base", "export tuned")],
)
def test_a_model_elsewhere_names_the_way_that_it_takes(
    model: str,
    next_command: str,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("FRONTDESK_MODEL", model)
    said = refused(monkeypatch, capsys, "adapters", "add", "tuned").replace("\n", " ")
    assert "runs in a program of its own" in said
    assert re.search(next_command, said)
    assert not (home / "adapters").exists()


def test_intents_are_told_by_the_adapter_where_one_is_there(
    home: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from assistant.app import Application
    from assistant.settings import load
    from finetune.labels.adapted_intents import AdaptedIntents

    manifest = made / "runs" / "tuned" / "manifest.json"
    kept = manifest.read_text(encoding="utf-8")
    heldout = made / "runs" / "tuned" / "heldout.jsonl"
    line = {"messages": [{"role": "user", "content": "Stop"}, {"role": "assistant", "content": "ask"}]}
    line["meta"] = {"task": "intent", "source": "test", "conversation": "c"}  # type: ignore[assignment]
    heldout.write_text("\n".join([json.dumps(line)] * 20), encoding="utf-8")
    manifest.write_text(json.dumps(json.loads(kept) | {"tasks": ["intent"], "labels": ["ask", "cancel"]}))
    try:
        told("adapters", "add", "tuned", "--task", "intent")
    finally:
        manifest.write_text(kept, encoding="utf-8")
        heldout.unlink()
    rest = SimpleNamespace(routes={"ask": "tools"}, close=lambda: None)
    monkeypatch.setattr("finetune.labels.intents.are_trained", lambda _: True)
    monkeypatch.setattr("finetune.labels.intents.open_intents", lambda _, **__: rest)
    application = Application(load())
    try:
        intents = application.intents
        assert isinstance(intents, AdaptedIntents)
        assert (intents.labels, intents.routes) == (("ask", "cancel"), {"ask": "tools"})
        intents.warm()
    finally:
        application.close()
    told("adapters", "remove", "tuned")
    assert Application(load()).intents is rest
