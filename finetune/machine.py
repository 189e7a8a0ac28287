"""What this machine has and how fast it multiplies; measured, in about two seconds.

    psutil, nvidia-smi, torch where it is installed -> Machine(memory, card) -> Speed(operations a second)

The one file that asks the hardware. Without torch the multiplication is numpy's, and the card is what nvidia-smi says.
"""

import importlib.util
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass

import psutil

PROBE_SECONDS = 0.8
"""How long each probe multiplies, after one round to warm up."""
PROBE_ROWS = 512
"""Rows of the probe: tokens of a usual batch."""
PROBE_SHARE = 4
"""The probe's matrix is at most this many times the rows wide, so that it takes no memory to speak of."""
SMI_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Card:
    """A graphics card that torch, or nvidia-smi, knows."""

    name: str
    memory: int
    """In bytes, all of it."""
    free: int
    """In bytes, what nobody uses now."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Where training would run."""

    memory: int
    """Main memory in bytes, all of it."""
    free: int
    """Main memory in bytes that can be had now without swapping."""
    card: Card | None
    trains_on_card: bool
    """Whether there is a card and the installed torch can use it."""
    compute_bytes: int
    """Of a number in training: 2 where 16-bit arithmetic is fast, else 4."""

    @property
    def available(self) -> int:
        """Return the bytes that a training run may take here."""
        return self.card.memory if self.trains_on_card and self.card else self.memory

    @property
    def free_to_train(self) -> int:
        """Return the bytes of it that nobody uses now."""
        return self.card.free if self.trains_on_card and self.card else self.free


def look() -> Machine:
    """Return this machine; nothing is reserved."""
    memory = psutil.virtual_memory()
    usable = _torch_card()
    card = usable or _smi_card()
    return Machine(int(memory.total), int(memory.available), card, usable is not None, _compute_bytes())


def measure_speed(width: int, depth: int) -> float:
    """Return multiplications and additions a second in matrix products of a model's size, as training does them.

    Args:
        width: values that go in, as wide as the model.
        depth: values that come out, as wide as its feed-forward part.
    """
    width, depth = (min(size, PROBE_ROWS * PROBE_SHARE) for size in (width, depth))
    multiply = _torch_product(width, depth) if importlib.util.find_spec("torch") else _numpy_product(width, depth)
    multiply()
    rounds, began = 0, time.perf_counter()
    while (taken := time.perf_counter() - began) < PROBE_SECONDS:
        multiply()
        rounds += 1
    return rounds * 2.0 * PROBE_ROWS * width * depth / taken


def _compute_bytes() -> int:
    """Return the size of what training computes in here, as its recipes choose it."""
    if importlib.util.find_spec("torch") is None:
        return 4
    from finetune.recipes.adapting import compute_dtype

    return int(compute_dtype("auto").itemsize)


def _torch_card() -> Card | None:
    if importlib.util.find_spec("torch") is None:
        return None
    import torch

    if not torch.cuda.is_available():
        return None
    free, memory = torch.cuda.mem_get_info()
    return Card(str(torch.cuda.get_device_name()), int(memory), int(free))


def _smi_card() -> Card | None:
    """Return the card with the most memory that the driver's own tool lists."""
    command = ["nvidia-smi", "--query-gpu=name,memory.total,memory.free", "--format=csv,noheader,nounits"]
    try:
        listing = subprocess.run(command, capture_output=True, text=True, timeout=SMI_SECONDS, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return read_cards(listing)


def read_cards(listing: str) -> Card | None:
    """Return the largest card in nvidia-smi's listing (name, MiB in all, MiB free; a card a line)."""
    cards = []
    for line in listing.splitlines():
        name, memory, free = [part.strip() for part in line.rsplit(",", 2)] if line.count(",") >= 2 else ("", "", "")
        if memory.isdigit() and free.isdigit():  # a card that is cut into parts says [N/A]
            cards.append(Card(name, int(memory) << 20, int(free) << 20))
    return max(cards, key=lambda card: card.memory, default=None)


def _torch_product(width: int, depth: int) -> Callable[[], object]:
    import torch

    on_card = torch.cuda.is_available()
    dtype = torch.bfloat16 if _compute_bytes() == 2 else torch.float32
    where = {"device": "cuda" if on_card else "cpu", "dtype": dtype}
    rows, matrix = torch.randn(PROBE_ROWS, width, **where), torch.randn(width, depth, **where)

    def multiply() -> object:
        product = rows @ matrix
        if on_card:
            torch.cuda.synchronize()
        return product

    return multiply


def _numpy_product(width: int, depth: int) -> Callable[[], object]:
    import numpy

    dice = numpy.random.default_rng(0)
    rows = dice.standard_normal((PROBE_ROWS, width), dtype=numpy.float32)
    matrix = dice.standard_normal((width, depth), dtype=numpy.float32)
    return lambda: rows @ matrix
