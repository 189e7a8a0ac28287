"""A run's peft adapter in, the LoRA that llama.cpp lays over its base out.

    adapter_config.json -> refused, or plain LoRA
    adapter_model.safetensors -> A and B of each layer, under llama.cpp's names and in its order -> adapter.gguf

llama.cpp adds `alpha / rank * B A x` to what a layer gives, with one alpha for the file and the rank of each layer.
rsLoRA's `alpha / sqrt(rank)` and strengths that differ between layers are folded into these numbers; what changes more
than a sum of two matrices can (DoRA's magnitudes, whole layers saved, a base that PiSSA took a share from) is refused:
such runs are merged (`frontdesk export`).
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from finetune.errors import FinetuneError
from finetune.exporting.gguf import FAMILIES, HALF_LIMIT, Array, Source, arranged, plan

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
HARMLESS = frozenset(
    {
        "alpha_pattern",
        "auto_mapping",
        "base_model_name_or_path",
        "ensure_weight_tying",
        "eva_config",
        "exclude_modules",
        "inference_mode",
        "init_lora_weights",
        "layers_pattern",
        "layers_to_transform",
        "loftq_config",
        "lora_alpha",
        "lora_dropout",
        "lora_ga_config",
        "megatron_core",
        "peft_type",
        "peft_version",
        "qalora_group_size",
        "r",
        "rank_pattern",
        "revision",
        "target_modules",
        "task_type",
        "use_rslora",
    }
)
"""Settings of peft that leave a plain LoRA; any other that is set, today's or a later peft's, is refused."""
KEEPS_BASE = (True, False, None, "gaussian", "orthogonal", "eva")
"""Ways to begin an adapter that leave the base as it is; after its conversion PiSSA says True."""
NAMED = re.compile(r"base_model\.model\.(?P<layer>.+)\.lora_(?P<half>[AB])\.weight")


@dataclass(frozen=True, slots=True)
class Written:
    """An adapter in llama.cpp's form."""

    file: Path
    bytes: int
    layers: int
    """Weights of the base that it changes."""
    rank: int
    """Of the layer with the largest; what vLLM calls max-lora-rank."""
    alpha: float
    """As the file has it: alpha / rank is the strength."""


@dataclass(frozen=True, slots=True)
class Pair:
    """What is added to one weight: strength * B A."""

    a: Array
    """(rank, inputs)"""
    b: Array
    """(outputs, rank)"""
    strength: float


def write_lora(source: Source, adapter: Path, target: Path, *, name: str) -> Written:
    """Write a peft folder as a LoRA GGUF with float16 weights.

    Args:
        source: The 16-bit base that the adapter was trained on.
        name: What the adapter is called in the file.

    Raises:
        FinetuneError: llama.cpp's LoRA cannot say what this adapter does, or it is for another base; all that is wrong
            is told at once and nothing is written.
    """
    from gguf import MODEL_ARCH, MODEL_ARCH_NAMES, GGUFType, GGUFWriter, Keys, LlamaFileType

    pairs = read_pairs(source, adapter)
    first = next(iter(pairs.values()))
    alpha = first.strength * first.a.shape[0]
    part = target.with_name(f"{target.name}.part")
    writer = GGUFWriter(part, MODEL_ARCH_NAMES[MODEL_ARCH[FAMILIES[source.family]]])
    writer.add_type(GGUFType.ADAPTER)
    writer.add_name(name)
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    writer.add_string(Keys.Adapter.TYPE, "lora")
    writer.add_float32(Keys.Adapter.LORA_ALPHA, alpha)
    for weight, pair in sorted(pairs.items()):
        folded = pair.b * np.float32(pair.strength * pair.a.shape[0] / alpha)
        writer.add_tensor(f"{weight}.lora_a", _half(pair.a, weight))
        writer.add_tensor(f"{weight}.lora_b", _half(folded, weight))
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
    finally:
        writer.close()
    part.replace(target)
    rank = max(pair.a.shape[0] for pair in pairs.values())
    return Written(target, target.stat().st_size, len(pairs), rank, alpha)


def read_pairs(source: Source, adapter: Path) -> Mapping[str, Pair]:
    """Return what an adapter adds to each weight of its base, by the weight's name in a GGUF, rows as llama.cpp's.

    Raises:
        FinetuneError: the folder is none of a plain LoRA for this base; all that is wrong is told at once.
    """
    settings = adapter_settings(adapter)
    faults = [*faults_of(settings)]
    halves, strange = read_halves(adapter)
    if strange and not faults:
        faults.append(f"holds {', '.join(strange[:3])}{' …' if len(strange) > 3 else ''}, which is no part of a LoRA")
    theirs = {ours.removesuffix(".weight"): name for ours, name, _, _ in plan(source) if ours.endswith(".weight")}
    unknown = sorted(layer for layer in halves if layer not in theirs)
    if unknown:
        tied = " (its output is its embedding)" if source.tied and any("lm_head" in one for one in unknown) else ""
        faults.append(f"changes {', '.join(unknown[:3])}, which the base {source.folder} has not{tied}")
    faults += _misfits(source, {layer: both for layer, both in halves.items() if layer in theirs})
    if not halves and not faults:
        faults.append("changes nothing")
    if faults:
        raise FinetuneError(
            f"The adapter in {adapter} cannot be laid over its base while serving: it {'; it '.join(faults)}. Next: "
            "merge it instead: frontdesk export RUN, or train with variant=plain or rslora."
        )
    return {
        theirs[layer]: Pair(both["A"], arranged(source, both["B"], theirs[layer]), strength_of(settings, layer, both))
        for layer, both in halves.items()
    }


def adapter_settings(adapter: Path) -> Mapping[str, Any]:
    """Return peft's settings of an adapter.

    Raises:
        FinetuneError: the folder holds none.
    """
    try:
        found = json.loads((adapter / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FinetuneError(f"{adapter} is no adapter ({error}). Next: train the run anew.") from error
    if not isinstance(found, dict):
        raise FinetuneError(f"{adapter / CONFIG} is no JSON object. Next: train the run anew.")
    return found


def faults_of(settings: Mapping[str, Any]) -> list[str]:
    """Return what of peft's settings a plain LoRA cannot say, each the end of a sentence that begins with "it"."""
    if settings.get("peft_type") != "LORA":
        return [f"is a {settings.get('peft_type')}"]
    faults = [
        f"was trained with {key}={json.dumps(value)}"
        for key, value in sorted(settings.items())
        if key not in HARMLESS and value not in (None, False, "none", [], {})
    ]
    begun = settings.get("init_lora_weights", True)
    if begun not in KEEPS_BASE:
        faults.append(f"began as {begun}, which changes the base, and was not converted")
    return faults


def read_halves(adapter: Path) -> tuple[dict[str, dict[str, Array]], list[str]]:
    """Return A and B of each layer that has both, and the names of what is neither."""
    import torch
    from safetensors import SafetensorError, safe_open

    halves: dict[str, dict[str, Array]] = {}
    strange = []
    try:
        with safe_open(adapter / WEIGHTS, framework="pt") as opened:
            for name in sorted(opened.keys()):
                if found := NAMED.fullmatch(name):
                    data: Array = opened.get_tensor(name).to(torch.float32).numpy()
                    halves.setdefault(found["layer"], {})[found["half"]] = data
                else:
                    strange.append(name)
    except (SafetensorError, OSError) as error:
        raise FinetuneError(f"{adapter / WEIGHTS} cannot be read ({error}). Next: train the run anew.") from error
    strange += [f"half of {layer}" for layer, both in halves.items() if len(both) < 2]
    return {layer: both for layer, both in halves.items() if len(both) == 2}, strange


def _misfits(source: Source, halves: Mapping[str, Mapping[str, Array]]) -> list[str]:
    faults = []
    for layer, both in halves.items():
        (_, shape), made = source.tensors[f"{layer}.weight"], (both["B"].shape[0], both["A"].shape[1])
        if made != shape or both["A"].shape[0] != both["B"].shape[1]:
            faults.append(f"changes {layer} as {made[0]} x {made[1]}, where the base has {shape[0]} x {shape[1]}")
    return faults[:3]


def strength_of(settings: Mapping[str, Any], layer: str, both: Mapping[str, Array]) -> float:
    """Return by what B A is multiplied; a layer in `alpha_pattern` has a strength of its own, as in peft."""
    rank = both["A"].shape[0]
    alpha = float(settings["lora_alpha"])
    for pattern, value in (settings.get("alpha_pattern") or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", layer):
            alpha = float(value)
            break
    return alpha / (math.sqrt(rank) if settings.get("use_rslora") else rank)


def _half(values: Array, weight: str) -> Array:
    if not np.isfinite(values).all() or np.abs(values).max(initial=0.0) > HALF_LIMIT:
        raise FinetuneError(
            f"The adapter holds numbers for {weight} that float16 does not. Next: train again at a lower learning rate."
        )
    return np.ascontiguousarray(values.astype(np.float16))
