"""Fields taken out of labelled documents by the small model as it comes: F1, validity, what no document shows.

labels + schema -> frontdesk evaluate extract --model embedded -> scores over the held-out documents
"""

from pathlib import Path
from typing import Any

from bench.homes import COMPANY, frontdesk, new_home
from bench.tables import Table, score

FOLDER = COMPANY / "extraction"
SETS = (("mails", "supplier-mail.schema.json"), ("data sheets", "spec-sheet.schema.json"))


def run(folder: Path) -> Table:
    """Return the scores on the demo company's held-out documents, one thread for the model.

    Raises:
        BenchError: the models are missing, or the command failed.
    """
    home = new_home(folder / "extraction-home")
    return Table(
        columns=("documents", "n", "field F1", "precision", "recall", "schema-valid", "values dropped", "s a document"),
        rows=tuple(_row(name, _measured(home, schema)) for name, schema in SETS),
        cases="one document is one case, from suppliers that are held out; scores over its fields",
        spread="[95 % interval from drawing whole documents]; dropped: values a document that it does not show",
    )


def _measured(home: Path, schema: str) -> dict[str, Any]:
    found: dict[str, Any] = frontdesk(
        home,
        *("evaluate", "extract", "--labels", FOLDER / "labels.jsonl", "--schema", FOLDER / schema),
        *("--model", "embedded"),
        threads=1,
    )
    return found


def _row(name: str, found: dict[str, Any]) -> tuple[str, ...]:
    return (
        name,
        str(found["n"]),
        *(score(found[key], digits=3) for key in ("f1", "precision", "recall")),
        f"{found['valid']['value']:.2f}",
        score(found["dropped"], digits=1),
        f"{found['seconds']['value']:.1f}",
    )
