"""An adapter of a run, put beside the model that is served; taken away again.

    run + served FILE.gguf -> the same base? -> adapter.gguf, tried in llama.cpp -> home/adapters/NAME/, manifest last

`agents.models.adapters` reads what is written here, without torch. Nothing is half there: an adapter is made under a
name that nobody reads, and then renamed.
"""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from agents.models import adapters
from agents.models.adapters import ADAPTERS, FILE, MANIFEST, SERVED_TASKS, Adapter, fingerprint, overlap, sha256
from agents.models.llamacpp import ChatLlamaCpp
from finetune.errors import FinetuneError
from finetune.examples import read
from finetune.exporting.base_identity import Agreement, require_base
from finetune.exporting.export import HELDOUT, run_template
from finetune.exporting.gguf import read_source
from finetune.exporting.llama_library import Reader
from finetune.exporting.lora_gguf import Written, read_pairs, write_lora
from finetune.labels.adapted_intents import Calibration, calibrate
from finetune.run_bases import with_base
from finetune.runs import NAME, Run, write_whole

PART = ".part-"
SCORES = ("train_loss", "heldout_loss", "steps", "epochs", "scores")
"""What is kept of a run's measurements."""
TRIED = "How long do I have to return a lamp? 退货期限是多少天？"
LIBRARIES = ("gguf", "peft", "xllamacpp", "frontdesk")


@dataclass(frozen=True, slots=True)
class Request:
    """What to add."""

    run: Run
    served: Path
    """The file of the model that is served."""
    name: str
    tasks: tuple[str, ...] = ()
    """What it is used for; () takes all that the run was trained on and the app asks for."""
    collections: tuple[str, ...] = ()
    """Collections of documents that it is used for; () for all."""


def add(request: Request, *, home: Path) -> Adapter:
    """Put a run's adapter beside the model that is served.

    Raises:
        FinetuneError: the run has no adapter that can be laid over a model, its base is not the one that is served, or
            another adapter is there for the same; nothing is written then.
    """
    planned = _planned(request, home)
    run = with_base(request.run, home=home)
    assert run.adapter is not None
    source = read_source(run.base.folder)
    agreement = require_base(source, request.served, read_pairs(source, run.adapter), template=run_template(run))
    place = home / ADAPTERS / request.name
    part = place.with_name(f"{PART}{request.name}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        written = write_lora(source, run.adapter, part / FILE, name=request.name)
        moved = try_out(request.served, written.file)
        manifest = {**_manifest(request, planned, written, agreement, moved=moved)}
        if "intent" in planned.tasks:
            manifest["intent"] = asdict(_calibrated(request, written.file))
        write_whole(part / MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=2))
        part.rename(place)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return next(one for one in adapters.read_adapters(home / ADAPTERS) if one.name == request.name)


def remove(name: str, *, home: Path) -> None:
    """Take an adapter away, also one whose files are damaged.

    Raises:
        FinetuneError: there is none of this name.
    """
    folder = home / ADAPTERS
    known = sorted(one.name for one in folder.iterdir() if not one.name.startswith(".")) if folder.is_dir() else []
    if name not in known:
        raise FinetuneError(
            f"There is no adapter {name!r}; adapters: {', '.join(known) or 'none'}. Next: frontdesk adapters list"
        )
    gone = folder / f"{PART}{name}"
    shutil.rmtree(gone, ignore_errors=True)
    (folder / name).rename(gone)
    shutil.rmtree(gone, ignore_errors=True)


def try_out(base: Path, adapter: Path) -> float:
    """Lay an adapter over a model in llama.cpp, and return by how much it moves a logit at most.

    Raises:
        FinetuneError: llama.cpp refuses it, or it changes nothing, or too much to be counted.
    """
    with Reader(base, context_tokens=64) as reader:
        ids = reader.tokens(TRIED)[:48]
        before = reader.logits(ids)
        reader.adapt(adapter)
        moved = float(np.abs(reader.logits(ids) - before).max())
    if not np.isfinite(moved) or moved == 0.0:
        raise FinetuneError(
            f"The adapter moves the model's logits by {moved:g}: it learned nothing, or something broken. Next: train "
            "the run anew."
        )
    return moved


def _calibrated(request: Request, adapter: Path) -> Calibration:
    """Return how surely the served model tells held-out intents under the adapter, in llama.cpp as it will serve."""
    run = request.run
    heldout = run.folder / HELDOUT
    name = request.name
    chat = ChatLlamaCpp(path=request.served, adapters=((name, adapter.resolve()),), adapter=name, context_tokens=2048)
    try:
        return calibrate(chat, read(heldout) if heldout.is_file() else (), labels=run.labels)
    finally:
        chat.close()


def _planned(request: Request, home: Path) -> Adapter:
    """Return the adapter as it will be, checked without reading any weight.

    Raises:
        FinetuneError: all that is wrong, told at once.
    """
    run = request.run
    learned = tuple(str(task) for task in run.manifest.get("tasks", ()))
    native = run.manifest.get("protocol") == "native"
    left_out = {*(["agent"] if native else []), *([] if run.labels or learned == ("intent",) else ["intent"])}
    tasks = request.tasks or tuple(task for task in learned if task in SERVED_TASKS and task not in left_out)
    planned = Adapter(request.name, home / ADAPTERS / request.name, run.name, tasks, request.collections, "", "", "")
    faults = []
    if not NAME.fullmatch(request.name):
        faults.append(f"{request.name!r} cannot name an adapter: use up to 64 letters, digits, dots and dashes.")
    if run.adapter is None:
        faults.append(f"The run {run.name} tuned the whole model and has no adapter: frontdesk export {run.name}")
    faults += _task_faults(run, learned, tasks)
    if "agent" in tasks and native:
        faults.append(
            f"The run {run.name} learned to call tools in its chat template's own form, and a model in this process is "
            f"asked for JSON steps: frontdesk export {run.name}, then frontdesk register the release with Ollama."
        )
    if "intent" in tasks and not run.labels:
        faults.append(
            f"The run {run.name} learned intents beside other tasks, so it may say more than labels: name another "
            "--task, or train a run of intents alone."
        )
    for other in adapters.read_adapters(home / ADAPTERS):
        if other.name == request.name:
            faults.append(f"There is an adapter {other.name!r} already: choose --name, or remove it first.")
        elif shared := overlap(planned, other):
            faults.append(
                f"The adapter {other.name!r} is there for {shared}: frontdesk adapters remove {other.name}, or name "
                "another --task or --collection."
            )
    faults += _served_faults(request.served, home)
    if faults:
        raise FinetuneError("\n".join(faults))
    return planned


def _served_faults(served: Path, home: Path) -> list[str]:
    """Return whether a file has an adapter merged in: one of another run cannot be told from rounding to 4 bits."""
    path = served.resolve().parent / MANIFEST
    if not path.is_relative_to((home / "releases").resolve()) or not path.is_file():
        return []
    release = json.loads(path.read_text(encoding="utf-8"))
    if not release.get("merge"):
        return []
    return [
        f"{served} is the release {release.get('release')}, which has the adapter of the run {release.get('run')} in "
        "it; an adapter is laid over the base alone. Next: serve the base: model = gguf:PATH"
    ]


def _task_faults(run: Run, learned: Sequence[str], tasks: Sequence[str]) -> list[str]:
    if not tasks:
        what = ", ".join(learned) or "nothing that it names"
        return [f"The run {run.name} learned {what}, which the app asks no adapter for: frontdesk export {run.name}"]
    strange = [task for task in tasks if task not in SERVED_TASKS]
    if strange:
        return [f"There is no task {', '.join(strange)}; tasks are {', '.join(SERVED_TASKS)}."]
    unlearned = [task for task in tasks if task not in learned]
    if unlearned:
        return [
            f"The run {run.name} was not trained on {', '.join(unlearned)}, but on {', '.join(learned)}: name one of "
            "these with --task."
        ]
    return []


def _manifest(
    request: Request, planned: Adapter, written: Written, agreement: Agreement, *, moved: float
) -> Mapping[str, Any]:
    run, base = request.run, request.run.base
    return {
        "adapter": request.name,
        "run": run.name,
        "recipe": run.manifest.get("recipe"),
        "tasks": list(planned.tasks),
        "collections": list(planned.collections),
        "labels": list(run.labels) if "intent" in planned.tasks else [],
        "reads": list(run.manifest.get("reads", ())) if "answer" in planned.tasks else [],
        "base": {
            "file": request.served.name,
            "fingerprint": fingerprint(request.served),
            "bytes": request.served.stat().st_size,
            "trained_on": base.name,
            "precision": base.precision,
            "agreement": asdict(agreement),
        },
        "sha256": sha256(written.file),
        "bytes": written.bytes,
        "rank": written.rank,
        "alpha": written.alpha,
        "layers": written.layers,
        "moved_logits": moved,
        "scores": {key: run.manifest[key] for key in SCORES if run.manifest.get(key) is not None},
        "versions": {name: version(name) for name in LIBRARIES},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
