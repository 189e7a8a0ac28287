"""What a message says of pip installs into the environment that the message came from."""

import importlib
import re
import shlex
import subprocess
import sys
from pathlib import Path

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
