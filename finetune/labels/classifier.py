"""What a message wants, told by a classical model: the embedder's vector and the letters, then logistic regression.

    text -> [vector of the embedder | hashed letter groups] -> weights -> label and how sure

Trained with scikit-learn (`finetune.labels.classifier_training`), run with numpy alone: serving needs neither
scikit-learn nor torch. The vector carries meaning, the letter groups carry names, product words and languages that the
embedder does not know. Stored as plain arrays in one safetensors file; nothing in it can run.
"""

import json
import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from finetune.errors import FinetuneError
from finetune.labels import stored_arrays
from knowledge.embedders import Embedder

FILE = "intents.safetensors"
FORMAT = "frontdesk-intents-1"
BUCKETS = 8192
"""Hashed features of letters; collisions cost little at this size and no vocabulary is stored."""
GROUPS = (2, 3, 4, 5)
"""Letters in a group, within a word and with its edges marked, as in fastText (Bojanowski et al. 2017)."""
LETTERS_SHARE = 0.35
"""Length of the letters' part beside the vector's, which is 1."""
_WORD = re.compile(r"\w+")

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message seems to want."""

    label: str
    chance: float
    """0-1, of the likeliest label."""
    sure: bool
    """Whether the chance reaches what was right nine times of ten on texts that were not learned from."""


@dataclass(frozen=True, slots=True)
class IntentModel:
    """A trained model; call it from any thread."""

    labels: tuple[str, ...]
    weights: Matrix
    """`(len(labels), dimension + BUCKETS)`."""
    offsets: Matrix
    """`(len(labels),)`."""
    rarity: Matrix
    """`(BUCKETS,)`: weight of each group of letters, more for the rarer."""
    embedder: str
    """Whose vectors it was trained on; others mean something else."""
    sure_from: float
    """The least chance 0-1 that counts as sure."""

    def fits(self, embedder: Embedder) -> bool:
        """Return whether it was trained on this embedder's vectors."""
        return embedder.name == self.embedder

    def read(self, text: str, embedder: Embedder) -> Reading:
        """Return what one message wants.

        Raises:
            FinetuneError: it was trained with another embedder.
        """
        self.check(embedder)
        chances = self.chances(features([text], embedder.embed_question(text)[None], self.rarity))[0]
        best = int(chances.argmax())
        return Reading(self.labels[best], float(chances[best]), bool(chances[best] >= self.sure_from))

    def predict(self, texts: Sequence[str], embedder: Embedder) -> tuple[str, ...]:
        """Return the likeliest label of each text.

        Raises:
            FinetuneError: it was trained with another embedder.
        """
        self.check(embedder)
        if not texts:
            return ()
        chances = self.chances(features(texts, embedder.embed(list(texts)), self.rarity))
        return tuple(self.labels[best] for best in chances.argmax(axis=1))

    def chances(self, described: Matrix) -> Matrix:
        """Return `(len(described), len(labels))`, rows adding up to 1."""
        values = described @ self.weights.T + self.offsets
        values = np.exp(values - values.max(axis=1, keepdims=True))
        return np.asarray(values / values.sum(axis=1, keepdims=True), dtype=np.float32)

    def check(self, embedder: Embedder) -> None:
        """Make sure that the embedder is the one that it was trained with.

        Raises:
            FinetuneError: it is another.
        """
        if not self.fits(embedder):
            raise FinetuneError(
                f"The intents were trained with the embedder {self.embedder}, and {embedder.name} is in use. Next: "
                "frontdesk intents train --data FILE"
            )


def features(texts: Sequence[str], vectors: Matrix, rarity: Matrix) -> Matrix:
    """Return what the model sees of each text: its vector, then its letters weighed by `rarity`.

    Args:
        vectors: `(len(texts), dimension)`, rows of unit length.
    """
    letters = letter_counts(texts) * rarity
    lengths = np.linalg.norm(letters, axis=1, keepdims=True)
    return np.hstack([vectors, LETTERS_SHARE * letters / np.maximum(lengths, 1e-12)]).astype(np.float32)


def letter_counts(texts: Sequence[str]) -> Matrix:
    """Return `(len(texts), BUCKETS)`: 1 + log of how often each group of letters and each word stands in a text."""
    counted = np.zeros((len(texts), BUCKETS), dtype=np.float32)
    for row, text in enumerate(texts):
        for group, times in Counter(_groups(text)).items():
            counted[row, zlib.crc32(group.encode()) % BUCKETS] += 1.0 + np.log(times)
    return counted


def save(model: IntentModel, folder: Path) -> Path:
    """Write a model into a folder and return its file; an older one is replaced only when the new one is whole.

    Raises:
        FinetuneError: the folder cannot be written to.
    """
    facts = {
        "format": FORMAT,
        "labels": json.dumps(model.labels, ensure_ascii=False),
        "embedder": model.embedder,
        "sure_from": repr(model.sure_from),
    }
    arrays = {"weights": model.weights, "offsets": model.offsets, "rarity": model.rarity}
    return stored_arrays.save(folder / FILE, arrays, facts)


def load(folder: Path) -> IntentModel:
    """Return the model of a folder.

    Raises:
        FinetuneError: there is none, or it is damaged.
    """
    names = ("weights", "offsets", "rarity")
    with stored_arrays.opened(folder / FILE, names=names, form=FORMAT) as ((weights, offsets, rarity), facts):
        labels = tuple(json.loads(facts["labels"]))
        if weights.shape[0] != len(labels) or offsets.shape != (len(labels),):
            raise ValueError("its labels are not those of its weights")
        return IntentModel(labels, weights, offsets, rarity, facts["embedder"], float(facts["sure_from"]))


def _groups(text: str) -> list[str]:
    """Return a text's words and the groups of letters in them.

    >>> _groups("Hi!")
    ['hi', '<h', 'hi', 'i>', '<hi', 'hi>', '<hi>']
    """
    found = []
    for word in _WORD.findall(unicodedata.normalize("NFKC", text).casefold()):
        marked = f"<{word}>"
        found.append(word)
        found += [marked[at : at + size] for size in GROUPS for at in range(len(marked) - size + 1)]
    return found
