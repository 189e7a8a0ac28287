"""Several runs of one base in, their mean out: often a point better than each, and served at the price of one.

    runs/A, runs/B, … -> the same base, template and kind of adapter? -> (ΔA + ΔB + …) / n -> runs/NAME/

Runs that differ in seed, data order or numbers end beside one another, and their mean lies flatter (model soups, arXiv
2203.05482). The mean is exact: the halves are put behind one another, so the ranks add up, as peft's
`add_weighted_adapter(…, combination_type="cat")` does with the base in memory. Merged, nothing of that is left.
"""

import json
import platform
import shutil
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from finetune.bases import TEMPLATE
from finetune.begun import BASE_CONTENT, read_begun
from finetune.errors import FinetuneError
from finetune.exporting.lora_gguf import CONFIG, WEIGHTS, adapter_settings, faults_of, read_halves, strength_of
from finetune.runs import BEGUN, HELD_OUT, Run, finish, open_run, run_folder, write_whole

if TYPE_CHECKING:
    from torch import Tensor

RECIPE = "average"
LIBRARIES = ("torch", "peft", "safetensors")


def average(names: Sequence[str], name: str, *, home: Path) -> Run:
    """Make a run of the mean of several runs' adapters, each counting the same.

    Raises:
        FinetuneError: fewer than two, one is named twice, one is no plain LoRA, they differ in base or template, or
            the name is taken; all that is wrong is told at once.
    """
    found = [open_run(one, home=home) for one in names]
    folder = run_folder(name, home=home)
    faults = _faults(found)
    if folder.exists():
        faults.append(f"There is a run {name} already.")
    if faults:
        raise FinetuneError("\n".join(faults) + "\nNext: frontdesk finetune average RUN RUN --run NAME")
    part = home / f".average-{name}.part"  # beside the runs: it is one when it is whole
    shutil.rmtree(part, ignore_errors=True)
    (part / "adapter").mkdir(parents=True)
    try:
        rank = _write_mean([run.folder / "adapter" for run in found], part / "adapter")
    except FinetuneError:
        shutil.rmtree(part)
        raise
    shutil.copyfile(found[0].folder / TEMPLATE, part / TEMPLATE)
    held_out = [(run.folder / HELD_OUT) for run in found]
    if _same_bytes(held_out):
        shutil.copyfile(held_out[0], part / HELD_OUT)
    begun = {"recipe": RECIPE, "averaged": list(names), **_base_content(found)}
    write_whole(part / BEGUN, json.dumps(begun, indent=2))  # a training of this name would else be taken for finished
    finish(part, _manifest(found, name, folder, rank=rank))
    part.rename(folder)
    return open_run(name, home=home)


def _faults(runs: Sequence[Run]) -> list[str]:
    faults = [] if len({run.name for run in runs}) > 1 else ["A mean needs two runs or more."]
    twice = [name for name, times in Counter(run.name for run in runs).items() if times > 1]
    if twice and not faults:
        faults.append(f"{', '.join(twice)} is named more than once, and would count more than the others.")
    whole = [run.name for run in runs if run.adapter is None]
    if whole:
        faults.append(f"{', '.join(whole)} tuned the whole model; only adapters are averaged.")
    for run in runs:
        if run.adapter is not None:
            settings = adapter_settings(run.adapter)
            unlike = faults_of(settings) or (["has ranks of its own"] if settings.get("rank_pattern") else [])
            faults += [f"The adapter of {run.name} {fault}." for fault in unlike]
    bases = {str(run.untuned.folder): run.name for run in runs}
    contents = {read_begun(run.folder).get(BASE_CONTENT) for run in runs} - {None}
    if len(contents) > 1 and len(bases) == 1:
        faults.append(f"The model in {next(iter(bases))} was another one when they were trained.")
    if len(bases) > 1:
        faults.append(f"They have other bases: {'; '.join(f'{run}: {base}' for base, run in bases.items())}.")
    if not _same_bytes([run.folder / TEMPLATE for run in runs]):
        faults.append("They were trained with other chat templates.")
    return faults


def _base_content(runs: Sequence[Run]) -> dict[str, str]:
    """Return what tells whether the base is the one that all of them had; {} where one did not note it."""
    known = [read_begun(run.folder).get(BASE_CONTENT) for run in runs]
    return {BASE_CONTENT: str(known[0])} if all(known) else {}


def _same_bytes(files: Sequence[Path]) -> bool:
    return all(file.is_file() for file in files) and len({file.read_bytes() for file in files}) == 1


def _write_mean(adapters: Sequence[Path], target: Path) -> int:
    """Write the mean adapter and return its rank.

    Raises:
        FinetuneError: they change other layers, or hold what is not a layer's A and B and would be lost.
    """
    import torch
    from safetensors.torch import save_file

    settings = [adapter_settings(adapter) for adapter in adapters]
    read = [read_halves(adapter) for adapter in adapters]
    strange = sorted({name for _, names in read for name in names})
    if strange:
        raise FinetuneError(
            f"The adapters hold what a mean would lose: {', '.join(strange[:3])}. "
            f"Next: train them on linear layers only."
        )
    halves = [one for one, _ in read]
    if len({tuple(sorted(one)) for one in halves}) > 1:
        raise FinetuneError("The adapters change other layers. Next: train them with the same targets.")
    tensors: dict[str, Tensor] = {}
    for layer in halves[0]:
        shares = [strength_of(own, layer, one[layer]) / len(halves) for own, one in zip(settings, halves, strict=True)]
        a = torch.cat([torch.from_numpy(one[layer]["A"]) for one in halves])
        b = torch.cat(
            [torch.from_numpy(one[layer]["B"]) * share for one, share in zip(halves, shares, strict=True)], dim=1
        )
        for half, values in (("A", a), ("B", b)):
            tensors[f"base_model.model.{layer}.lora_{half}.weight"] = values.contiguous()
    rank = sum(int(own["r"]) for own in settings)
    save_file(tensors, target / WEIGHTS, metadata={"format": "pt"})
    made = {**settings[0], "r": rank, "lora_alpha": rank, "use_rslora": False, "alpha_pattern": {}}
    (target / CONFIG).write_text(json.dumps(made, indent=2), encoding="utf-8")
    return rank


def _manifest(runs: Sequence[Run], name: str, folder: Path, *, rank: int) -> dict[str, Any]:
    first = runs[0].manifest
    labels = {run.labels for run in runs}
    protocols = {run.manifest.get("protocol", "json") for run in runs if "agent" in run.manifest["tasks"]}
    reads = [run.manifest.get("reads") or () for run in runs if "answer" in run.manifest["tasks"]]
    tuned = sum(int(run.manifest["trainable_parameters"]) for run in runs)
    everything = int(first["parameters"]) - int(first["trainable_parameters"]) + tuned
    return {
        "run": name,
        "path": str(folder),
        "recipe": RECIPE,
        "averaged": [run.name for run in runs],
        "base": first["base"],
        "settings": {**first["settings"], "rank": rank, "alpha": rank},
        "seed": first["seed"],
        "tasks": sorted({task for run in runs for task in run.manifest["tasks"]}),
        "labels": list(labels.pop()) if len(labels) == 1 else [],
        "protocol": "native" if protocols == {"native"} else "json",
        "reads": sorted(set().union(*reads)) if all(reads) else [],  # one that writes is asked to write
        "trainable_parameters": tuned,
        "parameters": everything,
        "trainable_share": tuned / everything,
        "steps": sum(int(run.manifest["steps"]) for run in runs),
        "epochs": first["epochs"],
        "train_loss": None,
        "heldout_loss": None,
        "tokens_per_second": 0.0,
        "peak_memory_bytes": max(int(run.manifest["peak_memory_bytes"]) for run in runs),
        "seconds": sum(float(run.manifest["seconds"]) for run in runs),
        "data": first["data"],
        "versions": {library: version(library) for library in LIBRARIES} | {"python": platform.python_version()},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
