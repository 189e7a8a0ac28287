"""What all runs are doing, as another process sees it: from their folders, their locks and their logs.

    home/runs/* -> RunState(running | stopping | stopped | finished)
    runs/NAME/log.jsonl, after=N -> LogPart(lines)

Whether a run is running is told by its lock, which the system frees when its process ends, however that ends.
Needs no torch.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from finetune.begun import file_names
from finetune.errors import FinetuneError
from finetune.going_on import OUTPUT, remembered
from finetune.runs import BEGUN, LOCK, LOG, MANIFEST, STOP, read_json, run_folder

SHOWN_OUTPUT_BYTES = 2_000
"""How much of the end of what a run printed is read."""
ERROR = "Error: "

Doing = Literal["running", "stopping", "stopped", "finished"]


@dataclass(frozen=True, slots=True)
class RunState:
    """A run that was begun."""

    name: str
    state: Doing
    recipe: str
    base: str
    step: int
    """Steps done, as far as logged."""
    steps: int
    """Steps in all; 0 where none was logged."""
    loss: float | None
    """Of the last step, or the mean of the last epoch once finished; nats a token."""
    heldout_loss: float | None
    """As last measured, or of the weights that were kept; nats a token."""
    score: Mapping[str, Any] | None
    """What the manifest says it scored, if it was judged."""
    changed: str
    """When it was finished, or when its folder last changed; ISO 8601, UTC."""


@dataclass(frozen=True, slots=True)
class LogPart:
    """Lines of a run's log."""

    start: int
    """Where these lines begin; less than what was asked for where a run went on from an earlier step."""
    end: int
    """What to ask for next."""
    mark: str
    """Names the last line before `end`; to be given with the next question."""
    lines: tuple[Mapping[str, Any], ...]


def states(home: Path) -> tuple[RunState, ...]:
    """Return every run that was begun, the latest first."""
    folders = [path for path in (home / "runs").glob("*") if (path / BEGUN).is_file() or (path / MANIFEST).is_file()]
    return tuple(sorted(map(_state, folders), key=lambda run: run.changed, reverse=True))


def state_of(name: str, *, home: Path) -> RunState:
    """Return what one run is doing.

    Raises:
        FinetuneError: none of this name was begun.
    """
    folder = run_folder(name, home=home)
    if not (folder / BEGUN).is_file() and not (folder / MANIFEST).is_file():
        known = ", ".join(run.name for run in states(home)) or "none yet"
        raise FinetuneError(
            f"There is no run {name!r}; there are: {known}. Next: frontdesk finetune train --data FILE --run {name}"
        )
    return _state(folder)


def details(name: str, *, home: Path) -> Mapping[str, Any]:
    """Return what one run is doing, with its settings, what it measured, and why it ended if it printed why."""
    state, folder = state_of(name, home=home), run_folder(name, home=home)
    begun, manifest = _json(folder / BEGUN), _json(folder / MANIFEST)
    return {
        **asdict(state),
        "settings": manifest.get("settings") or begun.get("settings") or {},
        "data": file_names(begun.get("data") or manifest.get("data", {}).get("files", {})),
        "manifest": manifest,
        "error": "" if state.state != "stopped" else _printed_error(folder),
        "can_stop": state.state == "running" and state.steps > 0,
        "can_go_on": state.state == "stopped" and remembered(folder) is not None,
    }


def read_log(name: str, *, home: Path, after: int = 0, mark: str = "") -> LogPart:
    """Return the lines of a run's log from `after` on, or from the first where the log is another one by now.

    A run that goes on takes back what it logged after its last checkpoint; `mark` tells a reader's log from that.

    Args:
        after: How many lines the reader has.
        mark: What `LogPart.mark` was when it got them.
    """
    lines = _log_lines(run_folder(name, home=home))
    if not 0 < after <= len(lines) or _mark(lines[after - 1]) != mark:
        after = 0
    return LogPart(
        after, len(lines), _mark(lines[-1]) if lines else "", tuple(read_json(line) for line in lines[after:])
    )


def ask_to_stop(name: str, *, home: Path) -> None:
    """Ask a running run to stop at its next step; it writes a checkpoint first.

    Raises:
        FinetuneError: it is not running.
    """
    state = state_of(name, home=home)
    if state.state not in {"running", "stopping"}:
        raise FinetuneError(f"The run {name!r} is not running. Next: frontdesk finetune runs")
    (run_folder(name, home=home) / STOP).touch()


def is_running(folder: Path) -> bool:
    """Whether a process trains the run in a folder."""
    from filelock import FileLock, Timeout

    if not (folder / LOCK).is_file():
        return False
    try:
        with FileLock(folder / LOCK).acquire(timeout=0):
            return False
    except Timeout:
        return True


def _state(folder: Path) -> RunState:
    begun, manifest = _json(folder / BEGUN), _json(folder / MANIFEST)
    lines = [read_json(line) for line in _log_lines(folder)]
    last = lines[-1] if lines else {}
    base = manifest.get("base") or {"name": begun.get("base", "")}
    return RunState(
        name=folder.name,
        state=_doing(folder, finished=bool(manifest)),
        recipe=str(manifest.get("recipe") or begun.get("recipe", "")),
        base=str(base["name"]),
        step=int(manifest.get("steps") or last.get("step", 0)),
        steps=int(manifest.get("steps") or last.get("steps", 0)),
        loss=manifest.get("train_loss", _last(lines, "loss")),
        heldout_loss=manifest["heldout_loss"] if "heldout_loss" in manifest else _last(lines, "heldout_loss"),
        score=manifest.get("scores"),
        changed=str(manifest.get("created") or _changed(folder)),
    )


def _doing(folder: Path, *, finished: bool) -> Doing:
    if finished:
        return "finished"
    if not is_running(folder):
        return "stopped"
    return "stopping" if (folder / STOP).is_file() else "running"


def _changed(folder: Path) -> str:
    latest = max(path.stat().st_mtime for path in (folder / BEGUN, folder / LOG) if path.is_file())
    return datetime.fromtimestamp(latest, UTC).isoformat(timespec="seconds")


def _last(lines: list[Mapping[str, Any]], key: str) -> Any:
    return next((line[key] for line in reversed(lines) if key in line), None)


def _log_lines(folder: Path) -> list[str]:
    """Return the whole lines of a log; the last may be just being written."""
    path = folder / LOG
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    return [line for line in text.split("\n")[:-1] if line.endswith("}")]


def _mark(line: str) -> str:
    return hashlib.sha256(line.encode()).hexdigest()[:16]


def _json(path: Path) -> Mapping[str, Any]:
    try:
        data = read_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return data if isinstance(data, dict) else {}


def _printed_error(folder: Path) -> str:
    """Return the error with which a run that was begun from the page ended; empty where it told none."""
    path = folder / OUTPUT
    text = "\n" + path.read_bytes()[-SHOWN_OUTPUT_BYTES:].decode("utf-8", "replace") if path.is_file() else ""
    *_, error = text.rpartition(f"\n{ERROR}") if f"\n{ERROR}" in text else ("",)
    if not error and "Traceback" in text:
        error = text.strip().splitlines()[-1]
    return error.strip()
