"""A made-up library of any size: text with words as rare as in a language, vectors that lie as a model's do.

    number of chunks, seed -> documents of 50 chunks, their unit vectors, questions about single chunks

Words follow Zipf's law; the commonest are English stop words, so that questions lose them as real ones do. Vectors come
from clusters in 48 dimensions, turned into 384 with a little noise, because evenly scattered ones have no neighbours
worth finding. Everything follows from a block's number, so that a library can be made in pieces and made again.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from knowledge.text import STOP_WORDS

BLOCK = 1000
"""Chunks that are made at once."""
CHUNKS_PER_DOCUMENT = 50
STAFF_SHARE = 10
"""Every such document is for staff."""
DIMENSION, INNER_DIMENSION, CLUSTERS = 384, 48, 2000
VOCABULARY = 200_000
WORDS_PER_CHUNK = (60, 140)
QUESTION_WORDS = 8
Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class MadeDocument:
    number: int
    audience: str
    chunks: tuple[str, ...]


def vectors(block: int) -> Vectors:
    """Return the unit vectors of a block's chunks, `(BLOCK, DIMENSION)`."""
    centres, turn = _space()
    random = np.random.default_rng([1, block])
    inner = centres[random.integers(0, CLUSTERS, BLOCK)] + 0.7 * random.standard_normal((BLOCK, INNER_DIMENSION))
    rows = inner @ turn + 2.0 * random.standard_normal((BLOCK, DIMENSION))
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def beside(vector: Vectors, seed: int) -> Vectors:
    """Return a unit vector near one of a chunk, as a question's is near its answer's (cosine about 0.7)."""
    moved = vector + np.random.default_rng([2, seed]).standard_normal(DIMENSION) / np.sqrt(DIMENSION)
    return np.asarray(moved / np.linalg.norm(moved), dtype=np.float32)


def documents(block: int) -> list[MadeDocument]:
    """Return a block's documents; the chunks of all of them, in order, are the rows of `vectors`."""
    words = _words()
    random = np.random.default_rng([3, block])
    made = []
    for place in range(BLOCK // CHUNKS_PER_DOCUMENT):
        number = block * (BLOCK // CHUNKS_PER_DOCUMENT) + place
        sizes = random.integers(*WORDS_PER_CHUNK, CHUNKS_PER_DOCUMENT)
        drawn = words[_ranks(random, int(sizes.sum()))]
        parts = np.split(drawn, np.cumsum(sizes)[:-1])
        audience = "staff" if number % STAFF_SHARE == STAFF_SHARE - 1 else "public"
        made.append(MadeDocument(number, audience, tuple(_sentences(part.tolist()) for part in parts)))
    return made


def question(chunk: str, seed: int) -> str:
    """Return a question made of words of a chunk, common ones more often, as they stand there."""
    words = chunk.replace(".", "").lower().split()
    random = np.random.default_rng([4, seed])
    return " ".join(["what", *random.choice(words, QUESTION_WORDS, replace=False).tolist()]) + "?"


def _sentences(words: list[str]) -> str:
    """Return the words as sentences of twelve."""
    parts = [words[start : start + 12] for start in range(0, len(words), 12)]
    return " ".join(" ".join([part[0].capitalize(), *part[1:]]) + "." for part in parts)


def _ranks(random: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Draw word ranks by Zipf's law (exponent 1, cut off at the vocabulary)."""
    return np.minimum(np.exp(random.random(count) * np.log(VOCABULARY)).astype(np.int64) - 1, VOCABULARY - 1)


@lru_cache(maxsize=1)
def _words() -> NDArray[np.str_]:
    syllables = [a + b for a in "bdfgklmnprstvz" for b in ("a", "e", "i", "o", "u", "al", "en", "or")]
    stop = [word for word in sorted(STOP_WORDS) if word.isascii() and word.isalpha()]
    random = np.random.default_rng(5)
    made: dict[str, None] = dict.fromkeys(stop)
    while len(made) < VOCABULARY:
        made["".join(syllables[place] for place in random.integers(0, len(syllables), random.integers(2, 5)))] = None
    return np.array(list(made))


@lru_cache(maxsize=1)
def _space() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    random = np.random.default_rng(6)
    return random.standard_normal((CLUSTERS, INNER_DIMENSION)), random.standard_normal((INNER_DIMENSION, DIMENSION))
