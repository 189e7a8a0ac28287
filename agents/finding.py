"""What an answer's search finds; evaluations and training examples are made of the same."""

from collections.abc import Sequence
from dataclasses import replace

from agents.transcript import Message
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
    return replace(found, passages=current(found.passages))
