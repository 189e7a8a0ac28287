"""What a message wants, told by its words alone: TF-IDF, then logistic regression.

    text -> words and Chinese characters -> weights -> label and how sure

The plainest of all methods. It serves where it measured better than the embedder's vectors: labels that hang on rare
words, or a language that the embedder does not know. Trained with scikit-learn (`finetune.labels.classifier_training`),
run with numpy alone, and stored as plain arrays in one safetensors file; nothing in it can run.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from finetune.labels import stored_arrays
from finetune.labels.classifier import Matrix, Reading
from knowledge.embedders import Embedder

FILE = "words.safetensors"
FORMAT = "frontdesk-words-1"
PATTERN = r"[\u4e00-\u9fff]|[^\W\u4e00-\u9fff]+"
"""Each Chinese character counts as a word, or a sentence would be a single one."""
_WORD = re.compile(PATTERN)


@dataclass(frozen=True, slots=True)
class WordModel:
    """A trained model; call it from any thread."""

    labels: tuple[str, ...]
    vocabulary: Mapping[str, int]
    """Word -> its column."""
    rarity: Matrix
    """`(len(vocabulary),)`: the inverse document frequency of each word."""
    weights: Matrix
    """`(len(labels), len(vocabulary))`."""
    offsets: Matrix
    """`(len(labels),)`."""
    sure_from: float
    """The least chance 0-1 that counts as sure."""

    def fits(self, embedder: Embedder) -> bool:
        """Return True: it does not look at vectors."""
        return True

    def read(self, text: str, embedder: Embedder | None = None) -> Reading:
        """Return what one message wants."""
        chances = self.chances([text])[0]
        best = int(chances.argmax())
        return Reading(self.labels[best], float(chances[best]), bool(chances[best] >= self.sure_from))

    def predict(self, texts: Sequence[str]) -> tuple[str, ...]:
        """Return the likeliest label of each text."""
        return tuple(self.labels[best] for best in self.chances(texts).argmax(axis=1)) if texts else ()

    def chances(self, texts: Sequence[str]) -> Matrix:
        """Return `(len(texts), len(labels))`, rows adding up to 1."""
        seen = np.zeros((len(texts), len(self.vocabulary)), dtype=np.float32)
        for row, text in enumerate(texts):
            for word, times in Counter(_WORD.findall(text.lower())).items():
                if word in self.vocabulary:
                    seen[row, self.vocabulary[word]] = 1.0 + np.log(times)
        seen *= self.rarity
        seen /= np.maximum(np.linalg.norm(seen, axis=1, keepdims=True), 1e-12)
        values = seen @ self.weights.T + self.offsets
        values = np.exp(values - values.max(axis=1, keepdims=True))
        return np.asarray(values / values.sum(axis=1, keepdims=True), dtype=np.float32)

    def close(self) -> None:
        """Do nothing; there is nothing to give back."""


def save(model: WordModel, folder: Path) -> Path:
    """Write a model into a folder and return its file; an older one is replaced only when the new one is whole.

    Raises:
        FinetuneError: the folder cannot be written to.
    """
    words = sorted(model.vocabulary, key=lambda word: model.vocabulary[word])
    facts = {
        "format": FORMAT,
        "labels": json.dumps(model.labels, ensure_ascii=False),
        "words": json.dumps(words, ensure_ascii=False),
        "sure_from": repr(model.sure_from),
    }
    arrays = {"weights": model.weights, "offsets": model.offsets, "rarity": model.rarity}
    return stored_arrays.save(folder / FILE, arrays, facts)


def load(folder: Path) -> WordModel:
    """Return the model of a folder.

    Raises:
        FinetuneError: there is none, or it is damaged.
    """
    names = ("weights", "offsets", "rarity")
    with stored_arrays.opened(folder / FILE, names=names, form=FORMAT) as ((weights, offsets, rarity), facts):
        labels, words = tuple(json.loads(facts["labels"])), json.loads(facts["words"])
        if weights.shape != (len(labels), len(words)) or rarity.shape != (len(words),):
            raise ValueError("its labels or words are not those of its weights")
        places = {word: place for place, word in enumerate(words)}
        return WordModel(labels, places, rarity, weights, offsets, float(facts["sure_from"]))
