"""all-MiniLM-L6-v2 (English, 384 dimensions) without torch: its own weights, run by `bert`.

Mean pooling over the word pieces, then unit length, as the model's card says.
"""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from knowledge.embedders import Vectors, unit_length
from knowledge.embedders.bert import Bert, Weights
from knowledge.errors import EmbedderUnavailable

if TYPE_CHECKING:
    from tokenizers import Tokenizer

FOLDER = "all-minilm-l6-v2"
FILES = ("model.safetensors", "tokenizer.json")
HEADS = 12
MAX_WORD_PIECES = 256


class MiniLM:
    """The bundled English embedder."""

    name = "all-MiniLM-L6-v2"
    languages = frozenset({"en"})

    def __init__(self, bert: Bert, tokenizer: "Tokenizer") -> None:
        self._bert = bert
        self._tokenizer = tokenizer
        self.dimension = bert.dimension

    def embed(self, texts: list[str]) -> Vectors:
        unique = {text: row for row, text in enumerate(dict.fromkeys(texts))}
        encodings = self._tokenizer.encode_batch(list(unique))
        vectors = unit_length(self._bert.means([encoding.ids for encoding in encodings]))
        return np.asarray(vectors[[unique[text] for text in texts]])

    def embed_question(self, question: str) -> Vectors:
        return np.asarray(unit_length(self._bert.batch_means([self._tokenizer.encode(question).ids]))[0])


def build(model: str, *, models_folder: Path, ollama_url: str, threads: int | None) -> MiniLM:
    """Load the model's two files.

    Raises:
        EmbedderUnavailable: a file is missing or damaged.
    """
    from tokenizers import Tokenizer

    folder = models_folder / FOLDER
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise EmbedderUnavailable(
            f"The embedder's files are missing: {', '.join(missing)} in {folder}. Next: frontdesk models get"
        )
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        bert = Bert(_weights(folder / "model.safetensors"), heads=HEADS, threads=threads)
    except Exception as error:  # safetensors and tokenizers raise bare or private types for damaged files
        raise EmbedderUnavailable(
            f"The embedder in {folder} cannot be loaded ({error}). Next: frontdesk models get {FOLDER} --force"
        ) from error
    tokenizer.enable_truncation(MAX_WORD_PIECES)
    tokenizer.no_padding()
    return MiniLM(bert, tokenizer)


def _weights(path: Path) -> Weights:
    from safetensors.numpy import load_file

    return {name: np.asarray(weight) for name, weight in load_file(path).items()}
