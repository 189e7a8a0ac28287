"""A model file tuned on examples, by the commands that a user gives.

examples -> frontdesk finetune train -> export, 16 bits -> .gguf
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.homes import ROOT, frontdesk


@dataclass(frozen=True, slots=True)
class Tuned:
    """A tuned model and how it was made."""

    file: Path
    run: dict[str, Any]
    """What `finetune train --json` printed."""


def tune(home: Path, examples: Path, *settings: str, name: str) -> Tuned:
    """Tune the embedded model with the recipe `qlora`, and export it in 16 bits.

    Args:
        settings: KEY=VALUE words over the recipe's.

    Raises:
        BenchError: a command failed.
    """
    run = frontdesk(home, "finetune", "train", "--data", examples, "--run", name, *settings)
    made = frontdesk(home, "export", name, "--quantize", "F16", "--text", ROOT / "README.md")
    return Tuned(home / "releases" / made["release"] / "model-F16.gguf", run)
