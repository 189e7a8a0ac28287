"""A model made here: the more of a pair's word pieces are number 5, "lamp", the higher it scores."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from knowledge.errors import RerankerUnavailable
from knowledge.rerankers import Reranker, resolve

LAMP = 5
WORDS = {"[PAD]": 0, "[UNK]": 1, "[CLS]": 2, "[SEP]": 3, "chair": 4, "lamp": LAMP}


def model(*, outputs: int = 1, first_input: str = "input_ids") -> Any:
    """Return the ONNX model: lamps outside padding, counted in the second text only."""
    from onnx import TensorProto, helper

    names = (first_input, "attention_mask", "token_type_ids")
    nodes = [
        helper.make_node("Equal", [first_input, "lamp"], ["is_lamp"]),
        helper.make_node("Cast", ["is_lamp"], ["lamps"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["attention_mask", "token_type_ids"], ["second"]),
        helper.make_node("Cast", ["second"], ["counted"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["lamps", "counted"], ["kept"]),
        helper.make_node("ReduceSum", ["kept", "axis"], ["sum"], keepdims=1),
        helper.make_node("Concat", ["sum"] * outputs, ["logits"], axis=1),
    ]
    graph = helper.make_graph(
        nodes,
        "lamps",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["pairs", "pieces"]) for name in names],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["pairs", outputs])],
        [
            helper.make_tensor("lamp", TensorProto.INT64, [], [LAMP]),
            helper.make_tensor("axis", TensorProto.INT64, [1], [1]),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    def make(**differences: Any) -> Path:
        import onnx
        from tokenizers import Tokenizer
        from tokenizers.models import WordLevel
        from tokenizers.pre_tokenizers import Whitespace
        from tokenizers.processors import TemplateProcessing

        place = tmp_path / "lamps"
        place.mkdir(exist_ok=True)
        onnx.save(model(**differences), place / "model.onnx")
        tokenizer = Tokenizer(WordLevel(WORDS, unk_token="[UNK]"))
        tokenizer.pre_tokenizer = Whitespace()
        tokenizer.post_processor = TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
        tokenizer.save(str(place / "tokenizer.json"))
        return place

    return make


def build(folder: Path) -> Reranker:
    found = resolve(f"onnx:{folder}", models_folder=Path("nowhere"), threads=1)
    assert found is not None
    return found


def test_texts_are_scored_with_the_question_whatever_their_length(folder: Callable[..., Path]) -> None:
    reranker = build(folder())
    texts = ["chair", "lamp " * 3, "chair " * 300 + "lamp", "", "lamp " * 1000]
    scores = reranker.rerank("lamp lamp", texts)
    assert (scores.shape, scores.dtype) == ((5,), np.float32)
    # The last is cut to what a model reads: 512 pieces, five of them the question's and its marks.
    assert scores.tolist() == [0, 3, 1, 0, 507]
    assert reranker.rerank("lamp", []).shape == (0,)


def test_a_folder_of_the_home_comes_first(folder: Callable[..., Path]) -> None:
    place = folder()
    found = resolve(f"onnx:{place.name}", models_folder=place.parent)
    assert found is not None
    assert found.rerank("chair", ["lamp"]).tolist() == [1]


@pytest.mark.parametrize(
    ("differences", "words"),
    [({"outputs": 2}, r"gives \[.*2\]"), ({"first_input": "pixels"}, r"takes attention_mask, pixels, token_type_ids")],
)
def test_a_model_for_something_else_is_refused(
    folder: Callable[..., Path], differences: dict[str, Any], words: str
) -> None:
    with pytest.raises(RerankerUnavailable, match=rf"{words}.*one number a pair"):
        build(folder(**differences))


def test_missing_and_damaged_files_are_told(folder: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(RerankerUnavailable, match=r"missing: model\.onnx, tokenizer\.json in .*Next: set `reranker`"):
        build(tmp_path)
    place = folder()
    (place / "model.onnx").write_bytes(b"damaged")
    with pytest.raises(RerankerUnavailable, match=r"cannot be loaded \([^\n]+\)\. Next: get its files anew"):
        build(place)
    place = folder()
    (place / "tokenizer.json").write_text(json.dumps({}))
    with pytest.raises(RerankerUnavailable, match="cannot be loaded"):
        build(place)
