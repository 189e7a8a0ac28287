"""Are the answers right: with the embedded model, and without any model as the ablation.

    demo questions, xquad samples -> frontdesk evaluate answers --model … -> one row a set, model and language

Models are compared in one run, on the same questions.
"""

import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.homes import DEMO, Home, frontdesk, home_of
from bench.tables import Table, score, share

MODELS = ("embedded", "none")
SAMPLED = ("xquad-en", "xquad-zh")
SAMPLE = 100
SEED = 7
COLUMNS = (
    "set",
    "language",
    "model",
    "n",
    "facts held",
    "held and cited",
    "citation right",
    "answered when answerable",
    "refused when not",
    "AUROC",
    "strays",
    "words (longest)",
    "s to first text",
    "s an answer",
)

Scores = Mapping[str, Any]


def run(folder: Path) -> Table:
    rows: list[tuple[str, ...]] = []
    for name in (DEMO, *SAMPLED):
        home = home_of(name, folder)
        questions = home.questions if name == DEMO else sample(home, folder / f"{name}-{SAMPLE}.jsonl")
        for model in MODELS:
            found = frontdesk(home.path, "evaluate", "answers", "--questions", questions, "--model", model)
            rows.append(_row(name, "all", model, found["overall"]))
            if len(found["languages"]) > 1:
                rows += [_row(name, language, model, scores) for language, scores in found["languages"].items()]
    return Table(
        columns=COLUMNS,
        rows=tuple(rows),
        cases=f"one question is one case; xquad: the same {SAMPLE} of each language, drawn with seed {SEED}",
        spread="right/all [95 % bootstrap interval]",
    )


def sample(home: Home, target: Path) -> Path:
    """Write a random part of the questions, the same on every run, in the file's order."""
    lines = home.questions.read_text(encoding="utf-8").splitlines()
    chosen = sorted(random.Random(SEED).sample(range(len(lines)), SAMPLE))
    target.write_text("".join(lines[number] + "\n" for number in chosen), encoding="utf-8")
    return target


def _row(name: str, language: str, model: str, scores: Scores) -> tuple[str, ...]:
    first = scores["first_text_seconds"]["value"]
    words = scores["words"]["value"]
    return (
        name,
        language,
        model,
        str(scores["n"]),
        share(scores["facts_held"]),
        share(scores["held_and_cited"]),
        share(scores["citation_right"]),
        share(scores["answered_when_answerable"]),
        share(scores["refused_when_unanswerable"]),
        score(scores["refusal_auroc"]),
        str(scores["strays"]),
        "–" if words is None else f"{words:.0f} ({scores['words_longest']:.0f})",
        "–" if first is None else f"{first:.2f}",
        f"{scores['seconds']['value']:.2f}",
    )
