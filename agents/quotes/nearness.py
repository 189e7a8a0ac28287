"""A question and statements in, how near each comes to answering it out.

    question, statements with their places -> the embedder tuned for answers -> cosines

The search's embedder sets near what is about the same; this one what answers (`knowledge.embedders.answering`). Vectors
of statements are kept, for what is found for one question is ranked and judged by them, and found again for the next.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from agents.quotes.statements import Statement
from knowledge.embedders import Embedder, Vectors, for_answers

Array = NDArray[np.float64]

COMPARED_AT_MOST = 180
"""Statements of a question that are compared; passages take turns, so that a long one leaves room for the others."""
KEPT = 20_000
"""Vectors that are kept: some 30 MB, and as much text."""


def nearness(question: str, asked: str, statements: Sequence[Statement], embedder: Embedder) -> Array | None:
    """Return the cosine 0-1 of a question and each statement; None where the embedder is not tuned for answers.

    A question that leans counts half as itself and half with the one before it: together alone they would find the
    answer to the one before. Those that are not compared are 0.

    Args:
        question: as it was asked.
        asked: as it was searched, with the one before it when it leans on that.
        statements: in the order of the passages, the best passage first.
    """
    tuned = for_answers(embedder)
    if tuned is None:
        return None
    found = np.zeros(len(statements))
    if statements:
        compared = _compared(statements)
        texts = [told(statements[at]) for at in compared]
        means = np.mean([tuned.embed_question(text) for text in dict.fromkeys((question, asked))], axis=0)
        found[compared] = np.clip(_vectors.of(texts, tuned) @ means, 0.0, 1.0)
    return found


def _compared(statements: Sequence[Statement]) -> list[int]:
    """Return the places of the statements that are compared: the first of each passage, then the second of each."""
    if len(statements) <= COMPARED_AT_MOST:
        return list(range(len(statements)))
    turns: Counter[int] = Counter()
    rounds = []
    for at, statement in enumerate(statements):
        turns[id(statement.passage)] += 1
        rounds.append((turns[id(statement.passage)], at))
    return sorted(at for _, at in sorted(rounds)[:COMPARED_AT_MOST])


def told(statement: Statement) -> str:
    """Return a statement with its place, as the embedder reads it."""
    return f"{statement.passage.path}\n{statement.text}"


class _KeptVectors:
    """The vectors of the texts that were last asked for; any number of threads may ask."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, str], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, texts: Sequence[str], embedder: Embedder) -> Vectors:
        """Return `(len(texts), dimension)` unit vectors."""
        with self._lock:
            known = {text: self._kept[embedder.name, text] for text in texts if (embedder.name, text) in self._kept}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known.update((text, row.copy()) for text, row in zip(new, embedder.embed(new), strict=True))
        with self._lock:
            for text in texts:
                self._kept[embedder.name, text] = known[text]
                self._kept.move_to_end((embedder.name, text))
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return np.stack([known[text] for text in texts])

    def clear(self) -> None:
        """Drop all of them."""
        with self._lock:
            self._kept.clear()


_vectors = _KeptVectors()


def forget() -> None:
    """Drop the vectors that are kept, so that the next question takes as long as a first one."""
    _vectors.clear()
