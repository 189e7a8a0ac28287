import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.cli import app
from assistant.commands import options
from assistant.commands.finetune import described, summary
from finetune import training
from finetune.bases import Base
from tests.assistant.command_line import Run
from tests.finetune.conftest import intents, tiny_base, write_examples  # noqa: F401 - fixtures

pytest.importorskip("trl")


def test_a_run_is_trained_and_told(
    tiny_base: Base,  # noqa: F811
    intents: tuple[object, ...],  # noqa: F811
    write_examples: Callable[..., Path],  # noqa: F811
) -> None:
    command = ["finetune", "train", "--data", str(write_examples(intents, "labels.jsonl")), "--recipe", "lora"]
    command += ["--base", str(tiny_base.folder), "max_steps=2", "precision=float32"]
    told = CliRunner().invoke(app, [*command, "--json"], catch_exceptions=False)
    manifest = json.loads(told.stdout)
    assert (manifest["run"], manifest["steps"], manifest["data"]["train"]) == ("labels-lora", 2, 24)
    assert "24 examples to learn from, none held out" in told.stderr
    again = CliRunner().invoke(app, command, catch_exceptions=False)
    assert "Next: frontdesk evaluate model labels-lora --examples FILE" in again.stdout


def test_in_a_pipe_lines_tell_how_training_goes(
    run: Run,
    tiny_base: Base,  # noqa: F811
    intents: tuple[object, ...],  # noqa: F811
    write_examples: Callable[..., Path],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(options, "LINE_SECONDS", (0.0, 0.0))
    monkeypatch.setattr(options, "LOOK_SECONDS", 0.01)
    data = write_examples(intents, "labels.jsonl")
    numbers = ("max_steps=4", "precision=float32")
    code, out, err = run(
        "finetune", "train", "--data", data, "--recipe", "lora", "--base", tiny_base.folder, *numbers, "--json"
    )
    assert (code, json.loads(out)["steps"]) == (0, 4)
    assert re.search(r"^Training: getting ready, after \d+ s$", err, re.MULTILINE)
    assert re.search(r"^Training: step [1-4] of 4, \d+:\d\d left, .*, after \d+ s$", err, re.MULTILINE)


def test_what_is_missing_is_told_before_a_base_is_fetched(
    run: Run,
    intents: tuple[object, ...],  # noqa: F811
    write_examples: Callable[..., Path],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setenv("FRONTDESK_HOME", str(tmp_path / "home"))
    monkeypatch.setitem(sys.modules, "transformers.utils", None)
    monkeypatch.setattr(training, "open_base", lambda name, **_: pytest.fail(f"{name} was fetched"))
    data = write_examples(intents, "labels.jsonl")
    code, _, err = run("finetune", "train", "--data", data, "--base", "maker/large", "--run", "large")
    assert code == 1
    assert "This needs torch" in err
    assert not (tmp_path / "home" / "runs" / "large").exists()


def test_a_step_that_is_no_whole_number_of_passes_is_told_before_a_base_is_fetched(
    run: Run,
    intents: tuple[object, ...],  # noqa: F811
    write_examples: Callable[..., Path],  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(training, "open_base", lambda name, **_: pytest.fail(f"{name} was fetched"))
    data = write_examples(intents, "labels.jsonl")
    code, _, err = run("finetune", "train", "--data", data, "--base", "maker/large", "batch_size=8", "at_once=3")
    assert code == 1
    assert "passes of 3 (batch_size=8, at_once=3). Next: 2 at once" in err


def test_without_data_it_is_wrong_usage() -> None:
    told = CliRunner().invoke(app, ["finetune", "train"])
    assert told.exit_code == 2
    assert "--data FILE" in told.output


def test_what_a_person_reads_names_losses_and_what_was_lost() -> None:
    manifest = {
        "run": "ours",
        "recipe": "qlora",
        "steps": 8,
        "base": {"name": "embedded", "precision": "dequantized Q4_1"},
        "data": {"train": 385},
        "trainable_share": 0.035,
        "tokens_per_second": 450.4,
        "seconds": 12.0,
        "peak_memory_bytes": 1_700_000_000,
        "train_loss": 0.5,
        "heldout_loss": None,
        "path": "runs/ours",
    }
    text = "\n".join(summary(manifest))
    assert "3.50% of the weights" in text
    assert "held out" not in text
    assert "Q4_1-quantized; what that lost stays lost" in text
    assert text.endswith("Next: frontdesk evaluate model ours --examples FILE")
    kept = "\n".join(summary(manifest | {"data": {"train": 385, "heldout": 28}}))
    assert kept.endswith("Next: frontdesk evaluate model ours --examples runs/ours/heldout.jsonl")
    assert "held out 0.250" in "\n".join(summary(manifest | {"heldout_loss": 0.25}))
    line = {"seconds_left": 75, "loss": 1.5, "learning_rate": 1e-3, "tokens_per_second": 450.4, "memory_bytes": 1.7e9}
    assert described({"step": 0, "steps": 8}) == "the first step"
    assert described(line) == "1:15 left, loss 1.500, rate 1.0e-03, 450 tokens/s, 1.7 GB"
