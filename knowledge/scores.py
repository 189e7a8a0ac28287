"""Means with their uncertainty, for every evaluation in the project."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

RESAMPLES = 2000
SEED = 20_240_601
FLIPS = 10_000
"""Sign flips sampled for a permutation test."""
EXACT_CASES = 13
"""Up to so many differing cases, every one of the 2^n sign flips is tried: fewer than are sampled beyond."""
BLOCK_NUMBERS = 4_000_000
PRIOR = 0.8
"""The share of positive cases that a stated chance assumes: documents answer four questions of five. Across languages
`knowledge.evidence` assumes fewer."""
BINS = 10
SHOWN_BELOW = 0.05
SAME = 1e-9
"""Scores closer than this are the same: shares such as 1/3 come out differently in their last digits."""


@dataclass(frozen=True, slots=True)
class Score:
    """A mean over n cases with its 95 % bootstrap interval; value and bounds are None when n is 0."""

    value: float | None
    low: float | None
    high: float | None
    n: int


def mean(values: Sequence[float]) -> Score:
    """Return the mean and its percentile bootstrap interval (Efron 1979), the same on every run."""
    if not values:
        return Score(None, None, None, 0)
    data = np.asarray(values, dtype=float)
    generator = np.random.default_rng(SEED)
    samples = np.concatenate(
        [generator.choice(data, size=(rows, len(data))).mean(axis=1) for rows in _blocks(RESAMPLES, len(data))]
    )
    low, high = np.quantile(samples, [0.025, 0.975])
    return Score(round(float(data.mean()), 4), round(float(low), 4), round(float(high), 4), len(data))


def ratio(numerators: Sequence[float], denominators: Sequence[float]) -> Score:
    """Return the sum of the numerators over that of the denominators, with its percentile bootstrap interval.

    Cases are drawn whole, numerator and denominator together: fields of one document are not independent. A sample
    without any denominator counts as 0. n is the number of cases; None throughout when nothing is to be divided by.
    """
    above, below = np.asarray(numerators, dtype=float), np.asarray(denominators, dtype=float)
    if not below.sum():
        return Score(None, None, None, len(below))
    generator = np.random.default_rng(SEED)
    samples = []
    for rows in _blocks(RESAMPLES, len(below)):
        chosen = generator.integers(len(below), size=(rows, len(below)))
        sums = below[chosen].sum(axis=1)
        samples.append(np.divide(above[chosen].sum(axis=1), sums, out=np.zeros(rows), where=sums > 0))
    low, high = np.quantile(np.concatenate(samples), [0.025, 0.975])
    value = float(above.sum() / below.sum())
    return Score(round(value, 4), round(float(low), 4), round(float(high), 4), len(below))


@dataclass(frozen=True, slots=True)
class PairedScore:
    """How far the mean of one setting lies above another's on the same n cases; all None when n is 0."""

    difference: float | None
    """Left minus right."""
    low: float | None
    high: float | None
    """95 % interval of the difference."""
    n: int
    wins: int
    """Cases where left is higher."""
    losses: int
    ties: int
    p: float | None
    """Chance 0-1 of a difference at least as large, either way, if it did not matter which setting is which."""

    @property
    def is_shown(self) -> bool:
        """Whether the interval excludes zero and p is below 0.05: few cases give intervals that are too narrow."""
        if self.low is None or self.high is None or self.p is None:
            return False
        return (self.low > 0 or self.high < 0) and self.p < SHOWN_BELOW


def paired(left: Sequence[float | None], right: Sequence[float | None]) -> PairedScore:
    """Compare two settings case by case, over the cases that both have, the same on every run.

    The interval is the percentile bootstrap of the differences; p is Fisher's sign-flip permutation test (Fisher 1935),
    exact while few cases differ, sampled beyond.

    Args:
        left: a score for each case, or None for a case without one.
        right: the other setting's scores, in the same order.
    """
    both = [(one, other) for one, other in zip(left, right, strict=True) if one is not None and other is not None]
    differences = np.asarray([one - other for one, other in both], dtype=float)
    if not both:
        return PairedScore(None, None, None, 0, 0, 0, 0, None)
    differences[np.abs(differences) < SAME] = 0.0
    interval = mean(differences.tolist())
    return PairedScore(
        difference=interval.value,
        low=interval.low,
        high=interval.high,
        n=len(both),
        wins=int((differences > 0).sum()),
        losses=int((differences < 0).sum()),
        ties=int((differences == 0).sum()),
        p=_sign_flip_chance(differences[differences != 0]),
    )


def mcnemar(wins: int, losses: int) -> float:
    """Return the exact two-sided p of McNemar's test: the chance of so uneven a split where each case is a coin's toss.

    >>> mcnemar(5, 0), mcnemar(3, 3)
    (0.0625, 1.0)
    """
    n, fewer = wins + losses, min(wins, losses)
    tail = float(sum(math.comb(n, k) for k in range(fewer + 1)) / 2**n)
    return round(min(1.0, 2 * tail), 6)


def auroc(positive: Sequence[float], negative: Sequence[float]) -> Score:
    """Return the chance that a positive case scores above a negative one, ties counted half; n is all cases."""
    if not positive or not negative:
        return Score(None, None, None, len(positive) + len(negative))
    above, below = np.asarray(positive, dtype=float), np.asarray(negative, dtype=float)
    generator = np.random.default_rng(SEED)
    samples = [
        _chance_above(generator.choice(above, len(above)), generator.choice(below, len(below)))
        for _ in range(RESAMPLES // 4)
    ]
    low, high = np.quantile(samples, [0.025, 0.975])
    value = _chance_above(above, below)
    return Score(round(value, 4), round(float(low), 4), round(float(high), 4), len(above) + len(below))


def calibration_error(positive: Sequence[float], negative: Sequence[float]) -> Score:
    """Return how far stated chances lie from what came true (expected calibration error, Guo et al. 2017), 0 is best.

    Cases are weighted so that `PRIOR` of them are positive, whatever their share in the set; ten bins of equal width.
    With few cases the error is overstated: a bin's share is then far from its chance by luck alone.

    Args:
        positive: the chance 0-1 that was stated for each case that came true.
        negative: the same for the others.
    """
    n = len(positive) + len(negative)
    if not positive or not negative:
        return Score(None, None, None, n)
    true, false = np.asarray(positive, dtype=float), np.asarray(negative, dtype=float)
    generator = np.random.default_rng(SEED)
    samples = [
        _calibration_error(generator.choice(true, len(true)), generator.choice(false, len(false)))
        for _ in range(RESAMPLES // 4)
    ]
    low, high = np.quantile(samples, [0.025, 0.975])
    return Score(round(_calibration_error(true, false), 4), round(float(low), 4), round(float(high), 4), n)


def _calibration_error(true: "np.ndarray", false: "np.ndarray") -> float:
    chances = np.concatenate([true, false])
    weights = np.concatenate([np.full(len(true), PRIOR / len(true)), np.full(len(false), (1 - PRIOR) / len(false))])
    came_true = np.arange(len(chances)) < len(true)
    bins = np.minimum((chances * BINS).astype(int), BINS - 1)
    gaps = np.bincount(bins, weights * (chances - came_true), minlength=BINS)
    return float(np.abs(gaps).sum())


def _chance_above(above: "np.ndarray", below: "np.ndarray") -> float:
    ordered = np.sort(below)
    beaten = np.searchsorted(ordered, above, "left") + np.searchsorted(ordered, above, "right")
    return float(beaten.mean() / (2 * len(ordered)))


def _sign_flip_chance(differences: "np.ndarray") -> float:
    n = len(differences)
    least = abs(differences.sum()) - SAME
    if n <= EXACT_CASES:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return round(float((np.abs(signs @ differences) >= least).mean()), 4)
    generator = np.random.default_rng(SEED)
    reached = sum(
        int((np.abs(generator.choice((-1.0, 1.0), size=(rows, n)) @ differences) >= least).sum())
        for rows in _blocks(FLIPS, n)
    )
    # The order that was seen always counts, so that p is never 0 (Phipson and Smyth 2010).
    return round((reached + 1) / (FLIPS + 1), 4)


def _blocks(rows: int, columns: int) -> Iterator[int]:
    """Yield how many rows to draw at a time, so that many cases do not fill the memory."""
    most = max(1, BLOCK_NUMBERS // max(columns, 1))
    while rows > 0:
        yield min(rows, most)
        rows -= most
