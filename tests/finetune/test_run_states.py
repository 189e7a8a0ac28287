import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from filelock import FileLock

from finetune.errors import FinetuneError
from finetune.going_on import Command, remember
from finetune.run_states import ask_to_stop, details, is_running, read_log, state_of, states

FINGERPRINT = {"recipe": "lora", "base": "embedded", "seed": 0, "settings": {"rank": 16}, "data": {"a.jsonl": "00"}}
MANIFEST = {
    "run": "done",
    "recipe": "qlora",
    "base": {"name": "embedded", "folder": "/b", "precision": "float16"},
    "steps": 4,
    "train_loss": 0.5,
    "heldout_loss": 0.75,
    "created": "2026-01-01T00:00:00+00:00",
}


def begin(home: Path, name: str, *, steps: Sequence[int] = ()) -> Path:
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    (folder / "begun.json").write_text(json.dumps(FINGERPRINT), encoding="utf-8")
    write_log(folder, steps)
    return folder


def write_log(folder: Path, steps: Sequence[int], *, loss: float = 2.0) -> None:
    lines = [json.dumps({"step": step, "steps": 8, "loss": loss / step}) for step in steps]
    (folder / "log.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def test_what_a_run_is_doing_is_told_by_lock_and_files(tmp_path: Path) -> None:
    folder = begin(tmp_path, "r", steps=(1, 2))
    assert state_of("r", home=tmp_path).state == "stopped"
    with FileLock(folder / "lock"):
        assert is_running(folder)
        assert state_of("r", home=tmp_path).state == "running"
        ask_to_stop("r", home=tmp_path)
        assert (folder / "stop").is_file()
        assert state_of("r", home=tmp_path).state == "stopping"
    assert not is_running(folder)
    (folder / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    finished = state_of("r", home=tmp_path)
    assert (finished.state, finished.loss, finished.heldout_loss, finished.step) == ("finished", 0.5, 0.75, 4)


def test_a_run_under_way_shows_its_last_losses(tmp_path: Path) -> None:
    folder = begin(tmp_path, "r", steps=(1, 2))
    with (folder / "log.jsonl").open("a", encoding="utf-8") as log:
        log.write('{"step": 2, "steps": 8, "heldout_loss": 3.5}\n{"step": 3, "ste')  # just being written
    run = state_of("r", home=tmp_path)
    assert (run.step, run.steps, run.loss, run.heldout_loss) == (2, 8, 1.0, 3.5)
    assert (run.recipe, run.base) == ("lora", "embedded")


def test_the_latest_comes_first_and_strangers_are_left_out(tmp_path: Path) -> None:
    begin(tmp_path, "later")
    (begin(tmp_path, "earlier") / "manifest.json").write_text(json.dumps(MANIFEST), encoding="utf-8")
    (tmp_path / "runs" / "empty").mkdir()
    assert [run.name for run in states(tmp_path)] == ["later", "earlier"]
    assert states(tmp_path / "nowhere") == ()


def test_only_what_runs_can_be_asked_to_stop(tmp_path: Path) -> None:
    folder = begin(tmp_path, "r")
    with pytest.raises(FinetuneError, match="'r' is not running"):
        ask_to_stop("r", home=tmp_path)
    assert not (folder / "stop").exists()
    with pytest.raises(FinetuneError, match="There is no run 's'; there are: r"):
        ask_to_stop("s", home=tmp_path)
    with pytest.raises(FinetuneError, match="cannot name a run"):
        ask_to_stop("../r", home=tmp_path)


def test_a_log_is_followed_while_it_grows(tmp_path: Path) -> None:
    folder = begin(tmp_path, "r", steps=(1, 2))
    first = read_log("r", home=tmp_path)
    assert [line["step"] for line in first.lines] == [1, 2]
    write_log(folder, (1, 2, 3))
    second = read_log("r", home=tmp_path, after=first.end, mark=first.mark)
    assert (second.start, [line["step"] for line in second.lines]) == (2, [3])
    third = read_log("r", home=tmp_path, after=second.end, mark=second.mark)
    assert (third.start, third.end, third.lines) == (3, 3, ())


def test_a_log_that_was_taken_back_is_read_anew(tmp_path: Path) -> None:
    folder = begin(tmp_path, "r", steps=(1, 2, 3))
    before = read_log("r", home=tmp_path)
    write_log(folder, (1,))
    assert read_log("r", home=tmp_path, after=before.end, mark=before.mark).start == 0
    write_log(folder, (1, 2, 3, 4), loss=5.0)
    anew = read_log("r", home=tmp_path, after=before.end, mark=before.mark)
    assert (anew.start, len(anew.lines)) == (0, 4)


def test_why_a_run_ended_is_told(tmp_path: Path) -> None:
    folder = begin(tmp_path, "r", steps=(1,))
    assert details("r", home=tmp_path)["error"] == ""
    (folder / "output.log").write_text("24 examples\nError: The base is gone. Next: get it.\n", encoding="utf-8")
    seen = details("r", home=tmp_path)
    assert seen["error"] == "The base is gone. Next: get it."
    assert (seen["settings"], seen["data"]) == ({"rank": 16}, ["a.jsonl"])
    assert (seen["can_stop"], seen["can_go_on"]) == (False, False)
    remember(Command(("frontdesk",), tmp_path), folder)
    assert details("r", home=tmp_path)["can_go_on"]
    with FileLock(folder / "lock"):
        seen = details("r", home=tmp_path)
        assert (seen["error"], seen["can_stop"], seen["can_go_on"]) == ("", True, False)
    (folder / "output.log").write_text("Traceback …\nMemoryError: too much\n", encoding="utf-8")
    assert details("r", home=tmp_path)["error"] == "MemoryError: too much"
