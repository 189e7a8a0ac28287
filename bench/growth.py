"""How fast something grows beneath noise that goes on for a while.

turns, memory -> Theil-Sen slope, moving-block bootstrap of the residuals -> Slope per 1,000 turns
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bench.tables import BenchError

BLOCK_SAMPLES = 20
"""A minute: neighbouring samples are not independent."""
RESAMPLES = 1_000


@dataclass(frozen=True, slots=True)
class Slope:
    """Growth per 1,000 turns; the interval is one of 95 %."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:+.1f} [{self.low:+.1f}, {self.high:+.1f}]"


def slope_of(turns: NDArray[np.float64], memory: NDArray[np.float64], *, seed: int = 1) -> Slope:
    """Return how memory grows with the turns: Theil-Sen, with a moving-block bootstrap of the residuals.

    Args:
        turns: `(n_samples,)`, how many there were so far.
        memory: `(n_samples,)`, MiB.
        seed: of the bootstrap.

    Raises:
        BenchError: fewer samples than two blocks.
    """
    if len(turns) < 2 * BLOCK_SAMPLES or turns[0] == turns[-1]:
        raise BenchError(f"{len(turns)} samples are too few for a slope. Next: give --seconds 300 or more")
    first, second = np.triu_indices(len(turns), 1)
    apart = turns[second] - turns[first]
    first, second, apart = first[apart > 0], second[apart > 0], apart[apart > 0]

    def median_slope(values: NDArray[np.float64]) -> float:
        return float(np.median((values[second] - values[first]) / apart))

    value = median_slope(memory)
    fitted = value * turns
    residuals = memory - fitted
    dice = np.random.default_rng(seed)
    blocks = -(-len(turns) // BLOCK_SAMPLES)
    found = []
    for _ in range(RESAMPLES):
        starts = dice.integers(0, len(turns) - BLOCK_SAMPLES + 1, blocks)
        drawn = np.concatenate([residuals[start : start + BLOCK_SAMPLES] for start in starts])[: len(turns)]
        found.append(median_slope(fitted + drawn))
    low, high = np.quantile(found, [0.025, 0.975])
    return Slope(1000 * value, 1000 * float(low), 1000 * float(high))
