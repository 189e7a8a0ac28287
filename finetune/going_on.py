"""The command that began a run, so that it can be given again; the same command goes on where a run stopped.

    Command -> runs/NAME/command.json -> a process of its own, its output in runs/NAME/output.log

A run that several processes train is begun by their launcher, so it is the launcher's command that is remembered.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from finetune import processes
from finetune.errors import FinetuneError
from finetune.runs import write_whole

COMMAND = "command.json"
OUTPUT = "output.log"


@dataclass(frozen=True, slots=True)
class Command:
    """What begins a run."""

    words: tuple[str, ...]
    """The program and its arguments; nothing in them is read by a shell."""
    folder: Path
    """Where it was given: relative paths start there."""


def command_of(words: Sequence[str]) -> Command:
    """Return the command that goes on with this process's run.

    Args:
        words: The program and its arguments, for one process; several are started by their launcher's.
    """
    if processes.count() > 1:
        words = _launcher() or words
    return Command(tuple(words), Path.cwd())


def remember(command: Command, folder: Path) -> None:
    """Write a command into its run's folder."""
    data = {"command": list(command.words), "folder": str(command.folder)}
    write_whole(folder / COMMAND, json.dumps(data, ensure_ascii=False, indent=2))


def remembered(folder: Path) -> Command | None:
    """Return the command that began the run in a folder; None where it was begun without one."""
    try:
        data = json.loads((folder / COMMAND).read_text(encoding="utf-8"))
        return Command(tuple(map(str, data["command"])), Path(data["folder"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def go_on(folder: Path, *, environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Give the command that began a run again, in a process that outlives this one.

    Args:
        environment: Set over this process's own.

    Raises:
        FinetuneError: no command is known, or it cannot be started.
    """
    command = remembered(folder)
    if command is None:
        raise FinetuneError(
            f"How the run {folder.name!r} was begun is not known. Next: give its command again in a terminal: "
            "frontdesk finetune train …"
        )
    detached: dict[str, Any] = {"creationflags": 0x208} if sys.platform == "win32" else {"start_new_session": True}
    try:
        with (folder / OUTPUT).open("wb") as output:
            return subprocess.Popen(
                command.words,
                cwd=command.folder,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                **detached,
            )
    except OSError as error:
        raise FinetuneError(
            f"The run {folder.name!r} cannot go on: {command.words[0]} in {command.folder} does not start ({error}). "
            "Next: give its command in a terminal."
        ) from error


def _launcher() -> Sequence[str]:
    """Return the words of the process that started this one; none where it is gone."""
    parent = psutil.Process().parent()
    return parent.cmdline() if parent else ()
