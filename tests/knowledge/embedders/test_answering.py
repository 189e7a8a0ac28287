import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from knowledge.embedders import Vectors, answering, minilm
from knowledge.embedders.bert import BertEmbedder


def test_an_adapter_changes_the_weights_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from safetensors.numpy import save_file

    factors = {
        "a.weight.down": np.ones((1, 2), np.float16),
        "a.weight.up": np.full((3, 1), 0.5, np.float16),
        "a.bias.whole": np.full(3, 0.25, np.float16),
        "head.weight": np.ones(2, np.float16),
        "head.bias": np.full(1, -0.5, np.float16),
    }
    save_file(factors, tmp_path / "model.safetensors")
    monkeypatch.setattr(answering, "FOLDER", tmp_path)
    weights = {
        "a.weight": np.zeros((3, 2), np.float32),
        "a.bias": np.ones(3, np.float32),
        "b.weight": np.ones((1, 1), np.float32),
    }
    changed = answering.adapted(weights, "model")
    assert np.array_equal(changed["a.weight"], np.full((3, 2), 0.5, np.float32))
    assert np.array_equal(changed["a.bias"], np.full(3, 1.25, np.float32))
    assert changed.keys() == weights.keys(), "a head is no weight of the model"
    head = answering.head_of("model")
    assert (head.weights.tolist(), head.bias) == ([1.0, 1.0], -0.5)
    assert changed["b.weight"] is weights["b.weight"]
    assert not weights["a.weight"].any()


def test_an_embedder_without_an_adapter_has_none_for_answers() -> None:
    assert not answering.has_adapter("no such embedder")


def test_the_tuned_embedder_sets_what_answers_nearer_than_what_looks_alike(models_folder: Path) -> None:
    """On a question that nothing was learned from."""
    embedder: BertEmbedder = minilm.build("", models_folder=models_folder, ollama_url="", threads=1)
    tuned = embedder.for_answers
    assert tuned is not None
    assert tuned.languages == embedder.languages
    texts = ["Lamps\nA lamp can go back within 30 days.", "Lamps\nLamps are sent on the day they are paid."]
    question = "how long have i got to change my mind about a lamp"
    near = {name: one.embed(texts) @ one.embed_question(question) for name, one in (("as", embedder), ("for", tuned))}
    assert near["for"][0] > near["for"][1]
    assert not np.allclose(near["as"], near["for"], atol=0.01)


def test_the_tuned_embedder_is_made_once_however_many_ask_at_once() -> None:
    made = []

    class Silent:
        dimension = 4

        def means(self, texts: Sequence[Sequence[int]]) -> Vectors:
            return np.ones((len(texts), 4), np.float32)

        batch_means = means

    def slowly() -> Silent:
        made.append(time.sleep(0.05))
        return Silent()

    embedder = BertEmbedder(Silent(), lambda texts: [[1]] * len(texts), name="x", languages=None, tuned=slowly)
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: id(embedder.for_answers), range(8)))
    assert len(made) == len(found) == 1
