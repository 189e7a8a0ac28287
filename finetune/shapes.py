"""How large a language model is, told by its configuration alone; no weights are read and none are fetched.

    FOLDER/config.json | FILE.gguf | hub id (its config.json only) -> Shape -> linear layers, parameters

Known are the decoder families that can be tuned here. Counts are exact: tests compare them with the models that
transformers builds. Nothing heavier than the standard library is needed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.models.llamacpp import EMBEDDED_FILE
from finetune.bases import read_base_config
from finetune.errors import FinetuneError
from finetune.exporting.gguf_header import Header, read_header


@dataclass(frozen=True, slots=True)
class Family:
    """What distinguishes one family's layers from Llama's, and what its configuration may leave out."""

    bias: bool | None = None
    """Whether query, key and value have one; None asks `attention_bias`, which then counts for the output too."""
    norms: int = 2
    """RMS norms as wide as the model, in each layer."""
    head_norms: bool = False
    """Whether queries and keys are normed, head by head."""
    fused: bool = False
    """Whether query, key and value are one linear layer, and gate and up another."""
    tied: bool = False
    """Whether the output layer is the embedding unless the configuration says otherwise."""
    defaults: Mapping[str, int] | None = None
    """What transformers takes for a missing key."""


_GEMMA3 = {"num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256, "vocab_size": 262_208}
FAMILIES = {
    "llama": Family(),
    "mistral": Family(bias=False),
    "qwen2": Family(bias=True),
    "qwen3": Family(head_norms=True, defaults={"head_dim": 128}),
    "gemma": Family(tied=True, defaults={"head_dim": 256}),
    "gemma2": Family(norms=4, tied=True, defaults={"head_dim": 256}),
    "gemma3_text": Family(norms=4, head_norms=True, tied=True, defaults=_GEMMA3),
    "phi3": Family(bias=False, fused=True),
}
"""Configuration's `model_type` -> family."""
ALIASES = {"gemma3": "gemma3_text"}
"""Other names: of models that also see pictures, the part that speaks; of architectures in a GGUF."""


@dataclass(frozen=True, slots=True)
class Linear:
    """One linear layer's matrix."""

    name: str
    rows: int
    """Values that come out."""
    columns: int
    """Values that go in."""
    bias: bool = False

    @property
    def weights(self) -> int:
        """Weights without the bias."""
        return self.rows * self.columns


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder: an embedding, layers of attention and gated feed-forward, a norm and an output layer."""

    family: str
    hidden: int
    """Width of the model."""
    intermediate: int
    """Width of the feed-forward part."""
    layers: int
    heads: int
    key_heads: int
    """Heads of keys and values; fewer than `heads` in grouped-query attention."""
    head_size: int
    vocabulary: int
    """Rows of the embedding, padding rows included."""
    tied: bool
    """Whether the output layer is the embedding."""
    attention_bias: bool = False
    output_bias: bool = False
    feed_forward_bias: bool = False
    norms: int = 2
    head_norms: bool = False
    fused: bool = False

    @property
    def query(self) -> int:
        """Width of all queries of a token."""
        return self.heads * self.head_size

    @property
    def key(self) -> int:
        """Width of all keys of a token, and of all values."""
        return self.key_heads * self.head_size

    @property
    def linears(self) -> tuple[Linear, ...]:
        """The linear layers of one layer, in the order in which they are used."""
        hidden, wide, bias = self.hidden, self.intermediate, self.feed_forward_bias
        output = Linear("o_proj", hidden, self.query, self.output_bias)
        down = Linear("down_proj", hidden, wide, bias)
        if self.fused:
            together = Linear("qkv_proj", self.query + 2 * self.key, hidden, self.attention_bias)
            return together, output, Linear("gate_up_proj", 2 * wide, hidden, bias), down
        query = Linear("q_proj", self.query, hidden, self.attention_bias)
        others = [Linear(name, self.key, hidden, self.attention_bias) for name in ("k_proj", "v_proj")]
        gated = [Linear(name, wide, hidden, bias) for name in ("gate_proj", "up_proj")]
        return query, *others, output, *gated, down

    @property
    def linear_parameters(self) -> int:
        """Weights of the linear layers that are quantized and get adapters: all but embedding and output layer."""
        return self.layers * sum(linear.weights for linear in self.linears)

    @property
    def embedding_parameters(self) -> int:
        """Weights of the embedding, and of the output layer where it is another."""
        return self.vocabulary * self.hidden * (1 if self.tied else 2)

    @property
    def small_parameters(self) -> int:
        """Weights of norms and biases."""
        biases = sum(linear.rows for linear in self.linears if linear.bias)
        heads = 2 * self.head_size if self.head_norms else 0
        return self.layers * (self.norms * self.hidden + heads + biases) + self.hidden

    @property
    def parameters(self) -> int:
        """All weights."""
        return self.linear_parameters + self.embedding_parameters + self.small_parameters

    def adapter_parameters(self, rank: int) -> int:
        """Return the weights of a LoRA of this rank on all linear layers (arXiv 2106.09685, section 4.1)."""
        return self.layers * sum(rank * (linear.rows + linear.columns) for linear in self.linears)


def read_shape(name: str, *, home: Path, offline: bool = False) -> Shape:
    """Return the shape of a model by what `--base` may be: embedded, a folder, a .gguf file or a hub id.

    Args:
        offline: Fail rather than reach outside this machine.

    Raises:
        FinetuneError: there is no such model, or it is of no family that can be tuned here.
    """
    path = home / "models" / EMBEDDED_FILE if name == "embedded" else Path(name).expanduser()
    if path.is_dir():
        return shape_of(read_base_config(path), source=name)
    if path.is_file():
        return shape_of_gguf(read_header(path), source=name)
    if name == "embedded":
        raise FinetuneError(f"The embedded model is not at {path}. Next: frontdesk models get {EMBEDDED_FILE.parent}")
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise FinetuneError(
            f"The base {name!r} is no folder and no file. Next: name a model's folder, a .gguf file, embedded, or a "
            "hub id such as mistralai/Mistral-7B-Instruct-v0.3."
        )
    return shape_of(read_base_config(_fetch_config(name, offline=offline)), source=name)


def shape_of(config: Mapping[str, Any], *, source: str = "config.json") -> Shape:
    """Return the shape that a config.json describes.

    Raises:
        FinetuneError: the family is unknown, or numbers are missing or wrong; all of them are named.
    """
    kind = ALIASES.get(str(config.get("model_type")), str(config.get("model_type")))
    family = _family(kind, source)
    text = config.get("text_config")
    known = {**(family.defaults or {}), **config, **(text if isinstance(text, Mapping) else {})}
    keys = ("hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "vocab_size")
    hidden, intermediate, layers, heads, vocabulary = _numbers(known, keys, source)
    bias = bool(known.get("attention_bias")) if family.bias is None else family.bias
    tied = known.get("tie_word_embeddings")
    return Shape(
        family=kind,
        hidden=hidden,
        intermediate=intermediate,
        layers=layers,
        heads=heads,
        key_heads=int(known.get("num_key_value_heads") or heads),
        head_size=int(known.get("head_dim") or hidden // heads),
        vocabulary=vocabulary,
        tied=family.tied if tied is None else bool(tied),
        attention_bias=bias,
        output_bias=bias and family.bias is None,
        feed_forward_bias=bool(known.get("mlp_bias")) and kind == "llama",
        norms=family.norms,
        head_norms=family.head_norms,
        fused=family.fused,
    )


def shape_of_gguf(header: Header, *, source: str = "the file") -> Shape:
    """Return the shape that a GGUF's metadata describes.

    Raises:
        FinetuneError: the architecture is unknown, or numbers are missing or wrong; all of them are named.
    """
    data, tensors = header.metadata, header.tensors
    name = str(data.get("general.architecture"))
    kind = ALIASES.get(name, name)
    family = _family(kind, source)
    keys = ("embedding_length", "feed_forward_length", "block_count", "attention.head_count")
    hidden, intermediate, layers, heads = _numbers(data, [f"{name}.{key}" for key in keys], source)
    if "token_embd.weight" not in tensors:
        raise FinetuneError(f"{source} holds no embedding (token_embd.weight). Next: name a model's .gguf.")
    fused = "blk.0.attn_qkv.weight" in tensors
    return Shape(
        family=kind,
        hidden=hidden,
        intermediate=intermediate,
        layers=layers,
        heads=heads,
        key_heads=int(data.get(f"{name}.attention.head_count_kv") or heads),
        head_size=int(data.get(f"{name}.attention.key_length") or hidden // heads),
        vocabulary=tensors["token_embd.weight"][0],
        tied="output.weight" not in tensors,
        attention_bias="blk.0.attn_q.bias" in tensors,
        output_bias="blk.0.attn_output.bias" in tensors,
        feed_forward_bias="blk.0.ffn_down.bias" in tensors,
        norms=family.norms,
        head_norms=family.head_norms,
        fused=fused,
    )


def _family(kind: str, source: str) -> Family:
    if kind not in FAMILIES:
        raise FinetuneError(
            f"{source} is of the family {kind!r}, which cannot be planned; known are {', '.join(FAMILIES)}. "
            "Next: choose a base of one of these."
        )
    return FAMILIES[kind]


def _numbers(data: Mapping[str, Any], keys: "tuple[str, ...] | list[str]", source: str) -> list[int]:
    """Return the named numbers, all of them whole and above zero."""
    wrong = [
        f"{key} is {data.get(key)!r}"
        for key in keys
        if not isinstance(data.get(key), int) or isinstance(data.get(key), bool) or data[key] < 1
    ]
    if wrong:
        raise FinetuneError(
            f"{source} does not say how large the model is: {'; '.join(wrong)}. Next: get its files again."
        )
    return [int(data[key]) for key in keys]


def _fetch_config(name: str, *, offline: bool) -> Path:
    """Return the folder of a hub model's config.json, the only file that is fetched."""
    if offline:
        raise FinetuneError(f"{name} is a hub id and `offline` is set. Next: name the model's folder: --base FOLDER")
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError

    try:
        return Path(hf_hub_download(name, "config.json")).parent
    except (HfHubHTTPError, OSError, ValueError) as error:
        raise FinetuneError(
            f"{name} cannot be had from the hub ({error}). Next: check name, access and network, or name a folder: "
            "--base FOLDER"
        ) from error
