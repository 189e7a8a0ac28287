"""all-MiniLM-L6-v2 (English, 384 dimensions) without torch: its own weights, run by `bert`.

Mean pooling over the word pieces, then unit length, as the model's card says.
"""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from knowledge.embedders.answering import adapted, has_adapter, head_of
from knowledge.embedders.bert import BertEmbedder, fastest
from knowledge.embedders.cross_encoder import PAIRS, CrossEncoder
from knowledge.errors import EmbedderUnavailable

NAME = "all-MiniLM-L6-v2"
FOLDER = "all-minilm-l6-v2"
FILES = ("model.safetensors", "tokenizer.json")
HEADS = 12
MAX_WORD_PIECES = 256


def build(model: str, *, models_folder: Path, ollama_url: str, threads: int | None) -> BertEmbedder:
    """Load the model's two files.

    Raises:
        EmbedderUnavailable: a file is missing or damaged.
    """
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    folder = models_folder / FOLDER
    missing = [name for name in FILES if not (folder / name).is_file()]
    if missing:
        raise EmbedderUnavailable(
            f"The embedder's files are missing: {', '.join(missing)} in {folder}. Next: frontdesk models get"
        )
    try:
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        weights = load_file(folder / "model.safetensors")
        words = weights["embeddings.word_embeddings.weight"]
        made = partial(fastest, words=lambda numbers: words[numbers], heads=HEADS, threads=threads)
        bert = made(weights)
    except Exception as error:  # safetensors and tokenizers raise bare or private types for damaged files
        raise EmbedderUnavailable(
            f"The embedder in {folder} cannot be loaded ({error}). Next: frontdesk models get {FOLDER} --force"
        ) from error
    tokenizer.enable_truncation(MAX_WORD_PIECES)
    tokenizer.no_padding()

    def cut(texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]

    def reads_pairs() -> CrossEncoder:
        return CrossEncoder(made(adapted(weights, NAME + PAIRS)), cut, head_of(NAME + PAIRS))

    return BertEmbedder(
        bert,
        cut,
        name=NAME,
        languages=frozenset({"en"}),
        tuned=(lambda: made(adapted(weights, NAME))) if has_adapter(NAME) else None,
        reads_pairs=reads_pairs if has_adapter(NAME + PAIRS) else None,
    )
