"""A folder with model.onnx and tokenizer.json: any cross-encoder that gives one number for a pair. No torch.

Pairs of like length go through the model together, as texts do in `embedders.bert`.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from knowledge import quiet_openvino
from knowledge.embedders import Vectors
from knowledge.embedders.bert import batches_of
from knowledge.errors import RerankerUnavailable

if TYPE_CHECKING:
    from openvino import CompiledModel
    from tokenizers import Encoding, Tokenizer

FILES = ("model.onnx", "tokenizer.json")
MAX_WORD_PIECES = 512
BATCH_TOKENS = 2048


class OnnxReranker:
    """A compiled cross-encoder."""

    def __init__(self, model: "CompiledModel", tokenizer: "Tokenizer") -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._inputs = [port.get_any_name() for port in model.inputs]

    def rerank(self, question: str, texts: list[str]) -> Vectors:
        scores = np.zeros(len(texts), dtype=np.float32)
        pairs = self._tokenizer.encode_batch([(question, text) for text in texts])
        for rows in batches_of([len(pair.ids) for pair in pairs], tokens=BATCH_TOKENS):
            scores[rows] = self._scores([pairs[row] for row in rows])
        return scores

    def _scores(self, pairs: "list[Encoding]") -> Vectors:
        shape = (len(pairs), max(len(pair.ids) for pair in pairs))
        ids, mask, types = (np.zeros(shape, dtype=np.int64) for _ in range(3))
        for row, pair in enumerate(pairs):
            ids[row, : len(pair.ids)] = pair.ids
            mask[row, : len(pair.ids)] = 1
            types[row, : len(pair.ids)] = pair.type_ids
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": types}
        request = self._model.create_infer_request()
        request.infer({name: given[name] for name in self._inputs})
        return np.asarray(request.get_output_tensor(0).data, dtype=np.float32).reshape(len(pairs))


def build(model: str, *, models_folder: Path, threads: int | None) -> OnnxReranker:
    """Load the two files from a folder, `models_folder` first.

    Raises:
        RerankerUnavailable: a file is missing or damaged, or the model is no cross-encoder with one number a pair.
    """
    quiet_openvino.silence()
    from openvino import Core
    from tokenizers import Tokenizer

    folder = models_folder / model if (models_folder / model).is_dir() else Path(model)
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise RerankerUnavailable(
            f"The reranker's files are missing: {', '.join(missing)} in {folder}. "
            "Next: set `reranker` to onnx:FOLDER of a model that has both."
        )
    properties = {"INFERENCE_NUM_THREADS": threads} if threads else {}
    try:
        compiled = Core().compile_model(folder / "model.onnx", "CPU", {**properties, "ENABLE_CPU_PINNING": False})
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    except Exception as error:  # OpenVINO and tokenizers raise bare types for damaged files
        raise RerankerUnavailable(
            f"The reranker in {folder} cannot be loaded ({str(error).strip().splitlines()[-1]}). "
            "Next: get its files anew, or leave `reranker` empty."
        ) from error
    tokenizer.enable_truncation(MAX_WORD_PIECES, strategy="only_second")
    tokenizer.no_padding()
    _check(compiled, folder)
    return OnnxReranker(compiled, tokenizer)


def _check(model: "CompiledModel", folder: Path) -> None:
    """Refuse a model that wants other inputs or gives more than one number a pair."""
    inputs = {port.get_any_name() for port in model.inputs}
    shape = model.outputs[0].get_partial_shape()
    strange = inputs - {"input_ids", "attention_mask", "token_type_ids"}
    known = shape.rank.is_static
    several = known and any(size.is_static and size.get_length() != 1 for size in list(shape)[1:])
    if strange or "input_ids" not in inputs or several:
        raise RerankerUnavailable(
            f"The model in {folder} takes {', '.join(sorted(inputs))} and gives {shape}; a reranker takes input_ids, "
            "attention_mask, token_type_ids and gives one number a pair. Next: set `reranker` to such a model."
        )
