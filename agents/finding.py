"""What an answer's search finds; evaluations and training examples are made of the same.

question -> search -> passages that still hold -> how near the nearest statement comes -> evidence
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from agents.quotes.editions import without_past_notices
from agents.quotes.nearness import nearness
from agents.quotes.statements import statements_of
from agents.transcript import Language, Message
from knowledge.embedders import Embedder, knows
from knowledge.evidence import is_across, score
from knowledge.library import Library
from knowledge.passages import Retrieval, current
from knowledge.retrieval import RetrievalOptions
from knowledge.text import detect_language

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
    return judged(question, replace(found, passages=still), embedder=library.embedder)


def judged(question: str, found: Retrieval, *, embedder: Embedder) -> Retrieval:
    """Return what was found with the evidence of its nearest statement, where an embedder is tuned to place them."""
    statements = statements_of(found.passages)
    if not statements or not knows(embedder, detect_language(question)):
        return found
    near = nearness(question, found.asked, statements, embedder)
    if near is None:
        return found
    signals = replace(found.signals, closest=float(near.max()))
    across = is_across(question, found.passages)
    return replace(found, signals=signals, evidence=score(signals, embedder=embedder.name, across=across))


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
