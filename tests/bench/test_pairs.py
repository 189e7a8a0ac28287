from pathlib import Path

import numpy as np
import pytest

from bench import pairs
from bench.pairs import RANK, kept_of, learn
from bench.teaching import Marked, save
from knowledge.embedders import answering
from knowledge.embedders.bert import Bert
from knowledge.embedders.cross_encoder import CrossEncoder
from tests.bench.tiny_embedder import CASES, HEADS, cut, tiny_weights

NAME = "tiny-pairs"


def test_what_was_learned_is_surer_of_what_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("transformers")
    monkeypatch.setattr(pairs, "RATE", 1e-2)  # so small a model has far to go
    weights = tiny_weights()
    words = weights["embeddings.word_embeddings.weight"]
    save(learn(CASES, weights, words=words, cut=Marked(cut), heads=HEADS, epochs=80), tmp_path / f"{NAME}.safetensors")
    monkeypatch.setattr(answering, "FOLDER", tmp_path)
    bert = Bert(answering.adapted(weights, NAME), lambda numbers: words[numbers], heads=HEADS, threads=1)
    reader = CrossEncoder(bert, cut, answering.head_of(NAME))
    for case in CASES:
        logits = reader.logits(case.question, case.statements)
        assert np.array_equal(logits > 0, case.right), (case.question, logits)


def test_of_a_change_its_strongest_directions_are_kept() -> None:
    drawn = np.random.default_rng(1)
    narrow = (drawn.normal(size=(60, RANK)) @ drawn.normal(size=(RANK, 50))).astype(np.float32)
    kept = kept_of("a.weight", narrow)
    assert kept["a.weight.up"] @ kept["a.weight.down"] == pytest.approx(narrow, abs=1e-3)
    wide = drawn.normal(size=(60, 50)).astype(np.float32)
    kept = kept_of("a.weight", wide)
    assert np.linalg.norm(wide - kept["a.weight.up"] @ kept["a.weight.down"]) < 0.4 * np.linalg.norm(wide)
    assert kept_of("a.bias", narrow[0]) == {"a.bias.whole": pytest.approx(narrow[0])}
