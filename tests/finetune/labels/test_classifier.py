import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from finetune.errors import FinetuneError
from finetune.labels import classifier
from finetune.labels.classifier import letter_counts, load, save
from finetune.labels.classifier_training import Labelled, train
from knowledge.embedders.hashing import build

pytest.importorskip("sklearn")
EMBEDDER = build("", models_folder=Path(), ollama_url="", threads=None)


def test_a_trained_model_comes_back_from_its_file_unchanged(labelled: Labelled, tmp_path: Path) -> None:
    model = train(labelled, EMBEDDER, sure_from=0.25)
    save(model, tmp_path)
    again = load(tmp_path)

    assert again.labels == model.labels == ("order_status", "price", "returns")
    assert again.predict(labelled.texts, EMBEDDER) == model.predict(labelled.texts, EMBEDDER) == labelled.labels
    read = again.read("where is my order please", EMBEDDER)
    assert read.label == "order_status"
    assert read.sure is (read.chance >= 0.25)


def test_another_embedder_is_refused(labelled: Labelled) -> None:
    class Other:
        name, dimension, languages = "other", 8, None

        def embed(self, texts: list[str]) -> np.ndarray:
            return np.zeros((len(texts), 8), dtype=np.float32)

        def embed_question(self, question: str) -> np.ndarray:
            return np.zeros(8, dtype=np.float32)

    with pytest.raises(FinetuneError, match="frontdesk intents train"):
        train(labelled, EMBEDDER).read("?", Other())


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / classifier.FILE).write_bytes(b"\x08\0\0\0\0\0\0\0{}")

    with pytest.raises(FinetuneError, match="frontdesk intents train"):
        load(tmp_path)
    with pytest.raises(FinetuneError, match="No intents were trained"):
        load(tmp_path / "none")


def test_letters_do_not_depend_on_case_or_width() -> None:
    assert (letter_counts(["Order"]) == letter_counts(["ＯＲＤＥＲ"])).all()
    assert letter_counts([""]).sum() == 0


def test_serving_needs_neither_scikit_learn_nor_torch(labelled: Labelled, tmp_path: Path) -> None:
    save(train(labelled, EMBEDDER), tmp_path)
    code = (
        "import sys; from pathlib import Path; from finetune.labels.classifier import load;"
        "from knowledge.embedders.hashing import build;"
        f"e = build('', models_folder=Path(), ollama_url='', threads=None); m = load(Path({str(tmp_path)!r}));"
        "print(m.read('where is my order', e).label);"
        "print(sorted({'torch', 'sklearn', 'scipy', 'transformers'} & set(sys.modules)))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split("\n")

    assert said[:2] == ["order_status", "[]"]
