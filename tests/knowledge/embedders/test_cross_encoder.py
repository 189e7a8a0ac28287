from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from knowledge.embedders import Embedder, Vectors, answering, cross_encoder_of, e5, minilm
from knowledge.embedders.cross_encoder import QUESTION_PIECES, SENTENCE_PIECES, CrossEncoder, pair
from knowledge.embedders.hashing import HashingEmbedder


class Remembering:
    """A fake that remembers what it was given; its states are a text's length and its first piece."""

    dimension = 2

    def __init__(self) -> None:
        self.given: list[list[int]] = []

    def means(self, texts: Sequence[Sequence[int]]) -> Vectors:
        self.given += [list(text) for text in texts]
        return np.array([[len(text), text[0]] for text in texts], np.float32)

    batch_means = means


def words_of(texts: Sequence[str]) -> list[list[int]]:
    return [[1, *map(len, text.split()), 2] for text in texts]


def test_question_and_sentence_are_read_as_one_text() -> None:
    encoder = Remembering()
    head = answering.Head(np.array([1.0, 0.0], np.float32), -7.0)
    reader = CrossEncoder(encoder, words_of, head, before_question="query: ", before_sentence="passage: ")
    logits = reader.logits("who pays", ["the shop pays", "we"])
    assert encoder.given == [[1, 6, 3, 4, 2, 8, 3, 4, 4, 2], [1, 6, 3, 4, 2, 8, 2, 2]]
    assert logits.tolist() == [3.0, 1.0]


def test_nothing_to_read_is_no_logit() -> None:
    reader = CrossEncoder(Remembering(), words_of, answering.Head(np.ones(2, np.float32), 0.0))
    assert reader.logits("who pays", []).shape == (0,)


def test_long_questions_and_sentences_are_shortened_and_keep_their_ends() -> None:
    long = [1, *[5] * 200, 2]
    together = pair(long, long)
    assert len(together) == QUESTION_PIECES + SENTENCE_PIECES - 1
    assert (together[QUESTION_PIECES - 1], together[-1]) == (2, 2)


def test_an_embedder_without_such_an_adapter_reads_no_pairs() -> None:
    assert cross_encoder_of(HashingEmbedder()) is None


@pytest.mark.parametrize("build", [minilm.build, e5.build], ids=["english", "multilingual"])
def test_what_answers_is_told_from_what_looks_alike(build: Callable[..., Embedder], models_folder: Path) -> None:
    """On a question that nothing was learned from."""
    embedder = build("", models_folder=models_folder, ollama_url="", threads=1)
    reader = cross_encoder_of(embedder)
    assert reader is not None
    assert reader is cross_encoder_of(embedder)
    texts = ["Lamps\nA lamp can go back within 30 days.", "Lamps\nLamps are sent on the day they are paid."]
    answers, looks_alike = reader.logits("how long have i got to change my mind about a lamp", texts)
    assert answers > looks_alike


def test_chinese_is_read_together_too(models_folder: Path) -> None:
    reader = cross_encoder_of(e5.build("", models_folder=models_folder, ollama_url="", threads=1))
    assert reader is not None
    texts = ["灯具\n三十天内可以退回灯具。", "灯具\n灯具在付款当天发出。"]
    answers, looks_alike = reader.logits("我后悔了,灯还能退吗", texts)
    assert answers > looks_alike
