from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from finetune.errors import FinetuneError
from finetune.exporting import llama_library
from finetune.exporting.llama_library import READING, Reader, layout_problem, problem, quantize

TEXT = "退货期限是三十天。 How long? <|im_end|>"


def test_all_that_is_called_is_here_and_what_is_not_is_named() -> None:
    assert problem() is None
    assert problem(READING) is None
    assert layout_problem() is None
    assert "exports no llama_never_was" in str(problem(("llama_decode", "llama_never_was")))


def test_why_nothing_can_be_called_names_no_command_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever tells it names one: what can be done without these functions."""

    def no_library() -> None:
        raise FinetuneError("xllamacpp is not installed. Next: pip install xllamacpp")

    monkeypatch.setattr(llama_library, "_library", no_library)
    assert problem() == "xllamacpp is not installed"
    with pytest.raises(FinetuneError, match=r"possible: xllamacpp is not installed\. Next: export --quantize \S+$"):
        quantize(np.zeros((1, 32), dtype=np.float32), 8)


def test_another_layout_is_refused_before_a_field_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(llama_library, "DEFAULTS", (1, 2, 3, 4))
    assert "lays out its parameters otherwise" in str(layout_problem())


def test_what_is_no_model_is_refused_with_llama_cpps_own_words(tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"no model at all, though long enough to be read as a head")
    with pytest.raises(FinetuneError, match=r"llama\.cpp cannot load .*Next: export anew"):
        Reader(file)


def test_importance_of_another_width_is_a_mistake_of_ours() -> None:
    with pytest.raises(ValueError, match=r"31,\) importances for 32 columns"):
        quantize(np.zeros((1, 32), np.float32), 8, importance=np.ones(31, np.float32))


@pytest.fixture(scope="module")
def reader(tiny_file: Path) -> Iterator[Reader]:
    with Reader(tiny_file, context_tokens=64) as made:
        yield made


@pytest.mark.model
class TestReader:
    def test_tokens_and_pieces(self, reader: Reader) -> None:
        ids = reader.tokens(TEXT)
        assert b"".join(map(reader.piece, ids)).decode() == TEXT.removesuffix("<|im_end|>")
        assert reader.ends(ids[-1])
        assert not reader.ends(ids[0])
        assert len(reader.tokens(TEXT, special=False)) > len(ids)

    def test_read_at_once_or_one_by_one(self, reader: Reader) -> None:
        ids = reader.tokens(TEXT)
        whole = reader.logits(ids, wanted=[True] * len(ids))
        assert whole.shape == (len(ids), reader.vocabulary_size)
        apart = np.concatenate([reader.logits([token], first=place) for place, token in enumerate(ids)])
        assert np.abs(whole - apart).max() < 0.05 * whole.std()
        assert reader.logits(ids, wanted=[False] * len(ids)).shape == (0, reader.vocabulary_size)

    def test_what_does_not_fit_never_reaches_the_library(self, reader: Reader) -> None:
        with pytest.raises(ValueError, match="do not fit into 64"):
            reader.logits([1] * 65)
        with pytest.raises(ValueError, match="do not fit"):
            reader.logits([1], first=64)
        with pytest.raises(ValueError, match="where the vocabulary has"):
            reader.logits([reader.vocabulary_size])

    def test_a_vocabulary_alone(self, tiny_file: Path, reader: Reader) -> None:
        with Reader(tiny_file, vocabulary_only=True) as alone:
            assert alone.tokens(TEXT) == reader.tokens(TEXT)
