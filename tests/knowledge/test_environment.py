"""What a message says of pip installs into the environment that the message came from."""

import importlib
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from knowledge import environment

ROOT = Path(__file__).parents[2]


def test_it_is_the_pip_of_this_environment() -> None:
    done = subprocess.run([*shlex.split(environment.PIP), "--version"], capture_output=True, text=True, check=True)
    assert f"from {sys.prefix}" in done.stdout


def test_a_folder_with_a_blank_is_quoted(monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        with monkeypatch.context() as patched:
            patched.setattr(sys, "executable", "/opt/front desk/.venv/bin/python")
            assert shlex.split(importlib.reload(environment).PIP)[0] == "/opt/front desk/.venv/bin/python"
    finally:
        importlib.reload(environment)


def test_no_message_names_whichever_pip_the_shell_finds() -> None:
    packages = [ROOT / name for name in ("assistant", "finetune", "agents", "knowledge")]
    sources = [file for package in packages for file in package.rglob("*.py")]
    assert len(sources) > 200
    assert [str(file) for file in sources if re.search(r"pip install\b", file.read_text(encoding="utf-8"))] == []


@pytest.fixture
def a_machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return what makes this machine another, as far as pip's torch is concerned."""

    def make(*, system: str = "linux", card: bool = False, torch: str = "") -> None:
        def version(name: str) -> str:
            if not torch:
                raise PackageNotFoundError(name)
            return torch

        monkeypatch.setattr(sys, "platform", system)
        monkeypatch.setattr(environment, "version", version)
        monkeypatch.setattr(environment.shutil, "which", lambda _: "/usr/bin/nvidia-smi" if card else None)

    return make


def test_on_linux_without_a_card_torch_comes_first_and_from_elsewhere(a_machine: Callable[..., None]) -> None:
    """The torch of the usual index brings several GB of CUDA there, whatever version is asked for."""
    a_machine()
    said, first, then = environment.get_extra("train").splitlines()
    assert "pytorch.org/get-started" in said
    assert first == f"{environment.PIP} install torch=={environment.TORCH} -i URL"
    assert shlex.split(then)[:4] == [*shlex.split(environment.PIP), "install"]
    assert shlex.split(then)[-2:] == ["-e", f"{ROOT}[train]"]
    assert environment.get_extra("server").startswith(f"{environment.PIP} install --no-compile ")


@pytest.mark.parametrize(
    "machine",
    [{"system": "darwin"}, {"system": "win32"}, {"card": True}, {"torch": "2.13.0+cpu"}],
    ids=["mac", "windows", "a card", "torch is there"],
)
def test_elsewhere_one_command_is_enough(machine: dict[str, Any], a_machine: Callable[..., None]) -> None:
    a_machine(**machine)
    assert environment.get_extra("train").startswith(f"{environment.PIP} install --no-compile ")


def test_another_torch_would_be_replaced_by_the_one_with_cuda(a_machine: Callable[..., None]) -> None:
    a_machine(torch="2.14.1+cpu")
    assert " -i URL" in environment.get_extra("train")


def test_the_hint_names_the_torch_of_the_constraints() -> None:
    pinned = (ROOT / "constraints" / "cpu.txt").read_text(encoding="utf-8").splitlines()
    assert f"torch=={environment.TORCH}" in pinned
    assert f"torch=={environment.TORCH} -i URL" in (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")


def test_an_extra_comes_from_the_checkout_in_the_versions_that_were_tried(a_machine: Callable[..., None]) -> None:
    """By its name alone pip may find another package of this name, and the newest torch with all that belongs to it."""
    a_machine(card=True)
    words = shlex.split(environment.get_extra("train"))
    assert words[:4] == [sys.executable, "-m", "pip", "install"]
    named = [Path(word) for option, word in pairwise(words) if option == "-c"]
    assert named == [ROOT / "constraints/dev.txt", ROOT / "constraints/cpu.txt"]
    assert all(file.is_file() for file in named)
    assert words[-2:] == ["-e", f"{ROOT}[train]"]


def test_where_there_is_no_checkout_the_command_says_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(environment, "CHECKOUT", tmp_path)
    told = environment.get_extra("mcp")
    assert told.startswith("in a checkout of Frontdesk: ")
    assert told.endswith('install --no-compile -c constraints/dev.txt -c constraints/cpu.txt -e ".[mcp]"')


def test_a_checkout_with_a_blank_is_quoted(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, a_machine: Callable[..., None]
) -> None:
    a_machine(card=True)
    checkout = tmp_path / "front desk"
    for file in ("pyproject.toml", *environment.CONSTRAINTS):
        (checkout / file).parent.mkdir(parents=True, exist_ok=True)
        (checkout / file).touch()
    monkeypatch.setattr(environment, "CHECKOUT", checkout)
    words = shlex.split(environment.get_extra("train"))
    assert f"{checkout}/constraints/cpu.txt" in words
    assert words[-1] == f"{checkout}[train]"


def test_no_message_asks_an_index_for_frontdesk_by_its_name() -> None:
    packages = [ROOT / name for name in ("assistant", "finetune", "agents", "knowledge")]
    sources = [file for package in packages for file in package.rglob("*.py")]
    assert [str(file) for file in sources if "install 'frontdesk" in file.read_text(encoding="utf-8")] == []
