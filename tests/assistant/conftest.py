import json
import sys
from pathlib import Path

import pytest

from assistant import cli
from tests.assistant.command_line import Run


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Call the command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["frontdesk", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        out, err = capsys.readouterr()
        if "--json" in arguments and out and arguments[0] != "extract":  # which prints one for each document
            json.loads(out)  # exactly one, whatever the exit code
        return ended.value.code or 0, out, err  # type: ignore[return-value]

    return call


@pytest.fixture
def run_hashing(run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Call the command line with the embedder that needs no model, and without a proxy."""
    monkeypatch.setenv("FRONTDESK_EMBEDDER", "hashing")
    monkeypatch.setenv("NO_PROXY", "*")
    return run
