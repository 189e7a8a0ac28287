from pathlib import Path

import pytest

from bench.answering import learn
from bench.teaching import Marked, save
from knowledge.embedders import answering
from knowledge.embedders.bert import Bert, BertEmbedder
from tests.bench.tiny_embedder import CASES, HEADS, NAME, cut, tiny_weights


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
