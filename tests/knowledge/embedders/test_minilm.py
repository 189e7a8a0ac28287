import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from knowledge.embedders import Embedder, resolve
from knowledge.embedders.minilm import FOLDER
from knowledge.errors import EmbedderUnavailable


def build(models_folder: Path) -> Embedder:
    return resolve("embedded", models_folder=models_folder, ollama_url="", threads=1)


@pytest.fixture(scope="module")
def minilm(models_folder: Path) -> Embedder:
    return build(models_folder)


@pytest.mark.parametrize(
    ("present", "missing"),
    [
        ([], "model.safetensors, tokenizer.json"),
        (["model.safetensors"], "tokenizer.json"),
        (["tokenizer.json"], "model.safetensors"),
    ],
)
def test_missing_files_are_named_with_the_next_command(tmp_path: Path, present: list[str], missing: str) -> None:
    (tmp_path / FOLDER).mkdir()
    for name in present:
        (tmp_path / FOLDER / name).write_text("")
    with pytest.raises(EmbedderUnavailable, match=rf"missing: {missing} in .*\. Next: frontdesk models get$"):
        build(tmp_path)


def test_damaged_files_are_told_with_the_next_command(tmp_path: Path) -> None:
    (tmp_path / FOLDER).mkdir()
    for name in ("model.safetensors", "tokenizer.json"):
        (tmp_path / FOLDER / name).write_bytes(b"damaged")
    with pytest.raises(EmbedderUnavailable, match=rf"cannot be loaded .*Next: frontdesk models get {FOLDER} --force"):
        build(tmp_path)


@pytest.mark.model
def test_a_file_cut_short_is_told(models_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(models_folder / FOLDER, tmp_path / FOLDER)
    file = tmp_path / FOLDER / "model.safetensors"
    os.truncate(file, file.stat().st_size // 2)
    with pytest.raises(EmbedderUnavailable, match="cannot be loaded"):
        build(tmp_path)
    (tmp_path / FOLDER / "tokenizer.json").write_text("{}")
    shutil.copy(models_folder / FOLDER / "model.safetensors", file)
    with pytest.raises(EmbedderUnavailable, match="cannot be loaded"):
        build(tmp_path)


@pytest.mark.model
def test_vectors_have_the_promised_form(minilm: Embedder) -> None:
    vectors = minilm.embed(["A lamp.", "", "退货", "long " * 5000, "\0", "👋"])
    assert (vectors.shape, vectors.dtype) == ((6, minilm.dimension), np.float32)
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(6), abs=1e-5)
    assert minilm.embed([]).shape == (0, 384)
    assert minilm.languages == {"en"}


@pytest.mark.model
def test_like_meaning_lies_close(minilm: Embedder) -> None:
    question = minilm.embed_question("How can I send an item back?")
    near, far = minilm.embed(["Goods may be returned within 30 days.", "The shop is closed on Sundays."])
    assert question @ near > question @ far + 0.1


@pytest.mark.model
def test_a_text_has_the_same_vector_whatever_stands_beside_it(minilm: Embedder) -> None:
    alone, beside = minilm.embed(["A lamp."])[0], minilm.embed(["A lamp.", "Something much longer " * 20])[0]
    assert alone @ beside > 0.9999
    first, again = minilm.embed(["A lamp.", "A lamp."])
    assert first.tolist() == again.tolist()


@pytest.mark.model
def test_vectors_are_those_of_the_model_as_it_was_published(minilm: Embedder) -> None:
    """The first numbers that sentence-transformers 6.2 gives in full precision."""
    published = {
        "A lamp.": [-0.0127, 0.0278, -0.0257, 0.0045, -0.0472, -0.0056, 0.12, -0.0192],
        "Goods may be returned within 30 days; the shop pays the postage.": [
            *(-0.0702, 0.0335, 0.0557, 0.0447, 0.0383, 0.0262, -0.0261, -0.0821)
        ],
        "退货 in 30 days": [-0.0433, 0.0531, 0.077, 0.028, 0.0131, -0.0081, 0.0532, -0.0299],
    }
    vectors = minilm.embed(list(published))
    assert vectors[:, :8] == pytest.approx(np.array(list(published.values())), abs=0.002)
