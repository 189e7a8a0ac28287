"""How a job's examples go through the model: chosen by the memory that is free, and kept for when the run goes on.

    Job + loaded model + rendered examples -> Pass -> pass.json in the run's folder

Several processes choose alike, by the one that has least. Needs no torch of its own.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from finetune import processes
from finetune.bases import read_base_config
from finetune.batches import ways
from finetune.errors import FinetuneError
from finetune.fitting import Pass, Tuned, fitting
from finetune.footprint import Recipe as Kind
from finetune.machine import Machine, look
from finetune.recipe import Job
from finetune.rendering import Rendered
from finetune.runs import write_whole
from finetune.shapes import Shape, shape_of
from finetune.weights import Loaded

PASS = "pass.json"


def choose_pass(
    job: Job,
    loaded: Loaded,
    examples: Sequence[Rendered],
    *,
    compute: int,
    kind: Kind,
    own_texts: tuple[int, int] = (0, 0),
) -> Pass:
    """Choose the cheapest pass that fits, and note it.

    Args:
        examples: All that will be read, held-out ones too.
        compute: Bytes a number.
        own_texts: Rows and tokens that a pass reads besides, and predicts throughout.

    Raises:
        FinetuneError: a step's examples cannot be shared out among the processes.
    """
    settings, config, machine = job.settings, read_base_config(job.base.folder), look()
    possible = ways(
        examples,
        batch_size=own_share(settings.batch_size),
        window=config.get("sliding_window"),
        layout=None if settings.layout == "auto" else settings.layout,
        at_once=settings.at_once or None,
    )
    shape = _known_shape(config)
    if shape is None:  # a family whose memory nobody has counted
        on = settings.gradient_checkpointing == "on"
        twice = on or (settings.gradient_checkpointing == "auto" and machine.trains_on_card)
        chosen = Pass(possible[0].layout, possible[0].at_once, twice, tight=twice and not machine.trains_on_card)
    else:
        tuned = Tuned(
            shape=shape,
            recipe=kind,
            rank=getattr(settings, "rank", 0),
            dropout=getattr(settings, "dropout", 0.0),
            compute=compute,
            own_texts=own_texts,
            loaded=sum(parameter.nbytes for parameter in loaded.model.parameters()),
            on_card=machine.trains_on_card,
        )
        place, found = fitting(
            tuned, possible, checkpointing=settings.gradient_checkpointing, free=_free_for_each(machine)
        )
        chosen = found[int(processes.largest(place))]
    if processes.is_first():
        write_whole(job.folder / PASS, json.dumps(asdict(chosen)))
    return chosen


def pass_before(job: Job) -> Pass | None:
    """Return what was chosen when this run began: going on, it computes as before, whatever memory is free by now."""
    path = job.folder / PASS
    return Pass(**json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else None


def own_share(batch_size: int) -> int:
    """Return how many examples of a step each process reads."""
    if batch_size % processes.count():
        raise FinetuneError(
            f"batch_size={batch_size} cannot be shared out evenly among {processes.count()} processes. Next: "
            f"batch_size={-(-batch_size // processes.count()) * processes.count()}"
        )
    return batch_size // processes.count()


def _free_for_each(machine: Machine) -> int:
    """Return the bytes that are free for one process; those on one machine share its memory, but each has its card."""
    return machine.free_to_train // (1 if machine.trains_on_card else processes.beside())


def _known_shape(config: Mapping[str, Any]) -> Shape | None:
    try:
        return shape_of(config)
    except FinetuneError:
        return None
