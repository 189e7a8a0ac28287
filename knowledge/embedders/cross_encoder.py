"""A question and sentences in, how likely each answers it out: the two are read together.

    question + sentence, cut into word pieces -> BERT with an adapter of its own -> mean token state -> head -> logit

An embedder reads the two apart, so that it knows what both are about, and little of whether one says what the other
asks. Reading together costs the whole model for each pair: only few sentences are read so (Nogueira and Cho, arXiv
1901.04085). `python -m bench.pairs` trains an adapter anew.
"""

from collections.abc import Sequence

import numpy as np

from knowledge.embedders import Vectors
from knowledge.embedders.answering import Head
from knowledge.embedders.bert import Cut, Encoder

PAIRS = "-pairs"
"""Behind an embedder's name: the adapter that it reads pairs with."""
QUESTION_PIECES, SENTENCE_PIECES = 40, 80
"""Word pieces of each that are read."""


class CrossEncoder:
    """Any number of threads may ask it at the same time."""

    def __init__(
        self, encoder: Encoder, cut: Cut, head: Head, *, before_question: str = "", before_sentence: str = ""
    ) -> None:
        self._encoder = encoder
        self._cut = cut
        self._head = head
        self._before_question, self._before_sentence = before_question, before_sentence

    def logits(self, question: str, sentences: Sequence[str]) -> Vectors:
        """Return `(len(sentences),)`: 0 where a sentence answers as likely as not."""
        if not sentences:
            return np.zeros(0, dtype=np.float32)
        asked, *said = self._cut(
            [self._before_question + question, *(self._before_sentence + sentence for sentence in sentences)]
        )
        means = self._encoder.means([pair(asked, pieces) for pieces in said])
        return np.asarray(means @ self._head.weights + self._head.bias, dtype=np.float32)


def pair(question: Sequence[int], sentence: Sequence[int]) -> list[int]:
    """Return word pieces of both as they are read together: the sentence follows without its own mark of beginning."""
    return [*shortened(question, QUESTION_PIECES), *shortened(sentence, SENTENCE_PIECES)[1:]]


def shortened(pieces: Sequence[int], most: int) -> list[int]:
    """Return a text's first pieces, and the last one, which marks its end."""
    return [*pieces] if len(pieces) <= most else [*pieces[: most - 1], pieces[-1]]
