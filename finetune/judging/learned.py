"""Which examples a run learned from, so that nothing is shown by measuring it on them.

examples -> note -> runs/NAME/learned.txt, a digest a line -> shared: how many of these did it learn from?
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from finetune.examples import Example
from finetune.runs import write_whole

LEARNED = "learned.txt"


def words_of(example: Example) -> str:
    """Return an example's messages in a form that compares."""
    return json.dumps([dict(message) for message in example.messages], sort_keys=True)


def note(examples: Iterable[Example], folder: Path) -> None:
    """Write down what a run learns from."""
    write_whole(folder / LEARNED, "".join(f"{digest}\n" for digest in sorted(map(_digest, examples))))


def shared(examples: Iterable[Example], folder: Path) -> int:
    """Return how many of the examples a run learned from; 0 where it is not known."""
    try:
        learned = set((folder / LEARNED).read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return 0
    return sum(_digest(example) in learned for example in examples)


def _digest(example: Example) -> str:
    return sha256(words_of(example).encode()).hexdigest()
