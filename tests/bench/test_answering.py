from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bench.answering import Case, Marked, learn, save, taught
from bench.companies import HELD_OUT, WEIGHED
from knowledge.embedders import answering
from knowledge.embedders.bert import Bert, BertEmbedder

SIZE, INNER, PLACES, PIECES, HEADS = 16, 32, 32, 64, 2
NAME = "tiny"


def tiny_weights(seed: int = 3) -> dict[str, np.ndarray]:
    """Return a BERT of one layer with weights drawn at random."""
    drawn = np.random.default_rng(seed)
    shapes = {
        "embeddings.word_embeddings.weight": (PIECES, SIZE),
        "embeddings.position_embeddings.weight": (PLACES, SIZE),
        "embeddings.token_type_embeddings.weight": (2, SIZE),
    }
    linear = {
        **{f"attention.self.{part}": (SIZE, SIZE) for part in ("query", "key", "value")},
        "attention.output.dense": (SIZE, SIZE),
        "intermediate.dense": (INNER, SIZE),
        "output.dense": (SIZE, INNER),
    }
    for part, shape in linear.items():
        shapes[f"encoder.layer.0.{part}.weight"] = shape
        shapes[f"encoder.layer.0.{part}.bias"] = (shape[0],)
    weights = {name: drawn.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    for norm in ("embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"):
        weights[f"{norm}.LayerNorm.weight"] = np.ones(SIZE, np.float32)
        weights[f"{norm}.LayerNorm.bias"] = np.zeros(SIZE, np.float32)
    return weights


def cut(texts: Sequence[str]) -> list[list[int]]:
    """Cut a text into its letters."""
    return [[1, *(2 + ord(letter) % (PIECES - 2) for letter in text)][:PLACES] for text in texts]


CASES = [
    Case("when open", ("shop: we open at nine", "shop: we sell lamps"), np.array([True, False]), True),
    Case("what is sold", ("shop: we open at nine", "shop: we sell lamps"), np.array([False, True]), True),
    Case("who mends it", ("shop: we open at nine", "shop: we sell lamps"), np.array([False, False]), False),
]


def test_what_was_learned_sets_right_statements_nearer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("peft")
    weights = tiny_weights()
    words = weights["embeddings.word_embeddings.weight"]
    factors = learn(CASES, weights, words=words, cut=Marked(cut), heads=HEADS, epochs=400)
    save(factors, tmp_path / f"{NAME}.safetensors")
    monkeypatch.setattr(answering, "FOLDER", tmp_path)
    leads = []
    for used in (weights, answering.adapted(weights, NAME)):
        bert = Bert(used, lambda numbers: words[numbers], heads=HEADS, threads=1)
        embedder = BertEmbedder(bert, cut, name=NAME, languages=None)
        near = [embedder.embed(list(c.statements)) @ embedder.embed_question(c.question) for c in CASES]
        leads.append(near[0][0] - near[0][1] + near[1][1] - near[1][0])
    assert leads[1] > leads[0] + 0.1


def test_long_texts_keep_their_end() -> None:
    marked = Marked(lambda texts: [[1, *range(100), 9]], before_question="query: ")
    question, statement = marked("x", asks=True), marked("x", asks=False)
    assert (question[-1], statement[-1]) == (9, 9)
    assert len(question) < len(statement) < 102


@pytest.mark.parametrize("embedder", ["embedded", "multilingual"])
def test_no_company_teaches_that_weighs_or_measures(embedder: str) -> None:
    assert not {*taught(embedder)} & {*WEIGHED, *HELD_OUT}
    assert any("-zh" in name for name in taught(embedder)) is (embedder == "multilingual")
