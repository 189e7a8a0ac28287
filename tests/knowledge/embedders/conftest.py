"""A tiny BERT with random weights, for both of its runtimes."""

from collections.abc import Callable

import numpy as np
import pytest

from knowledge.embedders import Vectors

DIMENSION = 16
HEADS = 2
LAYERS = 2
INNER = 32
WORDS = 50
PLACES = 64


@pytest.fixture(scope="session")
def tiny_weights() -> dict[str, Vectors]:
    random = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (WORDS, DIMENSION),
        "embeddings.position_embeddings.weight": (PLACES, DIMENSION),
        "embeddings.token_type_embeddings.weight": (2, DIMENSION),
        "embeddings.LayerNorm.weight": (DIMENSION,),
        "embeddings.LayerNorm.bias": (DIMENSION,),
    }
    for number in range(LAYERS):
        layer = f"encoder.layer.{number}"
        for part in ("attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"):
            shapes |= {f"{layer}.{part}.weight": (DIMENSION, DIMENSION), f"{layer}.{part}.bias": (DIMENSION,)}
        for part in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes |= {f"{layer}.{part}.weight": (DIMENSION,), f"{layer}.{part}.bias": (DIMENSION,)}
        shapes |= {
            f"{layer}.intermediate.dense.weight": (INNER, DIMENSION),
            f"{layer}.intermediate.dense.bias": (INNER,),
        }
        shapes |= {f"{layer}.output.dense.weight": (DIMENSION, INNER), f"{layer}.output.dense.bias": (DIMENSION,)}
    return {name: random.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


@pytest.fixture(scope="session")
def tiny_texts() -> Callable[[int], list[list[int]]]:
    """Return what makes texts of any length, as numbers of word pieces."""

    def texts(count: int) -> list[list[int]]:
        random = np.random.default_rng(3)
        return [random.integers(0, WORDS, size=int(random.integers(1, PLACES + 1))).tolist() for _ in range(count)]

    return texts
