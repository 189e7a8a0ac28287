"""Runs made on the spot: a small random base, an adapter with something in it."""

import json
import warnings
from pathlib import Path
from typing import Any

from finetune.runs import Run, finish
from tests.finetune.small_models import TEMPLATE, save_model


def make_run(
    home: Path,
    *,
    family: str = "qwen2",
    name: str = "tuned",
    width: int = 256,
    base: Path | None = None,
    std: float = 0.02,
    seed: int = 1,
    **adapter: Any,
) -> Run:
    """Return a finished run with a LoRA adapter whose weights are random and not nothing.

    Args:
        base: The folder of the model that is tuned; None makes a small one of the family.
        std: How strong the adapter is.
    """
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    if base is None:
        base = home / "models" / family
        if not base.is_dir():
            save_model(base, family, width=width)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    settings = {"r": 4, "lora_alpha": 8, "target_modules": "all-linear"} | adapter
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # peft asks transformers by a name that is going out of use
        tuned: Any = get_peft_model(model, LoraConfig(**settings))
    torch.manual_seed(seed)
    for part, values in tuned.named_parameters():
        if "lora_B" in part:
            torch.nn.init.normal_(values, std=std)
    folder = home / "runs" / name
    tuned.save_pretrained(folder / "adapter")
    (folder / "chat_template.jinja").write_text(TEMPLATE, encoding="utf-8")
    return finish(folder, manifest(name, folder, base))


def manifest(name: str, folder: Path, base: Path) -> dict[str, Any]:
    """Return what a run says of itself, as far as export reads it."""
    return json.loads(
        json.dumps(
            {
                "run": name,
                "path": str(folder),
                "recipe": "lora",
                "base": {"name": base.name, "folder": str(base), "precision": "bfloat16"},
                "tasks": ["answer"],
                "labels": [],
                "created": "2026-11-28T00:00:00+00:00",
            }
        )
    )
