"""QLoRA: a small adapter over weights that are held in 4 bits (arXiv 2305.14314).

The base lies in NF4 with double quantization and is computed in 16 bits; only the adapter learns. The result is merged
onto the 16-bit base, never onto the 4-bit one.
"""

from dataclasses import dataclass
from typing import Any, Literal

from finetune import processes
from finetune.errors import FinetuneError
from finetune.footprint import Recipe as Kind
from finetune.recipe import Job, Outcome, Recipe
from finetune.recipes.adapting import FIRST_VALUES, StepSettings, chosen_rate, compute_dtype, parameters_of, tune
from finetune.weights import Loaded, load


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterSettings(StepSettings):
    """What the recipes that train an adapter take."""

    rank: int
    """Columns of the adapter's matrices: how much it can learn."""
    alpha: int
    """Scales the adapter by alpha / rank."""
    dropout: float
    """Share of the adapter's inputs left out while training."""
    targets: str
    """`all-linear`, or names of layers with commas between."""
    variant: Literal["plain", "rslora", "dora", "pissa"]
    """rsLoRA (arXiv 2312.03732), DoRA (2402.09353), PiSSA (2404.02948)."""
    keep: float
    """How much it counts that the model stays as it was on texts of its own; 0: not at all."""


def train_adapter(job: Job, *, quantized: bool) -> Outcome:
    """Tune an adapter over a base in NF4 or in 16 bits.

    Raises:
        FinetuneError: the variant cannot be had over 4-bit weights.
    """
    settings = job.settings
    if quantized and settings.variant == "pissa":
        raise FinetuneError(
            "variant=pissa takes a share out of the base's weights, which cannot be done in 4 bits. Next: --recipe "
            "lora variant=pissa, or another variant"
        )
    if settings.keep and settings.variant == "pissa":
        raise FinetuneError(
            "variant=pissa changes the base's weights: there is nothing to keep to. Next: keep=0, or another variant"
        )
    dtype = compute_dtype(settings.precision)
    loaded = load(job.base, quantized=quantized, dtype=dtype)
    parameters = parameters_of(loaded.model)
    rate = chosen_rate(settings, parameters, small=1e-3, large=1e-4)
    adapted = Loaded(_with_adapter(loaded, job), loaded.tokenizer)
    from finetune.recipes.keeping import keep

    keeping = keep(adapted, weight=settings.keep, folder=job.folder, seed=job.seed)
    kind: Kind = "qlora" if quantized else "lora"
    return tune(job, adapted, rate=rate, dtype=dtype, kind=kind, keeping=keeping)


def _with_adapter(loaded: Loaded, job: Job) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model

    settings = job.settings
    torch.manual_seed(job.seed)
    for parameter in loaded.model.parameters():
        parameter.requires_grad_(False)
    config = LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules="all-linear" if settings.targets == "all-linear" else settings.targets.split(","),
        use_rslora=settings.variant == "rslora",
        use_dora=settings.variant == "dora",
        init_lora_weights="pissa_niter_16" if settings.variant == "pissa" else True,
        task_type="CAUSAL_LM",
    )
    model = get_peft_model(loaded.model, config)
    if settings.variant == "pissa" and processes.is_first():
        model.save_pretrained(str(job.folder / FIRST_VALUES))
    return model


def train(job: Job) -> Outcome:
    """Tune an adapter over a base in NF4."""
    return train_adapter(job, quantized=True)


RECIPE = Recipe(AdapterSettings, train, "an adapter over a base held in 4 bits: least memory")
