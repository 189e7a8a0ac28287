from pathlib import Path

import pytest

from knowledge.errors import RerankerUnavailable
from knowledge.rerankers import resolve


def test_none_is_used_unless_one_is_named(tmp_path: Path) -> None:
    assert resolve("", models_folder=tmp_path) is None


@pytest.mark.parametrize("setting", ["unknown", "onnx", "onnx:", "sentence-transformers:", "ollama:x"])
def test_an_unknown_reranker_is_refused_with_the_known_ones(tmp_path: Path, setting: str) -> None:
    words = rf"Unknown reranker '{setting}'\. Set `reranker` .* one of: onnx:FOLDER, sentence-transformers:NAME"
    with pytest.raises(RerankerUnavailable, match=words):
        resolve(setting, models_folder=tmp_path)
