import json
from pathlib import Path
from typing import Any

import pytest

from agents.models.llamacpp import EMBEDDED_FILE
from finetune.errors import FinetuneError
from finetune.exporting.gguf_header import Header, Listed
from finetune.shapes import FAMILIES, Shape, read_shape, shape_of, shape_of_gguf

pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
"""peft asks transformers for it under its old name."""
SMALL = {
    "hidden_size": 48,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "vocab_size": 120,
}
VARIANTS: tuple[dict[str, Any], ...] = (
    *({"model_type": name} for name in FAMILIES),
    {"model_type": "llama", "tie_word_embeddings": True, "attention_bias": True, "mlp_bias": True},
    {"model_type": "qwen2", "tie_word_embeddings": True},
    {"model_type": "qwen3", "head_dim": 32, "attention_bias": True},
    {"model_type": "mistral", "head_dim": 16},
    {"model_type": "gemma3_text", "head_dim": 16},
)


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: "-".join(map(str, variant.values())))
def test_parameters_are_those_of_the_model_that_transformers_builds(variant: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    peft = pytest.importorskip("peft")
    from transformers import AutoConfig, AutoModelForCausalLM

    known = {key: value for key, value in (SMALL | variant).items() if key != "model_type"}
    config = AutoConfig.for_model(variant["model_type"], **known, pad_token_id=0)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    shape = shape_of(SMALL | variant)
    assert shape.parameters == sum(weight.numel() for weight in model.parameters())
    assert shape.key_heads == 2
    with torch.device("meta"):
        tuned = peft.get_peft_model(model, peft.LoraConfig(r=4, target_modules="all-linear"))
    learned = sum(weight.numel() for weight in tuned.parameters() if weight.requires_grad)
    assert shape.adapter_parameters(4) == learned


def test_published_sizes() -> None:
    """As their makers publish them: Llama 2 7B, Qwen 2.5 7B, Gemma 3 4B's text part (its config leaves most out)."""
    from bench.seven_billion import CONFIGURATIONS

    assert shape_of(CONFIGURATIONS["llama-2-7b"]).parameters == 6_738_415_616
    assert shape_of(CONFIGURATIONS["qwen-2.5-7b"]).parameters == 7_615_616_512
    gemma = {"hidden_size": 2560, "intermediate_size": 10240, "num_hidden_layers": 34, "model_type": "gemma3_text"}
    shape = shape_of({"model_type": "gemma3", "text_config": gemma, "vision_config": {}})
    assert (shape.heads, shape.key_heads, shape.head_size, shape.tied) == (8, 4, 256, True)
    assert shape.parameters == 3_880_263_168


@pytest.mark.model
def test_embedded_model_is_read_from_its_header(models_folder: Path) -> None:
    shape = read_shape("embedded", home=models_folder.parent)
    assert shape == read_shape(str(models_folder / EMBEDDED_FILE), home=Path())
    assert (shape.parameters, shape.layers, shape.tied) == (134_515_008, 30, True)


def test_gguf_and_config_say_the_same() -> None:
    config = shape_of(SMALL | {"model_type": "qwen2"})
    numbers = {"embedding_length": 48, "feed_forward_length": 96, "block_count": 3, "attention.head_count": 6}
    metadata = {f"qwen2.{key}": value for key, value in numbers.items()}
    metadata |= {
        "general.architecture": "qwen2",
        "qwen2.attention.head_count_kv": 2,
        "tokenizer.ggml.tokens": Listed(9),
    }
    tensors = {"token_embd.weight": (120, 48), "output.weight": (120, 48), "blk.0.attn_q.bias": (48,)}
    assert shape_of_gguf(Header(metadata, tensors)) == config
    with pytest.raises(FinetuneError, match=r"qwen2\.block_count is None"):
        shape_of_gguf(Header({key: metadata[key] for key in metadata if "block" not in key}, tensors))
    with pytest.raises(FinetuneError, match="no embedding"):
        shape_of_gguf(Header(metadata, {}))


def test_a_folder_needs_its_config_only(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(SMALL | {"model_type": "llama"}))
    assert isinstance(read_shape(str(tmp_path), home=tmp_path), Shape)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"model_type": "mixtral"}, "family 'mixtral', which cannot be planned; known are llama"),
        ({}, "family 'None'"),
        ({"model_type": "llama"}, "hidden_size is None; intermediate_size is None"),
        (
            SMALL | {"model_type": "llama", "hidden_size": "big", "vocab_size": 0},
            "hidden_size is 'big'; vocab_size is 0",
        ),
    ],
)
def test_what_cannot_be_planned_is_told_at_once(config: dict[str, Any], said: str) -> None:
    with pytest.raises(FinetuneError, match="Next: ") as error:
        shape_of(config)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("name", "said"),
    [("gone", "no folder and no file"), ("./a/b", "no folder and no file"), ("some/model", "`offline` is set")],
)
def test_missing_bases_are_told(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(FinetuneError, match=said):
        read_shape(name, home=tmp_path, offline=True)
    with pytest.raises(FinetuneError, match="models get"):
        read_shape("embedded", home=tmp_path)


def test_of_a_hub_model_only_the_config_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hub's client is real; only its transfer is replaced, for no hub is reachable from tests."""
    asked = []

    def download(name: str, file: str) -> str:
        asked.append((name, file))
        (tmp_path / file).write_text(json.dumps(SMALL | {"model_type": "llama"}))
        return str(tmp_path / file)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    assert read_shape("some/model", home=tmp_path).layers == 3
    assert asked == [("some/model", "config.json")]
