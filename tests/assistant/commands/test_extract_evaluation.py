import json
from pathlib import Path

import pytest

from finetune.examples import read
from tests.assistant.commands.test_extract import FOLDER, Run, run

__all__ = ["run"]
LABELS, SCHEMA = FOLDER / "labels.jsonl", FOLDER / "spec-sheet.schema.json"
GIVEN = ("evaluate", "extract", "--labels", LABELS, "--schema", SCHEMA)


@pytest.mark.slow
def test_scores_have_n_and_intervals(run: Run) -> None:
    right = {"product": "Teasel pendant", "article": "BM-302", "socket": "E27", "power_w": 12}
    code, out, _ = run(*GIVEN, "--json", replies=(right, *["{}"] * 6))
    data = json.loads(out)
    assert (code, data["n"], data["valid"]["value"]) == (0, 7, 1.0)
    assert data["precision"]["value"] == 1.0
    assert 0 < data["f1"]["low"] + 1e-9 < data["f1"]["value"] + 1e-9 < 1
    assert data["fields"]["article"]["recall"]["value"] == pytest.approx(1 / 7, abs=1e-3)
    code, out, _ = run(*GIVEN, "--failures", "1", replies=("{}",) * 7)
    assert "field F1" in out
    assert "expected, – given" in out


@pytest.mark.slow
def test_labels_become_training_examples(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "examples.jsonl"
    code, out, _ = run(*GIVEN, "--split", "train", "--examples", target, "--json")
    assert (code, json.loads(out)["examples"]) == (0, 11)
    assert len(read(target)) == 11
