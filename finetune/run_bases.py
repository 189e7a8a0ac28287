"""The base of a finished run, found again: what is made of a run is made of the weights that were tuned, no others.

    run -> its base's folder as it was in training -> run
        -> moved with its home, or made anew of the same file -> run with that folder
        -> gone, or another model by now -> what to do

A merge onto other weights would pass every proof of an export, for both sides of each have them.
"""

from dataclasses import replace
from pathlib import Path

from finetune.bases import open_base
from finetune.begun import BASE_CONTENT, base_content, read_begun
from finetune.errors import FinetuneError
from finetune.runs import Run


def with_base(run: Run, *, home: Path) -> Run:
    """Return a run whose base is there and is what the run was trained on; a whole tuned model is its own.

    A run of an earlier version, which did not note what its base was, is believed.

    Raises:
        FinetuneError: the base is gone or has changed since.
    """
    if run.adapter is None:
        return run
    folder = run.untuned.folder
    if not folder.is_dir():
        return _found(run, home)
    _check_content(run, folder)
    return run


def _check_content(run: Run, folder: Path) -> None:
    if read_begun(run.folder).get(BASE_CONTENT) not in {None, base_content(folder)}:
        raise FinetuneError(
            f"The run {run.name!r} was trained on another model than the one that lies in {folder} now. Next: put that "
            "one back there, or train anew: frontdesk finetune train --run NAME"
        )


def _found(run: Run, home: Path) -> Run:
    """Return a run with its base where that lies now; what was made of a file has the file's hash in its name."""
    base = run.untuned
    folder = home / "bases" / base.folder.name
    if folder.is_dir():
        _check_content(run, folder)
    elif base.name == "embedded" or Path(base.name).is_file():
        folder = open_base(base.name, home=home).folder
    if not folder.is_dir() or folder.name != base.folder.name:
        raise FinetuneError(
            f"The model that the run {run.name!r} was trained on, {base.name}, is not at {base.folder} any more. Next: "
            "put it back there, or train anew: frontdesk finetune train --run NAME"
        )
    return replace(run, manifest={**run.manifest, "base": {**run.manifest["base"], "folder": str(folder)}})
