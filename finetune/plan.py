"""Memory and time of full fine-tuning, LoRA and QLoRA before anything is downloaded.

    base's configuration + choices + this machine -> a Planned for each recipe -> what fits

How examples go through the model is chosen by the function that training uses (finetune/fitting.py), from the memory
that is free now; training asks again once the model is loaded. Memory is arithmetic (finetune/footprint.py). Time comes
from the operations of a step (Kaplan et al., arXiv 2001.08361, section 2.1: two a weight and token forward, twice that
backward) and the speed of matrix products measured here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from finetune.batches import ways
from finetune.fitting import FITS_SHARE, TIGHT_COST, Tuned, choices_of, first_fitting, passes
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
from finetune.rendering import Rendered
from finetune.shapes import Shape

EFFICIENCY = 0.6
"""Share of the bare products' speed that a step reaches; the rest goes into norms, attention, copies and Python."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One recipe on one machine."""

    choices: Choices
    """Length and learned share as they were asked for; a pass rounds both up."""
    memory: Memory
    trainable: int
    trainable_share: float
    """Of all weights, adapters counted."""
    tokens_per_second: float
    """Tokens of examples, without what rounding adds to them."""
    batch_size: int
    """Examples a step; `choices.batch` of them go through the model at once."""
    fits: bool
    """Whether this machine bears it when other programs end."""

    @property
    def accumulation(self) -> int:
        """Passes through the model that make a step."""
        return self.batch_size // self.choices.batch

    @property
    def seconds_per_step(self) -> float:
        return self.batch_size * self.choices.length / self.tokens_per_second


def plan(
    shape: Shape,
    choices: Choices,
    *,
    batch_size: int,
    at_once: int | None = None,
    machine: Machine,
    operations_per_second: float,
    recipes: Sequence[Recipe] = RECIPES,
    checkpointing: Literal["auto", "on", "off"] = "auto",
) -> tuple[Planned, ...]:
    """Return what each recipe takes on this machine, in the order asked for.

    Args:
        choices: Length, learned share, rank, dropout and own texts; the rest is chosen.
        batch_size: Examples a step.
        at_once: Examples a pass; None chooses.
        operations_per_second: of matrix products, as `machine.measure_speed` returns.

    Raises:
        FinetuneError: `batch_size` is no whole number of times `at_once`.
    """
    example = _example(choices.length, learned=max(round(choices.length * choices.learned), 1))
    possible = ways([example], batch_size=batch_size, window=None, layout="padded", at_once=at_once)
    planned = []
    for recipe in recipes:
        before = estimate(
            shape,
            replace(choices, recipe=recipe),
            precision_of(recipe, machine.compute_bytes),
            on_card=machine.trains_on_card,
        )
        tuned = Tuned(
            shape=shape,
            recipe=recipe,
            rank=choices.rank,
            dropout=choices.dropout,
            compute=machine.compute_bytes,
            loaded=before.weights,
            on_card=machine.trains_on_card,
            own_texts=choices.own_texts,
        )
        found = passes(possible, checkpointing=checkpointing, on_card=machine.trains_on_card)
        place, _ = first_fitting(tuned, found, free=machine.free_to_train - before.libraries - before.weights)
        way, one, _ = found[place]
        laid = choices_of(tuned, way, one)
        planned.append(_planned(tuned, laid, choices, machine, batch_size=batch_size, speed=operations_per_second))
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


def _example(length: int, *, learned: int) -> Rendered:
    """Return an example of which the last tokens are learned."""
    return Rendered((0,) * length, (False,) * (length - learned) + (True,) * learned)


def _planned(
    tuned: Tuned, laid: Choices, asked: Choices, machine: Machine, *, batch_size: int, speed: float
) -> Planned:
    """Return what a pass takes as it is `laid` out, and how fast tokens that were `asked` for go through it."""
    shape, recipe = tuned.shape, tuned.recipe
    memory = estimate(shape, laid, precision_of(recipe, tuned.compute), on_card=tuned.on_card)
    trainable = trainable_parameters(shape, laid)
    everything = shape.parameters + (0 if recipe == "full" else trainable)
    example = laid.length * operations_per_token(shape, laid)
    rows, length = laid.own_texts if recipe != "full" else (0, 0)
    own = rows * length * operations_per_token(shape, replace(laid, length=max(length, 1), learned=1.0))
    step = (batch_size * example + own) * (TIGHT_COST if laid.tight else 1)  # own texts are read once a step
    return Planned(
        choices=replace(laid, length=asked.length, learned=asked.learned),
        memory=memory,
        trainable=trainable,
        trainable_share=trainable / everything,
        tokens_per_second=speed * EFFICIENCY * batch_size * asked.length / step,
        batch_size=batch_size,
        fits=memory.total <= FITS_SHARE * machine.available,
    )
