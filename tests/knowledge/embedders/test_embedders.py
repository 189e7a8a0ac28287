from pathlib import Path

import numpy as np
import pytest

from knowledge.embedders import resolve, unit_length
from knowledge.errors import EmbedderUnavailable


@pytest.mark.parametrize("setting", ["", "unknown", "openai:text-embedding", ":x", "Embedded"])
def test_an_unknown_embedder_is_refused_with_the_known_ones(tmp_path: Path, setting: str) -> None:
    known = r"embedded \(or english\), multilingual, .*ollama:NAME"
    words = rf"Unknown embedder '{setting}'\. Set `embedder` in frontdesk\.toml to one of: {known}"
    with pytest.raises(EmbedderUnavailable, match=words):
        resolve(setting, models_folder=tmp_path, ollama_url="")


@pytest.mark.parametrize("setting", ["ollama", "ollama:", "sentence-transformers:"])
def test_a_back_end_with_models_needs_a_name(tmp_path: Path, setting: str) -> None:
    with pytest.raises(EmbedderUnavailable, match=r"needs .*name"):
        resolve(setting, models_folder=tmp_path, ollama_url="")


def test_the_fake_is_resolved_by_name(tmp_path: Path) -> None:
    assert resolve("hashing", models_folder=tmp_path, ollama_url="").name == "hashing"


def test_rows_get_unit_length_and_zero_rows_stay() -> None:
    scaled = unit_length(np.array([[3.0, 4.0], [0.0, 0.0]]))
    assert scaled.dtype == np.float32
    assert scaled.tolist() == [[pytest.approx(0.6), pytest.approx(0.8)], [0.0, 0.0]]
