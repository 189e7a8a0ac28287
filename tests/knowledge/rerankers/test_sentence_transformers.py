"""The library needs torch, which the base install has not; `FakeCrossEncoder` stands in at its seam.

Where the library is installed, a real model with random weights is saved to a folder and run.
"""

import inspect
import sys
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from knowledge.errors import RerankerUnavailable
from knowledge.rerankers import Reranker, resolve, sentence_transformers


class FakeCrossEncoder:
    """As much of `CrossEncoder` as is called; a text scores by its length."""

    def __init__(self, model_name_or_path: str | None = None, *, device: str | None = None,
                 model_kwargs: dict[str, Any] | None = None) -> None:  # fmt: skip
        if "broken" in str(model_name_or_path):
            raise OSError("no config.json")
        self.source = model_name_or_path
        self.place = (device, model_kwargs)
        self.num_labels = 3 if "labels" in str(model_name_or_path) else 1

    def predict(self, inputs: Any, batch_size: int = 32, show_progress_bar: bool | None = None,
                convert_to_numpy: bool = True) -> Any:  # fmt: skip
        return np.array([len(text) / len(question) for question, text in inputs])


@pytest.fixture
def faked(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("sentence_transformers")
    module.CrossEncoder = FakeCrossEncoder  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "sentence_transformers", module)
    monkeypatch.setattr(sentence_transformers, "place_and_kind", lambda: ("cuda", "half"))


def build(name: str, models_folder: Path) -> Reranker:
    found = resolve(f"sentence-transformers:{name}", models_folder=models_folder)
    assert found is not None
    return found


def test_without_the_library_the_next_command_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(RerankerUnavailable, match=r"some/model needs torch\. Next: .* -m pip install .*\[train\]"):
        build("some/model", tmp_path)


@pytest.mark.usefixtures("faked")
def test_pairs_are_scored(tmp_path: Path) -> None:
    reranker = build("some/model", tmp_path)
    scores = reranker.rerank("lamp", ["", "lamp", "long lamp"])
    assert scores.dtype == np.float32
    assert scores.tolist() == [0, 1, 2.25]
    assert reranker.rerank("lamp", []).shape == (0,)
    assert reranker._model.place == ("cuda", {"dtype": "half"})  # type: ignore[attr-defined]


@pytest.mark.usefixtures("faked")
def test_a_folder_of_the_home_comes_before_a_hub(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    assert build("own", tmp_path)._model.source == str(tmp_path / "own")  # type: ignore[attr-defined]
    assert build("hub/name", tmp_path)._model.source == "hub/name"  # type: ignore[attr-defined]


@pytest.mark.usefixtures("faked")
def test_a_model_that_cannot_rank_is_told(tmp_path: Path) -> None:
    with pytest.raises(RerankerUnavailable, match=r"no config\.json\. Next: frontdesk models get broken/model"):
        build("broken/model", tmp_path)
    with pytest.raises(RerankerUnavailable, match=r"gives 3 numbers for a pair .*Next: set `reranker`"):
        build("three/labels", tmp_path)


@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="needs the extra train")
def test_the_fake_has_the_signatures_of_the_library() -> None:
    from sentence_transformers import CrossEncoder

    for name in ("__init__", "predict"):
        theirs = inspect.signature(getattr(CrossEncoder, name)).parameters
        ours = inspect.signature(getattr(FakeCrossEncoder, name)).parameters
        assert {key: value.default for key, value in ours.items()}.items() <= {
            key: value.default for key, value in theirs.items()
        }.items()


@pytest.mark.skipif(find_spec("sentence_transformers") is None, reason="needs the extra train")
@pytest.mark.parametrize(("labels", "good"), [(1, True), (2, False)])
def test_a_real_cross_encoder_ranks(tmp_path: Path, labels: int, good: bool) -> None:
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from tokenizers.processors import BertProcessing
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "lamp", "chair"])}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    tokenizer.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    special = {"unk_token": "[UNK]", "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(tmp_path)
    shape = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32}
    config = BertConfig(vocab_size=len(words), num_labels=labels, max_position_embeddings=64, **shape)
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    if not good:
        with pytest.raises(RerankerUnavailable, match="gives 2 numbers"):
            build(str(tmp_path), tmp_path)
        return
    reranker = build(str(tmp_path), Path("nowhere"))
    scores = reranker.rerank("lamp", ["lamp", "chair chair", "lamp"])
    assert (scores.shape, scores.dtype) == ((3,), np.float32)
    assert scores[0] == pytest.approx(scores[2], abs=0.02)
    assert np.isfinite(scores).all()
