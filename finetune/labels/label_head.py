"""Which label fits, told by a tuned model's state where its reply would begin, not by the words that it would write.

    states of the examples it learned from -> logistic regression, once, at a training's end -> LabelHead in the run
    state of a message -> the label that its weights fit best

A model that learned to write labels tells them apart before the first word of one is chosen. To read that off needs no
more training, and of few examples a label it is right more often than the likeliest words are (`bench recipes`). What
is read is the last layer's output, of which the next word is made: a linear probe (Alain and Bengio,
arXiv 1610.01644).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from finetune.labels import stored_arrays

FILE = "label_head.safetensors"
"""In the run's folder."""
FORMAT = "frontdesk-label-head-1"
ARRAYS = ("centre", "spread", "weights", "offsets")
ANEW = "Next: train the run anew"

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class LabelHead:
    """What a run's states say about labels; numpy alone."""

    labels: tuple[str, ...]
    """The closed set, sorted."""
    centre: Matrix
    """`(width,)`: mean state of the examples it learned from."""
    spread: Matrix
    """`(width,)`: their standard deviation."""
    weights: Matrix
    """`(len(labels), width)`."""
    offsets: Matrix
    """`(len(labels),)`."""

    def tell(self, states: Matrix) -> list[str]:
        """Return the label of each state.

        Args:
            states: `(n, width)`, as `torch_replies.states` returns them.
        """
        values = evened(states, centre=self.centre, spread=self.spread) @ self.weights.T + self.offsets
        return [self.labels[best] for best in values.argmax(axis=1)]

    def knows(self, labels: Sequence[str]) -> bool:
        """Return whether these are the labels that it tells apart."""
        return set(labels) == set(self.labels)


def evened(states: Matrix, *, centre: Matrix, spread: Matrix) -> Matrix:
    """Return states whose numbers count alike, as rows of unit length: a few of a model's numbers dwarf all others."""
    even = (states - centre) / spread
    return np.asarray(even / np.maximum(np.linalg.norm(even, axis=1, keepdims=True), 1e-12), dtype=np.float32)


def save(head: LabelHead, folder: Path) -> Path:
    """Write a head into a run's folder and return its file.

    Raises:
        FinetuneError: the folder cannot be written to.
    """
    arrays = {name: getattr(head, name) for name in ARRAYS}
    facts = {"format": FORMAT, "labels": json.dumps(head.labels, ensure_ascii=False)}
    return stored_arrays.save(folder / FILE, arrays, facts)


def load(folder: Path) -> LabelHead | None:
    """Return the head of a run's folder; None where it has none.

    Raises:
        FinetuneError: it is damaged.
    """
    if not (folder / FILE).is_file():
        return None
    with stored_arrays.opened(folder / FILE, names=ARRAYS, form=FORMAT, anew=ANEW) as (arrays, facts):
        labels = tuple(json.loads(facts["labels"]))
        head = LabelHead(labels, *arrays)
        if head.weights.shape != (len(labels), len(head.centre)) or head.offsets.shape != (len(labels),):
            raise ValueError("its labels are not those of its weights")
        return head
