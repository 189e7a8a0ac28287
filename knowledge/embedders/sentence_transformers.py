"""Any model of sentence-transformers: a hub id or a folder. Needs torch, which the extra `train` brings.

Whether a model knows more than English is not written in its files in any standard way; its name is asked for the
usual marks, and `languages` decides how far fusion trusts it for a language. A GPU is used where there is one, and
half the bits where they are quicker; what pooling adds up stays in full precision.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from knowledge.embedders import Vectors, unit_length
from knowledge.environment import get_extra
from knowledge.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

BATCH_SIZE = 16
GPU_BATCH_SIZE = 256
MULTILINGUAL_NAMES = re.compile(
    r"multilingual|bge-m3|(^|[^a-z])zh([^a-z]|$)|chinese|qwen|labse|m3e|text2vec|embeddinggemma|"
    r"jina-embeddings-v[3-9]|nomic-embed-text-v2|arctic-embed-.*v2",
    re.I,
)


class SentenceTransformersEmbedder:
    """A sentence-transformers model, with the prompts that it declares for questions and documents."""

    def __init__(self, name: str, model: "SentenceTransformer") -> None:
        self.name = name
        self._model = model
        self._batch_size = BATCH_SIZE if model.device.type == "cpu" else GPU_BATCH_SIZE
        self.dimension = int(model.get_embedding_dimension() or 0)
        self.languages = None if MULTILINGUAL_NAMES.search(name) else frozenset({"en"})

    def embed(self, texts: list[str]) -> Vectors:
        vectors = self._model.encode_document(
            texts, batch_size=self._batch_size, convert_to_numpy=True, show_progress_bar=False
        )
        return unit_length(np.asarray(vectors))

    def embed_question(self, question: str) -> Vectors:
        vectors = self._model.encode_query([question], convert_to_numpy=True, show_progress_bar=False)
        return np.asarray(unit_length(np.asarray(vectors))[0])


def build(model: str, *, models_folder: Path, ollama_url: str, threads: int | None) -> SentenceTransformersEmbedder:
    """Load a model by hub id or from a folder, `models_folder` first.

    Raises:
        EmbedderUnavailable: the library is not installed, or the model cannot be loaded.
    """
    if not model:
        raise EmbedderUnavailable('`embedder = "sentence-transformers:NAME"` needs the model\'s name or folder.')
    try:
        from sentence_transformers import SentenceTransformer
    except ImportError as error:
        raise EmbedderUnavailable(
            f"The embedder sentence-transformers:{model} needs torch. Next: {get_extra('train')}"
        ) from error
    local = models_folder / model
    place, kind = place_and_kind()
    source = str(local) if local.is_dir() else model
    try:
        loaded = SentenceTransformer(source, device=place, model_kwargs={"dtype": kind})
    except (OSError, ValueError, RuntimeError) as error:
        raise EmbedderUnavailable(
            f"The sentence-transformers model {source!r} cannot be loaded: {error}. "
            f"Next: frontdesk models get {model}, or give a folder that holds the model."
        ) from error
    loaded[0].register_forward_hook(_widened)
    return SentenceTransformersEmbedder(f"sentence-transformers:{model}", loaded)


def place_and_kind() -> tuple[str, Any]:
    """Return the device, such as `cuda`, and the torch type that this machine calculates in most quickly."""
    import torch

    if torch.cuda.is_available():
        return "cuda", torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    if torch.backends.mps.is_available():
        return "mps", torch.float32
    features = torch.cpu.get_capabilities()
    has_bfloat16 = features.get("avx512_bf16") or features.get("amx_bf16") or features.get("bf16")
    return "cpu", torch.bfloat16 if has_bfloat16 else torch.float32


def _widened(module: object, inputs: object, features: dict[str, Any]) -> dict[str, Any]:
    """Give pooling full precision, which sums of hundreds of token states need."""
    return {
        name: value.float() if hasattr(value, "is_floating_point") and value.is_floating_point() else value
        for name, value in features.items()
    }
