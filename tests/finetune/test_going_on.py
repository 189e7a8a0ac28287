import os
import sys
from pathlib import Path

import psutil
import pytest

from finetune.errors import FinetuneError
from finetune.going_on import Command, command_of, go_on, remember, remembered

SHOW = "import os, sys; print(os.getcwd(), os.environ['FRONTDESK_HOME'], *sys.argv[1:], flush=True)"


def test_a_command_is_remembered_word_for_word(tmp_path: Path) -> None:
    command = Command(("python", "--run", "ein Name", "数据.jsonl", "$(reboot)"), tmp_path)
    remember(command, tmp_path)
    assert remembered(tmp_path) == command
    assert command_of(("a", "b")) == Command(("a", "b"), Path.cwd())


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"command": 3, "folder": "/"}'])
def test_what_is_no_command_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "command.json").write_text(text, encoding="utf-8")
    assert remembered(tmp_path) is None
    with pytest.raises(FinetuneError, match="is not known"):
        go_on(tmp_path, environment={})


def test_going_on_starts_a_process_of_its_own(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    remember(Command((sys.executable, "-c", SHOW, "; echo not a shell"), place), tmp_path)
    with go_on(tmp_path, environment={"FRONTDESK_HOME": "elsewhere"}) as process:
        if sys.platform != "win32":
            assert os.getsid(process.pid) != os.getsid(0), "it outlives the page's program"
        assert process.wait(60) == 0
    assert (tmp_path / "output.log").read_text(encoding="utf-8").strip() == f"{place} elsewhere ; echo not a shell"


def test_a_command_that_does_not_start_is_named(tmp_path: Path) -> None:
    remember(Command((str(tmp_path / "missing"),), tmp_path), tmp_path)
    with pytest.raises(FinetuneError, match=r"missing in .* does not start"):
        go_on(tmp_path, environment={})


def test_several_processes_go_on_by_their_launchers_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORLD_SIZE", "2")
    parent = psutil.Process().parent()
    assert parent is not None
    assert list(command_of(("alone",)).words) == parent.cmdline()
