"""A Hugging Face folder in, an F16 GGUF out, one tensor in memory at a time.

    config.json -> Shape; tokenizer.json -> Vocabulary, proved before any weight is written
    *.safetensors -> tensors under llama.cpp's names -> FILE.gguf

Of the converters that install from PyPI, one replaces the official `gguf` package and the other brings 116 MB of
sources; both know a tokenizer by a hash of its numbers, so that a vocabulary with a token of one's own is unknown to
them. `gguf` has the names of all tensors; what is left is a table of keys for each family. docs/export.md says more.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from finetune.bases import read_base_config
from finetune.errors import FinetuneError
from finetune.exporting.gguf_vocabulary import Vocabulary, check_vocabulary, read_vocabulary

if TYPE_CHECKING:
    from gguf import GGUFWriter

FAMILIES: Mapping[str, str] = {
    "LlamaForCausalLM": "LLAMA",
    "MistralForCausalLM": "LLAMA",
    "Qwen2ForCausalLM": "QWEN2",
    "Qwen3ForCausalLM": "QWEN3",
    "GemmaForCausalLM": "GEMMA",
    "Gemma2ForCausalLM": "GEMMA2",
    "Gemma3ForCausalLM": "GEMMA3",
    "PhiForCausalLM": "PHI2",
    "Phi3ForCausalLM": "PHI3",
}
"""transformers' class -> the name of llama.cpp's architecture in `gguf.MODEL_ARCH`."""
HALF_LIMIT = 65504.0
"""The largest float16."""
SKIPPED = re.compile(r"rotary_emb\.inv_freq$|\.attn\.(masked_)?bias$")
Progress = Callable[[str, int, int], None]
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A model's folder, understood."""

    folder: Path
    config: Mapping[str, Any]
    family: str
    tensors: Mapping[str, tuple[Path, tuple[int, ...]]]
    """Each weight's name -> the file it lies in, and its shape."""
    rows: int
    """Of the embedding."""

    @property
    def tied(self) -> bool:
        """Whether the output shares the embedding's weights."""
        head = [name for name in self.tensors if name.endswith("lm_head.weight")]
        return bool(self.config.get("tie_word_embeddings", "Gemma" in self.family or not head)) or not head


def read_source(folder: Path) -> Source:
    """Return what a folder holds, checked.

    Raises:
        FinetuneError: the architecture is unknown, weights are quantized or missing, or config and embedding disagree.
    """
    config = read_base_config(folder)
    names = config.get("architectures") or ["none"]
    if names[0] not in FAMILIES:
        raise FinetuneError(
            f"{folder} is a {names[0]}, which cannot be exported. Next: use a base of one of "
            f"{', '.join(sorted(FAMILIES))}."
        )
    if config.get("quantization_config"):
        raise FinetuneError(f"The weights in {folder} are quantized. Next: export from the 16-bit model.")
    tensors = _tensors(folder)
    embedding = next((shape for name, (_, shape) in tensors.items() if name.endswith("embed_tokens.weight")), None)
    faults = []
    if embedding is None:
        faults.append(f"{folder} has no embedding. Next: download the model's *.safetensors again.")
    elif config.get("vocab_size") != embedding[0]:
        faults.append(
            f"{folder / 'config.json'} says vocab_size {config.get('vocab_size')}, the embedding has {embedding[0]} "
            "rows. Next: save the model again after its embeddings were resized."
        )
    faults += _rope_faults(config)
    if faults or embedding is None:
        raise FinetuneError("\n".join(faults))
    return Source(folder, config, names[0], tensors, embedding[0])


def write_gguf(
    source: Source,
    target: Path,
    *,
    name: str,
    template: str | None = None,
    more: Sequence[str] = (),
    progress: Progress = lambda _name, _done, _all: None,
) -> Vocabulary:
    """Write a model as a GGUF with float16 weights (vectors stay float32).

    Args:
        name: What the model is called in the file.
        template: The chat template; None takes the folder's.
        more: Texts, such as rendered conversations, that must become the same tokens.

    Raises:
        FinetuneError: vocabulary or weights are none that llama.cpp would read as trained; nothing is written then.
    """
    from gguf import MODEL_ARCH, MODEL_ARCH_NAMES

    vocabulary = read_vocabulary(source.folder, rows=source.rows, template=template)
    architecture = MODEL_ARCH_NAMES[MODEL_ARCH[FAMILIES[source.family]]]
    check_vocabulary(vocabulary, source.folder, architecture=architecture, more=more)
    planned = plan(source)
    part = target.with_name(f"{target.name}.part")
    writer = begin_gguf(source, part, vocabulary=vocabulary, name=name)
    try:
        for number, (ours, theirs, _, kind) in enumerate(planned):
            writer.write_tensor_data(converted(source, ours, theirs, kind))
            progress(theirs, number + 1, len(planned))
    except BaseException:
        writer.close()
        part.unlink(missing_ok=True)
        raise
    writer.close()
    part.replace(target)
    return vocabulary


def begin_gguf(source: Source, target: Path, *, vocabulary: Vocabulary, name: str) -> "GGUFWriter":
    """Write all of a GGUF that comes before the weights, and return what writes those, in the order of `plan`.

    Args:
        name: What the model is called in the file.
    """
    from gguf import MODEL_ARCH, MODEL_ARCH_NAMES, GGUFWriter, LlamaFileType

    writer = GGUFWriter(target, MODEL_ARCH_NAMES[MODEL_ARCH[FAMILIES[source.family]]])
    writer.add_name(name)
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    write_keys(writer, source)
    vocabulary.write(writer)
    for _, theirs, shape, kind in plan(source):
        writer.add_tensor_info(theirs, shape, np.dtype(kind), int(np.prod(shape)) * np.dtype(kind).itemsize)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    return writer


def plan(source: Source) -> tuple[tuple[str, str, tuple[int, ...], str], ...]:
    """Return each tensor that will be written: name in the folder, name in the GGUF, shape, dtype.

    Raises:
        FinetuneError: a weight has no place in this architecture, or one has two.
    """
    from gguf import MODEL_ARCH, get_tensor_name_map

    names = get_tensor_name_map(MODEL_ARCH[FAMILIES[source.family]], int(source.config["num_hidden_layers"]))
    planned: list[tuple[str, str, tuple[int, ...], str]] = []
    unknown = []
    for ours, (_, shape) in source.tensors.items():
        if SKIPPED.search(ours) or (source.tied and ours.endswith("lm_head.weight")):
            continue
        theirs = names.get_name(ours, try_suffixes=(".weight", ".bias"))
        if theirs is None:
            unknown.append(ours)
        else:
            planned.append((ours, theirs, shape, "float32" if len(shape) < 2 else "float16"))
    if unknown:
        raise FinetuneError(
            f"{source.folder} holds weights that a {source.family} has no place for: {', '.join(unknown[:5])}"
            f"{' …' if len(unknown) > 5 else ''}. Next: export the language model alone."
        )
    if source.config.get("rope_scaling", {}) and _scaling(source.config)[0] == "llama3":
        planned.append(("", "rope_freqs.weight", (_head_width(source.config) // 2,), "float32"))
    return tuple(sorted(planned, key=lambda one: _order(one[1])))


def planned_bytes(source: Source) -> int:
    """Return about how large the F16 file will be: its weights, and its vocabulary at 40 bytes a token."""
    weights = sum(int(np.prod(shape)) * np.dtype(kind).itemsize for _, _, shape, kind in plan(source))
    return weights + 40 * source.rows


def _order(name: str) -> tuple[int, int, str]:
    layer = re.match(r"blk\.(\d+)\.", name)
    return (1, int(layer[1]), name) if layer else (0 if name.startswith("token_embd") else 2, 0, name)


def _tensors(folder: Path) -> dict[str, tuple[Path, tuple[int, ...]]]:
    from safetensors import SafetensorError, safe_open

    found: dict[str, tuple[Path, tuple[int, ...]]] = {}
    files = sorted(folder.glob("*.safetensors"))
    try:
        with ExitStack() as stack:
            for file in files:
                opened = stack.enter_context(safe_open(file, framework="pt"))
                for name in sorted(opened.keys()):
                    piece = opened.get_slice(name)
                    if piece.get_dtype() not in {"F16", "BF16", "F32"}:
                        raise FinetuneError(
                            f"{name} in {file} is {piece.get_dtype()}; weights must have 16 or 32 bits: what is "
                            "quantized must not be quantized again. Next: export from the 16-bit model."
                        )
                    found[name] = (file, tuple(piece.get_shape()))
    except (SafetensorError, OSError) as error:
        raise FinetuneError(f"The weights in {folder} cannot be read ({error}). Next: download them again.") from error
    if not found:
        raise FinetuneError(f"{folder} holds no *.safetensors. Next: name the folder of a 16-bit model.")
    return found


def converted(source: Source, ours: str, theirs: str, kind: str) -> Array:
    """Return one tensor as llama.cpp wants it."""
    import torch
    from safetensors import safe_open

    if not ours:
        return _rope_factors(source.config)
    with safe_open(source.tensors[ours][0], framework="pt") as opened:
        tensor = opened.get_tensor(ours)
    data: Array = arranged(source, tensor.to(torch.float32).numpy(), theirs)
    if source.family.startswith("Gemma") and theirs.endswith("norm.weight"):
        data = data + 1.0  # transformers keeps a norm's weight less one
    if not np.isfinite(data).all() or (kind == "float16" and np.abs(data).max(initial=0.0) > HALF_LIMIT):
        raise FinetuneError(f"{ours} holds numbers that float16 does not. Next: train again at a lower learning rate.")
    return np.ascontiguousarray(data.astype(kind))


def arranged(source: Source, rows: Array, theirs: str) -> Array:
    """Return a weight's rows in the order that llama.cpp has them.

    Args:
        rows: (outputs, …): a weight, or the half of an adapter that has its outputs.
        theirs: The weight's name in the GGUF.
    """
    if FAMILIES[source.family] != "LLAMA" or not re.search(r"\.attn_[qk]\.", theirs):
        return rows
    heads = int(source.config["num_attention_heads"])
    return _interleaved(rows, heads if "attn_q" in theirs else int(source.config.get("num_key_value_heads") or heads))


def _interleaved(weights: Array, heads: int) -> Array:
    """Reorder the rows of each head: llama.cpp rotates neighbours, transformers the two halves."""
    width = weights.shape[0] // heads
    halves = weights.reshape(heads, 2, width // 2, *weights.shape[1:])
    return halves.swapaxes(1, 2).reshape(weights.shape)


def _head_width(config: Mapping[str, Any]) -> int:
    return int(config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"])


def _scaling(config: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    given = config.get("rope_parameters") or config.get("rope_scaling") or {}
    given = given.get("full_attention", given)
    return str(given.get("rope_type") or given.get("type") or "default"), given


def _rope_faults(config: Mapping[str, Any]) -> list[str]:
    kind, _ = _scaling(config)
    if kind in {"default", "linear", "llama3", "yarn"}:
        return []
    return [f"The positions are scaled by {kind!r}, which is not exported. Next: use a base without it."]


def _rope_factors(config: Mapping[str, Any]) -> Array:
    """Return by how much each frequency is divided, as Llama 3.1 scales positions (its config's four numbers)."""
    _, scaling = _scaling(config)
    width, theta = _head_width(config), _theta(config)
    waves = 2 * np.pi * theta ** (np.arange(0, width, 2, dtype=np.float64) / width)
    factor, low, high = (float(scaling[key]) for key in ("factor", "low_freq_factor", "high_freq_factor"))
    original = float(scaling["original_max_position_embeddings"])
    smooth = np.clip((original / waves - low) / (high - low), 0.0, 1.0)
    return np.asarray(1.0 / ((1.0 - smooth) / factor + smooth), dtype=np.float32)


def _theta(config: Mapping[str, Any]) -> float:
    _, scaling = _scaling(config)
    return float(scaling.get("rope_theta") or config.get("rope_theta") or 10000.0)


def write_keys(writer: "GGUFWriter", source: Source) -> None:
    """Put what llama.cpp must know of an architecture into a GGUF's keys."""
    config, family = source.config, source.family
    heads = int(config["num_attention_heads"])
    writer.add_vocab_size(source.rows)
    writer.add_context_length(int(config["max_position_embeddings"]))
    writer.add_block_count(int(config["num_hidden_layers"]))
    writer.add_embedding_length(int(config["hidden_size"]))
    writer.add_feed_forward_length(int(config["intermediate_size"]))
    writer.add_head_count(heads)
    writer.add_head_count_kv(int(config.get("num_key_value_heads") or heads))
    if family == "PhiForCausalLM":
        writer.add_layer_norm_eps(float(config["layer_norm_eps"]))
    else:
        writer.add_layer_norm_rms_eps(float(config["rms_norm_eps"]))
    width = _head_width(config)
    _, scaling = _scaling(config)
    share = float(config.get("partial_rotary_factor") or scaling.get("partial_rotary_factor") or 1.0)
    writer.add_rope_dimension_count(int(width * share))
    if family not in {"PhiForCausalLM", "Phi3ForCausalLM"}:
        writer.add_key_length(width)
        writer.add_value_length(width)
    writer.add_rope_freq_base(_theta(config))
    _write_scaling(writer, config)
    _write_windows(writer, config, family)


def _write_scaling(writer: "GGUFWriter", config: Mapping[str, Any]) -> None:
    from gguf import RopeScalingType

    kind, scaling = _scaling(config)
    if kind in {"linear", "yarn"}:
        writer.add_rope_scaling_type(RopeScalingType(kind))
        writer.add_rope_scaling_factor(float(scaling["factor"]))
    if kind == "yarn":
        original = scaling.get("original_max_position_embeddings") or config["max_position_embeddings"]
        writer.add_rope_scaling_orig_ctx_len(int(original))


def _write_windows(writer: "GGUFWriter", config: Mapping[str, Any], family: str) -> None:
    if family == "Phi3ForCausalLM":
        writer.add_sliding_window(int(config.get("sliding_window") or 0))
    if family in {"Gemma2ForCausalLM", "Gemma3ForCausalLM"}:
        writer.add_sliding_window(int(config["sliding_window"]))
        if limit := config.get("final_logit_softcapping"):
            writer.add_final_logit_softcapping(float(limit))
        if limit := config.get("attn_logit_softcapping"):
            writer.add_attn_logit_softcapping(float(limit))
    if family == "Gemma3ForCausalLM":
        given = (config.get("rope_parameters") or {}).get("sliding_attention") or {}
        local = given.get("rope_theta") or config.get("rope_local_base_freq") or 10000.0
        writer.add_rope_freq_base_swa(float(local))


def file_weights(file: Path) -> Iterator[tuple[str, str, int]]:
    """Yield the name, the type and the number of weights of each tensor in a GGUF.

    Raises:
        FinetuneError: it is no GGUF.
    """
    from gguf import GGUFReader

    try:
        for tensor in GGUFReader(file).tensors:
            yield tensor.name, tensor.tensor_type.name, int(tensor.n_elements)
    except (ValueError, OSError, IndexError, KeyError) as error:
        raise FinetuneError(f"{file} is no complete GGUF file ({error}). Next: export anew.") from error


def read_metadata(file: Path, key: str) -> Any:
    """Return a key of a GGUF, None where it has none."""
    from gguf import GGUFReader

    field = GGUFReader(file).get_field(key)
    return None if field is None else json.loads(json.dumps(field.contents(), default=str))
