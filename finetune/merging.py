"""An adapter and its 16-bit base in, one folder out that says the same, and the proof of it.

    adapter + base -> layer by layer: peft's own merge -> 16-bit folder
    adapter on base, merged folder -> logits on a battery -> equal within rounding, or refused

Merging goes one layer at a time where peft allows it, so a model of 7 billion parameters takes the memory of one layer;
an adapter that changed the base itself (PiSSA and its kin) or brings whole layers is merged in one piece. Never onto a
quantized base: what was learned beside rounded weights would be added to other ones.
"""

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.bases import TEMPLATE, Base, read_base_config
from finetune.errors import FinetuneError
from finetune.weights import GET_EXTRA, load, load_adapter_layers, load_tokenizer

if TYPE_CHECKING:
    import torch

BATTERY = (
    "How long do I have to return a lamp?",
    "退货期限是多少天？",
    "Order 20260117: where is it, and who brings it? Please answer in one sentence.",
    "The warranty on a lantern battery is two years from the day of purchase,",
)
PLAIN_STARTS = (True, False, "gaussian")
"""peft's ways to begin an adapter that leave the base as it was."""
TOLERANCE: Mapping[str, float] = {"float32": 0.01, "float16": 0.1, "bfloat16": 1.0}
"""By how much a logit may move when merged weights are rounded to this type; logits reach about 30."""
SHARD_BYTES = 2 << 30
ROUNDS = 3
Progress = Callable[[str, int, int], None]


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


def merge(base: Base, adapter: Path, target: Path, *, progress: Progress = lambda _name, _done, _all: None) -> None:
    """Write the base with the adapter's changes in it, in the base's own precision, as a folder.

    Raises:
        FinetuneError: the base is quantized, the adapter is for another one, or a weight is not finite after merging.
    """
    refuse_quantized(base)
    settings = _adapter_settings(adapter)
    if target.exists():
        shutil.rmtree(target)
    target.mkdir(parents=True)
    if _goes_by_layers(settings):
        _merge_by_layers(base, adapter, target, progress=progress)
    else:
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
    allowed = TOLERANCE.get(precision, TOLERANCE["bfloat16"])
    if not largest <= allowed:
        raise FinetuneError(
            f"The merged model differs from the adapter by {largest:.3f} in a logit where rounding to {precision} "
            f"explains {allowed}. Next: check that {base.name} is the base that the adapter was trained on."
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


def _adapter_settings(adapter: Path) -> Mapping[str, Any]:
    try:
        settings = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FinetuneError(f"{adapter} is no adapter ({error}). Next: train the run anew.") from error
    if settings.get("peft_type") != "LORA":
        raise FinetuneError(
            f"The adapter in {adapter} is a {settings.get('peft_type')}; LoRA, rsLoRA, DoRA and PiSSA can be merged."
        )
    return dict(settings)


def _goes_by_layers(settings: Mapping[str, Any]) -> bool:
    return settings.get("init_lora_weights", True) in PLAIN_STARTS and not any(
        settings.get(key) for key in ("modules_to_save", "trainable_token_indices", "target_parameters")
    )


def _merge_whole(base: Base, adapter: Path, target: Path) -> None:
    import torch

    model: Any = load(base, adapter=adapter, dtype=torch.float32).model
    whole = model.merge_and_unload(safe_merge=True)
    whole.to(getattr(torch, _stored_type(base.folder)))
    whole.save_pretrained(target, max_shard_size=SHARD_BYTES)


def _merge_by_layers(base: Base, adapter: Path, target: Path, *, progress: Progress) -> None:
    """Fill peft's layers one after another with the base's weights, merge each, write it, forget it."""
    import torch
    from safetensors import safe_open
    from safetensors.torch import save_file

    layers = load_adapter_layers(base, adapter)
    files = sorted(base.folder.glob("*.safetensors"))
    used: set[str] = set()
    index: dict[str, str] = {}
    for number, file in enumerate(files):
        held: dict[str, torch.Tensor] = {}
        with safe_open(file, framework="pt") as opened:
            for name in sorted(opened.keys()):
                weight = opened.get_tensor(name)
                module = name.removesuffix(".weight")
                if module in layers and name.endswith(".weight"):
                    weight = _merged(layers[module], weight, name)
                    used.add(module)
                held[name] = weight.contiguous()
        save_file(held, target / file.name, metadata={"format": "pt"})
        index |= dict.fromkeys(held, file.name)
        progress(file.name, number + 1, len(files))
    if missing := sorted(set(layers) - used):
        raise FinetuneError(
            f"The adapter changes {missing[0]}, which {base.name} does not have. Next: name the base that the adapter "
            "was trained on."
        )
    if len(files) > 1:
        (target / "model.safetensors.index.json").write_text(
            json.dumps({"metadata": {}, "weight_map": index}), encoding="utf-8"
        )


def _merged(layer: Any, weight: "torch.Tensor", name: str) -> "torch.Tensor":
    import torch

    below = layer.get_base_layer()
    if tuple(below.weight.shape) != tuple(weight.shape):
        raise FinetuneError(
            f"{name} is {tuple(weight.shape)} in the base and {tuple(below.weight.shape)} for the adapter. Next: name "
            "the base that the adapter was trained on."
        )
    below.weight = torch.nn.Parameter(weight.to(torch.float32), requires_grad=False)
    try:
        layer.merge(safe_merge=True)
    except ValueError as error:  # peft's word for numbers that are not finite
        raise FinetuneError(
            f"{name} cannot be merged ({error}). Next: train again at a lower learning rate."
        ) from error
    merged: torch.Tensor = below.weight.data.to(weight.dtype)
    below.weight = torch.nn.Parameter(torch.empty(weight.shape, device="meta"), requires_grad=False)
    if not bool(torch.isfinite(merged).all()):
        raise FinetuneError(f"{name} does not fit {weight.dtype} once merged. Next: train again at a lower rate.")
    return merged


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
