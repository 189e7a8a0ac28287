"""An F16 GGUF in, a quantized one out, each tensor in the type that llama.cpp's own tool would give it.

    F16 + "q4_K_M" -> types -> predicted bytes and seconds -> FILE

The mixes (more bits for half of the values and of the down projections, the output in 6 or 8 bits) and the types that
take over where rows are no multiple of 256 follow llama.cpp's `llama-quant.cpp`. The bytes of each block are its own;
where its functions cannot be called, the plain types are written by the `gguf` package, which gives the same bytes.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from finetune.errors import FinetuneError
from finetune.exporting import llama_library

Progress = Callable[[str, int, int], None]
Array = NDArray[Any]

KINDS: Mapping[str, tuple[str, str]] = {
    "q8_0": ("MOSTLY_Q8_0", "Q8_0"),
    "q6_K": ("MOSTLY_Q6_K", "Q6_K"),
    "q5_K_M": ("MOSTLY_Q5_K_M", "Q5_K"),
    "q4_K_M": ("MOSTLY_Q4_K_M", "Q4_K"),
    "q4_K_S": ("MOSTLY_Q4_K_S", "Q4_K"),
    "q4_0": ("MOSTLY_Q4_0", "Q4_0"),
}
"""Our name, largest first -> llama.cpp's name of the file, and the type of most of its weights."""
DEFAULT = ("q8_0", "q6_K", "q5_K_M", "q4_K_M", "q4_0")
FALLBACK = {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
"""Where a row is no multiple of 256."""
PLAIN = ("Q8_0", "Q4_0", "Q5_0", "Q5_1", "Q4_1")
"""What the `gguf` package writes without llama.cpp."""
REPLACED = ("general.architecture", "general.file_type", "general.quantization_version")
"""Keys that a quantized file has of its own."""
ALIGNMENT = 32
HEAD_SECONDS = 2.0
"""About what writing a vocabulary's keys takes."""
NEVER = re.compile(r"_norm\.weight$|ffn_gate_inp")
ROWS_AT_ONCE = 1 << 22
"""Weights handed to a thread at a time."""
PROBE = (512, 1024)
"""Rows and columns that are quantized to tell how long the whole will take."""


@dataclass(frozen=True, slots=True)
class Original:
    """An F16 file, read once for all that is made from it."""

    file: Path
    architecture: str
    layers: int
    shapes: Mapping[str, tuple[int, ...]]
    """Each tensor's name -> its shape, rows first, in the order of names."""
    keys: tuple[tuple[str, Any, Any, Any], ...]
    """Name, value, type and type within, of what is copied."""
    tensors: tuple[Any, ...]
    """As `gguf` maps them from the file, in its order."""
    head_bytes: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a quantization will take, told before it is made."""

    quantization: str
    types: Mapping[str, str]
    """Each tensor's name -> its type."""
    bytes: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Quantized:
    """A file that was made, beside what was foretold."""

    quantization: str
    file: Path
    bytes: int
    seconds: float
    forecast_bytes: int
    forecast_seconds: float
    types: Mapping[str, int]
    """Each type -> how many tensors have it."""
    with_importance: bool


def parse(names: str) -> tuple[str, ...]:
    """Return quantizations from a list such as `q4_K_M,q8_0`, in the order of KINDS.

    `F16` adds none: that file is made anyway.

    Raises:
        FinetuneError: some are unknown, or cannot be made on this system; all are named.
    """
    asked = [name.strip() for name in names.split(",") if name.strip()]
    known = {name.lower(): name for name in KINDS}
    asked = [name for name in asked if name.lower() != "f16"]
    if strange := [name for name in asked if name.lower() not in known]:
        raise FinetuneError(f"Unknown quantization: {', '.join(strange)}. Next: --quantize {','.join(KINDS)}")
    if not names.strip(", "):
        raise FinetuneError(f"No quantization was named. Next: --quantize {','.join(DEFAULT)}")
    chosen = {known[name.lower()] for name in asked}
    fault = llama_library.problem()
    if fault and (beyond := [name for name in KINDS if name in chosen and KINDS[name][1] not in PLAIN]):
        raise FinetuneError(f"{', '.join(beyond)} cannot be made here: {fault}. Next: --quantize q8_0,q4_0")
    return tuple(name for name in KINDS if name in chosen)


def tensor_types(
    tensors: Mapping[str, tuple[int, ...]], quantization: str, *, layers: int, importance: bool = False
) -> dict[str, str]:
    """Return the type that each tensor gets.

    Args:
        tensors: Name -> shape, rows first, in the order in which llama.cpp counts them (by name).
        layers: How many blocks the model has.
        importance: Whether there is an importance matrix, which changes one rule of q4_0.
    """
    tied = "output.weight" not in tensors
    values = [name for name in tensors if re.search(r"attn_(v|qkv)\.weight$", name)]
    chosen = {}
    for name, shape in tensors.items():
        if len(shape) < 2 or not name.endswith("weight") or NEVER.search(name):
            chosen[name] = "F32" if len(shape) < 2 else "F16"
            continue
        layer = re.match(r"blk\.(\d+)\.", name)
        kind = _mixed(
            name,
            shape[-1],
            quantization,
            layer=int(layer[1]) if layer else 0,
            layers=layers,
            tied=tied,
            value=values.index(name) if name in values else -1,
            values=len(values),
            importance=importance,
        )
        chosen[name] = _fitting(kind, shape[-1])
    return chosen


def read_original(file: Path) -> Original:
    """Return an F16 or F32 GGUF's shapes and keys.

    Raises:
        FinetuneError: it is damaged, or quantized already.
    """
    from gguf import GGUFReader, GGUFValueType

    try:
        reader = GGUFReader(file)
    except (ValueError, OSError, IndexError, KeyError) as error:
        raise FinetuneError(f"{file} is no complete GGUF file ({error}). Next: export anew.") from error
    if quantized := sorted({tensor.tensor_type.name for tensor in reader.tensors} - {"F16", "F32", "BF16"}):
        raise FinetuneError(
            f"{file} is quantized already ({', '.join(quantized)}): what that lost would be lost twice over. Next: "
            "quantize the F16 file."
        )
    architecture = str(reader.fields["general.architecture"].contents())
    keys = tuple(
        (key, field.contents(), field.types[0], field.types[-1] if field.types[0] is GGUFValueType.ARRAY else None)
        for key, field in reader.fields.items()
        if not key.startswith("GGUF.") and key not in REPLACED
    )
    tensors = tuple(sorted(reader.tensors, key=lambda tensor: int(tensor.data_offset)))
    return Original(
        file,
        architecture,
        int(reader.fields[f"{architecture}.block_count"].contents()),
        {str(t.name): tuple(int(n) for n in reversed(t.shape)) for t in sorted(tensors, key=lambda t: str(t.name))},
        keys,
        tensors,
        int(reader.data_offset),
    )


def forecast(
    original: Original, quantization: str, *, importance: bool = False, threads: int | None = None
) -> Forecast:
    """Return size and time of a quantization before it is made; time by a probe of each type on this machine."""
    types = tensor_types(original.shapes, quantization, layers=original.layers, importance=importance)
    size = original.head_bytes + sum(
        -(-_tensor_bytes(shape, types[name]) // ALIGNMENT) * ALIGNMENT for name, shape in original.shapes.items()
    )
    seconds = HEAD_SECONDS * len(original.keys) / 30 + sum(
        weights / _speed(kind, threads or _cores())
        for kind, weights in _weights_by_type(original.shapes, types).items()
    )
    return Forecast(quantization, types, size, seconds)


def write_quantized(
    original: Original,
    target: Path,
    quantization: str,
    *,
    importance: Mapping[str, Array] | None = None,
    foretold: Forecast | None = None,
    threads: int | None = None,
    progress: Progress = lambda _name, _done, _all: None,
) -> Quantized:
    """Write a quantized copy of an F16 or F32 GGUF.

    Args:
        importance: Tensor name -> `(columns,)`, how much an error in each column matters.

    Raises:
        FinetuneError: llama.cpp's functions are missing, or the file is not as large as was foretold.
    """
    from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType

    foretold = foretold or forecast(original, quantization, importance=importance is not None, threads=threads)
    started = time.monotonic()
    part = target.with_name(f"{target.name}.part")
    writer = GGUFWriter(part, original.architecture)
    for key, value, kind, inner in original.keys:
        writer.add_key_value(key, value, kind, sub_type=inner)
    writer.add_file_type(LlamaFileType[KINDS[quantization][0]])
    writer.add_quantization_version(2)
    for tensor in original.tensors:
        shape = tuple(int(n) for n in reversed(tensor.shape))
        kind = GGMLQuantizationType[foretold.types[tensor.name]]
        writer.add_tensor_info(tensor.name, shape, np.dtype(np.float32), _tensor_bytes(shape, kind.name), kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    try:
        for number, tensor in enumerate(original.tensors):
            weights = (importance or {}).get(tensor.name)
            writer.write_tensor_data(_as(tensor.data, foretold.types[tensor.name], weights, threads=threads))
            progress(f"{quantization} {tensor.name}", number + 1, len(original.tensors))
    except BaseException:
        writer.close()
        part.unlink(missing_ok=True)
        raise
    writer.close()
    size = part.stat().st_size
    if abs(size - foretold.bytes) > 0.01 * foretold.bytes:
        raise FinetuneError(
            f"{part} has {size} bytes where {foretold.bytes} were foretold; it is not what was planned."
        )
    part.replace(target)
    return Quantized(
        quantization,
        target,
        size,
        time.monotonic() - started,
        foretold.bytes,
        foretold.seconds,
        dict(Counter(foretold.types.values())),
        importance is not None,
    )


def _mixed(
    name: str,
    columns: int,
    quantization: str,
    *,
    layer: int,
    layers: int,
    tied: bool,
    value: int,
    values: int,
    importance: bool,
) -> str:
    kind = KINDS[quantization][1]
    medium = quantization in {"q4_K_M", "q5_K_M"}
    if name == "output.weight" or (tied and name == "token_embd.weight"):
        if columns % _block(kind):
            return "Q8_0"
        return kind if kind == "Q8_0" else "Q6_K"
    if value >= 0:
        if medium and _earns_more_bits(value, values):
            kind = "Q6_K"
        elif quantization == "q4_K_S" and value < 4:
            kind = "Q5_K"
        if name.endswith("attn_qkv.weight") and medium and kind != "Q6_K":
            kind = KINDS[quantization][1]
        return kind
    if "ffn_down" in name:
        if medium and _earns_more_bits(layer, layers):
            return "Q6_K"
        if quantization == "q4_K_S" and layer < layers // 8:
            return "Q5_K"
        if quantization == "q4_0" and importance and layer < layers // 8:
            return "Q4_1"
    return kind


def _earns_more_bits(layer: int, layers: int) -> bool:
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


def _fitting(kind: str, columns: int) -> str:
    if columns % _block(kind) == 0:
        return kind
    kind = FALLBACK.get(kind, kind)
    return kind if columns % _block(kind) == 0 else "F16"


def _block(kind: str) -> int:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    return int(GGML_QUANT_SIZES[GGMLQuantizationType[kind]][0])


def _tensor_bytes(shape: Sequence[int], kind: str) -> int:
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    block, size = GGML_QUANT_SIZES[GGMLQuantizationType[kind]]
    return int(np.prod(shape)) // int(block) * int(size)


def _weights_by_type(shapes: Mapping[str, tuple[int, ...]], types: Mapping[str, str]) -> Mapping[str, int]:
    counted: Counter[str] = Counter()
    for name, shape in shapes.items():
        counted[types[name]] += int(np.prod(shape))
    return counted


@lru_cache
def _speed(kind: str, threads: int) -> float:
    """Return how many weights a second this machine quantizes."""
    probe = np.random.default_rng(0).normal(size=PROBE).astype(np.float16)
    seconds = []
    for _ in range(3):
        started = time.perf_counter()
        _as(probe, kind, None, threads=1)
        seconds.append(time.perf_counter() - started)
    return float(probe.size / max(min(seconds), 1e-6) * threads)


def _cores() -> int:
    return max(1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def _as(data: Array, kind: str, importance: Array | None, *, threads: int | None) -> Array:
    """Return a tensor in a type; rows are shared out among threads, which llama.cpp's functions run without a lock."""
    from gguf import GGMLQuantizationType, quants

    if kind in {"F32", "F16"}:
        return np.ascontiguousarray(data.astype(np.float32 if kind == "F32" else np.float16))
    columns = data.shape[-1]
    rows = data.reshape(-1, columns)
    step = max(1, ROWS_AT_ONCE // columns)
    number = GGMLQuantizationType[kind]

    def work(first: int) -> Array:
        piece = rows[first : first + step].astype(np.float32)
        if llama_library.problem():
            return np.asarray(quants.quantize(piece, number)).view(np.uint8)
        return llama_library.quantize(piece, int(number), importance=importance)

    with ThreadPoolExecutor(threads or _cores()) as pool:
        return np.concatenate(list(pool.map(work, range(0, len(rows), step))))
