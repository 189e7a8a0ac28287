"""An embedder's weights in, those out that tell which sentence answers a question.

    weights + a change of few directions (Hu et al., LoRA, arXiv 2106.09685) -> weights

An embedder is taught on whatever the web holds; these adapters were taught on what customers ask of companies, in their
own words, beside sentences that only look alike. One places a question near the sentence that answers it (`python -m
bench.answering` makes it), one reads both together and ends in a head (`knowledge.embedders.cross_encoder`).
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from knowledge.embedders import Vectors
from knowledge.embedders.bert import Weights

FOLDER = Path(__file__).parent / "answering"
DOWN, UP, WHOLE = ".down", ".up", ".whole"
"""Behind a weight's name: its change as two factors, `(rank, inputs)` and `(outputs, rank)`, or as it is."""
HEAD_WEIGHTS, HEAD_BIAS = "head.weight", "head.bias"


@dataclass(frozen=True, slots=True)
class Head:
    """What makes a number of a mean token state."""

    weights: Vectors
    """Shape `(dimension,)`."""
    bias: float


def has_adapter(name: str) -> bool:
    """Say whether there is an adapter for an embedder."""
    return _path(name).is_file()


def adapted(weights: Weights, name: str) -> Weights:
    """Return an embedder's weights with its adapter laid over them.

    Raises:
        KeyError: the adapter is for a weight that is not there.
        ValueError: it has another shape.
    """
    factors = _factors(name)
    changed = {
        key.removesuffix(DOWN): factors[key.removesuffix(DOWN) + UP] @ down
        for key, down in factors.items()
        if key.endswith(DOWN)
    }
    changed |= {key.removesuffix(WHOLE): change for key, change in factors.items() if key.endswith(WHOLE)}
    wrong = [key for key, change in changed.items() if change.shape != weights[key].shape]
    if wrong:
        raise ValueError(f"The adapter {name} has another shape than the model: {', '.join(wrong)}.")
    return {**weights, **{key: np.asarray(weights[key] + change, np.float32) for key, change in changed.items()}}


def head_of(name: str) -> Head:
    """Return the head of an adapter.

    Raises:
        KeyError: it has none.
    """
    factors = _factors(name)
    return Head(factors[HEAD_WEIGHTS].reshape(-1), float(factors[HEAD_BIAS].item()))


@lru_cache
def _factors(name: str) -> dict[str, Vectors]:
    from safetensors.numpy import load_file

    return {key: factor.astype(np.float32) for key, factor in load_file(_path(name)).items()}


def _path(name: str) -> Path:
    return FOLDER / f"{name}.safetensors"
