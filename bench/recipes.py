"""QLoRA beside full fine-tuning and beside plain TRL, asked for so many texts that a difference of points shows.

385 examples of banking77 -> frontdesk finetune train, qlora and full -> evaluate model on 1,155 others -> paired
the same examples, steps and rate -> TRL's SFTTrainer as it comes     -> the same
the adapter of each of the two -> labels told by its likeliest words, and by its state (finetune.labels.label_head)

All are judged by one command: what TRL made is put where a run lies.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from bench.homes import frontdesk, new_home
from bench.intents import drawn
from bench.tables import Table
from bench.training import BANKING, as_examples, few_shot, plain
from bench.tuning import marks_of, points
from finetune.examples import read
from finetune.labels import label_head
from finetune.runs import open_run
from finetune.training import learn_to_tell
from knowledge.scores import mean

RECIPES = ("qlora", "full")
PLAIN = "plain TRL QLoRA"
BY_WORDS = "{}, its labels told by the likeliest words"
BY_STATE = "{}, its labels told by its state"
PLAIN_RUN = "plain-0"
A_LABEL = 10
"""Texts of each label that are asked beside the development set's."""


def run(folder: Path) -> Table:
    """Train both, or take those that `tuning` trained in the same folder, and ask both for the same texts.

    Raises:
        BenchError: the data is not there, or a command failed.
    """
    home = new_home(folder / "tuning-home")
    train, heldout = few_shot(folder)
    others = folder / "others.jsonl"
    others.write_text("".join(drawn(BANKING, a_label=A_LABEL)), encoding="utf-8")
    asked = {"": heldout, ".others": as_examples(others, folder / "others.examples")}
    marks: dict[str, list[float]] = {}
    for recipe in RECIPES:
        name = f"{recipe}-0"
        made = frontdesk(home, "finetune", "train", "--data", train, "--recipe", recipe, "--run", name, "--seed", "0")
        if recipe == "qlora":
            plain = plain_run(home, train, like=made)
            marks[PLAIN] = _asked(home, plain, asked, folder)
            marks[BY_STATE.format(PLAIN)] = _asked(home, _with_head(home, plain, train), asked, folder)
        marks[BY_WORDS.format(recipe)] = _asked(home, _without_head(home, name), asked, folder)
        marks[recipe] = _asked(home, name, asked, folder)
    return Table(
        columns=("recipe", "right"),
        rows=tuple((recipe, _right(found)) for recipe, found in marks.items()),
        cases=f"385 examples of banking77 to learn from, {len(marks['full'])} to be asked: 385, {A_LABEL} more a label",
        spread="brackets: 95 % interval; of the difference, paired",
        notes=(
            f"QLoRA less plain TRL, the same steps and rate: {points(marks['qlora'], marks[PLAIN])} points; both by "
            f"words {points(marks[BY_WORDS.format('qlora')], marks[PLAIN])}, both by state "
            f"{points(marks['qlora'], marks[BY_STATE.format(PLAIN)])}.",
            f"QLoRA less full fine-tuning: {points(marks['qlora'], marks['full'])} points.",
        ),
    )


def plain_run(home: Path, train: Path, *, like: dict[str, Any]) -> str:
    """Train plain TRL's QLoRA as often and as fast as one of our runs, and return the name that it can be judged by.

    Args:
        like: The manifest of our run: base, steps, rate and labels are taken from it.

    Raises:
        BenchError: it failed.
    """
    folder = home / "runs" / PLAIN_RUN
    if not (folder / "manifest.json").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        base, steps, rate = Path(like["base"]["folder"]), int(like["steps"]), float(like["learning_rate"])
        plain(base, train, folder / "adapter", ("--quick",), steps=steps, rate=rate)
        known = {name: like[name] for name in ("base", "labels", "parameters", "created")}
        (folder / "manifest.json").write_text(json.dumps({"run": PLAIN_RUN, **known}), encoding="utf-8")
    return PLAIN_RUN


def _with_head(home: Path, name: str, train: Path) -> str:
    """Return the name of a copy of a run that learned to tell labels by its state."""
    copy = _copied(home, name, f"{name}-state")
    learn_to_tell(open_run(copy, home=home), tuple(read(train)))
    return copy


def _without_head(home: Path, name: str) -> str:
    """Return the name of a copy of a run that never learned to."""
    copy = _copied(home, name, f"{name}-words")
    (home / "runs" / copy / label_head.FILE).unlink(missing_ok=True)
    return copy


def _copied(home: Path, name: str, copy: str) -> str:
    skipped = shutil.ignore_patterns("checkpoints", "tensorboard")
    shutil.copytree(home / "runs" / name, home / "runs" / copy, ignore=skipped, dirs_exist_ok=True)
    return copy


def _asked(home: Path, name: str, asked: dict[str, Path], folder: Path) -> list[float]:
    parts = [marks_of(home, name, file, folder / f"{name}{part}.predicted") for part, file in asked.items()]
    return [mark for part in parts for mark in part]


def _right(marks: list[float]) -> str:
    found = mean(marks)
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"
