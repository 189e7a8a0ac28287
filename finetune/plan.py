"""Memory and time of full fine-tuning, LoRA and QLoRA before anything is downloaded.

    base's configuration + choices + this machine -> a Planned for each recipe -> what fits

Memory is arithmetic (finetune/footprint.py). Time comes from the operations of a step (Kaplan et al., arXiv 2001.08361,
section 2.1: two a weight and token forward, twice that backward) and the speed of matrix products measured here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from finetune.footprint import (
    RECIPES,
    Choices,
    Memory,
    Recipe,
    estimate,
    precision_of,
    trainable_parameters,
)
from finetune.machine import Machine
from finetune.shapes import Shape

EFFICIENCY = 0.6
"""Share of the bare products' speed that a step reaches; the rest goes into norms, attention, copies and Python."""
FITS_SHARE = 0.9
"""How much of the memory a run may take: the rest of the machine wants to live too."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One recipe on one machine."""

    choices: Choices
    memory: Memory
    trainable: int
    trainable_share: float
    """Of all weights, adapters counted."""
    tokens_per_second: float
    """Tokens of examples, padding included."""
    seconds_per_step: float
    """For one batch, before accumulation."""
    fits: bool


def plan(
    shape: Shape,
    choices: Choices,
    *,
    machine: Machine,
    operations_per_second: float,
    recipes: Sequence[Recipe] = RECIPES,
    checkpointing: bool | None = None,
) -> tuple[Planned, ...]:
    """Return what each recipe takes on this machine, in the order asked for.

    Args:
        checkpointing: Whether layers are computed twice, whatever `choices` says; None: where it does not fit
            otherwise, as training does it.
        operations_per_second: of matrix products, as `machine.measure_speed` returns.
    """
    planned = []
    for recipe in recipes:
        once, twice = (
            _planned(shape, _habit(choices, recipe, machine, twice=again), machine, operations_per_second)
            for again in (False, True)
        )
        planned.append(twice if checkpointing or (checkpointing is None and not once.fits) else once)
    return tuple(planned)


def operations_per_token(shape: Shape, choices: Choices) -> float:
    """Return additions and multiplications for a token: forward, backward, and forward again with checkpointing.

    Frozen weights need no gradient of their own, which saves a third; the output layer is used for learned tokens only.
    """
    linear, output = shape.linear_parameters, shape.vocabulary * shape.hidden * choices.learned
    attention = 2 * shape.layers * choices.length * shape.query
    passes = 3 if choices.recipe == "full" else 2
    adapters = 0 if choices.recipe == "full" else 3 * shape.adapter_parameters(choices.rank)
    again = linear + attention if choices.gradient_checkpointing else 0
    return 2.0 * (passes * (linear + output) + 3 * attention + adapters + again)


def _habit(choices: Choices, recipe: Recipe, machine: Machine, *, twice: bool) -> Choices:
    """Return choices for a recipe; on a processor who computes layers twice gives blocks back (finetune/fitting.py)."""
    return replace(
        choices,
        recipe=recipe,
        gradient_checkpointing=twice,
        tight=choices.tight or (twice and not machine.trains_on_card),
    )


def _planned(shape: Shape, choices: Choices, machine: Machine, speed: float) -> Planned:
    memory = estimate(
        shape, choices, precision_of(choices.recipe, machine.compute_bytes), on_card=machine.trains_on_card
    )
    trainable = trainable_parameters(shape, choices)
    everything = shape.parameters + (0 if choices.recipe == "full" else trainable)
    rows, length = choices.own_texts if choices.recipe != "full" else (0, 0)
    own = rows * length * operations_per_token(shape, replace(choices, length=max(length, 1), learned=1.0))
    rate = speed * EFFICIENCY / (operations_per_token(shape, choices) + own / choices.tokens)
    return Planned(
        choices=choices,
        memory=memory,
        trainable=trainable,
        trainable_share=trainable / everything,
        tokens_per_second=rate,
        seconds_per_step=choices.tokens / rate,
        fits=memory.total <= FITS_SHARE * machine.available,
    )
