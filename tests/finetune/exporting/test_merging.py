"""Merged models say what adapter and base say; a wrong or quantized base is refused."""

import json
from pathlib import Path
from typing import Any

import pytest

from finetune.bases import Base
from finetune.errors import FinetuneError
from finetune.exporting.merging import merge, prove
from finetune.runs import Run
from tests.finetune.exported_runs import make_run

torch = pytest.importorskip("torch")


@pytest.mark.parametrize(
    "settings",
    [{}, {"use_rslora": True}, {"use_dora": True}, {"init_lora_weights": "pissa", "r": 2}],
    ids=["lora", "rslora", "dora", "pissa"],
)
def test_merged_equals_adapter(settings: dict[str, Any], tmp_path: Path) -> None:
    run = make_run(tmp_path, width=64, **settings)
    assert run.adapter is not None
    merge(run.base, run.adapter, tmp_path / "merged")
    proof = prove(run.base, run.adapter, tmp_path / "merged")
    assert proof.max_difference < 0.03  # an adapter left out makes 0.2
    assert proof.same_top >= 0.95 * proof.tokens


def test_the_adapter_changed_something(tmp_path: Path) -> None:
    from finetune.exporting.merging import BATTERY, _logits
    from finetune.weights import load

    run = make_run(tmp_path, width=64)
    assert run.adapter is not None
    merge(run.base, run.adapter, tmp_path / "merged")
    before, after = load(run.base), load(Base("merged", tmp_path / "merged", ""))
    ids = torch.tensor([before.tokenizer(BATTERY[0])["input_ids"]])
    assert float((_logits(before.model, ids) - _logits(after.model, ids)).abs().max()) > 0.05


def test_the_wrong_base_is_caught(tmp_path: Path) -> None:
    run = make_run(tmp_path, width=64)
    assert run.adapter is not None
    merge(run.base, run.adapter, tmp_path / "merged")
    weights = tmp_path / "merged" / "model.safetensors"
    from safetensors.torch import load_file, save_file

    changed = {name: values * 1.5 if "q_proj" in name else values for name, values in load_file(weights).items()}
    changed = {name: values + 0.05 if "mlp" in name else values for name, values in changed.items()}
    save_file(changed, weights, metadata={"format": "pt"})
    with pytest.raises(FinetuneError, match="differs from the adapter"):
        prove(run.base, run.adapter, tmp_path / "merged")


def test_a_quantized_base_is_refused(tmp_path: Path) -> None:
    run: Run = make_run(tmp_path, width=64)
    assert run.adapter is not None
    config = run.base.folder / "config.json"
    data = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps(data | {"quantization_config": {"quant_method": "bitsandbytes"}}), encoding="utf-8")
    with pytest.raises(FinetuneError, match="is quantized"):
        merge(run.base, run.adapter, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()
