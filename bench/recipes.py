"""Is full fine-tuning better than QLoRA? The same two runs as `tuning`, asked for so many texts that points show.

385 examples of banking77 -> frontdesk finetune train, qlora and full -> evaluate model on 1,155 others -> paired
"""

from pathlib import Path

from bench.homes import frontdesk, new_home
from bench.intents import drawn
from bench.tables import Table
from bench.training import BANKING, as_examples, few_shot
from bench.tuning import marks_of, points
from knowledge.scores import mean

RECIPES = ("qlora", "full")
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
        frontdesk(home, "finetune", "train", "--data", train, "--recipe", recipe, "--run", name, "--seed", "0")
        parts = [marks_of(home, name, file, folder / f"{name}{part}.predicted") for part, file in asked.items()]
        marks[recipe] = [mark for part in parts for mark in part]
    return Table(
        columns=("recipe", "right"),
        rows=tuple((recipe, _right(found)) for recipe, found in marks.items()),
        cases=f"385 examples of banking77 to learn from, {len(marks['full'])} to be asked: 385, {A_LABEL} more a label",
        spread="brackets: 95 % interval; of the difference, paired",
        notes=(f"QLoRA less full fine-tuning: {points(marks['qlora'], marks['full'])} points.",),
    )


def _right(marks: list[float]) -> str:
    found = mean(marks)
    return f"{found.value:.1%} [{found.low:.1%}, {found.high:.1%}]"
