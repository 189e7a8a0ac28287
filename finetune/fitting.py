"""How a step is made to fit the memory that is free: examples a pass, layers computed twice, blocks given back at once.

    ways to lay examples out + Shape + free bytes -> the cheapest Pass that fits

What a pass takes is footprint.py's arithmetic; what there is, machine.py's. On a processor layers are computed twice
only together with `allocator.give_back_large_blocks`: glibc's heap would keep what that saves.

Knows neither torch nor the hardware.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from finetune.batches import Layout, Way
from finetune.footprint import Choices, Recipe, estimate, precision_of
from finetune.shapes import Shape

FITS_SHARE = 0.9
"""How much of the memory a run may take: the rest of the machine wants to live too."""
TWICE_COST = 4 / 3
"""Of computing layers twice: a forward pass is a third of a step (arXiv 2001.08361, section 2.1)."""
TIGHT_COST = 1.5
"""Of giving blocks back at once (finetune/allocator.py)."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Pass:
    """How examples go through the model."""

    layout: Layout
    at_once: int
    """Examples."""
    gradient_checkpointing: bool
    tight: bool
    """Whether freed blocks are given back at once."""


@dataclass(frozen=True, slots=True)
class Tuned:
    """What is tuned, and what of it lies in memory already."""

    shape: Shape
    recipe: Recipe
    rank: int
    dropout: float
    compute: int
    """Bytes a number."""
    loaded: int
    """Bytes of the weights that are loaded."""
    on_card: bool
    own_texts: tuple[int, int] = (0, 0)
    """As in Choices."""


def passes(
    ways: Sequence[Way], *, checkpointing: Literal["auto", "on", "off"], on_card: bool
) -> list[tuple[Way, Pass, float]]:
    """Return every pass that may be made with what it costs, the cheapest first."""
    habits = {"off": [(False, False), (False, True)], "on": [(True, True)]}
    wanted = habits["off"] + habits["on"] if checkpointing == "auto" else habits[checkpointing]
    if on_card:  # its allocator gives back by itself
        wanted = list(dict.fromkeys((twice, False) for twice, _ in wanted))
    found = [
        (
            way,
            Pass(way.layout, way.at_once, twice, tight),
            way.cost * (TWICE_COST if twice else 1) * (TIGHT_COST if tight else 1),
        )
        for way in ways
        for twice, tight in wanted
    ]
    return sorted(found, key=lambda one: (one[2], -one[0].at_once))


def choices_of(tuned: Tuned, way: Way, one: Pass) -> Choices:
    """Return what a pass is, for the arithmetic of memory."""
    return Choices(
        recipe=tuned.recipe,
        batch=way.rows,
        length=way.length,
        learned=min(way.places / (way.rows * way.length), 1.0),  # both are rounded up
        rank=tuned.rank,
        dropout=tuned.dropout,
        gradient_checkpointing=one.gradient_checkpointing,
        one_mask=way.layout == "shared",
        tight=one.tight,
        own_texts=tuned.own_texts,
    )


def needed(tuned: Tuned, way: Way, one: Pass) -> int:
    """Return the bytes that a pass takes on top of what is loaded, at the peak of a step."""
    precision = precision_of(tuned.recipe, tuned.compute)
    memory = estimate(tuned.shape, choices_of(tuned, way, one), precision, on_card=tuned.on_card)
    return max(memory.total - memory.libraries - tuned.loaded, 0)


def fitting(
    tuned: Tuned, ways: Sequence[Way], *, checkpointing: Literal["auto", "on", "off"], free: int
) -> tuple[int, list[Pass]]:
    """Return all passes, the cheapest first, and the place of the first one that fits.

    Where none does it is the one that takes least, and a warning says so: the arithmetic errs by some tenths.

    Args:
        free: Bytes that can be had now, the model loaded.
    """
    found = passes(ways, checkpointing=checkpointing, on_card=tuned.on_card)
    place, size = first_fitting(tuned, found, free=free)
    if size > FITS_SHARE * free:
        logger.warning(
            "A step takes about %.1f GB beside the model at the least, and %.1f GB are free. It is tried; if it ends "
            "for want of memory: end other programs, leave out the longest examples (the longest row has %d tokens), "
            "or take a smaller --base",
            size / 1e9,
            free / 1e9,
            found[place][0].length,
        )
    return place, [one for _, one, _ in found]


def first_fitting(tuned: Tuned, found: Sequence[tuple[Way, Pass, float]], *, free: int) -> tuple[int, int]:
    """Return the place of the first pass that fits, else of the one that takes least, and the bytes it takes."""
    sizes = [needed(tuned, way, one) for way, one, _ in found]
    fits = (place for place, size in enumerate(sizes) if size <= FITS_SHARE * free)
    place = next(fits, min(range(len(sizes)), key=sizes.__getitem__))
    return place, sizes[place]
