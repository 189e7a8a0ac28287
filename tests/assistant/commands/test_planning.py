import json
import logging
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.cli import app
from finetune import machine
from finetune.errors import FinetuneError
from finetune.recipe import settings_of
from finetune.recipes.adapting import chosen_epochs

CONFIG = {
    "model_type": "qwen2",
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "vocab_size": 152064,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a config.json and nothing else: no weights, no tokenizer."""
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "config.json").write_text(json.dumps(CONFIG))
    return tmp_path / "base"


def test_plan_needs_the_configuration_alone(folder: Path) -> None:
    result = CliRunner().invoke(app, ["finetune", "plan", "--base", str(folder), "--batch-size", "1", "--json"])
    assert result.exit_code == 0, result.output
    data = json.loads(result.stdout)
    assert data["shape"]["parameters"] == 7_615_616_512
    assert [item["recipe"] for item in data["recipes"]] == ["full", "lora", "qlora"]
    for item in data["recipes"]:
        memory = item["memory"]
        parts = [memory[name] for name in memory if name not in {"standing", "total"}]
        assert memory["total"] == sum(parts)
        assert memory["standing"] == memory["weights"] + memory["gradients"] + memory["optimizer"]
        assert item["seconds"] == pytest.approx(1000 * 3 * 512 / item["tokens_per_second"])


def test_table_says_what_fits_and_what_to_do(folder: Path) -> None:
    command = ["finetune", "plan", "--base", str(folder), "--recipe", "full", "--max-length", "8192"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    assert "7.62 billion parameters" in result.output
    assert "16 examples of 8192 tokens a step" in result.output
    assert "qlora" not in result.output.splitlines()[3]
    assert "twice" in result.output
    assert "Next: a shorter --max-length" in result.output
    result = CliRunner().invoke(app, [*command, "--no-gradient-checkpointing", "--at-once", "2"])
    assert "Next: --gradient-checkpointing, --at-once 1, a shorter --max-length" in result.output


def test_a_step_and_how_often_examples_are_seen_are_the_recipes_own(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of few examples a run makes more passes, and a step is 16 of them however many go through the model at once."""
    monkeypatch.setattr(machine, "look", lambda: machine.Machine(int(64e9), int(60e9), None, False, 4))
    command = ["finetune", "plan", "--base", str(folder), "--recipe", "qlora", "--max-length", "64"]
    for count in (100, 500, 5000):
        data = json.loads(CliRunner().invoke(app, [*command, "--examples", str(count), "--json"]).stdout)
        (planned,) = data["recipes"]
        settings = settings_of("qlora")
        assert data["choices"]["batch_size"] == planned["at_once"] * planned["accumulation"] == settings.batch_size
        assert planned["epochs"] == chosen_epochs(settings, count)
        assert planned["seconds"] == pytest.approx(count * planned["epochs"] * 64 / planned["tokens_per_second"])


def test_the_command_that_trains_as_planned_is_told(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "look", lambda: machine.Machine(int(64e9), int(60e9), None, False, 4))
    monkeypatch.setattr(machine, "measure_speed", lambda *_: 1e15)
    numbers = ["--batch-size", "8", "--at-once", "2", "--rank", "4", "--gradient-checkpointing"]
    told = CliRunner().invoke(app, ["finetune", "plan", "--base", str(folder), "--max-length", "64", *numbers])
    *words, last = told.output.splitlines()[-1].split()[1:]
    assert words[:5] == ["frontdesk", "finetune", "train", "--data", "FILE"]
    assert words[5:9] == ["--base", str(folder), "--recipe", "qlora"]
    assert settings_of("qlora", [*words[9:], last]) == replace(
        settings_of("qlora"), batch_size=8, at_once=2, rank=4, gradient_checkpointing="on"
    )


def test_training_bears_the_length_that_was_planned_and_reads_the_same_settings(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "look", lambda: machine.Machine(int(900e9), int(900e9), None, False, 4))
    monkeypatch.setattr(machine, "measure_speed", lambda *_: 1e15)
    config = tmp_path / "own.toml"
    config.touch()
    command = ["finetune", "plan", "--base", str(folder), "--recipe", "qlora", "--config", str(config)]

    def words(length: int) -> list[str]:
        told = CliRunner().invoke(app, [*command, "--max-length", str(length)])
        return shlex.split(told.output.splitlines()[-1])

    assert words(4097)[-5:] == ["--config", str(config), "--recipe", "qlora", "max_length=4097"]
    assert words(4096)[-4:] == ["--config", str(config), "--recipe", "qlora"]


def test_what_was_asked_is_printed_and_what_blocks_cost_is_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "look", lambda: machine.Machine(int(64e9), int(60e9), None, False, 4))
    command = ["finetune", "plan", "--base", str(folder), "--max-length", "65", "--learned", "1"]
    told = CliRunner().invoke(app, command).output
    assert "16 examples of 65 tokens a step, 100% of them learned" in told
    data = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert (data["choices"]["length"], data["choices"]["learned"]) == (65, 1.0)
    assert [item["tight"] for item in data["recipes"]] == [True, False, False]
    assert re.search(r"^  freed memory +returned +kept +kept$", told, re.MULTILINE)


def test_what_fits_and_takes_weeks_is_no_plan_for_a_machine_without_a_card(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "look", lambda: machine.Machine(int(64e9), int(60e9), None, False, 4))
    monkeypatch.setattr(machine, "measure_speed", lambda *_: 1e10)
    told = CliRunner().invoke(app, ["finetune", "plan", "--base", str(folder), "--recipe", "qlora"])
    assert re.search(r"^It fits, but would take \d\d+ days here. Next: a faster machine", told.output, re.M)
    assert "a shorter --max-length, or train with fewer passes than 3: epochs=1" in told.output
    assert "--examples" not in told.output, "fewer examples are seen more often"
    assert "finetune train" not in told.output


def test_faults_are_told(tmp_path: Path) -> None:
    unknown = CliRunner().invoke(app, ["finetune", "plan", "--recipe", "embedder"])
    assert unknown.exit_code == 2
    missing = CliRunner().invoke(app, ["finetune", "plan", "--base", str(tmp_path / "gone")])
    assert isinstance(missing.exception, FinetuneError)


def test_the_hubs_library_does_not_print_each_of_its_tries() -> None:
    """What failed is said once, by our own message."""
    code = (
        "from assistant.settings import Settings; from assistant.commands.options import set_up_log\n"
        "import logging, pathlib; set_up_log(Settings(home=pathlib.Path('.')), quiet=True)\n"
        "import huggingface_hub.file_download; print(logging.getLogger('huggingface_hub').getEffectiveLevel())"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(said.stdout) >= logging.ERROR
