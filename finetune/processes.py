"""Several processes that train one model together, as `accelerate launch` starts them; one process needs none of this.

    RANK, WORLD_SIZE -> who writes, who waits

Each reads the same examples and computes its share of every step. The first one alone takes the run's lock and writes
into its folder; the others wait where they would read what it has not written yet. Asking who one is needs no torch.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


def count() -> int:
    """Return how many processes train together."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def beside() -> int:
    """Return how many of them run on this machine, this one included."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "0")) or count()


def is_first() -> bool:
    """Whether this process writes what all of them made."""
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def first_before_others() -> Iterator[None]:
    """Let the first process run the block before the others do."""
    if not is_first():
        wait()
    yield
    if is_first():
        wait()


def wait() -> None:
    """Return when every process has come here."""
    if count() > 1:
        _state().wait_for_everyone()


def largest(value: float) -> float:
    """Return the largest of what the processes give."""
    return float(max(_gathered(value)))


def any_says(value: bool) -> bool:
    """Return, in every process alike, whether one of them says yes."""
    return any(_gathered(value))


def _gathered(value: Any) -> list[Any]:
    if count() == 1:
        return [value]
    _state()
    import torch

    everyone: list[Any] = [None] * count()
    torch.distributed.all_gather_object(everyone, value)
    return everyone


def _state() -> Any:
    """Return accelerate's account of the processes, which connects them when it is first asked for."""
    import torch
    from accelerate import PartialState

    return PartialState(cpu=not torch.cuda.is_available())
