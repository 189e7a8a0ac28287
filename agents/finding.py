"""What an answer's search finds; evaluations and training examples are made of the same.

question -> search -> passages that still hold -> those first that come nearest to answering -> evidence
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from agents.quotes.editions import without_past_notices
from agents.quotes.nearness import nearness
from agents.quotes.statements import statements_of
from agents.transcript import Language, Message
from knowledge.conversation import Spoken
from knowledge.embedders import Embedder, knows
from knowledge.evidence import is_across, score
from knowledge.passages import Passage, Retrieval, current
from knowledge.rerankers import Reranker
from knowledge.retrieval import RetrievalOptions
from knowledge.text import detect_language

PASSAGES = 8
"""Passages retrieved for a question."""
PASSAGES_PER_DOCUMENT = 3
"""Most of them from one document: an answer often stands beside others in the one document on its subject."""
CANDIDATES = 12
"""Passages that are judged whatever number is asked for: the evidence of a question does not hang on that number."""
PLACES = 10
"""A passage's place in the search counts `PLACES / (PLACES + place)`, beside its nearness."""


class Searchable(Protocol):
    """What is needed of `knowledge.library.Library`."""

    @property
    def embedder(self) -> Embedder: ...

    @property
    def reranker(self) -> Reranker | None: ...

    @property
    def retrieval_options(self) -> RetrievalOptions: ...

    def search(
        self,
        question: str,
        *,
        history: Sequence[Spoken] = (),
        limit: int = 5,
        collections: Sequence[str] = ("default",),
        audiences: Sequence[str] = ("public",),
        languages: Sequence[str] = (),
        since: str = "",
        until: str = "",
        options: RetrievalOptions | None = None,
    ) -> Retrieval: ...


def find(
    library: Searchable,
    question: str,
    history: Sequence[Message] = (),
    *,
    collections: Sequence[str],
    audiences: Sequence[str],
    passages: int = PASSAGES,
    passages_per_document: int = PASSAGES_PER_DOCUMENT,
) -> Retrieval:
    """Return what a turn finds for a question, without what no longer holds."""
    return search(
        library,
        question,
        history=history,
        limit=passages,
        collections=collections,
        audiences=audiences,
        options=RetrievalOptions(passages_per_document=passages_per_document),
        only_current=True,
    )


def search(
    library: Searchable,
    question: str,
    *,
    history: Sequence[Spoken] = (),
    limit: int,
    collections: Sequence[str],
    audiences: Sequence[str],
    languages: Sequence[str] = (),
    since: str = "",
    until: str = "",
    options: RetrievalOptions | None = None,
    only_current: bool = False,
) -> Retrieval:
    """Return what a library finds, what comes nearest to answering first, with the evidence of it all.

    A reranker that the owner set, and a half of the search alone, keep their order; words alone have evidence of words.

    Args:
        only_current: leave out what no longer holds.
    """
    options = options or library.retrieval_options
    found = library.search(
        question,
        history=history,
        limit=max(limit, CANDIDATES),
        collections=collections,
        audiences=audiences,
        languages=languages,
        since=since,
        until=until,
        options=options,
    )
    if only_current:
        still = without_past_notices(found.asked, current(found.passages), today=date.today())
        found = replace(found, passages=still)
    if options.mode != "lexical":
        reorders = options.mode == "fused" and library.reranker is None
        weight = options.nearness_weight if reorders else 0.0
        found = nearest_first(question, found, embedder=library.embedder, weight=weight)
    return replace(found, passages=found.passages[:limit])


def nearest_first(question: str, found: Retrieval, *, embedder: Embedder, weight: float) -> Retrieval:
    """Return what was found in the order, and with the evidence, of its nearest statements.

    Where no embedder is tuned to place statements, all stays as it was found.

    Args:
        weight: what nearness counts beside the place in the search, 0 and up; 0 leaves the order.
    """
    started = time.perf_counter()
    statements = statements_of(found.passages)
    if not statements or not knows(embedder, detect_language(question)):
        return found
    near = nearness(question, found.asked, statements, embedder)
    if near is None:
        return found
    signals = replace(found.signals, closest=float(near.max()))
    across = is_across(question, found.passages)
    return replace(
        found,
        passages=_in_order(found.passages, [s.passage for s in statements], near, weight) if weight else found.passages,
        signals=signals,
        evidence=score(signals, embedder=embedder.name, across=across),
        seconds=found.seconds + time.perf_counter() - started,
    )


def _in_order(
    passages: Sequence[Passage], said_in: Sequence[Passage], near: NDArray[np.float64], weight: float
) -> tuple[Passage, ...]:
    """Put passages first that come near; the scores stay in their places, so that their scale does."""
    nearest = dict.fromkeys(map(id, passages), 0.0)
    for passage, value in zip(said_in, near, strict=True):
        nearest[id(passage)] = max(nearest[id(passage)], float(value))
    counted = [PLACES / (PLACES + place) + weight * nearest[id(one)] for place, one in enumerate(passages)]
    order = np.argsort(-np.array(counted), kind="stable")
    return tuple(replace(passages[at], score=one.score) for at, one in zip(order, passages, strict=True))


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
