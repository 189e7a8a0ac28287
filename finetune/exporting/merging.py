"""An adapter and its 16-bit base in, one folder out that says the same, and the proof of it.

    adapter + base -> peft's own merge -> 16-bit folder
    adapter on base, merged folder -> logits on a battery -> equal within rounding, or refused

peft merges, in 32 bits, whatever kind of LoRA it is (rsLoRA, DoRA, PiSSA); the result is rounded once to the base's own
precision. Never onto a quantized base: what was learned beside rounded weights would be added to other ones. The whole
model is in memory in 32 bits meanwhile: four bytes a parameter.
"""

import json
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.bases import TEMPLATE, Base, read_base_config
from finetune.errors import FinetuneError
from finetune.weights import GET_EXTRA, load, load_tokenizer

if TYPE_CHECKING:
    import torch

BATTERY = (
    "How long do I have to return a lamp?",
    "退货期限是多少天？",
    "Order 20260117: where is it, and who brings it? Please answer in one sentence.",
    "The warranty on a lantern battery is two years from the day of purchase,",
)
TOLERANCE: Mapping[str, float] = {"float32": 0.005, "float16": 0.05, "bfloat16": 0.2}
"""By how much a logit may move when merged weights are rounded to this type, as a share of the logits' spread."""
SHARD_BYTES = 2 << 30
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class MergeProof:
    """How a merged model compares with adapter and base."""

    max_difference: float
    """Largest difference of a logit between adapter and merged model."""
    mean_difference: float
    tokens: int
    same_top: int
    """Tokens of which both would say the same next; others lie closer than the difference."""
    base_seconds: float
    merged_seconds: float
    adapter_seconds: float
    """One forward pass over the battery, the best of three."""


def merge(base: Base, adapter: Path, target: Path) -> None:
    """Write the base with the adapter's changes in it, in the base's own precision, as a folder.

    Raises:
        FinetuneError: the base is quantized, the adapter is for another one, or a weight is not finite after merging.
    """
    refuse_quantized(base)
    _check_adapter(adapter)
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    _merge_whole(base, adapter, target)
    _copy_rest(base.folder, target)


def refuse_quantized(base: Base) -> None:
    """Refuse a base whose weights are quantized now; one that was de-quantized is 16-bit and says so.

    Raises:
        FinetuneError: it is quantized.
    """
    config = read_base_config(base.folder)
    if config.get("quantization_config"):
        raise FinetuneError(
            f"{base.folder} is quantized: an adapter merged onto rounded weights says something else than it was "
            f"trained to. Next: train and merge on the 16-bit model that {base.name} was made from."
        )


def prove(base: Base, adapter: Path, merged: Path, *, prompts: Sequence[str] = BATTERY) -> MergeProof:
    """Compare the merged folder with the adapter on its base, one model in memory at a time.

    Raises:
        FinetuneError: logits differ beyond rounding, or a next token differs where it is not a close call.
    """
    try:
        import torch
    except ImportError as error:
        raise FinetuneError(GET_EXTRA) from error

    tokenizer = load_tokenizer(merged)
    batch = [torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]]) for text in prompts]
    ours, base_seconds, adapter_seconds = _adapter_logits(base, adapter, batch)
    model = load(Base(base.name, merged, base.precision)).model
    theirs = [_logits(model, ids) for ids in batch]
    merged_seconds = _seconds(model, batch)
    differences = [(a - b).abs() for a, b in zip(ours, theirs, strict=True)]
    largest = max(float(difference.max()) for difference in differences)
    precision = _stored_type(merged)
    spread = float(torch.cat(ours).std())
    allowed = TOLERANCE.get(precision, TOLERANCE["bfloat16"]) * spread
    if not largest <= allowed:
        raise FinetuneError(
            f"The merged model differs from the adapter by {largest:.3f} in a logit where rounding to {precision} "
            f"explains {allowed:.3f}. Next: check that {base.name} is the base that the adapter was trained on."
        )
    same = _same_top(ours, theirs, largest)
    return MergeProof(
        max_difference=largest,
        mean_difference=float(sum(float(d.mean()) for d in differences) / len(differences)),
        tokens=sum(int(ids.numel()) for ids in batch),
        same_top=same,
        base_seconds=base_seconds,
        merged_seconds=merged_seconds,
        adapter_seconds=adapter_seconds,
    )


def _adapter_logits(
    base: Base, adapter: Path, batch: Sequence["torch.Tensor"]
) -> tuple[list["torch.Tensor"], float, float]:
    model = load(base, adapter=adapter).model
    logits = [_logits(model, ids) for ids in batch]
    with_adapter = _seconds(model, batch)
    switched: Any = model  # a PeftModel
    with switched.disable_adapter():
        alone = _seconds(model, batch)
    return logits, alone, with_adapter


def _logits(model: Any, ids: "torch.Tensor") -> "torch.Tensor":
    import torch

    with torch.inference_mode():
        return torch.as_tensor(model(input_ids=ids.to(model.device)).logits[0]).float().cpu()


def _seconds(model: Any, batch: Sequence["torch.Tensor"]) -> float:
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for ids in batch:
            _logits(model, ids)
        taken.append(time.perf_counter() - started)
    return min(taken)


def _same_top(ours: Sequence["torch.Tensor"], theirs: Sequence["torch.Tensor"], largest: float) -> int:
    same = 0
    for a, b in zip(ours, theirs, strict=True):
        agree = a.argmax(-1) == b.argmax(-1)
        top = a.topk(2, dim=-1).values
        close = (top[:, 0] - top[:, 1]) <= 2 * largest
        if bool((~agree & ~close).any()):
            raise FinetuneError("The merged model says another next token than the adapter where it is no close call.")
        same += int(agree.sum())
    return same


def _check_adapter(adapter: Path) -> None:
    try:
        settings = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FinetuneError(f"{adapter} is no adapter ({error}). Next: train the run anew.") from error
    if settings.get("peft_type") != "LORA":
        raise FinetuneError(
            f"The adapter in {adapter} is a {settings.get('peft_type')}; LoRA, rsLoRA, DoRA and PiSSA can be merged."
        )


def _merge_whole(base: Base, adapter: Path, target: Path) -> None:
    import torch

    model: Any = load(base, adapter=adapter, dtype=torch.float32).model
    whole = model.merge_and_unload(safe_merge=True)
    whole.to(getattr(torch, _stored_type(base.folder)))
    whole.save_pretrained(target, max_shard_size=SHARD_BYTES)


def _stored_type(folder: Path) -> str:
    from safetensors import safe_open

    names = {"F16": "float16", "BF16": "bfloat16", "F32": "float32"}
    file = min(folder.glob("*.safetensors"))
    with safe_open(file, framework="pt") as opened:
        kinds = [names.get(opened.get_slice(name).get_dtype(), "bfloat16") for name in sorted(opened.keys())]
    return max(set(kinds), key=kinds.count)


def _copy_rest(source: Path, target: Path) -> None:
    """Copy configuration, tokenizer and template, all that is no weight."""
    wanted = ("*.json", "*.model", "*.txt", TEMPLATE)
    for file in (file for pattern in wanted for file in source.glob(pattern)):
        if not file.name.endswith(".index.json") and not (target / file.name).exists():
            shutil.copyfile(file, target / file.name)
