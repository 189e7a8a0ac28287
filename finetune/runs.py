"""Where a training run lies: an adapter, how it was made, and what it was measured at.

    home/runs/NAME/  adapter/ | model/, chat_template.jinja, log.jsonl, checkpoints/, manifest.json

The manifest is written last: its presence means that the run is complete. Reading one needs no torch.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from finetune.bases import Base
from finetune.errors import FinetuneError

MANIFEST = "manifest.json"
BEGUN = "begun.json"
"""What makes two requests the same: recipe, base, seed, settings, hashes of the data."""
LOCK = "lock"
"""Held by the process that trains, and freed by the system however that ends."""
STOP = "stop"
"""Its presence asks for a stop at the next step."""
LOG = "log.jsonl"
HELD_OUT = "heldout.jsonl"
"""The examples that judging and export measure on, where any were held out."""
COMPLETE = "complete"
"""The file in a checkpoint's folder that says that all of it was written."""
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run."""

    name: str
    folder: Path
    manifest: Mapping[str, Any] = field(default_factory=dict)
    """Base, recipe, settings, data, speed, memory and losses, as `finetune train --json` prints them."""

    @property
    def adapter(self) -> Path | None:
        """The peft folder; None where the whole model was tuned."""
        path = self.folder / "adapter"
        return path if path.is_dir() else None

    @property
    def base(self) -> Base:
        """What was tuned; for a whole tuned model that model itself."""
        whole, base = self.folder / "model", self.manifest["base"]
        return Base(str(base["name"]), whole if whole.is_dir() else Path(base["folder"]), str(base["precision"]))

    @property
    def untuned(self) -> Base:
        """What was tuned as it was before, also where the whole model was."""
        base = self.manifest["base"]
        return Base(str(base["name"]), Path(base["folder"]), str(base["precision"]))

    @property
    def labels(self) -> tuple[str, ...]:
        """The closed set of answers it was trained on, sorted; empty where answers are free."""
        return tuple(self.manifest.get("labels", ()))


def run_folder(name: str, *, home: Path) -> Path:
    """Return where a run of this name lies or will lie.

    Raises:
        FinetuneError: the name is none that a folder could have everywhere.
    """
    if not NAME.fullmatch(name):
        raise FinetuneError(
            f"{name!r} cannot name a run. Next: use up to 64 letters, digits, dots, dashes and underscores."
        )
    return home / "runs" / name


def open_run(name: str, *, home: Path) -> Run:
    """Return a finished run, by its name or by its folder.

    Raises:
        FinetuneError: there is no such run, or it is not finished.
    """
    folder = Path(name) if (Path(name) / MANIFEST).is_file() else run_folder(name, home=home)
    if not folder.is_dir():
        known = ", ".join(run.name for run in runs(home)) or "none yet"
        raise FinetuneError(
            f"There is no run {name!r}; finished runs: {known}. Next: frontdesk finetune train --data FILE --run {name}"
        )
    try:
        manifest = read_json((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise FinetuneError(
            f"The run {name!r} is not finished. Next: frontdesk finetune watch {name}, which shows whether it runs, "
            "and goes on with it where it stopped."
        ) from error
    except (OSError, ValueError) as error:
        raise FinetuneError(f"{folder / MANIFEST} cannot be read ({error}). Next: train the run anew.") from error
    return Run(str(manifest["run"]), folder, manifest)


def runs(home: Path) -> tuple[Run, ...]:
    """Return all finished runs, newest last."""
    found = [
        Run(path.parent.name, path.parent, read_json(path.read_text(encoding="utf-8")))
        for path in (home / "runs").glob(f"*/{MANIFEST}")
    ]
    return tuple(sorted(found, key=lambda run: str(run.manifest["created"])))


def last_checkpoint(folder: Path) -> Path | None:
    """Return the newest checkpoint of a run that is whole; None where nothing that was learned is kept."""
    whole = [path.parent for path in folder.glob(f"checkpoints/checkpoint-*/{COMPLETE}")]
    return max(whole, key=lambda path: int(path.name.rpartition("-")[2]), default=None)


def finish(folder: Path, manifest: Mapping[str, Any]) -> Run:
    """Write a run's manifest, which completes it."""
    manifest = finite(dict(manifest))
    write_whole(folder / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2))
    return Run(str(manifest["run"]), folder, manifest)


def finite(value: Any) -> Any:
    """Return what goes into JSON without what JSON does not know: None for numbers that are infinite or none."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {key: finite(one) for key, one in value.items()}
    return [finite(one) for one in value] if isinstance(value, list | tuple) else value


def read_json(text: str) -> Any:
    """Return what JSON says, with None for the numbers that are none (`NaN`, `Infinity`): older files hold some.

    Raises:
        ValueError: it is no JSON.
    """
    return json.loads(text, parse_constant=lambda _name: None)


def write_whole(path: Path, text: str) -> None:
    """Write a file so that who reads it finds all of it or what stood there before."""
    part = path.with_name(f"{path.name}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)
