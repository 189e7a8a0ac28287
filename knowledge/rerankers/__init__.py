"""A question and texts in, scores out: reads both together, which is slower than vectors and judges better.

    onnx:FOLDER                    model.onnx and tokenizer.json of any model with one number a pair, without torch
    sentence-transformers:NAME     any CrossEncoder of that library: a hub id or a folder (extra `train`)

One back end a file, named in one table. None is used unless the setting `reranker` names one.
"""

from importlib import import_module
from pathlib import Path
from typing import Protocol, cast

from knowledge.embedders import Vectors
from knowledge.errors import RerankerUnavailable

RERANKERS = {
    "onnx": "knowledge.rerankers.onnx:build",
    "sentence-transformers": "knowledge.rerankers.sentence_transformers:build",
}


class Reranker(Protocol):
    """Judges how well texts answer a question."""

    def rerank(self, question: str, texts: list[str]) -> Vectors:
        """Return `(len(texts),)` float32; higher is better, comparable within one call only."""


def resolve(setting: str, *, models_folder: Path, threads: int | None = None) -> Reranker | None:
    """Build the reranker that a setting names; "" is none.

    Raises:
        RerankerUnavailable: the setting is unknown, or the model cannot be loaded.
    """
    if not setting:
        return None
    kind, _, model = setting.partition(":")
    target = RERANKERS.get(kind)
    if target is None or not model:
        raise RerankerUnavailable(
            f"Unknown reranker {setting!r}. Set `reranker` in frontdesk.toml to one of: "
            "onnx:FOLDER, sentence-transformers:NAME; or leave it empty."
        )
    module, _, attribute = target.partition(":")
    build = getattr(import_module(module), attribute)
    return cast(Reranker, build(model, models_folder=models_folder, threads=threads))
