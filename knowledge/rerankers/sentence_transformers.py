"""Any CrossEncoder of sentence-transformers: a hub id or a folder. Needs torch, which the extra `train` brings."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from knowledge.embedders import Vectors
from knowledge.embedders.sentence_transformers import place_and_kind
from knowledge.environment import get_extra
from knowledge.errors import RerankerUnavailable

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder

BATCH_SIZE = 8


class CrossEncoderReranker:
    """A model that reads question and text together."""

    def __init__(self, model: "CrossEncoder") -> None:
        self._model = model

    def rerank(self, question: str, texts: list[str]) -> Vectors:
        if not texts:
            return np.zeros(0, dtype=np.float32)
        pairs = [(question, text) for text in texts]
        scores = self._model.predict(pairs, batch_size=BATCH_SIZE, show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(scores, dtype=np.float32)


def build(model: str, *, models_folder: Path, threads: int | None) -> CrossEncoderReranker:
    """Load a model by hub id or from a folder, `models_folder` first.

    Raises:
        RerankerUnavailable: the library is not installed, the model cannot be loaded, or gives no single number.
    """
    try:
        from sentence_transformers import CrossEncoder
    except ImportError as error:
        raise RerankerUnavailable(
            f"The reranker sentence-transformers:{model} needs torch. Next: {get_extra('train')}"
        ) from error
    local = models_folder / model
    source = str(local) if local.is_dir() else model
    place, kind = place_and_kind()
    try:
        loaded = CrossEncoder(source, device=place, model_kwargs={"dtype": kind})
    except (OSError, ValueError, RuntimeError) as error:
        raise RerankerUnavailable(
            f"The CrossEncoder {source!r} cannot be loaded: {error}. "
            f"Next: frontdesk models get {model}, or give a folder that holds the model."
        ) from error
    if loaded.num_labels != 1:
        raise RerankerUnavailable(
            f"The CrossEncoder {source!r} gives {loaded.num_labels} numbers for a pair and one is needed. "
            "Next: set `reranker` to a model for ranking, such as one of cross-encoder/ms-marco-…"
        )
    return CrossEncoderReranker(loaded)
