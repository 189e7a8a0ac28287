"""The arithmetic against what torch really keeps, and against the peak of real steps in processes of their own."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from finetune.bases import Base
from finetune.footprint import (
    NF4_BYTES,
    OWN_TEXTS,
    PUBLISHED,
    Choices,
    estimate,
    layer_bytes,
    precision_of,
    trainable_parameters,
)
from finetune.shapes import Shape, shape_of

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing. is deprecated:FutureWarning")
"""peft asks transformers for it under its old name."""
TOKENS = 64
SMALL = {
    "hidden_size": 96,
    "intermediate_size": 320,
    "num_attention_heads": 6,
    "num_key_value_heads": 2,
    "vocab_size": 200,
    "head_dim": 16,
}
WITHIN = 0.15
"""How far the plan may be off."""


def test_published_table_for_7b() -> None:
    """56 / 14 / 5 GB without activations: nominally 7.0 billion parameters; Llama 2 has 6.74."""
    from bench.seven_billion import CONFIGURATIONS

    shape = shape_of(CONFIGURATIONS["llama-2-7b"])
    full = estimate(shape, Choices("full"), PUBLISHED).standing
    lora, qlora = (estimate(shape, Choices(name), precision_of(name, 2)).standing for name in ("lora", "qlora"))
    assert full == 8 * shape.parameters
    assert [round(value / 1e9, 1) for value in (full, lora, qlora)] == [53.9, 14.2, 4.6]
    for value, published in ((full, 56e9), (lora, 14e9), (qlora, 5e9)):
        assert value == pytest.approx(published, rel=0.11)
    assert full / shape.parameters * 7.0e9 == pytest.approx(56e9)


def test_nf4_takes_what_the_paper_says() -> None:
    """Double quantization brings the constants from 0.5 to 0.127 bits a weight (arXiv 2305.14314, section 3)."""
    assert pytest.approx(0.127, abs=5e-4) == (NF4_BYTES - 0.5) * 8


@pytest.mark.parametrize("checkpointing", [False, True])
def test_what_costs_memory_costs_it(checkpointing: bool) -> None:
    shape = shape_of(SMALL | {"model_type": "llama", "num_hidden_layers": 12})
    choices = Choices("qlora", gradient_checkpointing=checkpointing)

    def total(**other: Any) -> int:
        return estimate(shape, replace(choices, **other), precision_of("qlora", 2)).total

    assert total() < total(batch=8) < total(batch=8, length=1024)
    assert total(dropout=0.0) < total()
    assert total(learned=0.1) < total() < total(rank=64)
    assert total(tight=True) < total()
    if checkpointing:
        assert total() < total(gradient_checkpointing=False)


@contextmanager
def counted(model: Any) -> Iterator[dict[int, int]]:
    """Hand out the blocks that autograd keeps, by their place; the model's own are left out."""
    import torch

    own = {tensor.untyped_storage().data_ptr() for tensor in (*model.parameters(), *model.buffers())}
    kept: dict[int, int] = {}
    alive = []

    def pack(tensor: Any) -> Any:
        block = tensor.untyped_storage()
        if block.data_ptr() not in own:
            kept[block.data_ptr()] = block.nbytes()
            alive.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield kept


def kept_bytes(kind: str, choices: Choices, *, layers: int, compute: int) -> int:
    """Return what a real forward pass keeps."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoConfig, AutoModelForCausalLM

    torch.manual_seed(0)
    known = SMALL | {"num_hidden_layers": layers, "pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
    config = AutoConfig.for_model(kind, **known)
    narrow = torch.bfloat16 if compute == 2 else torch.float32
    model: Any = AutoModelForCausalLM.from_config(config, dtype=torch.float32 if choices.recipe == "full" else narrow)
    if choices.recipe == "lora":
        wanted = LoraConfig(r=choices.rank, lora_dropout=choices.dropout, target_modules="all-linear")
        model = get_peft_model(model, wanted)
    model.train()
    whole = model.get_base_model() if choices.recipe == "lora" else model
    ids = torch.randint(1, SMALL["vocab_size"], (choices.batch, choices.length))
    mask = torch.ones_like(ids)
    if choices.one_mask:
        mask = torch.zeros((choices.batch, 1, choices.length, choices.length), dtype=narrow)
        mask[:, :, :, :3] = torch.finfo(narrow).min
    elif choices.padded:
        mask[:, :3] = 0
    with counted(model) as kept, torch.autocast("cpu", torch.bfloat16) if compute == 2 else nullcontext():
        whole.model(input_ids=ids, attention_mask=mask, use_cache=False)
    return sum(kept.values())


@pytest.mark.parametrize("compute", [2, 4])
@pytest.mark.parametrize("padded", [True, False])
@pytest.mark.parametrize(("recipe", "dropout"), [("lora", 0.05), ("lora", 0.0), ("full", 0.0)])
@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "gemma3_text", "phi3"])
def test_a_layer_keeps_what_is_counted(kind: str, recipe: Any, dropout: float, padded: bool, compute: int) -> None:
    pytest.importorskip("peft")
    shape = shape_of(SMALL | {"model_type": kind, "num_hidden_layers": 2})
    choices = Choices(recipe, batch=1, length=TOKENS, rank=8, dropout=dropout, padded=padded)
    few, many = (kept_bytes(kind, choices, layers=layers, compute=compute) for layers in (2, 3))
    precision = precision_of(recipe, compute)
    expected = layer_bytes(shape, choices, precision) * TOKENS
    if compute == 2:  # copies of what learns, which the estimate counts as weights
        learned = shape.linear_parameters if recipe == "full" else shape.adapter_parameters(choices.rank)
        expected += 2 * learned // shape.layers
    assert many - few == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "qwen3", "phi3"])
def test_a_mask_for_all_layers_is_kept_once(kind: str) -> None:
    pytest.importorskip("peft")
    shape = shape_of(SMALL | {"model_type": kind, "num_hidden_layers": 2})
    choices = Choices("lora", batch=1, length=TOKENS, rank=8, one_mask=True)
    few, many = (kept_bytes(kind, choices, layers=layers, compute=4) for layers in (2, 3))
    assert many - few == pytest.approx(layer_bytes(shape, choices, precision_of("lora", 4)) * TOKENS, rel=0.005)


def measured(folder: Path, choices: Choices, *, dtype: str) -> dict[str, Any]:
    """Return what two accumulated batches and an AdamW step took in a process of their own."""
    asked = {
        "folder": str(folder),
        "recipe": choices.recipe,
        "dtype": dtype,
        "batch": choices.batch,
        "length": choices.length,
        "learned": choices.learned,
        "dropout": choices.dropout,
        "checkpointing": choices.gradient_checkpointing,
        "padded": choices.padded,
        "tight": choices.tight,
        "own_texts": choices.own_texts,
    }
    command = [sys.executable, "-W", "ignore", "-m", "tests.finetune.one_step", json.dumps(asked)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    return dict(json.loads(result.stdout.splitlines()[-1]))


def compare(folder: Path, shape: Shape, choices: Choices, *, dtype: str) -> None:
    found = measured(folder, choices, dtype=dtype)
    plan = estimate(shape, choices, precision_of(choices.recipe, 2 if dtype == "bfloat16" else 4))
    assert found["trainable"] == trainable_parameters(shape, choices)
    assert plan.total == pytest.approx(found["peak"], rel=WITHIN), (plan, found)


linux = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak is read from Linux's /proc")


@linux
@pytest.mark.slow
@pytest.mark.parametrize("kind", ["qwen2", "gemma3_text"])
def test_peak_of_a_real_qlora_step_of_a_small_model(kind: str, tmp_path: Path, tiny_base: Base) -> None:
    """Random weights, real NF4: large enough that the step, not the libraries, is what is measured."""
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    size = SMALL | {"hidden_size": 512, "intermediate_size": 1536, "num_attention_heads": 8, "head_dim": 64}
    known = size | {"vocab_size": 4096, "num_hidden_layers": 6}
    config = AutoConfig.for_model(kind, **known, pad_token_id=0)
    AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(tiny_base.folder).save_pretrained(tmp_path)
    shape = shape_of(known | {"model_type": kind})
    compare(tmp_path, shape, Choices("qlora", batch=4, length=256, tight=True), dtype="bfloat16")


@linux
@pytest.mark.slow
@pytest.mark.model
@pytest.mark.parametrize(
    "choices",
    [
        Choices("qlora", batch=2, length=128, tight=True),
        Choices("qlora", batch=2, length=128, own_texts=OWN_TEXTS, tight=True),
        Choices("full", batch=2, length=128),
    ],
    ids=lambda choices: f"{choices.recipe}-{choices.own_texts[0]}",
)
def test_peak_of_a_real_step_of_the_embedded_model(choices: Choices, embedded_base: Base) -> None:
    from finetune.shapes import read_shape

    shape = read_shape(str(embedded_base.folder), home=Path())
    compare(embedded_base.folder, shape, choices, dtype="bfloat16")
