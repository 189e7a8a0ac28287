"""Plain TRL's adapter is trained as ours was, and judged as a run of ours."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from bench import recipes
from bench.tables import BenchError
from finetune.runs import open_run

OURS = {
    "base": {"name": "embedded", "folder": "/bases/small", "precision": "float16"},
    "labels": ["arrival", "refund"],
    "parameters": 1000,
    "created": "2026-11-28T12:00:00+00:00",
    "steps": 150,
    "learning_rate": 0.00085,
}


def test_plain_trl_takes_base_steps_and_rate_of_our_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[Any, ...]] = []

    def train(base: Path, data: Path, adapter: Path, options: Sequence[str], *, steps: int, rate: float) -> None:
        asked.append((base, data, steps, rate, *options))
        adapter.mkdir()

    monkeypatch.setattr(recipes, "plain", train)
    for _ in range(2):  # the second time it is there
        name = recipes.plain_run(tmp_path, tmp_path / "train", like=OURS)
    run = open_run(name, home=tmp_path)
    assert asked == [(Path("/bases/small"), tmp_path / "train", 150, 0.00085, "--quick")]
    assert (run.base.folder, run.labels) == (Path("/bases/small"), ("arrival", "refund"))
    assert run.adapter == tmp_path / "runs" / name / "adapter"


def test_a_plain_run_that_failed_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_given: Any, **_named: Any) -> None:
        raise BenchError("Plain TRL failed")

    monkeypatch.setattr(recipes, "plain", fail)
    with pytest.raises(BenchError, match="Plain TRL failed"):
        recipes.plain_run(tmp_path, tmp_path / "train", like=OURS)
    assert not list(tmp_path.rglob("manifest.json"))
