"""An embedder drawn at random, small enough to be taught within seconds, and what it is taught with."""

from collections.abc import Sequence

import numpy as np

from bench.teaching import Case

SIZE, INNER, PLACES, PIECES, HEADS = 16, 32, 64, 64, 2
NAME = "tiny"


def tiny_weights(seed: int = 3) -> dict[str, np.ndarray]:
    """Return a BERT of one layer with weights drawn at random."""
    drawn = np.random.default_rng(seed)
    shapes = {
        "embeddings.word_embeddings.weight": (PIECES, SIZE),
        "embeddings.position_embeddings.weight": (PLACES, SIZE),
        "embeddings.token_type_embeddings.weight": (2, SIZE),
    }
    linear = {
        **{f"attention.self.{part}": (SIZE, SIZE) for part in ("query", "key", "value")},
        "attention.output.dense": (SIZE, SIZE),
        "intermediate.dense": (INNER, SIZE),
        "output.dense": (SIZE, INNER),
    }
    for part, shape in linear.items():
        shapes[f"encoder.layer.0.{part}.weight"] = shape
        shapes[f"encoder.layer.0.{part}.bias"] = (shape[0],)
    weights = {name: drawn.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    for norm in ("embeddings", "encoder.layer.0.attention.output", "encoder.layer.0.output"):
        weights[f"{norm}.LayerNorm.weight"] = np.ones(SIZE, np.float32)
        weights[f"{norm}.LayerNorm.bias"] = np.zeros(SIZE, np.float32)
    return weights


def cut(texts: Sequence[str]) -> list[list[int]]:
    """Cut a text into its letters."""
    return [[1, *(2 + ord(letter) % (PIECES - 2) for letter in text)][:PLACES] for text in texts]


CASES = [
    Case("when open", ("shop: we open at nine", "shop: we sell lamps"), np.array([True, False]), True),
    Case("what is sold", ("shop: we open at nine", "shop: we sell lamps"), np.array([False, True]), True),
    Case("who mends it", ("shop: we open at nine", "shop: we sell lamps"), np.array([False, False]), False),
]
