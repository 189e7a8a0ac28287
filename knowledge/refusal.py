"""Whether a question is refused: evidence and a threshold in, the shares of right decisions out.

evidence of answerable and of unanswerable questions -> a point for each threshold
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from knowledge.measures import is_answered

COARSE = tuple(step / 10 for step in range(1, 10))
FINE = tuple(step / 100 for step in range(101))


@dataclass(frozen=True, slots=True)
class Point:
    """What a threshold brings."""

    threshold: float
    """Evidence 0-1 below which a question is refused."""
    answered: float | None
    """Share 0-1 of the answerable questions that are answered; None without any."""
    refused: float | None
    """Share 0-1 of the unanswerable questions that are refused; None without any."""
    in_use: bool = False


def curve(
    answerable: Sequence[float | None],
    unanswerable: Sequence[float | None],
    *,
    refuse_below: float,
    thresholds: Iterable[float] = COARSE,
) -> tuple[Point, ...]:
    """Return a point for each threshold and for the one in use, lowest first.

    Args:
        answerable: evidence 0-1 of each question; None for one that is refused at any threshold.
    """
    return tuple(
        Point(
            threshold,
            _share([is_answered(evidence, threshold) for evidence in answerable]),
            _share([not is_answered(evidence, threshold) for evidence in unanswerable]),
            in_use=threshold == refuse_below,
        )
        for threshold in sorted({*thresholds, refuse_below})
    )


def _share(decisions: Sequence[bool]) -> float | None:
    return round(sum(decisions) / len(decisions), 4) if decisions else None
