import numpy as np
import pytest

from bench.growth import BLOCK_SAMPLES, slope_of
from bench.tables import BenchError


def wandering(count: int, *, growth_of_1000: float) -> tuple[np.ndarray, np.ndarray]:
    """Return turns and memory that grows, beneath noise that goes on for a while."""
    dice = np.random.default_rng(3)
    turns = np.arange(count) * 7.0
    noise = np.convolve(dice.standard_normal(count + 9), np.ones(10) / 10, mode="valid")
    return turns, 500 + growth_of_1000 * turns / 1000 + noise


def test_a_leak_is_seen_beneath_the_noise() -> None:
    slope = slope_of(*wandering(160, growth_of_1000=5.0))
    assert slope.low <= 5.0 <= slope.high
    assert slope.low > 3.0


def test_flat_memory_is_no_leak() -> None:
    slope = slope_of(*wandering(160, growth_of_1000=0.0))
    assert slope.low < 0 < slope.high
    assert slope.high < 2.0


def test_too_few_samples_are_refused() -> None:
    with pytest.raises(BenchError, match="too few"):
        slope_of(np.arange(2 * BLOCK_SAMPLES - 1.0), np.ones(2 * BLOCK_SAMPLES - 1))
