"""Texts in, unit vectors out: one back end a file, named in one table.

    embedded, english              the bundled all-MiniLM-L6-v2 on OpenVINO, without torch (English)
    multilingual                   multilingual-e5-small, likewise (a hundred languages; frontdesk models get …)
    sentence-transformers:NAME     any model of that library: a hub id or a folder (extra `train`)
    ollama:NAME                    an embedding model that Ollama serves
    hashing                        a fake for tests: word hashes, no model, no meaning

The name is stored with the vectors; another embedder's vectors are never mixed with them.
"""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

import numpy as np
from numpy.typing import NDArray

from knowledge.errors import EmbedderUnavailable

Vectors = NDArray[np.float32]

EMBEDDERS = {
    "embedded": "knowledge.embedders.minilm:build",
    "english": "knowledge.embedders.minilm:build",
    "multilingual": "knowledge.embedders.e5:build",
    "sentence-transformers": "knowledge.embedders.sentence_transformers:build",
    "ollama": "knowledge.embedders.ollama:build",
    "hashing": "knowledge.embedders.hashing:build",
}


class Embedder(Protocol):
    """Places texts so that those of like meaning lie close."""

    @property
    def name(self) -> str:
        """Identity of the vector space: equal names mean that vectors may be compared."""

    @property
    def dimension(self) -> int: ...

    @property
    def languages(self) -> frozenset[str] | None:
        """The languages whose meaning it knows, such as {"en"}; None when it is multilingual."""

    def embed(self, texts: list[str]) -> Vectors:
        """Return `(len(texts), dimension)` float32, each row of unit length."""

    def embed_question(self, question: str) -> Vectors:
        """Return `(dimension,)` float32 of unit length."""


class PairReader(Protocol):
    """Reads a question and sentences together."""

    def logits(self, question: str, sentences: Sequence[str]) -> Vectors:
        """Return `(len(sentences),)`: 0 where a sentence answers as likely as not, more where it does."""


def resolve(setting: str, *, models_folder: Path, ollama_url: str, threads: int | None = None) -> Embedder:
    """Build the embedder that a setting names, such as `embedded` or `ollama:bge-m3`.

    Raises:
        EmbedderUnavailable: the setting is unknown, or the model's files or server are missing.
    """
    kind, _, model = setting.partition(":")
    target = EMBEDDERS.get(kind)
    if target is None:
        raise EmbedderUnavailable(
            f"Unknown embedder {setting!r}. Set `embedder` in frontdesk.toml to one of: "
            "embedded (or english), multilingual, sentence-transformers:NAME, ollama:NAME."
        )
    module, _, attribute = target.partition(":")
    build = getattr(import_module(module), attribute)
    return cast(Embedder, build(model, models_folder=models_folder, ollama_url=ollama_url, threads=threads))


def knows(embedder: Embedder, language: str) -> bool:
    """Say whether an embedder knows what texts in a language mean."""
    return embedder.languages is None or language in embedder.languages


def for_answers(embedder: Embedder) -> Embedder | None:
    """Return the same embedder tuned to place questions near the sentences that answer them; None where none is."""
    return cast("Embedder | None", getattr(embedder, "for_answers", None))


def cross_encoder_of(embedder: Embedder) -> PairReader | None:
    """Return the same embedder tuned to read a question and a sentence together; None where none is."""
    return cast("PairReader | None", getattr(embedder, "cross_encoder", None))


def unit_length(vectors: NDArray[np.floating]) -> Vectors:
    """Scale each row to length 1; a zero row stays zero."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
