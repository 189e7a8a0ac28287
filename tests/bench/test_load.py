import numpy as np
import pytest

from bench.load import BLOCK_SAMPLES, Run, Sample, slope_of, table_of
from bench.tables import BenchError
from bench.visits import Turn, Visitor

VISITOR = Visitor("1", "B-10234", "ada@example.com", "555 010000", "en")


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


def test_the_table_counts_what_went_wrong() -> None:
    samples = [Sample(3.0 * n, 2 * n, 600.0 + n % 3, 400.0 + n % 3, 40, 90 + n % 2, 6) for n in range(100)]
    turns = [
        Turn("yes", VISITOR, 0.2, "", (), 0),
        Turn("order status", VISITOR, 0.4, "ended as failed", ("B-10999",), 2),
    ]
    run = Run(turns=turns, conversations=1, samples=samples, processor_seconds=30.0, booked_wrong=1, seconds=300.0)
    table = table_of(run)
    rows = dict(table.rows)
    assert rows["turns, not ended as they should"] == "2, 1"
    assert rows["turns in which anything of another customer was sent"] == "1"
    assert rows["call-backs in the shop's records that nobody said yes to, or missing"] == "1"
    assert rows["cores that the server took"] == "0.10"
    assert rows["open handles: after warm-up, at the end, most"] == "90, 91, 91"
    assert "MiB resident: the same, second half alone" in rows
    assert any("ended as failed" in note for note in table.notes)
