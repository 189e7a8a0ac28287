import numpy as np
import pytest

from bench.embedding import Corpus, Found, least_cosine, recall, recalls_of

CORPUS = Corpus("tiny", ["a", "b", "c", "d"], ["one", "one", "two", "three"], ["q", "r"], [{"one"}, {"two", "three"}])


class Turned:
    """Embeds each question as one of the chunks."""

    def embed(self, texts: list[str]) -> tuple[np.ndarray, float, float]:
        return np.eye(4, dtype=np.float32)[: len(texts)], 1.0, 1.0


def test_recall_counts_documents_not_chunks() -> None:
    cosines = np.array([0.9, 0.8, 0.7, 0.1], dtype=np.float32)
    assert recall(CORPUS, cosines, {"two"}, limit=2) == 1
    assert recall(CORPUS, cosines, {"two", "three"}, limit=2) == 0.5
    assert recall(CORPUS, cosines, {"three"}, limit=2) == 0


def test_each_set_is_judged_by_its_own_chunks() -> None:
    vectors = np.eye(4, dtype=np.float32)
    assert recalls_of([CORPUS], vectors, Turned()) == [1.0]
    assert recalls_of([CORPUS, CORPUS], np.concatenate([vectors, vectors]), Turned()) == [1.0, 1.0]


def test_the_least_cosine_is_the_worst_texts() -> None:
    left = Found([np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])])
    right = Found([np.array([[1.0, 0.0]]), np.array([[0.6, 0.8]])])
    assert least_cosine(left, right) == pytest.approx(0.8)
