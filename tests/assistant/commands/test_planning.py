import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from assistant.cli import app
from finetune.errors import FinetuneError

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
    assert "4 examples of 8192 tokens at once" in result.output
    assert "qlora" not in result.output.splitlines()[3]
    assert "twice" in result.output
    assert "Next: --batch-size 1" in result.output
    result = CliRunner().invoke(app, [*command, "--no-gradient-checkpointing"])
    assert "Next: --gradient-checkpointing, --batch-size 1" in result.output


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
