"""Model files for tests: the embedded model in 16 bits, and a tiny one of random weights with the same tokens."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from gguf import GGUFReader, GGUFValueType, GGUFWriter
from gguf.quants import dequantize

HALF_PRECISION = 1
WIDTH, LAYERS, HEADS, INNER = 64, 2, 4, 128


def widen(source: Path, target: Path, *, changed: Mapping[str, Any] | None = None) -> None:
    """Write a quantized model's weights as 16-bit floats.

    Args:
        changed: Keys of the file's head that get another value.
    """
    read, write = GGUFReader(source), GGUFWriter(target, "llama")
    _copy_head(read, write, {"general.file_type": HALF_PRECISION, **(changed or {})})
    for tensor in read.tensors:
        weights = dequantize(tensor.data, tensor.tensor_type).reshape([int(size) for size in reversed(tensor.shape)])
        write.add_tensor(tensor.name, weights.astype("float16" if weights.ndim > 1 else "float32"))
    _finish(write)


def make_tiny(source: Path, target: Path, *, changed: Mapping[str, Any] | None = None, seed: int = 7) -> None:
    """Write a llama of two narrow layers and random weights, with the tokens of another file.

    What it says means nothing; what a server makes of its prompts is the same as with a large one, at a hundredth of
    the time.
    """
    read, write = GGUFReader(source), GGUFWriter(target, "llama")
    shape = {
        "llama.block_count": LAYERS,
        "llama.embedding_length": WIDTH,
        "llama.feed_forward_length": INNER,
        "llama.attention.head_count": HEADS,
        "llama.attention.head_count_kv": HEADS,
        "llama.rope.dimension_count": WIDTH // HEADS,
        "general.file_type": HALF_PRECISION,
    }
    _copy_head(read, write, {**shape, **(changed or {})})
    random = np.random.default_rng(seed)
    tokens = len(read.fields["tokenizer.ggml.tokens"].data)

    def add(name: str, *size: int) -> None:
        write.add_tensor(name, (random.standard_normal(size) * (6 / size[-1]) ** 0.5).astype("float16"))

    add("token_embd.weight", tokens, WIDTH)
    write.add_tensor("output_norm.weight", np.full(WIDTH, 3.0, "float32"))
    for layer in range(LAYERS):
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{name}.weight", WIDTH, WIDTH)
        for name in ("ffn_gate", "ffn_up"):
            add(f"blk.{layer}.{name}.weight", INNER, WIDTH)
        add(f"blk.{layer}.ffn_down.weight", WIDTH, INNER)
        for name in ("attn_norm", "ffn_norm"):
            write.add_tensor(f"blk.{layer}.{name}.weight", np.ones(WIDTH, "float32"))
    _finish(write)


def _copy_head(read: GGUFReader, write: GGUFWriter, changed: Mapping[str, Any]) -> None:
    for field in read.fields.values():
        if field.name.startswith("GGUF.") or field.name == "general.architecture":
            continue
        value = changed.get(field.name, field.contents())
        inner = field.types[-1] if field.types[0] == GGUFValueType.ARRAY else None
        write.add_key_value(field.name, value, field.types[0], sub_type=inner)


def _finish(write: GGUFWriter) -> None:
    write.write_header_to_file()
    write.write_kv_data_to_file()
    write.write_tensors_to_file()
    write.close()
