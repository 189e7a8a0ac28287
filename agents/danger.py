"""Whether a message reports a danger, by what it means: no list of words holds all that may happen to people.

    message -> windows and sentences -> the embedder's vectors -> logistic regression -> the likeliest

It was taught with messages written for it (`python -m bench.danger` fits it, `bench/labelled/danger.tsv` holds them):
reports of whatever may hurt, and what only sounds like them, in English and Chinese. It adds to the wordings of
`agents.handover`, which need no embedder; what it does not hear they may.
"""

import json
import logging
import math
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from knowledge.embedders import Embedder, Vectors, knows
from knowledge.errors import KnowledgeError
from knowledge.text import detect_language, sentences

logger = logging.getLogger(__name__)

WEIGHTS = Path(__file__).with_name("danger_weights.json")
TAUGHT_WITH = frozenset({"embedded", "english", "multilingual"})
"""Settings of the embedders that there are weights for."""
LIKELY = 0.4
"""From where on a message counts as a report; lower, more of the ordinary questions would than reports are won."""
WINDOW = 400
"""Characters that are read at once: an embedder reads only so far."""
ALONE = 1.0
"""Logits that a sentence counts less than a whole message: what is told in passing drowns in it, and what a sentence
means alone is less sure."""


@dataclass(frozen=True, slots=True)
class DangerClassifier:
    """Hears reports of danger."""

    embedder: Embedder
    weights: Vectors
    """Shape `(dimension,)`."""
    bias: float

    def likelihood(self, message: str) -> float:
        """Return how likely a message reports a danger, as its likeliest window does.

        It is 0 for Chinese where the embedder does not know it. No other language but English taught it anything.
        """
        if not knows(self.embedder, detect_language(message)):
            return 0.0
        logits = [
            logit
            for window in _windows(message)
            for logit in (
                self._logit(" ".join(window)),
                *(self._logit(sentence) - ALONE for sentence in window if len(window) > 1),
            )
        ]
        return 1 / (1 + math.exp(-max(logits))) if logits else 0.0

    def _logit(self, text: str) -> float:
        return float(self.embedder.embed_question(text) @ self.weights) + self.bias


def classifier_for(embedder: Embedder) -> DangerClassifier | None:
    """Return what hears dangers with an embedder; None where it was not taught with it."""
    fitted = _fitted().get(embedder.name)
    return None if fitted is None else DangerClassifier(embedder, *fitted)


def hearing(setting: str, load: Callable[[], Embedder]) -> Callable[[str], bool]:
    """Return what says whether a message likely reports a danger.

    Where the embedder cannot be asked it hears none, whatever the fault, and the log says so: who asks for a person in
    plain words gets one.

    Args:
        setting: names the embedder; none is loaded where it was not taught with it.
        load: returns the embedder, when a message comes.
    """
    if setting not in TAUGHT_WITH:
        return lambda message: False
    failed = threading.Event()

    def is_reported(message: str) -> bool:
        try:
            classifier = classifier_for(load())
            heard = classifier is not None and classifier.likelihood(message) >= LIKELY
        except (KnowledgeError, OSError, RuntimeError, ValueError) as error:
            if not failed.is_set():
                logger.warning("dangers are told by their wordings alone, for the embedder cannot be asked: %s", error)
            failed.set()
            return False
        failed.clear()
        return heard

    return is_reported


def _windows(message: str) -> Iterator[list[str]]:
    """Yield the sentences of a message, as many at once as a window holds."""
    window: list[str] = []
    for start, end in sentences(message):
        for begins in range(start, end, WINDOW):
            sentence = message[begins : min(end, begins + WINDOW)].strip()
            if sentence and sum(map(len, window)) + len(window) + len(sentence) > WINDOW:
                yield window
                window = []
            window += [sentence] if sentence else []
    if window:
        yield window


@cache
def _fitted() -> dict[str, tuple[Vectors, float]]:
    """Return the weights and the bias by the embedder's name."""
    fitted: dict[str, list[float]] = json.loads(WEIGHTS.read_text(encoding="utf-8"))["fitted"]
    return {name: (np.array(weights, np.float32), bias) for name, (*weights, bias) in fitted.items()}
