"""How examples lie side by side in one step: what they share is read once, and only what is learned is predicted.

    Rendered… -> Batch(ids, positions, mask | allowed, places, targets)

Examples of one task open alike: system prompt, instructions, labels. In a `shared` batch that opening stands once, in
one row, and each example's own tokens follow it; the mask lets each see the opening and itself, so every example is
computed exactly as if it stood alone (tree attention, as in SpecInfer, arXiv 2305.09781, for verifying drafts). In a
`padded` batch each has its row, filled up on the left, so that replies end together and the vocabulary is predicted
for their columns alone. Lengths are rounded up: processors compile their 16-bit kernels once per shape.

Plain numpy; what a model makes of it is the trainer's.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from finetune.errors import FinetuneError
from finetune.rendering import Rendered

Layout = Literal["shared", "padded"]

ROUNDED_TO = 32
"""Tokens; a row's length and the number of predicted places are multiples of it."""
NOT_LEARNED = -100
"""The target that losses leave out."""
ROW_TOKENS = 4096
"""The longest row, and the most tokens of a padded batch; more makes a pass no quicker. Where memory bears less, fewer
are chosen (finetune/fitting.py)."""
PAIRS_A_TOKEN = 1000
"""So many pairs of tokens in attention cost as much as one token in all else (measured on a processor, 135M model)."""
WORTH_SHARING = 0.8
"""Shared rows must cost less than this share of rows of their own: they need a mask for every pair."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples as arrays; B rows of T tokens, N predicted places."""

    ids: NDArray[np.int64]
    """(B, T)"""
    positions: NDArray[np.int64]
    """(B, T): where each token stands in its own example."""
    allowed: NDArray[np.bool_]
    """(B, T, T) in a shared batch: which tokens (second axis) see which (third). (B, T) in a padded one: what is no
    padding."""
    places: NDArray[np.int64]
    """(N,): the columns whose output is used, in all rows."""
    targets: NDArray[np.int64]
    """(B, N): the token that should follow each place, or NOT_LEARNED."""
    tokens: int
    """Of the examples themselves, each counted whole."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way to lay examples out."""

    layout: Layout
    at_once: int
    """Examples a pass."""
    rows: int
    length: int
    """Tokens of a row of the largest pass there can be, rounded up."""
    places: int
    """Predicted places of such a pass, in all rows together."""
    cost: float
    """An example of mean length, in tokens' worth; less is better."""


def shared(examples: Sequence[Rendered]) -> Batch:
    """Lay examples out in one row, their common opening once."""
    opening = _common_opening(examples)
    ids = list(examples[0].ids[:opening])
    positions, owners = list(range(opening)), [0] * opening
    places: list[int] = []
    targets: list[int] = []
    for owner, example in enumerate(examples, 1):
        own = example.ids[opening:-1]  # nothing follows the last token
        start = len(ids) - opening
        for at in range(max(opening, 1), len(example.ids)):  # nothing foretells the first token
            if example.labelled[at]:
                places.append(start + at - 1 if at > opening else opening - 1)
                targets.append(example.ids[at])
        ids += own
        positions += range(opening, opening + len(own))
        owners += [owner] * len(own)
    row = np.zeros((2, _rounded(len(ids))), dtype=np.int64)
    row[0, : len(ids)], row[1, : len(ids)] = ids, positions
    owner_of = np.full(row.shape[1], -1)
    owner_of[: len(ids)] = owners
    sees = np.tri(row.shape[1], dtype=np.bool_) & ((owner_of[:, None] == owner_of[None, :]) | (owner_of[None, :] == 0))
    columns = np.zeros(_rounded(len(places)), dtype=np.int64)
    wanted = np.full((1, len(columns)), NOT_LEARNED, dtype=np.int64)
    columns[: len(places)], wanted[0, : len(targets)] = places, targets
    return Batch(row[:1], row[1:], sees[None], columns, wanted, _tokens(examples))


def padded(examples: Sequence[Rendered]) -> Batch:
    """Lay examples out in a row each, filled up on the left."""
    width = _rounded(max(len(example.ids) - 1 for example in examples))
    ids = np.zeros((len(examples), width), dtype=np.int64)
    positions, allowed = np.zeros_like(ids), np.zeros(ids.shape, dtype=np.bool_)
    targets = np.full(ids.shape, NOT_LEARNED, dtype=np.int64)
    for row, example in enumerate(examples):
        length = len(example.ids) - 1
        start = width - length
        ids[row, start:] = example.ids[:-1]
        positions[row, start:] = np.arange(length)
        allowed[row, start:] = True
        targets[row, start:] = np.where(example.labelled[1:], example.ids[1:], NOT_LEARNED)
    used = np.flatnonzero((targets != NOT_LEARNED).any(axis=0))
    first = max(0, width - _rounded(width - int(used[0]))) if len(used) else width - 1
    columns = np.arange(first, width)
    return Batch(ids, positions, allowed, columns, targets[:, columns], _tokens(examples))


def ways(
    examples: Sequence[Rendered],
    *,
    batch_size: int,
    window: int | None,
    layout: Layout | None = None,
    at_once: int | None = None,
) -> list[Way]:
    """Return how examples could lie, the cheapest way first; each goes into `batch_size` a whole number of times.

    Attention costs by pairs of tokens, all else by tokens.

    Args:
        batch_size: Examples a step.
        window: How far back the model's layers see, in tokens, where some see less than all; None where all see all.
        layout: The only one wanted; None leaves it open.
        at_once: Examples a pass; None leaves it open.

    Raises:
        FinetuneError: `batch_size` is no whole number of times `at_once`.
    """
    require_whole_passes(batch_size, at_once)
    parts = [at_once] if at_once else [part for part in range(1, batch_size + 1) if batch_size % part == 0]
    found = [] if layout == "shared" else _padded_ways(examples, parts)
    fits_window = window is None or max(len(example.ids) for example in examples) <= window
    if layout == "shared" or (layout is None and fits_window):
        found += _shared_ways(examples, parts)
    return sorted(found, key=lambda way: (way.cost, -way.at_once))


def require_whole_passes(batch_size: int, at_once: int | None, *, processes: int = 1) -> None:
    """Refuse a step that is no whole number of passes.

    Args:
        batch_size: Examples a step, of all processes together.
        at_once: Examples a pass; None or 0 leaves it open.

    Raises:
        FinetuneError: says how many at once would do.
    """
    share = batch_size // processes
    if not at_once or share % at_once == 0:
        return
    largest = max(part for part in range(1, min(at_once, share) + 1) if share % part == 0)
    among = f" among {processes} processes" if processes > 1 else ""
    raise FinetuneError(
        f"A step of {batch_size} examples{among} cannot be made of passes of {at_once} (batch_size={batch_size}, "
        f"at_once={at_once}). Next: {largest} at once, or another size of the batch"
    )


def _shared_ways(examples: Sequence[Rendered], parts: Sequence[int]) -> list[Way]:
    opening = _common_opening(examples)
    own = sorted((len(example.ids) - opening for example in examples), reverse=True)
    learned = sorted((example.learned for example in examples), reverse=True)
    mean = max(sum(own) / len(own), 1.0)
    fitting = [part for part in parts if opening + part * mean <= ROW_TOKENS] or parts[:1]
    return [
        Way(
            "shared",
            part,
            rows=1,
            length=_rounded(opening + sum(own[:part]) - part),  # nothing follows an example's last token
            places=_rounded(sum(learned[:part])),
            cost=_cost(opening + part * mean) / part / WORTH_SHARING,
        )
        for part in fitting
    ]


def _padded_ways(examples: Sequence[Rendered], parts: Sequence[int]) -> list[Way]:
    lengths = [len(example.ids) for example in examples]
    longest, cost = max(lengths), _cost(sum(lengths) / len(lengths))
    tails = [len(one.ids) - one.labelled.index(True) for one in examples if one.learned]
    columns = _rounded(max(tails, default=1))
    fitting = [part for part in parts if part * longest <= ROW_TOKENS] or parts[:1]
    return [
        Way("padded", part, part, length=_rounded(longest - 1), places=part * columns, cost=cost) for part in fitting
    ]


def _cost(tokens: float) -> float:
    """Return what a row costs, in tokens' worth of all but attention."""
    return tokens + tokens * tokens / PAIRS_A_TOKEN


def _common_opening(examples: Sequence[Rendered]) -> int:
    """Return how many tokens all examples open with; at least one of each stays its own, none of them is learned."""
    shortest = min(len(example.ids) for example in examples)
    first = examples[0]
    for at in range(shortest - 1):
        if any(example.ids[at] != first.ids[at] or example.labelled[at] for example in examples):
            return at
    return shortest - 1


def _rounded(length: int) -> int:
    return -(-max(length, 1) // ROUNDED_TO) * ROUNDED_TO


def _tokens(examples: Sequence[Rendered]) -> int:
    return sum(len(example.ids) for example in examples)
