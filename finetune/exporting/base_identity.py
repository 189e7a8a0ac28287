"""Is a model's file the base that an adapter was trained on? Quantized or not, by the weights themselves.

    base's folder + FILE.gguf -> architecture, shapes, norms, sampled rows of matrices -> the same, or why not
    FILE.gguf - base, along what the adapter adds -> 0: it is the base; 1: the adapter is in it already
    FILE.gguf's chat template + the run's -> the same texts, or not

A quantized file has another hash than what it was made from, so hashes do not tell. Norms are kept in 32 bits by every
converter; a matrix may differ by what its type explains. Several samples of the rows of three layers are read, not all.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from agents.errors import AgentError
from agents.models.chat_template import ChatTemplate
from finetune.errors import FinetuneError
from finetune.exporting.gguf import FAMILIES, Array, Source, converted, plan
from finetune.exporting.lora_gguf import Pair
from knowledge.errors import cause_of

NORM_TOLERANCE = 0.01
"""By how much a norm's weight may differ, as a share of the largest: a bfloat16 has three digits."""
ROUNDING: Mapping[str, float] = {
    "F32": 0.01,
    "F16": 0.01,
    "BF16": 0.01,
    "Q8_0": 0.03,
    "Q6_K": 0.06,
    "Q5_": 0.1,
    "Q4_": 0.2,
}
"""The relative error (root mean square) that rounding to a type explains, doubled; types of fewer bits have MOST."""
MOST = 0.5
SMALLEST = 1e-12
ROWS = 256
"""How many rows of a matrix are read."""
MERGED = 0.5
"""From which share of an adapter on a file is taken to have it in it; noise of 4 bits stays far below."""
BATTERY: tuple[tuple[dict[str, str], ...], ...] = (
    ({"role": "user", "content": "How long do I have to return a lamp?"},),
    ({"role": "system", "content": "You help."}, {"role": "user", "content": "退货期限是多少天？"}),
    (
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Good day."},
        {"role": "user", "content": "And a shade?"},
    ),
)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a file compares with the base of an adapter."""

    matrices: int
    """Sampled."""
    error: float
    """The largest relative error among them."""
    share: float
    """How much of the adapter is in the file already: 0 in the base."""


def require_base(source: Source, file: Path, pairs: Mapping[str, Pair], *, template: str) -> Agreement:
    """Make sure that a file is an adapter's base.

    Args:
        pairs: What the adapter adds to each weight.
        template: The chat template that it was trained with.

    Raises:
        FinetuneError: it is another model, one that is tuned already, or asked in another form; all is told at once.
    """
    from gguf import MODEL_ARCH, MODEL_ARCH_NAMES

    reader = _open(file)
    wanted = MODEL_ARCH_NAMES[MODEL_ARCH[FAMILIES[source.family]]]
    kind = _text(reader, "general.architecture")
    if kind != wanted:
        raise FinetuneError(_other(file, source, f"it is a {kind or 'file without an architecture'}, not a {wanted}"))
    agreement = _compare(source, file, reader, pairs)
    if fault := _template_fault(_text(reader, "tokenizer.chat_template"), template):
        raise FinetuneError(
            f"{file} asks the model in another form than the adapter was trained with: {fault}. Next: train on the "
            f"base that this file was made from: frontdesk finetune train --base {file} --data FILE"
        )
    return agreement


def _compare(source: Source, file: Path, reader: Any, pairs: Mapping[str, Pair]) -> Agreement:
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    sampled = {f"blk.{at}" for at in _layers(int(source.config["num_hidden_layers"]))}
    matrices, worst, along, length, strange = 0, 0.0, 0.0, 0.0, ""
    for ours, theirs, shape, _ in plan(source):
        if not ours:
            continue
        tensor: Any = tensors.get(theirs)
        if fault := _shape_fault(tensor, shape):
            raise FinetuneError(_other(file, source, f"its {theirs} {fault}"))
        if len(shape) > 1 and theirs.startswith("blk.") and ".".join(theirs.split(".")[:2]) not in sampled:
            continue
        rows = np.linspace(0, shape[0] - 1, min(ROWS, shape[0])).astype(int) if len(shape) > 1 else np.arange(shape[0])
        mine = converted(source, ours, theirs, "float32")[rows]
        difference = _rows(tensor, rows) - mine
        error, fault = _value_fault(difference, mine, kind=tensor.tensor_type.name)
        if fault and len(shape) < 2:
            raise FinetuneError(_other(file, source, f"its {theirs} {fault}"))
        strange = strange or (f"its {theirs} {fault}" if fault else "")
        if len(shape) > 1:
            matrices, worst = matrices + 1, max(worst, error)
        if pair := pairs.get(theirs):
            added = pair.strength * pair.b[rows] @ pair.a
            along, length = along + float(np.vdot(difference, added)), length + float(np.vdot(added, added))
    share = along / length if length else 0.0
    if share > MERGED:
        raise FinetuneError(
            f"{file} has the adapter in it already ({share:.0%} of it): laid over it, it would count twice. Next: "
            "serve the base, or this file without the adapter."
        )
    if strange:
        raise FinetuneError(_other(file, source, strange))
    return Agreement(matrices, worst, share)


def _shape_fault(tensor: Any, shape: tuple[int, ...]) -> str:
    if tensor is None:
        return "is missing"
    found = tuple(int(one) for one in reversed(tensor.shape))
    return "" if found == shape else f"is {_by(found)}, not {_by(shape)}"


def _value_fault(difference: Array, mine: Array, *, kind: str) -> tuple[float, str]:
    """Return the relative error of a weight's rows, and what is wrong where rounding does not explain it."""
    if mine.ndim < 2:
        error = float(np.abs(difference).max() / max(float(np.abs(mine).max()), SMALLEST))
        return error, "has other values" if error > NORM_TOLERANCE else ""
    error = float(np.sqrt(np.mean(difference**2)) / max(float(np.sqrt(np.mean(mine**2))), SMALLEST))
    return error, f"differs by {error:.0%}, where {kind} explains {_allowed(kind):.0%}" if error > _allowed(
        kind
    ) else ""


def _layers(count: int) -> set[int]:
    return {0, count // 2, count - 1}


def _rows(tensor: Any, rows: Any) -> Array:
    from gguf import dequantize

    data = tensor.data
    if data.dtype in (np.float32, np.float16):
        return np.asarray(data[rows], dtype=np.float32)
    return np.asarray(dequantize(data[rows], tensor.tensor_type), dtype=np.float32)


def _allowed(kind: str) -> float:
    return next((bound for name, bound in ROUNDING.items() if kind.startswith(name)), MOST)


def _open(file: Path) -> Any:
    from gguf import GGUFReader

    try:
        return GGUFReader(file)
    except (ValueError, OSError, IndexError, KeyError) as error:
        raise FinetuneError(f"{file} is no complete GGUF file ({error}). Next: get it again.") from error


def _text(reader: Any, key: str) -> str:
    field = reader.get_field(key)
    return "" if field is None else str(field.contents())


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(str(int(one)) for one in shape)


def _other(file: Path, source: Source, why: str) -> str:
    return (
        f"{file} is another model than {source.folder}, which the adapter was trained on: {why}. Next: serve that base "
        "(model = gguf:PATH in frontdesk.toml), or merge the adapter into a model of its own: frontdesk export RUN"
    )


def _template_fault(served: str, trained: str) -> str:
    """Return in which conversation two templates write different texts; "" where they do in none."""
    if served == trained:
        return ""
    if not served:
        return "it brings no chat template"
    one, other = (ChatTemplate(text, "<bos>", "<eos>") for text in (served, trained))
    for messages in BATTERY:
        try:
            texts = one.render(messages), other.render(messages)
        except AgentError as error:
            return cause_of(str(error))
        if texts[0] != texts[1]:
            return f"{texts[0][:80]!r} where {texts[1][:80]!r} was learned"
    return ""
