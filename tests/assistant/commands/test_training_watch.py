import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.cli import app
from assistant.commands.training_watch import table
from finetune.errors import FinetuneError
from finetune.run_states import RunState

RUN = RunState("replies", "running", "qlora", "embedded", 3, 8, 1.25, None, None, "2026-01-02T03:04:05+00:00")


def test_a_table_has_a_row_a_run() -> None:
    judged = RunState("done", "finished", "lora", "/a" * 40, 8, 8, 0.5, 0.75, {"f1": 0.5, "n": 9}, RUN.changed)
    head, first, second = table([RUN, judged])
    assert head.split() == ["RUN", "STATE", "STEP", "RECIPE", "BASE", "LOSS", "HELD", "OUT", "SCORE", "CHANGED"]
    assert first.split() == ["replies", "running", "3/8", "qlora", "embedded", "1.250", "-", "-", "2026-01-02", "03:04"]
    assert "f1 0.500" in second
    assert second.index("lora") == first.index("qlora") == head.index("RECIPE")


def test_runs_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_HOME", str(tmp_path))
    assert json.loads(CliRunner().invoke(app, ["finetune", "runs", "--json"]).stdout) == {"runs": []}
    assert "finetune train" in CliRunner().invoke(app, ["finetune", "runs"]).stdout
    (tmp_path / "runs" / "r").mkdir(parents=True)
    (tmp_path / "runs" / "r" / "begun.json").write_text('{"recipe": "lora", "base": "embedded"}', encoding="utf-8")
    (run,) = json.loads(CliRunner().invoke(app, ["finetune", "runs", "--json"]).stdout)["runs"]
    assert (run["name"], run["state"], run["recipe"]) == ("r", "stopped", "lora")


def test_a_run_that_does_not_exist_is_not_watched() -> None:
    result = CliRunner().invoke(app, ["finetune", "watch", "nothing", "--port", "0"])
    assert isinstance(result.exception, FinetuneError)
    assert "There is no run 'nothing'" in str(result.exception)
