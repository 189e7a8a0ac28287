"""What is read, and what is forgotten, on the command line."""

import shlex
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Call the command line in this process, with the embedder that needs no model."""
    monkeypatch.setenv("FRONTDESK_EMBEDDER", "hashing")
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["frontdesk", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err  # type: ignore[return-value]

    return call


def test_a_folder_that_was_renamed_is_told_with_the_command_that_forgets_it(run: Run, tmp_path: Path) -> None:
    old, new = tmp_path / "our handbook", tmp_path / "manual"
    old.mkdir()
    (old / "returns.md").write_text("# Returns\n\nWithin 45 days.", encoding="utf-8")
    assert run("ingest", str(old), "--collection", "shop")[0] == 0
    old.rename(new)
    code, out, _ = run("ingest", str(new), "--collection", "shop")
    command = f"ingest --forget '{old}' --collection shop"
    assert code == 0
    assert out.rstrip().endswith(f"still answer: 1. If they should not: frontdesk {command}")
    code, out, _ = run(*shlex.split(command))
    assert (code, "1 removed" in out) == (0, True)
    assert run(*shlex.split(command))[0] == 1
    assert run("ingest", "--forget")[0] == 2
    assert run("ingest", "--forget", "--prune", str(new))[0] == 2
