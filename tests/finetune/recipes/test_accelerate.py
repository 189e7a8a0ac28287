"""The shipped configurations are read by accelerate itself; none of their keys is one that it would ignore."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from assistant.cli import app
from tests.test_help import assert_exists

pytest.importorskip("accelerate")

FOLDER = Path(__file__).parents[3] / "finetune" / "recipes" / "accelerate"
FILES = sorted(FOLDER.glob("*.yaml"))


def test_every_way_that_the_pages_name_is_here() -> None:
    assert app
    assert {path.stem for path in FILES} == {"fsdp", "deepspeed_zero2", "deepspeed_zero3", "two_processes_cpu"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_accelerate_reads_it(path: Path) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    config = load_config_from_file(str(path))
    written = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert config.distributed_type == written["distributed_type"]
    assert config.num_processes == written["num_processes"]
    assert (config.fsdp_config or {}) == written.get("fsdp_config", {})
    assert (config.deepspeed_config or {}) == written.get("deepspeed_config", {})


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_key_is_an_option_of_launch(path: Path) -> None:
    from accelerate.commands.launch import launch_command_parser

    known = {action.dest for action in launch_command_parser()._actions}
    written: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    for part in ("fsdp_config", "deepspeed_config"):
        assert set(written.get(part, ())) <= known, set(written.get(part, ())) - known


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_command_in_its_head_exists(path: Path) -> None:
    found = re.search(rf"--config_file {path.name} -m assistant\.cli (.*)$", path.read_text("utf-8"), re.MULTILINE)
    assert found
    assert_exists(["frontdesk", *found[1].split()])
