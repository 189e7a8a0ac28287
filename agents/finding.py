"""What an answer's search finds; evaluations and training examples are made of the same."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from agents import answer_types
from agents.answer_types import AnswerType
from agents.statements import quotable
from agents.transcript import Message
from knowledge.evidence import term_coverage
from knowledge.library import Library
from knowledge.passages import Passage, Retrieval, current
from knowledge.retrieval import RetrievalOptions

PASSAGES = 8
"""Passages retrieved for a question."""
PASSAGES_PER_DOCUMENT = 3
"""Most of them from one document: an answer often stands beside others in the one document on its subject."""
WIDER = 2
"""Times as many passages, of a document too, are looked at for one that has the kind of thing asked for."""


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
    """Return what a turn finds for a question, without what no longer holds.

    A brochure speaks of the lake room on ten pages and has its price in one table: where a price is asked for and no
    sentence found has one beside all that the question names, the passage whose sentence has more of it comes too.
    """
    search = partial(library.search, question, history=history, collections=collections, audiences=audiences)
    found = search(limit=passages, options=RetrievalOptions(passages_per_document=passages_per_document))
    kinds = answer_types.expected(question)
    least = max((_held(passage, kinds, found.weights) for passage in found.passages), default=1.0)
    if len(kinds) == 1 and least < 1.0:  # "how often without a fee?" says less surely which kind is meant
        options = RetrievalOptions(passages_per_document=WIDER * passages_per_document)
        wider = search(limit=WIDER * passages, options=options).passages
        others = [p for p in wider if not any(_overlap(p, each) for each in found.passages)]
        best = max(others, key=lambda passage: _held(passage, kinds, found.weights), default=None)
        if best is not None and _held(best, kinds, found.weights) > least:
            found = replace(found, passages=(*found.passages, best))
    return replace(found, passages=current(found.passages))


def _held(passage: Passage, kinds: tuple[AnswerType, ...], weights: Mapping[str, float]) -> float:
    """Return the most of a question's weight, 0-1, that a statement with the kind of thing asked for holds."""
    said = [passage.text[start:end] for start, end in quotable(passage)]
    return max((term_coverage(text, weights) for text in said if answer_types.holds(text, kinds)), default=0.0)


def _overlap(left: Passage, right: Passage) -> bool:
    same = (left.collection, left.document) == (right.collection, right.document)
    return same and left.start < right.end and right.start < left.end
