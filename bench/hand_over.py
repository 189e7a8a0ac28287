"""Hand-over: how many messages that need a person are noticed, and how many ordinary questions raise a false alarm.

labelled messages -> noticed, by reason        ordinary questions of other sets -> false alarms, by reason
"""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

from agents.handover import from_words
from bench.homes import ROOT
from bench.labelled import spoken
from bench.tables import BenchError, Table, share
from knowledge.scores import mean

REASONS = ("asked", "safety", "legal", "anger")
DATA = ROOT.parent / "shared" / "data"


def run(folder: Path) -> Table:
    """Return the shares for labelled messages, and the false alarms on each set of ordinary questions."""
    rows = []
    for part in ("development", "held-out"):
        mine = [each for each in spoken() if each.part == part]
        for reason in REASONS:
            rows.append(_row(f"{part}: {reason}", [each.text for each in mine if each.reason == reason]))
        rows.append(_row(f"{part}: near misses", [each.text for each in mine if each.reason == "none"]))
    rows += [_row(name, texts) for name, texts in ordinary().items()]
    return Table(
        columns=("messages", "n", "handed over", *REASONS),
        rows=tuple(rows),
        cases="one message each, written by those who wrote the patterns; the held-out half was scored more than once",
        spread="brackets: 95 % interval",
    )


def ordinary() -> dict[str, list[str]]:
    """Return questions that ask for information or a service, by set.

    Raises:
        BenchError: the development sets are not beside the checkout.
    """
    if not DATA.is_dir():
        raise BenchError(f"There is no folder {DATA}. Next: put the development sets there.")
    with (DATA / "intents_banking77_train/train.csv").open(encoding="utf-8", newline="") as file:
        banking = [row["text"] for row in csv.DictReader(file)]
    clinc = [line["text"] for name in ("val", "train_20_per_intent") for line in _lines(f"intents_clinc150_dev/{name}")]
    xquad = list(_lines("rag_dev_xquad_en_zh/questions"))
    demo = ROOT / "examples/brindlemoor/questions.jsonl"
    return {
        "banking77": banking,
        "clinc150": clinc,
        "demo company": [json.loads(line)["question"] for line in demo.read_text(encoding="utf-8").splitlines()],
        "xquad-en": [str(line["question_en"]) for line in xquad],
        "xquad-zh": [str(line["question_zh"]) for line in xquad],
    }


def _lines(name: str) -> Iterator[dict[str, object]]:
    for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines():
        yield json.loads(line)


def _row(name: str, texts: list[str]) -> tuple[str, ...]:
    found = [from_words(text) for text in texts]
    all_of_them = share(_score([reason is not None for reason in found]))
    return (name, str(len(texts)), all_of_them, *(str(found.count(reason)) for reason in REASONS))  # type: ignore[arg-type]


def _score(hits: list[bool]) -> dict[str, float | int | None]:
    score = mean([float(hit) for hit in hits])
    return {"value": score.value, "n": len(hits), "low": score.low, "high": score.high}
