"""An embedder's weights in, those out that place a question near the sentence that answers it.

    weights + adapter of a few hundred thousand numbers (Hu et al., LoRA, arXiv 2106.09685) -> weights

An embedder is taught on whatever the web holds; these adapters were taught on what customers ask of companies, in their
own words, beside sentences that only look alike. `python -m bench.answering` makes them.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from knowledge.embedders import Vectors
from knowledge.embedders.bert import Weights

FOLDER = Path(__file__).parent / "answering"
DOWN, UP = ".down", ".up"
"""Behind a weight's name: its two factors, `(rank, inputs)` and `(outputs, rank)`."""


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
    return {**weights, **{key: np.asarray(weights[key] + change, np.float32) for key, change in changed.items()}}


@lru_cache
def _factors(name: str) -> dict[str, Vectors]:
    from safetensors.numpy import load_file

    return {key: factor.astype(np.float32) for key, factor in load_file(_path(name)).items()}


def _path(name: str) -> Path:
    return FOLDER / f"{name}.safetensors"
