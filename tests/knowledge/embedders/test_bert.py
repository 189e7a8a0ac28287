"""A tiny BERT with random weights, against the same sums written out in numpy."""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from knowledge.embedders import Vectors
from knowledge.embedders.bert import BATCH_TOKENS, Bert, BertEmbedder, Weights, batches_of

DIMENSION = 16
HEADS = 2
LAYERS = 2
INNER = 32
WORDS = 50
PLACES = 64


def random_weights() -> dict[str, Vectors]:
    random = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (WORDS, DIMENSION),
        "embeddings.position_embeddings.weight": (PLACES, DIMENSION),
        "embeddings.token_type_embeddings.weight": (2, DIMENSION),
        "embeddings.LayerNorm.weight": (DIMENSION,),
        "embeddings.LayerNorm.bias": (DIMENSION,),
    }
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{layer}.{part}.weight": (DIMENSION, DIMENSION), f"{layer}.{part}.bias": (DIMENSION,)}
        for part in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{layer}.{part}.weight": (DIMENSION,), f"{layer}.{part}.bias": (DIMENSION,)}
        shapes |= {
            f"{layer}.intermediate.dense.weight": (INNER, DIMENSION),
            f"{layer}.intermediate.dense.bias": (INNER,),
        }
        shapes |= {f"{layer}.output.dense.weight": (DIMENSION, INNER), f"{layer}.output.dense.bias": (DIMENSION,)}
    return {name: random.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


def mean_by_hand(weights: Weights, text: list[int]) -> Vectors:
    """BERT's encoder as the paper has it, for one text without padding."""

    def linear(states: Vectors, name: str) -> Vectors:
        return np.asarray(states @ weights[f"{name}.weight"].T + weights[f"{name}.bias"])

    def normal(states: Vectors, name: str) -> Vectors:
        scaled = (states - states.mean(-1, keepdims=True)) / np.sqrt(states.var(-1, keepdims=True) + 1e-12)
        return np.asarray(scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"])

    states = weights["embeddings.word_embeddings.weight"][text]
    states = states + weights["embeddings.position_embeddings.weight"][: len(text)]
    states = normal(states + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    size = DIMENSION // HEADS
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        asked, offered, said = (linear(states, f"{layer}.attention.self.{part}") for part in ("query", "key", "value"))
        heard = np.zeros_like(states)
        for head in range(HEADS):
            part = slice(head * size, (head + 1) * size)
            fit = np.exp(asked[:, part] @ offered[:, part].T / math.sqrt(size))
            heard[:, part] = fit / fit.sum(-1, keepdims=True) @ said[:, part]
        attended = states + linear(heard, f"{layer}.attention.output.dense")
        states = normal(attended, f"{layer}.attention.output.LayerNorm")
        inner = linear(states, f"{layer}.intermediate.dense")
        inner = inner * 0.5 * (1 + np.vectorize(math.erf)(inner / math.sqrt(2)))
        states = normal(states + linear(inner, f"{layer}.output.dense"), f"{layer}.output.LayerNorm")
    return np.asarray(states.mean(axis=0))


def texts(count: int) -> list[list[int]]:
    random = np.random.default_rng(3)
    return [random.integers(0, WORDS, size=int(random.integers(1, PLACES + 1))).tolist() for _ in range(count)]


def build(weights: Weights) -> Bert:
    words = random_weights()["embeddings.word_embeddings.weight"]
    return Bert(weights, lambda numbers: words[numbers], heads=HEADS, threads=2)


@pytest.fixture(scope="module")
def bert() -> Bert:
    return build(random_weights())


def test_it_calculates_what_the_paper_says(bert: Bert) -> None:
    weights = random_weights()
    some = texts(60)
    expected = np.array([mean_by_hand(weights, text) for text in some])
    means = bert.means(some)
    assert (means.shape, means.dtype, bert.dimension) == ((60, DIMENSION), np.float32, DIMENSION)
    cosines = (means * expected).sum(1) / np.linalg.norm(means, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() > 0.999
    assert np.linalg.norm(means, axis=1) == pytest.approx(np.linalg.norm(expected, axis=1), rel=0.03)


def test_a_text_means_the_same_alone_and_beside_longer_ones(bert: Bert) -> None:
    short, long = [1, 2, 3], list(range(50)) + [4] * 14
    beside = bert.batch_means([long, short])[1]
    assert bert.batch_means([short])[0] == pytest.approx(beside, abs=0.02)
    assert bert.means([]).shape == (0, DIMENSION)


def test_many_threads_may_ask_at_once(bert: Bert) -> None:
    some = texts(40)
    together = bert.means(some)
    with ThreadPoolExecutor(8) as pool:
        alone = list(pool.map(lambda text: bert.batch_means([text])[0], some))
    assert np.array(alone) == pytest.approx(together, abs=0.05)


def test_batches_hold_like_lengths_each_text_once() -> None:
    lengths = [len(text) for text in texts(100)] + [BATCH_TOKENS + 1, 1]
    batches = batches_of(lengths)
    assert sorted(row for batch in batches for row in batch) == list(range(102))
    assert batches[0] == [100]
    for batch in batches[1:]:
        assert len(batch) * max(lengths[row] for row in batch) <= BATCH_TOKENS
    for left, right in pairwise(batches):
        assert min(lengths[row] for row in left) >= max(lengths[row] for row in right)
    assert batches_of([]) == []


def test_weights_that_do_not_fit_are_refused() -> None:
    weights = random_weights()
    with pytest.raises(KeyError, match="position_embeddings"):
        build({name: weight for name, weight in weights.items() if "position" not in name})
    with pytest.raises(ValueError, match=r"\S"):
        build({**weights, "encoder.layer.0.output.dense.weight": weights["embeddings.LayerNorm.weight"]})


def test_texts_get_their_prefix_and_each_is_embedded_once(bert: Bert) -> None:
    cuts: list[list[str]] = []

    def cut(texts: Sequence[str]) -> list[list[int]]:
        cuts.append(list(texts))
        return [[ord(letter) % WORDS for letter in text] for text in texts]

    embedder = BertEmbedder(
        bert, cut, name="tiny", languages=None, before_passage="passage: ", before_question="query: "
    )
    vectors = embedder.embed(["lamp", "chair", "lamp"])
    question = embedder.embed_question("lamp")
    assert cuts == [["passage: lamp", "passage: chair"], ["query: lamp"]]
    assert (vectors.shape, vectors.dtype, question.shape) == ((3, DIMENSION), np.float32, (DIMENSION,))
    assert vectors[0].tolist() == vectors[2].tolist() != vectors[1].tolist()
    assert np.linalg.norm([*vectors, question], axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert embedder.embed([]).shape == (0, DIMENSION)
