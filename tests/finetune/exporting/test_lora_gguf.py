"""Adapters become LoRA GGUFs under which llama.cpp says what transformers says; what a LoRA cannot say is refused."""

import json
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.exporting.gguf import read_metadata, read_source, write_gguf
from finetune.exporting.llama_library import Reader
from finetune.exporting.lora_gguf import read_pairs, write_lora
from finetune.runs import Run
from tests.finetune.exported_runs import make_run
from tests.finetune.small_models import LINES

torch = pytest.importorskip("torch")
TEXT = " ".join(LINES)


def logits_of(run: Run, ids: list[int], *, adapter: bool) -> Any:
    from finetune.weights import load

    loaded = load(run.base, adapter=run.adapter if adapter else None, dtype=torch.float32)
    with torch.inference_mode():
        return loaded.model(input_ids=torch.tensor([ids])).logits[0].float().numpy()


def compare(run: Run, folder: Path, *, tokens: int = 96) -> tuple[float, float, float]:
    """Return the largest difference with the adapter, the most that it moves a logit, and the spread."""
    source, base, lora = read_source(run.base.folder), folder / "base.gguf", folder / "adapter.gguf"
    write_gguf(source, base, name="base")
    assert run.adapter is not None
    write_lora(source, run.adapter, lora, name="tuned")
    with Reader(base, context_tokens=128) as reader:
        ids = reader.tokens(TEXT)[:tokens]
        alone = reader.logits(ids, wanted=[True] * len(ids))
        reader.adapt(lora)
        ours = reader.logits(ids, wanted=[True] * len(ids))
    theirs = logits_of(run, ids, adapter=True)
    return float(np.abs(ours - theirs).max()), float(np.abs(ours - alone).max()), float(theirs.std())


@pytest.mark.parametrize("family", ["llama", "qwen2", "qwen3", "gemma3", "phi3"])
def test_llama_cpp_says_with_the_lora_what_transformers_says_with_the_adapter(family: str, tmp_path: Path) -> None:
    difference, moved, spread = compare(make_run(tmp_path, family=family, width=64, std=0.05), tmp_path)
    assert difference < 0.03 * spread
    assert moved > 20 * difference  # a lost or misplaced layer would show


@pytest.mark.parametrize(
    "more",
    [
        {"use_rslora": True, "r": 8},
        {"rank_pattern": {"q_proj": 2, "layers.1.mlp.up_proj": 8}, "alpha_pattern": {"v_proj": 24}},
    ],
)
def test_other_strengths_are_folded_in(more: dict[str, Any], tmp_path: Path) -> None:
    run = make_run(tmp_path, width=64, std=0.05, **more)
    difference, moved, spread = compare(run, tmp_path)
    assert difference < 0.03 * spread
    assert moved > 20 * difference
    if more.get("use_rslora"):
        assert read_metadata(tmp_path / "adapter.gguf", "adapter.lora.alpha") == pytest.approx(8 * math.sqrt(8))


def test_the_file_says_what_it_is(tmp_path: Path) -> None:
    run = make_run(tmp_path, width=64)
    assert run.adapter is not None
    written = write_lora(read_source(run.base.folder), run.adapter, tmp_path / "adapter.gguf", name="tuned")
    assert (written.rank, written.layers, written.alpha) == (4, 14, 8.0)
    assert read_metadata(written.file, "general.type") == "adapter"
    assert read_metadata(written.file, "adapter.type") == "lora"
    assert read_metadata(written.file, "general.architecture") == "qwen2"
    assert not list(tmp_path.glob("*.part"))


def _edit(run: Run, **changes: Any) -> Path:
    assert run.adapter is not None
    path = run.adapter / "adapter_config.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes), encoding="utf-8")
    return run.adapter


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"peft_type": "LOHA"}, "is a LOHA"),
        ({"init_lora_weights": "pissa_niter_16"}, "began as pissa_niter_16, which changes the base"),
        ({"bias": "all", "modules_to_save": ["norm"]}, r'bias="all"; it was trained with modules_to_save=\["norm"\]'),
        ({"use_something_new": True}, "use_something_new=true"),
    ],
)
def test_what_a_lora_cannot_say_is_refused(changes: dict[str, Any], told: str, tmp_path: Path) -> None:
    run = make_run(tmp_path, width=64)
    with pytest.raises(FinetuneError, match=rf"(?s){told}.*frontdesk export"):
        write_lora(read_source(run.base.folder), _edit(run, **changes), tmp_path / "adapter.gguf", name="tuned")
    assert not list(tmp_path.glob("adapter.gguf*"))


def test_dora_is_refused_by_what_it_saves(tmp_path: Path) -> None:
    run = make_run(tmp_path, width=64, use_dora=True)
    with pytest.raises(FinetuneError, match="use_dora=true"):
        read_pairs(read_source(run.base.folder), run.adapter or tmp_path)
    with pytest.raises(FinetuneError, match="lora_magnitude_vector"):  # and if the setting were not to say so
        read_pairs(read_source(run.base.folder), _edit(run, use_dora=False))


def test_an_adapter_for_another_base_is_refused(tmp_path: Path) -> None:
    run, other = make_run(tmp_path, width=64), make_run(tmp_path / "other", width=128)
    with pytest.raises(FinetuneError, match=r"as 64 x 128, where the base has 128 x 256"):
        read_pairs(read_source(other.base.folder), run.adapter or tmp_path)


def test_the_output_of_a_tied_model_is_refused(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft: that the output is tied
        run = make_run(tmp_path, width=64, target_modules=["lm_head", "q_proj"])
    with pytest.raises(FinetuneError, match=r"lm_head, which the base .* has not \(its output is its embedding\)"):
        read_pairs(read_source(run.base.folder), run.adapter or tmp_path)


@pytest.mark.model
def test_the_embedded_model_with_rank_16_in_12_megabytes(embedded_base: Base, tmp_path: Path) -> None:
    run = make_run(tmp_path, base=embedded_base.folder, r=16, lora_alpha=32)
    difference, moved, spread = compare(run, tmp_path, tokens=48)
    assert difference < 0.03 * spread
    assert moved > 5 * difference
    assert (tmp_path / "adapter.gguf").stat().st_size <= 12_000_000
