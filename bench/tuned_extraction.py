"""Does tuning teach extraction: the demo company's labelled documents, learned from one half of suppliers.

labels, split by supplier -> frontdesk evaluate extract --split train --examples -> tune
base, tuned -> frontdesk evaluate extract on the other suppliers' documents -> F1 over fields, valid share
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.homes import COMPANY, frontdesk, new_home
from bench.tables import Table, score
from bench.tuned import tune
from knowledge.scores import paired

SCHEMAS = {"supplier mails": "supplier-mail.schema.json", "specification sheets": "spec-sheet.schema.json"}
COLUMNS = ("documents", "measure", "base", "tuned")
SETTINGS = ("at_once=2",)


def run(folder: Path) -> Table:
    """Tune on both kinds together, and measure each kind.

    Raises:
        BenchError: a command failed.
    """
    home = new_home(folder / "tuned-extraction-home")
    parts = [_examples(home, schema, folder / f"{schema}.jsonl") for schema in SCHEMAS.values()]
    examples = folder / "extraction.jsonl"
    examples.write_text("".join(part.read_text(encoding="utf-8") for part in parts), encoding="utf-8")
    tuned = tune(home, examples, *SETTINGS, name="extraction")
    rows: list[tuple[str, ...]] = []
    notes = []
    for kind, schema in SCHEMAS.items():
        found = [_measured(home, model, schema) for model in ("embedded", f"gguf:{tuned.file}")]
        rows += [
            (f"{kind} ({found[0]['n']})", name, score(found[0][key]), score(found[1][key])) for name, key in MEASURES
        ]
        notes.append(_paired(kind, found))
    learned = len(examples.read_text(encoding="utf-8").splitlines())
    notes.append(
        f"Trained in {tuned.run['seconds'] / 60:.0f} minutes at {tuned.run['tokens_per_second']:.0f} tokens a second, "
        f"at most {tuned.run['peak_memory_bytes'] / 1e9:.1f} GB."
    )
    return Table(
        COLUMNS,
        tuple(rows),
        cases=f"{learned} labelled documents to learn from; other suppliers' to be asked",
        spread="brackets: 95 % interval, whole documents drawn",
        notes=tuple(notes),
    )


MEASURES = (
    ("field F1", "f1"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("schema-valid", "valid"),
    ("values that no document shows, a document", "dropped"),
)


def _examples(home: Path, schema: str, target: Path) -> Path:
    frontdesk(home, "evaluate", "extract", *_labels(schema), "--split", "train", "--examples", target)
    return target


def _measured(home: Path, model: str, schema: str) -> dict[str, Any]:
    return frontdesk(home, "evaluate", "extract", *_labels(schema), "--model", model)


def _labels(schema: str) -> tuple[str | Path, ...]:
    folder = COMPANY / "extraction"
    return "--labels", folder / "labels.jsonl", "--schema", folder / schema


def _paired(kind: str, found: Sequence[Mapping[str, Any]]) -> str:
    base, tuned = ([len(document["wrong"]) for document in one["documents"]] for one in found)
    told = paired([-float(wrong) for wrong in tuned], [-float(wrong) for wrong in base])
    return (
        f"{kind.capitalize()}: {-told.difference:+.2f} wrong fields a document "
        f"[{-told.high:.2f}, {-told.low:.2f}], paired."
    )
