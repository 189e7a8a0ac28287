"""From a file of examples to a finished run: what can be wrong is told first, what was done is written last.

    Request -> examples, settings, base -> preflight -> recipe -> runs/NAME/ with its manifest

The same request again goes on where it stopped, and ends with the same weights; a finished one is not trained twice.
"""

import gc
import json
import platform
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

from finetune import processes
from finetune.bases import TEMPLATE, Base, open_base
from finetune.batches import require_whole_passes
from finetune.begun import clear, data_of, nothing_kept, read_begun, require_same, require_same_base
from finetune.data.candidates import Candidate
from finetune.data.checking import LONGEST_TOKENS, require_sound
from finetune.data.splitting import split
from finetune.errors import FinetuneError
from finetune.examples import Example, lines, read, read_languages, write
from finetune.going_on import Command, remember
from finetune.judging import learned
from finetune.labels import label_head
from finetune.labels.classifier_training import train_head
from finetune.machine import look
from finetune.preflight import require
from finetune.recipe import Job, Outcome, as_data, open_recipe, settings_of
from finetune.recipes.adapting import StepSettings
from finetune.recipes.passing import own_share
from finetune.runs import BEGUN, HELD_OUT, LOCK, MANIFEST, STOP, Run, finish, open_run, run_folder, write_whole
from finetune.weights import libraries
from knowledge.counting import counted

HELD_OUT_SHARE = 0.1
ENOUGH_TO_HOLD_OUT = 100
"""Examples; of fewer, none are held out unasked."""
ENOUGH_A_LABEL = 20
"""Examples of each label; with fewer, each counts for more in training than in measuring."""
LIBRARIES = ("torch", "transformers", "peft", "trl", "bitsandbytes", "accelerate")
HALF_BYTES, FULL_BYTES = 2, 4
"""Of a weight as `finetune.weights.load` holds it on a graphics card, and on a processor."""
LOCK_SECONDS = 2.0
"""How long to wait for a run's lock: who only looks whether a run is running holds it for an instant."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a run."""

    data: tuple[Path, ...]
    """Files of examples."""
    name: str
    """Of the run."""
    heldout: tuple[Path, ...] = ()
    """Files of examples that are only measured on; without any, up to a tenth of `data` where there is enough."""
    base: str = "embedded"
    recipe: str = "qlora"
    seed: int = 0
    overrides: tuple[str, ...] = ()
    """KEY=VALUE words over the recipe's numbers."""
    offline: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request after everything that needs no model was checked."""

    request: Request
    settings: Any
    train: tuple[Example, ...]
    heldout: tuple[Example, ...]
    folder: Path
    fingerprint: Mapping[str, Any] = field(default_factory=dict)
    """What makes two requests the same."""


def prepare(request: Request, *, home: Path) -> Prepared:
    """Read and check everything that needs no model.

    Raises:
        FinetuneError: settings, name or data are wrong, a step cannot be shared out among processes or passes, or a run
            of this name was begun with something else.
    """
    settings = settings_of(request.recipe, request.overrides)
    if isinstance(settings, StepSettings):
        own_share(settings.batch_size)  # refuses what cannot be shared out
        require_whole_passes(settings.batch_size, settings.at_once, processes=processes.count())
    folder = run_folder(request.name, home=home)
    _refuse_empty(request.heldout)
    require_sound([*request.data, *request.heldout], longest=getattr(settings, "max_length", LONGEST_TOKENS))
    train = tuple(example for path in request.data for example in read(path))
    heldout = tuple(example for path in request.heldout for example in read(path))
    _refuse_overlap(train, heldout)
    if not heldout:
        train, heldout = hold_out(train)
    if not train:
        raise FinetuneError("There is no example to learn from. Next: name a file of examples: --data FILE")
    fingerprint = {
        "recipe": request.recipe,
        "base": request.base,
        "seed": request.seed,
        "settings": as_data(settings),
        "data": data_of(request.data, request.heldout),
    }
    require_same(folder, fingerprint)
    return Prepared(request, settings, train, heldout, folder, fingerprint)


def train(
    prepared: Prepared,
    *,
    home: Path,
    progress: Callable[[Mapping[str, Any]], None] | None = None,
    command: Command | None = None,
) -> Run:
    """Train, or go on with what was begun, and return the finished run.

    Where several processes train together, each of them calls this; the first one writes.

    Args:
        command: What a person gave to begin this, so that the training page can give it again.
        progress: Called with each line of the run's log; see `finetune.recipes.trainer.Log`.

    Raises:
        FinetuneError: the base cannot be had, does not suit the data, or another process trains this run.
        KeyboardInterrupt: a stop was asked for; the same request goes on from there.
    """
    if (prepared.folder / MANIFEST).is_file():
        if processes.is_first():
            _require_unchanged_base(prepared, home)
        return open_run(prepared.request.name, home=home)
    with libraries():  # what is missing is told before a base is fetched, which may be many GB
        pass
    with _locked(prepared.folder) if processes.is_first() else nullcontext():
        if processes.is_first():
            _begin(prepared, command)
        with processes.first_before_others():
            base = open_base(prepared.request.base, home=home, offline=prepared.request.offline)
            require_same_base(prepared.folder, base.folder, keep=processes.is_first())
        if isinstance(prepared.settings, StepSettings):  # an embedder neither speaks nor becomes a GGUF
            with libraries():
                require(base.folder, prepared.train)
            if processes.is_first():
                write_whole(prepared.folder / TEMPLATE, (base.folder / TEMPLATE).read_text(encoding="utf-8"))
        job = Job(
            base, prepared.train, prepared.heldout, prepared.folder, prepared.request.seed, prepared.settings, progress
        )
        with libraries():
            outcome = open_recipe(prepared.request.recipe).train(job)
        with processes.first_before_others():
            if processes.is_first():
                manifest = manifest_of(prepared, base, outcome)
                if manifest["labels"] and isinstance(prepared.settings, StepSettings):
                    run = Run(prepared.request.name, prepared.folder, manifest)
                    manifest["tells_labels_by"] = "state" if learn_to_tell(run, prepared.train) else "words"
                return finish(prepared.folder, manifest)
            return open_run(prepared.request.name, home=home)


def _begin(prepared: Prepared, command: Command | None) -> None:
    """Write down what was begun, and forget an earlier wish to stop."""
    if nothing_kept(prepared.folder):
        clear(prepared.folder)
    known = read_begun(prepared.folder)  # of the base, which is opened later
    write_whole(prepared.folder / BEGUN, json.dumps({**known, **prepared.fingerprint}, indent=2))
    if command:
        remember(command, prepared.folder)
    learned.note(prepared.train, prepared.folder)
    if prepared.heldout:
        write(prepared.heldout, prepared.folder / HELD_OUT)  # what judging and export measure on
    (prepared.folder / STOP).unlink(missing_ok=True)


def _require_unchanged_base(prepared: Prepared, home: Path) -> None:
    """Refuse to pass a finished run off as one of a base that has changed; one that is gone has not."""
    request = prepared.request
    try:
        base = open_base(request.base, home=home, offline=request.offline)
    except FinetuneError:
        return
    require_same_base(prepared.folder, base.folder)


def hold_out(examples: Sequence[Example]) -> tuple[tuple[Example, ...], tuple[Example, ...]]:
    """Return examples to learn from and, where there are enough, at most a tenth of each task to measure on.

    Whole conversations are drawn, by their names, so it is the same each time; one that is larger than a tenth stays.
    """
    counts = Counter(str(one.messages[-1]["content"]) for one in examples if one.task == "intent")
    few = len(examples) < ENOUGH_TO_HOLD_OUT or (counts and min(counts.values()) < ENOUGH_A_LABEL)
    if few:
        return tuple(examples), ()
    kept, held = split([Candidate(one, "", "import") for one in examples], share=HELD_OUT_SHARE, seed=0)
    return tuple(one.example for one in kept), tuple(one.example for one in held)


def labels_of(examples: Sequence[Example]) -> tuple[str, ...]:
    """Return the closed set of answers of intent examples, sorted; empty where answers are free or tasks are mixed."""
    if not examples or any(example.task != "intent" for example in examples):
        return ()
    return tuple(sorted({str(example.messages[-1]["content"]) for example in examples}))


def protocol_of(examples: Sequence[Example]) -> Literal["native", "json"]:
    """Return how tools are called in examples of steps: in the template's own form where all of them do, else in JSON.

    A model that learned the one is asked for the other by whoever does not know that.
    """
    steps = [example for example in examples if example.task == "agent"]
    calls = [example.tools or any(message.get("tool_calls") for message in example.messages) for example in steps]
    return "native" if steps and all(calls) else "json"


def learn_to_tell(run: Run, examples: Sequence[Example]) -> bool:
    """Let a run whose answers are labels tell them by its state, `finetune.labels.label_head`; return whether it does.

    It does not where there is but one label, or where the model in full precision, as it is judged, does not fit into
    the memory that is free: training may have held it in a quarter of that.

    Args:
        examples: what it learned from.

    Raises:
        FinetuneError: scikit-learn is missing.
    """
    gc.collect()
    with libraries():
        import torch

        torch.cuda.empty_cache()  # what training held
    machine = look()
    needed = run.manifest["parameters"] * (HALF_BYTES if machine.trains_on_card else FULL_BYTES)
    if len(run.labels) < 2 or needed > machine.free_to_train:
        return False
    with libraries():
        from finetune.judging import torch_replies
        from finetune.weights import load

        states = torch_replies.states(load(run.base, adapter=run.adapter), examples)
    label_head.save(train_head(states, [str(one.messages[-1]["content"]) for one in examples]), run.folder)
    return True


def manifest_of(prepared: Prepared, base: Base, outcome: Outcome) -> dict[str, Any]:
    """Return what a finished run says of itself."""
    request, everything = prepared.request, (*prepared.train, *prepared.heldout)
    return {
        "run": request.name,
        "path": str(prepared.folder),
        "recipe": request.recipe,
        "base": {"name": base.name, "folder": str(base.folder), "precision": base.precision},
        "settings": as_data(prepared.settings),
        "seed": request.seed,
        "tasks": sorted({example.task for example in everything}),
        "labels": list(labels_of(prepared.train)),
        "reads": list(read_languages(everything)),
        "protocol": protocol_of(everything),
        "trainable_parameters": outcome.trainable,
        "parameters": outcome.parameters,
        "trainable_share": outcome.trainable / outcome.parameters,
        "steps": outcome.steps,
        "epochs": outcome.epochs,
        "train_loss": outcome.train_loss,
        "heldout_loss": outcome.heldout_loss,
        "tokens_per_second": outcome.tokens_per_second,
        "peak_memory_bytes": outcome.peak_memory_bytes,
        "seconds": outcome.seconds,
        **outcome.extra,
        "data": {
            "files": prepared.fingerprint["data"],
            "train": len(prepared.train),
            "heldout": len(prepared.heldout),
        },
        "versions": {name: version(name) for name in LIBRARIES} | {"python": platform.python_version()},
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _refuse_empty(heldout: Sequence[Path]) -> None:
    """Tell a file into which `dataset build` held nothing back from one with faults."""
    empty = [str(path) for path in heldout if not lines(path)]
    if empty:
        raise FinetuneError(
            f"Nothing is held out in {', '.join(empty)}. Next: leave out --heldout {empty[0]}, or hold more back: "
            "frontdesk dataset build … --heldout FILE --share 0.3"
        )


def _refuse_overlap(train: Sequence[Example], heldout: Sequence[Example]) -> None:
    shared = set(map(learned.words_of, train)) & set(map(learned.words_of, heldout))
    if shared:
        several = counted(len(shared), "held-out example stands", "held-out examples stand")
        raise FinetuneError(
            f"{several} in the training data too, so a score would say nothing. Next: frontdesk dataset build splits "
            "by conversation; or take them out of one file."
        )


def _locked(folder: Path) -> AbstractContextManager[Any]:
    from filelock import FileLock, Timeout

    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / LOCK)
    try:
        return lock.acquire(timeout=LOCK_SECONDS)
    except Timeout as error:
        raise FinetuneError(
            f"Another process trains the run in {folder}. Next: wait for it, or choose another --run."
        ) from error
