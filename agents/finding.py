"""What an answer's search finds; evaluations and training examples are made of the same."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from agents.quotes.editions import without_past_notices
from agents.transcript import Language, Message
from knowledge.embedders import Embedder
from knowledge.library import Library
from knowledge.passages import Retrieval, current
from knowledge.retrieval import RetrievalOptions

PASSAGES = 8
"""Passages retrieved for a question."""
PASSAGES_PER_DOCUMENT = 3
"""Most of them from one document: an answer often stands beside others in the one document on its subject."""


def find(
    library: Library,
    question: str,
    history: Sequence[Message] = (),
    *,
    collections: Sequence[str],
    audiences: Sequence[str],
    passages: int = PASSAGES,
    passages_per_document: int = PASSAGES_PER_DOCUMENT,
) -> Retrieval:
    """Return what a turn finds for a question, without what no longer holds."""
    found = library.search(
        question,
        history=history,
        limit=passages,
        options=RetrievalOptions(passages_per_document=passages_per_document),
        collections=collections,
        audiences=audiences,
    )
    still = without_past_notices(found.asked, current(found.passages), today=date.today())
    return replace(found, passages=still)


def ranked_as(found: Retrieval, *, language: Language, embedder: Embedder | None) -> Language:
    """Return the language that statements are ranked in: the passages' where all are in another than the question's.

    What steps back is then a sentence in the question's own language on a page in the other, not the page.

    Args:
        language: the question's.
        embedder: it has to know both languages.
    """
    written = {passage.language for passage in found.passages}
    knows_all = embedder is not None and embedder.languages is None
    if not knows_all or len(written) != 1:
        return language
    return "zh" if written == {"zh"} else "en"
