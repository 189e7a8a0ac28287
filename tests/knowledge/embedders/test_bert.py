"""A tiny BERT with random weights, against the same sums written out in numpy."""

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
import pytest

from knowledge.embedders import Vectors, unit_length
from knowledge.embedders.bert import ALONE_STEP, BATCH_TOKENS, Bert, BertEmbedder, Weights, batches_of, padded

HEADS = 2


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
    size = states.shape[1] // HEADS
    for number in range(2):
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


Texts = Callable[[int], list[list[int]]]


def build(weights: dict[str, Vectors], words: Vectors) -> Bert:
    return Bert(weights, lambda numbers: words[numbers], heads=HEADS, threads=2)


@pytest.fixture(scope="module")
def bert(tiny_weights: dict[str, Vectors]) -> Bert:
    return build(tiny_weights, tiny_weights["embeddings.word_embeddings.weight"])


def test_it_calculates_what_the_paper_says(bert: Bert, tiny_weights: dict[str, Vectors], tiny_texts: Texts) -> None:
    some = tiny_texts(60)
    expected = np.array([mean_by_hand(tiny_weights, text) for text in some])
    means = bert.means(some)
    assert (means.shape, means.dtype, bert.dimension) == ((60, 16), np.float32, 16)
    cosines = (means * expected).sum(1) / np.linalg.norm(means, axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() > 0.999
    assert np.linalg.norm(means, axis=1) == pytest.approx(np.linalg.norm(expected, axis=1), rel=0.03)


def test_a_text_means_the_same_alone_and_beside_longer_ones(bert: Bert) -> None:
    short, long = [1, 2, 3], list(range(50)) + [4] * 14
    beside = bert.batch_means([long, short])[1]
    assert bert.batch_means([short])[0] == pytest.approx(beside, abs=0.02)
    assert bert.means([]).shape == (0, 16)


@pytest.mark.parametrize("length", [1, ALONE_STEP - 1, ALONE_STEP, ALONE_STEP + 1, 63, 64])
def test_a_question_is_padded_and_means_what_it_would_among_others(
    bert: Bert, tiny_weights: dict[str, Vectors], length: int
) -> None:
    text = [(7 * place) % 50 for place in range(length)]
    assert padded([text], at_least=ALONE_STEP)[0].shape == (1, max(length, ALONE_STEP))
    alone, beside = unit_length(bert.batch_means([text, text]))[0], unit_length(bert.batch_means([text]))[0]
    assert alone @ beside > 0.999
    assert alone @ unit_length(mean_by_hand(tiny_weights, text)[None, :])[0] > 0.999


def test_no_question_is_padded_beyond_the_places_that_the_model_has(tiny_weights: dict[str, Vectors]) -> None:
    name = "embeddings.position_embeddings.weight"
    few = build({**tiny_weights, name: tiny_weights[name][:50]}, tiny_weights["embeddings.word_embeddings.weight"])
    text = list(range(49))
    beside = unit_length(few.batch_means([text, text]))[0]
    assert beside @ unit_length(few.batch_means([text]))[0] > 0.999


def test_many_threads_may_ask_at_once(bert: Bert, tiny_texts: Texts) -> None:
    some = tiny_texts(40)
    together = bert.means(some)
    with ThreadPoolExecutor(8) as pool:
        alone = list(pool.map(lambda text: bert.batch_means([text])[0], some))
    assert np.array(alone) == pytest.approx(together, abs=0.05)


def test_batches_hold_like_lengths_each_text_once(tiny_texts: Texts) -> None:
    lengths = [len(text) for text in tiny_texts(100)] + [BATCH_TOKENS + 1, 1]
    batches = batches_of(lengths)
    assert sorted(row for batch in batches for row in batch) == list(range(102))
    assert batches[0] == [100]
    for batch in batches[1:]:
        assert len(batch) * max(lengths[row] for row in batch) <= BATCH_TOKENS
    for left, right in pairwise(batches):
        assert min(lengths[row] for row in left) >= max(lengths[row] for row in right)
    assert batches_of([]) == []


def test_weights_that_do_not_fit_are_refused(tiny_weights: dict[str, Vectors]) -> None:
    words = tiny_weights["embeddings.word_embeddings.weight"]
    with pytest.raises(KeyError, match="position_embeddings"):
        build({name: weight for name, weight in tiny_weights.items() if "position" not in name}, words)
    with pytest.raises(ValueError, match=r"\S"):
        build({**tiny_weights, "encoder.layer.0.output.dense.weight": words[:3]}, words)


def test_texts_get_their_prefix_and_each_is_embedded_once(bert: Bert) -> None:
    cuts: list[list[str]] = []

    def cut(texts: Sequence[str]) -> list[list[int]]:
        cuts.append(list(texts))
        return [[ord(letter) % 50 for letter in text] for text in texts]

    embedder = BertEmbedder(
        bert, cut, name="tiny", languages=None, before_passage="passage: ", before_question="query: "
    )
    vectors = embedder.embed(["lamp", "chair", "lamp"])
    question = embedder.embed_question("lamp")
    assert cuts == [["passage: lamp", "passage: chair"], ["query: lamp"]]
    assert (vectors.shape, vectors.dtype, question.shape) == ((3, 16), np.float32, (16,))
    assert vectors[0].tolist() == vectors[2].tolist() != vectors[1].tolist()
    assert np.linalg.norm([*vectors, question], axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert embedder.embed([]).shape == (0, 16)
