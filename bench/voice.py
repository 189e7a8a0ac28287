"""The distance to a company's voice: how surely it tells replies apart that somebody rewrote into it.

pairs of split `train` -> voice -> held-out pairs: is the reply before farther than the one after?
"""

from pathlib import Path
from typing import Any

from bench.homes import COMPANY, frontdesk, new_home
from bench.tables import Table, score

MEASURED = (
    ("whole replies", "auroc"),
    ("without greeting and closing, the easiest to copy", "auroc_body"),
)


def run(folder: Path) -> Table:
    """Return the AUROC on the demo company's held-out pairs.

    Raises:
        BenchError: the models are missing, or the command failed.
    """
    home = new_home(folder / "voice-home")
    found: dict[str, Any] = frontdesk(home, "evaluate", "voice", "--pairs", COMPANY / "voice" / "pairs.jsonl")
    return Table(
        columns=("replies", "learnt from", "tried on", "AUROC"),
        rows=tuple(
            (name, f"{found['train']} pairs", f"{found['heldout']} others", score(found[key])) for name, key in MEASURED
        ),
        cases="one pair of replies, before and after rewriting, is one case; written for the demo company, to differ",
        spread="[95 % bootstrap interval]",
    )
