"""What tuning is worth: recipes on 385 examples of banking77 beside a classical model, and what they forget.

385 examples -> frontdesk finetune train (recipes, seeds) -> evaluate model on 385 others
the same examples -> TF-IDF with logistic regression                       what each must beat
base and tuned -> finetune compare --retention --text                     margins and perplexity
"""

import json
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.datasets import DATA
from bench.homes import frontdesk, new_home
from bench.tables import Table
from bench.training import few_shot
from knowledge.scores import paired

RUNS = (
    ("qlora", 0, ()),
    ("qlora", 1, ()),
    ("qlora", 2, ()),
    ("qlora", 0, ("keep=0",)),
    ("lora", 0, ()),
    ("full", 0, ()),
)
"""Recipes, seeds, and what is set otherwise than by default."""
COLUMNS = ("what", "right", "over TF-IDF", "tuned weights", "tokens/s", "peak memory", "seconds")


def run(folder: Path) -> Table:
    """Train each and ask all for the labels of examples that none has seen.

    Raises:
        BenchError: the data is not there, or a command failed.
    """
    home = new_home(folder / "tuning-home")
    train, heldout = few_shot(folder)
    classical = tfidf(train, heldout)
    rows = [("TF-IDF with logistic regression", _share(classical), "", "", "", "", "")]
    right: dict[str, list[list[float]]] = {}
    for recipe, seed, settings in RUNS:
        name = "-".join([recipe, str(seed), *(setting.replace("=", "") for setting in settings)])
        chosen = ("--recipe", recipe, "--run", name, "--seed", str(seed), *settings)
        made = frontdesk(home, "finetune", "train", "--data", train, *chosen)
        marks = marks_of(home, name, heldout, folder / f"{name}.predicted")
        if not settings:
            right.setdefault(recipe, []).append(marks)
        rows.append(_row(", ".join([recipe, f"seed {seed}", *settings]), marks, classical, made))
    notes = [_against_full(right), *(_retention(home, name) for name in ("qlora-0", "qlora-0-keep0", "full-0"))]
    return Table(
        COLUMNS,
        tuple(rows),
        cases="385 examples of banking77 to learn from (5 a label), 385 others to be asked",
        spread="brackets: 95 % interval of the paired difference, in points",
        notes=tuple(notes),
    )


def tfidf(train: Path, heldout: Path) -> list[float]:
    """Return for each held-out example whether words and pairs of words with logistic regression name its label."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    (texts, labels), (asked, expected) = _pairs(train), _pairs(heldout)
    best: list[float] = []
    for longest in (1, 2):  # the better of the two on what is asked: nothing is spared the tuned model
        words = TfidfVectorizer(ngram_range=(1, longest), sublinear_tf=True)
        model = LogisticRegression(C=10, max_iter=2000).fit(words.fit_transform(texts), labels)
        said = model.predict(words.transform(asked))
        best = max(best, [float(one == other) for one, other in zip(said, expected, strict=True)], key=sum)
    return best


def marks_of(home: Path, model: str, heldout: Path, predictions: Path) -> list[float]:
    """Return for each example whether a model's reply is the expected one; replies in the file are kept."""
    if not predictions.is_file():
        frontdesk(home, "evaluate", "model", model, "--examples", heldout, "--out", predictions)
    lines = [json.loads(line) for line in predictions.read_text(encoding="utf-8").splitlines()]
    return [float(line["expected"] == line["predicted"]) for line in lines]


def _pairs(path: Path) -> tuple[list[str], list[str]]:
    messages = [json.loads(line)["messages"] for line in path.read_text(encoding="utf-8").splitlines()]
    return [both[0]["content"] for both in messages], [both[1]["content"] for both in messages]


def _row(name: str, marks: Sequence[float], classical: Sequence[float], made: dict[str, Any]) -> tuple[str, ...]:
    return (
        name,
        _share(marks),
        points(marks, classical),
        f"{made['trainable_share']:.1%}",
        f"{made['tokens_per_second']:.0f}",
        f"{made['peak_memory_bytes'] / 1e9:.1f} GB",
        f"{made['seconds']:.0f}",
    )


def _against_full(right: dict[str, list[list[float]]]) -> str:
    difference = points(right["qlora"][0], right["full"][0])
    scores = [statistics.fmean(marks) for marks in right["qlora"]]
    return (
        f"QLoRA over three seeds: {min(scores):.1%} to {max(scores):.1%}. QLoRA less full fine-tuning, seed 0: "
        f"{difference} points."
    )


def _retention(home: Path, name: str) -> str:
    text = next((DATA / "wikitext2_dev").glob("*.txt"))
    items = DATA / "retention_dev" / "mc_100.jsonl"
    found = frontdesk(home, "finetune", "compare", f"base:{name}", name, "--retention", items, "--text", text)
    tuned = found["against"][0]
    ratio, margin = tuned["perplexity_ratio"], tuned["margin"]
    return (
        f"What {name} forgot: perplexity on wikitext times {ratio['value']:.3f} "
        f"[{ratio['low']:.3f}, {ratio['high']:.3f}]; mean margin of {margin['n']} multiple-choice items "
        f"{margin['difference']:+.4f} [{margin['low']:.4f}, {margin['high']:.4f}] nats a byte."
    )


def _share(marks: Sequence[float]) -> str:
    return f"{statistics.fmean(marks):.1%}"


def points(marks: Sequence[float], other: Sequence[float]) -> str:
    """Return by how many points one share is above another, with the paired interval."""
    found = paired(list(marks), list(other))
    return f"{100 * found.difference:+.1f} [{100 * found.low:.1f}, {100 * found.high:.1f}]"
