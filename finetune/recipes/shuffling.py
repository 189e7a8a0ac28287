"""In which order a pass reads the examples.

    lengths, seed, number of the pass -> places, in groups of like length or in any order

Imported by the recipes when they train, never before: it needs torch.
"""

from collections.abc import Callable, Iterator, Sequence

import torch
from torch.utils.data import Sampler
from transformers.trainer_pt_utils import get_length_grouped_indices


class Shuffled(Sampler[int]):
    """An order of the examples that follows from the seed and the number of the pass alone.

    The library's takes whatever random numbers come next, so that a run that goes on within a pass would read some of
    its examples twice and others not at all.

    Args:
        lengths: Tokens of each example.
        group: Examples of like length stand together in groups of so many; None: any order.
        passes: Returns how many passes are over.
    """

    def __init__(self, lengths: Sequence[int], *, group: int | None, seed: int, passes: Callable[[], int]) -> None:
        self._lengths, self._group, self._seed, self._passes = list(lengths), group, seed, passes

    def __len__(self) -> int:
        return len(self._lengths)

    def __iter__(self) -> Iterator[int]:
        generator = torch.Generator().manual_seed(self._seed + self._passes())
        if self._group is None:
            return iter(torch.randperm(len(self), generator=generator).tolist())
        return iter(get_length_grouped_indices(self._lengths, self._group, generator=generator))
