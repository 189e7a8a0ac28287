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
ORDERED_PASSAGES = 12
"""The first ones of the search, which are put in order by nearness whatever number of passages is asked for."""
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
    nearness_weight: float | None = None,
) -> Retrieval:
    """Return what a turn finds for a question, without what no longer holds.

    Args:
        nearness_weight: instead of the library's own; 0 leaves the order of the search.
    """
    options = replace(library.retrieval_options, passages_per_document=passages_per_document)
    if nearness_weight is not None:
        options = replace(options, nearness_weight=nearness_weight)
    return search(
        library,
        question,
        history=history,
        limit=passages,
        collections=collections,
        audiences=audiences,
        options=options,
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
    """Return what a library finds, first what comes near to answering, with the evidence of what is returned.

    A reranker that the owner set, and a half of the search alone, keep their order; words alone have evidence of words.

    Args:
        only_current: leave out what no longer holds.
    """
    options = options or library.retrieval_options
    found = library.search(
        question,
        history=history,
        limit=max(limit, ORDERED_PASSAGES),
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
    reorders = options.mode == "fused" and library.reranker is None
    weight = options.nearness_weight if reorders else 0.0
    if options.mode == "lexical":
        return replace(found, passages=found.passages[:limit])
    return by_nearness(question, found, embedder=library.embedder, limit=limit, weight=weight)


def by_nearness(question: str, found: Retrieval, *, embedder: Embedder, limit: int, weight: float) -> Retrieval:
    """Return the `limit` first passages in the order, and with the evidence, of their nearest statements.

    An old version stays behind the newer one, and is no evidence. Where no embedder is tuned to place statements, order
    and evidence stay as they were found.

    Args:
        weight: what nearness counts beside the place in the search, 0 and up; 0 leaves the order.
    """
    started = time.perf_counter()
    unjudged = replace(found, passages=found.passages[:limit])
    first = found.passages[: ORDERED_PASSAGES if weight else limit]
    told = [(at, statement) for at, passage in enumerate(first) for statement in statements_of([passage])]
    if not told or not knows(embedder, detect_language(question)):
        return unjudged
    near = nearness(question, found.asked, [statement for _, statement in told], embedder)
    if near is None:
        return unjudged
    nearest = np.zeros(len(first))
    np.maximum.at(nearest, [at for at, _ in told], near)
    order = _order(first, nearest, weight) if weight else list(range(len(first)))
    passages = [replace(first[at], score=first[place].score) for place, at in enumerate(order)]
    shown = (*passages, *found.passages[len(first) :])[:limit]
    held = set(map(id, current(shown)))
    closest = max((nearest[at] for at, one in zip(order, shown, strict=False) if id(one) in held), default=0.0)
    signals = replace(found.signals, closest=float(closest))
    return replace(
        found,
        passages=shown,
        signals=signals,
        evidence=score(signals, embedder=embedder.name, across=is_across(question, shown)),
        seconds=found.seconds + time.perf_counter() - started,
    )


def _order(passages: Sequence[Passage], nearest: NDArray[np.float64], weight: float) -> list[int]:
    """Return the places in a new order: what comes near first, and no old version before the newer one."""
    counted = PLACES / (PLACES + np.arange(len(passages))) + weight * nearest
    order: list[int] = np.argsort(-counted, kind="stable").tolist()
    for at in list(order):
        newer = [order.index(other) for other in order if _supersedes(passages[other], passages[at])]
        if newer and max(newer) > order.index(at):
            order.insert(max(newer), order.pop(order.index(at)))
    return order


def _supersedes(newer: Passage, older: Passage) -> bool:
    return newer.collection == older.collection and older.document in newer.supersedes


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
