"""Labels from a few examples each: words alone beside what `frontdesk intents train` makes.

385 examples of banking77 -> frontdesk intents train -> 385 and 1,155 others
"""

import csv
import json
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from bench.datasets import DATA
from bench.homes import frontdesk, new_home
from bench.tables import BenchError, Table, score
from bench.training import SETS, as_examples

SEED = 7
A_LABEL = 15
"""Rows of the training file that are drawn of each label."""


def run(folder: Path) -> Table:
    """Train on five examples a label and measure on two sets of others.

    Raises:
        BenchError: the data or the models are not there, or the command failed.
    """
    source = DATA / "intents_banking77_train"
    if not source.is_dir():
        raise BenchError(f"The data sets are not at {DATA}.")
    home = new_home(folder / "intents-home")
    train, heldout = (as_examples(source / name, folder / f"{name}.intents") for name in SETS)
    others = folder / "others.jsonl"
    others.write_text("".join(drawn(source)), encoding="utf-8")
    more = as_examples(others, folder / "others.intents")
    found = {
        name: frontdesk(home, "intents", "train", "--data", train, "--heldout", path, threads=1)
        for name, path in (("the 385 others of the set", heldout), (f"{A_LABEL} other rows a label", more))
    }
    return Table(
        columns=("method", "asked", "n", "right", "less the best, in points"),
        rows=tuple(_rows(found)),
        cases="77 labels, learned from 5 examples each; one text is one case",
        spread="[95 % interval]; of the difference, paired text by text",
    )


def drawn(source: Path, *, a_label: int = A_LABEL) -> Iterable[str]:
    """Yield rows of the training file that stand in neither set, as many of each label, as lines of JSON."""
    used = {json.loads(line)["text"] for name in SETS for line in (source / name).read_text("utf-8").splitlines()}
    with (source / "train.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["text"] not in used]
    texts: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        texts[row["category"]].append(row["text"])
    dice = random.Random(SEED)
    for label in sorted(texts):
        for text in dice.sample(sorted(set(texts[label])), k=min(a_label, len(set(texts[label])))):
            yield json.dumps({"text": text, "label": label}, ensure_ascii=False) + "\n"


def _rows(found: dict[str, dict[str, Any]]) -> Iterable[Sequence[str]]:
    for asked, result in found.items():
        for method in result["methods"]:
            gap = method["against_best"]
            points = (
                f"{100 * gap['difference']:+.1f} [{100 * gap['low']:+.1f}, {100 * gap['high']:+.1f}]" if gap else ""
            )
            yield method["name"], asked, str(method["score"]["n"]), score(method["score"], digits=3), points
