"""A run in, a measured release out.

    run -> merged folder (proved) -> F16 GGUF (proved) -> quantized files -> losses -> recommendation -> release

All that can be refused is refused before the first byte is written: the base, the vocabulary, the memory asked for, the
disk. Each piece is noted when it is whole, so the same command goes on where it was stopped.
"""

import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from finetune.bases import TEMPLATE
from finetune.errors import FinetuneError
from finetune.examples import Example, read
from finetune.exporting import merging, quantizing
from finetune.exporting.disk import planned_sizes, require_room
from finetune.exporting.export_report import write_report
from finetune.exporting.gguf import Source, read_source, write_gguf
from finetune.exporting.gguf_vocabulary import read_vocabulary
from finetune.exporting.importance import LEAST_TOKENS, Matrix, importance
from finetune.exporting.llama_library import Reader
from finetune.exporting.measuring import Loss, Sample
from finetune.exporting.quantization_loss import (
    LEAST_TOKENS as LEAST_JUDGED,
)
from finetune.exporting.quantization_loss import (
    SERVING_CONTEXT,
    Band,
    Measured,
    Recommendation,
    example_samples,
    fitting,
    measure_all,
    recommend,
    text_samples,
)
from finetune.ollama import release_modelfile
from finetune.releases import Release, Workplace, begin, finish, made_before
from finetune.run_bases import with_base
from finetune.runs import Run
from finetune.weights import load, load_tokenizer

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

HELDOUT = "heldout.jsonl"
"""Where a run may keep the examples it was not trained on."""
CONVERSION_TOLERANCE = 0.05
"""By how much a logit of the F16 file may differ from the folder's in 32 bits, as a share of the logits' spread."""
LIBRARIES = ("gguf", "xllamacpp", "peft", "torch", "transformers")
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Request:
    """What to export."""

    run: Run
    name: str
    quantizations: tuple[str, ...] = quantizing.DEFAULT
    memory_bytes: int | None = None
    """What the machine that serves has for the model."""
    texts: tuple[Path, ...] = ()
    """Files of the company's own text that the model was not trained on."""
    examples: tuple[Path, ...] = ()
    """Held-out examples; () takes the run's own where it kept them."""
    band: Band = field(default_factory=Band)
    use_importance: bool = True
    threads: int | None = None
    """For quantizing and reading; None: one for reading, all for quantizing."""


@dataclass(frozen=True, slots=True)
class Material:
    """Held-out text, read."""

    texts: tuple[str, ...]
    examples: tuple[Example, ...]
    names: tuple[str, ...]


def export(request: Request, *, home: Path, progress: Progress = lambda _name, _done, _all: None) -> Release:
    """Make a release of a run, or go on making it.

    Raises:
        FinetuneError: the run cannot be exported, held-out text is missing, the disk is too small, a proof failed.
    """
    request = replace(request, run=with_base(request.run, home=home))
    material = read_material(request)
    with begin(request.name, home=home, inputs=_inputs(request), asked=_asked(request)) as place:
        return made_before(place) or _make(request, material, place, progress)


def _make(request: Request, material: Material, place: Workplace, progress: Progress) -> Release:
    started = time.monotonic()
    base_source = read_source(request.run.base.folder)
    template = run_template(request.run)
    vocabulary = read_vocabulary(base_source.folder, rows=base_source.rows, template=template)
    require_room(
        planned_sizes(base_source, request.quantizations, merges=request.run.adapter is not None),
        done=place.done,
        folder=place.folder,
    )
    tokenizer = load_tokenizer(base_source.folder)
    tokenizer.chat_template = template
    judged, calibrating = _samples(material, tokenizer, vocabulary.opens_with_bos)
    judged = fitting(judged, vocabulary=base_source.rows)  # too little text is told before hours of merging
    progress("merge", 0, 0)
    source, proof = _merged(request.run, place, progress)
    f16 = place.folder / "model-F16.gguf"
    if "f16" not in place.done:
        write_gguf(source, f16, name=request.name, template=template, more=material.texts[:1], progress=progress)
        place.note("f16", f16.name)
    conversion = place.done.get("conversion") or _prove_conversion(source, f16, judged)
    place.note("conversion", conversion)
    matrix = _matrix(request, source, calibrating, place)
    quantized = _quantize(request, f16, place, matrix, progress)
    measured = _measure(request, source, place, judged, progress)
    best = recommend(measured, memory_bytes=request.memory_bytes, band=request.band)
    (place.folder / TEMPLATE).write_text(template, encoding="utf-8")
    if request.run.adapter is not None:
        shutil.copytree(request.run.adapter, place.folder / "adapter", dirs_exist_ok=True)
    manifest = _manifest(
        request, measured, quantized, best, proof=proof, conversion=conversion, material=material, matrix=matrix
    )
    manifest["seconds"] = round(time.monotonic() - started, 1)
    write_report(place.folder / "report.html", manifest)
    made = Release(place.name, place.folder, manifest)
    release_modelfile.write(made, made.file())
    return finish(place, manifest)


def read_material(request: Request) -> Material:
    """Return the held-out text; without any, nothing could be measured.

    Raises:
        FinetuneError: there is none, or a file cannot be read; all that are wrong are named.
    """
    own = request.run.folder / HELDOUT
    files = request.examples or ((own,) if own.is_file() else ())
    texts, faults = [], []
    for path in request.texts:
        try:
            texts.append(path.read_text(encoding="utf-8-sig"))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(f"{path} cannot be read as text ({error}). Next: name a text file in UTF-8.")
    examples: list[Example] = []
    for path in files:
        try:
            examples += read(path)
        except FinetuneError as error:
            faults.append(str(error))
    if faults:
        raise FinetuneError("\n".join(faults))
    if not texts and not examples:
        raise FinetuneError(
            f"The run {request.run.name} kept no held-out examples, and without text nothing can be measured. Next: "
            "--text FILE with some pages of the company's own text, or --examples HELDOUT.jsonl"
        )
    return Material(tuple(texts), tuple(examples), tuple(path.name for path in (*request.texts, *files)))


def run_template(run: Run) -> str:
    """Return the chat template that a run was trained with.

    Raises:
        FinetuneError: it kept none, nor has its base one.
    """
    for path in (run.folder / TEMPLATE, run.base.folder / TEMPLATE):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise FinetuneError(
        f"Neither {run.folder} nor {run.base.folder} has a {TEMPLATE}: the model would be asked otherwise than it was "
        "trained. Next: put the template used in training there."
    )


def cache_bytes(config: Mapping[str, Any], *, tokens: int = SERVING_CONTEXT) -> int:
    """Return what keys and values of a context take in 16 bits."""
    heads = int(config["num_attention_heads"])
    width = int(config.get("head_dim") or config["hidden_size"] // heads)
    return 2 * 2 * tokens * int(config["num_hidden_layers"]) * int(config.get("num_key_value_heads") or heads) * width


def _inputs(request: Request) -> Mapping[str, Any]:
    """Return what decides whether earlier pieces still hold."""
    run = request.run
    return {
        "run": run.name,
        "created": run.manifest.get("created"),
        "base": str(run.base.folder),
        "importance": request.use_importance,
        "material": [(str(path), path.stat().st_mtime_ns) for path in (*request.texts, *request.examples)],
        "versions": _versions(),
    }


def _asked(request: Request) -> Mapping[str, Any]:
    """Return what decides whether a manifest that was written still holds."""
    return {
        "quantizations": request.quantizations,
        "memory": request.memory_bytes,
        "band": asdict(request.band),
    }


def _versions() -> dict[str, str]:
    return {name: version(name) for name in LIBRARIES} | {"frontdesk": version("frontdesk")}


def _merged(run: Run, place: Workplace, progress: Progress) -> tuple[Source, Mapping[str, Any] | None]:
    if run.adapter is None:
        return read_source(run.base.folder), None
    target = place.folder / "merged"
    if "merged" not in place.done:
        merging.merge(run.base, run.adapter, target)
        place.note("merged", asdict(merging.prove(run.base, run.adapter, target)))
    return read_source(target), place.done["merged"]


def _samples(
    material: Material, tokenizer: "PreTrainedTokenizerBase", opens_with_bos: bool
) -> tuple[list[Sample], list[Sample]]:
    """Return what is judged and what an importance matrix is made of: the second half and the first, never the same."""
    bos = tokenizer.bos_token_id if opens_with_bos else None
    ids = [list(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in material.texts]
    together = [token for piece in ids for token in piece]
    enough = len(together) >= 2 * (LEAST_TOKENS + LEAST_JUDGED)
    middle = len(together) // 2 if enough else 0
    half = len(material.examples) // 2 if len(material.examples) >= 8 else 0
    judged = text_samples(together[middle:], bos=bos) + example_samples(material.examples[half:], tokenizer)
    calibrating = text_samples(together[:middle], bos=bos) + example_samples(material.examples[:half], tokenizer)
    return judged, calibrating


def _prove_conversion(source: Source, file: Path, samples: Sequence[Sample]) -> dict[str, Any]:
    """Compare llama.cpp's logits from the F16 file with the folder's in 32 bits, on the head of what is judged."""
    import torch

    ids = list(samples[0].ids[:128])
    from finetune.bases import Base

    model = load(Base("merged", source.folder, "")).model
    with torch.inference_mode():
        theirs = (
            torch.as_tensor(model(input_ids=torch.tensor([ids], device=model.device)).logits[0]).float().cpu().numpy()
        )
    del model
    with Reader(file, context_tokens=max(256, len(ids))) as reader:
        ours = reader.logits(ids, wanted=[True] * len(ids))
    difference = np.abs(ours - theirs)
    top = np.sort(theirs, axis=-1)[:, -2:]
    gaps = (top[:, 1] - top[:, 0])[ours.argmax(-1) != theirs.argmax(-1)]
    found = {
        "tokens": len(ids),
        "max_difference": float(difference.max()),
        "same_top": float((ours.argmax(-1) == theirs.argmax(-1)).mean()),
        "widest_gap_at_a_difference": float(gaps.max(initial=0.0)),
    }
    allowed = CONVERSION_TOLERANCE * float(theirs.std())
    if not found["max_difference"] <= allowed:
        raise FinetuneError(
            f"{file.name} says something else than {source.folder}: a logit differs by {found['max_difference']:.2f}, "
            f"and rounding explains {allowed:.2f}. Please report this with the base's name."
        )
    return found


def _matrix(request: Request, source: Source, samples: Sequence[Sample], place: Workplace) -> Matrix | None:
    wanted = request.use_importance and sum(len(sample.ids) for sample in samples) >= LEAST_TOKENS
    missing = [name for name in request.quantizations if f"quantized {name}" not in place.done and name != "q8_0"]
    path = place.folder / "importance.npz"
    if not wanted:
        return None
    if not path.is_file() and missing:
        part = place.folder / "importance.part"
        with part.open("wb") as file:
            tables: dict[str, Any] = dict(importance(source, samples))
            np.savez(file, **tables)
        part.replace(path)
    if not path.is_file():
        return None
    with np.load(path) as kept:
        return {name: kept[name] for name in kept.files}


def _quantize(
    request: Request, f16: Path, place: Workplace, matrix: Matrix | None, progress: Progress
) -> dict[str, Mapping[str, Any]]:
    missing = [name for name in request.quantizations if f"quantized {name}" not in place.done]
    original = quantizing.read_original(f16) if missing else None
    for name in missing:
        assert original is not None
        target = place.folder / f"model-{name}.gguf"
        used = None if name == "q8_0" else matrix  # q8_0 has no use for it
        foretold = quantizing.forecast(original, name, importance=used is not None, threads=request.threads)
        made = quantizing.write_quantized(
            original, target, name, importance=used, foretold=foretold, threads=request.threads, progress=progress
        )
        place.note(f"quantized {name}", asdict(made) | {"file": made.file.name})
    return {name: place.done[f"quantized {name}"] for name in request.quantizations}


def _measure(
    request: Request, source: Source, place: Workplace, samples: Sequence[Sample], progress: Progress
) -> dict[str, Measured]:
    files = {"F16": place.folder / "model-F16.gguf"}
    files |= {name: place.folder / f"model-{name}.gguf" for name in request.quantizations}
    known = {
        name: Measured(**kept | {"loss": Loss(**kept["loss"] | {"said": tuple(kept["loss"]["said"])})})
        for name in files
        if (kept := place.done.get(f"measured {name}"))
    }
    return measure_all(
        files,
        samples,
        cache_bytes=cache_bytes(source.config),
        folder=place.folder,
        threads=request.threads or 1,
        known=known,
        done=lambda one: place.note(f"measured {one.quantization}", asdict(one)),
        progress=progress,
    )


def _manifest(
    request: Request,
    measured: Mapping[str, Measured],
    quantized: Mapping[str, Mapping[str, Any]],
    best: Recommendation,
    *,
    proof: Mapping[str, Any] | None,
    conversion: Mapping[str, Any],
    material: Material,
    matrix: Matrix | None,
) -> dict[str, Any]:
    run = request.run
    files = []
    for name, one in measured.items():
        made = quantized.get(name, {})
        loss = {key: value for key, value in asdict(one.loss).items() if key != "said"}
        files.append(
            {"quantization": name, "file": one.file, "bytes": one.bytes, "serving_bytes": one.serving_bytes}
            | loss
            | {
                key: made[key]
                for key in ("forecast_bytes", "seconds", "forecast_seconds", "types", "with_importance")
                if key in made
            }
        )
    precision = run.base.precision
    warnings = []
    if run.base.is_dequantized:
        warnings.append(
            f"The base was {precision}: losses here are relative to its F16, and what the first quantization lost is "
            "not among them."
        )
    if not best.in_band:
        warnings.append(f"Recommended is {best.quantization}, but {best.why}.")
    return {
        "release": request.name,
        "run": run.name,
        "recipe": run.manifest.get("recipe"),
        "base": run.manifest["base"],
        "base_precision": precision,
        "tasks": list(run.manifest.get("tasks", ())),
        "labels": list(run.labels),
        "reads": list(run.manifest.get("reads", ())),
        "protocol": run.manifest.get("protocol", "json"),
        "files": files,
        "recommended": best.quantization,
        "recommended_why": best.why,
        "in_band": best.in_band,
        "band": asdict(request.band),
        "memory_bytes": request.memory_bytes,
        "merge": proof,
        "conversion": dict(conversion),
        "importance": matrix is not None,
        "measured_on": list(material.names),
        "cores": os.cpu_count(),
        "warnings": warnings,
        "versions": _versions(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
