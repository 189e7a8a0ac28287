"""A question and statements in, how near each comes to answering it out.

    question, statements with their places -> the embedder tuned for answers -> cosines
    the nearest, each read together with the question -> doubt, which lessens the cosine

The search's embedder sets near what is about the same; these what answers (`knowledge.embedders.answering`,
`knowledge.embedders.cross_encoder`). What was found out of a statement is kept, for what is found for one question is
ranked and judged by it, and found again for the next.
"""

import secrets
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable, Sequence
from hashlib import blake2b
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from agents.quotes.statements import Statement
from knowledge.embedders import Embedder, PairReader, Vectors, cross_encoder_of, for_answers

Array = NDArray[np.float64]
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

COMPARED_AT_MOST = 180
"""Statements of a question that are compared; passages take turns, so that a long one leaves room for the others."""
READ_TOGETHER = 12
"""Of them, the nearest, which are read together with the question; the others are doubted wholly."""
DOUBT = 0.5
"""The share of a cosine that full doubt takes."""
EVENNESS = 4.0
"""Logits of reading together are divided by it; chosen with `DOUBT` on development sets (docs/design.md)."""
KEPT = 20_000
"""Vectors that are kept: some 30 MB, and as much text."""
KEPT_LOGITS = 5_000
"""What reading together said, of the last few hundred questions; under digests, so that no question is kept."""


def nearness(question: str, asked: str, statements: Sequence[Statement], embedder: Embedder) -> Array | None:
    """Return how near each statement comes to answering, 0-1; None where the embedder is not tuned for answers.

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
        questions = tuple(dict.fromkeys((question, asked)))
        means = np.mean([tuned.embed_question(text) for text in questions], axis=0)
        cosines = np.stack(_vectors_of(texts, tuned)) @ means
        found[compared] = np.clip(cosines, 0.0, 1.0) * (1.0 - DOUBT * _doubts(questions, texts, cosines, embedder))
    return found


def _doubts(questions: Sequence[str], texts: Sequence[str], cosines: Vectors, embedder: Embedder) -> Array:
    """Return 0-1 for each text: how little the nearest are taken to answer, 1 for the others; 0 where none is read.

    The same text, of two documents, is read once.
    """
    reader = cross_encoder_of(embedder)
    if reader is None:
        return np.zeros(len(texts))
    nearest = list(dict.fromkeys(texts[at] for at in np.argsort(-cosines, kind="stable")))[:READ_TOGETHER]
    logits = np.mean([_logits_of(question, nearest, embedder.name, reader) for question in questions], axis=0)
    doubts = dict(zip(nearest, 1.0 / (1.0 + np.exp(logits / EVENNESS)), strict=True))
    return np.array([doubts.get(text, 1.0) for text in texts])


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


class _Kept(Generic[Key, Value]):
    """What was made of the keys that were last asked for; any number of threads may ask."""

    def __init__(self, most: Callable[[], int]) -> None:
        self._most = most
        self._kept: OrderedDict[Key, Value] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, keys: Sequence[Key], make: Callable[[list[Key]], Sequence[Value]]) -> list[Value]:
        """Return what belongs to each key; `make` is given those that are not kept, each once."""
        with self._lock:
            known = {key: self._kept[key] for key in keys if key in self._kept}
        new = [key for key in dict.fromkeys(keys) if key not in known]
        if new:
            known.update(zip(new, make(new), strict=True))
        with self._lock:
            for key in keys:
                self._kept[key] = known[key]
                self._kept.move_to_end(key)
            while len(self._kept) > self._most():
                self._kept.popitem(last=False)
        return [known[key] for key in keys]

    def clear(self) -> None:
        """Drop all of it."""
        with self._lock:
            self._kept.clear()


_vectors: _Kept[tuple[str, str], Vectors] = _Kept(lambda: KEPT)
"""By the embedder's name and the statement's text."""
_logits: _Kept[bytes, float] = _Kept(lambda: KEPT_LOGITS)
"""By a digest of embedder, question and statement."""
_salt = secrets.token_bytes(16)


def _vectors_of(texts: Sequence[str], embedder: Embedder) -> list[Vectors]:
    """Return unit vectors, `(dimension,)` each."""
    return _vectors.of(
        [(embedder.name, text) for text in texts],
        lambda new: [row.copy() for row in embedder.embed([text for _, text in new])],
    )


def _logits_of(question: str, texts: Sequence[str], name: str, reader: PairReader) -> list[float]:
    by_digest = {_digest(name, question, text): text for text in texts}
    return _logits.of(list(by_digest), lambda new: reader.logits(question, [by_digest[one] for one in new]).tolist())


def _digest(*parts: str) -> bytes:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16, salt=_salt).digest()


def forget() -> None:
    """Drop what is kept, so that the next question takes as long as a first one."""
    _vectors.clear()
    _logits.clear()
