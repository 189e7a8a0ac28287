"""A question in, ranked passages out.

    question (+ history) -> BM25 candidates   ┐
                         -> nearest vectors   ┴> fused -> neighbours joined -> passages, evidence

Fusion is a convex combination of scores, each divided by its list's best (Bruch, Gai, Ingber: "An Analysis of Fusion
Functions for Hybrid Retrieval", 2022). Its weight follows what the embedder can do in the question's language: plain
reciprocal rank fusion lets an English embedder ruin Chinese results that BM25 alone had right.
"""

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from sqlalchemy import Connection

from knowledge import evidence, lexical, stored_passages
from knowledge.embedders import Embedder
from knowledge.index import VectorIndex
from knowledge.passages import Passage, Retrieval
from knowledge.scope import Scope
from knowledge.spaces import spaces
from knowledge.text import detect_language
from knowledge.vectors import check_embedder

Mode = Literal["fused", "dense", "lexical"]


@dataclass(frozen=True, slots=True)
class RetrievalOptions:
    """How passages are ranked."""

    mode: Mode = "fused"
    """`dense` and `lexical` are the two halves alone, for comparison."""
    candidates: int = 60
    """Chunks taken from each half before fusion."""
    meaning_weight: float = 0.7
    """Weight 0-1 of vectors against words where the embedder knows the question's language."""
    foreign_meaning_weight: float = 0.4
    """The same where it does not: names and numbers still help a little."""
    follow_up_weight: float = 0.5
    """How much the question joined with the one before counts, when it seems to lean on it."""
    passages_per_document: int = 2
    """Most passages of one document in a result, so that one long document does not fill it."""
    other_language_factor: float = 0.8
    """What the score of a chunk in another language than the question's is multiplied by."""
    joined_characters: int = 1600
    """Neighbouring chunks that are both found become one passage up to this length."""


def search(
    question: str,
    *,
    previous: str,
    limit: int,
    scope: Scope,
    connection: Connection,
    index: VectorIndex,
    embedder: Embedder,
    options: RetrievalOptions,
) -> Retrieval:
    """Return the `limit` best passages; `previous` is the question before this one, "" when there is none.

    Raises:
        IndexMismatch: the vectors were made by another embedder.
    """
    started = time.perf_counter()
    half = _Half(scope, connection, index, embedder, options)
    scores, cosine = half.fused(question)
    weights = half.weights(question)
    asked, all_weights = question, weights
    if previous and leans_on_history(question):
        asked = f"{previous} {question}"
        scores = _add(scores, half.fused(asked)[0], options.follow_up_weight)
        earlier = {term: options.follow_up_weight * weight for term, weight in half.weights(previous).items()}
        all_weights = {**earlier, **weights}
    known = stored_passages.passages_by_chunk(connection, list(scores), scope)
    hits = []
    for chunk, (document_id, passage) in known.items():
        factor = 1.0 if passage.language == detect_language(question) else options.other_language_factor
        hits.append(_Hit(document_id, replace(passage, score=scores[chunk] * factor)))
    hits.sort(key=lambda hit: (-hit.passage.score, hit.document_id, hit.passage.start))
    passages = _select(hits, limit=limit, options=options, connection=connection)
    # The question alone is judged, on a fixed choice of passages: the one before must not lend it evidence.
    judged = _select(hits, limit=evidence.PASSAGES, options=RetrievalOptions(), connection=connection)
    signals = evidence.measure(judged, weights, word_scores=half.words(question).values(), cosine=cosine)
    certainty = evidence.score(signals, embedder=embedder.name) if passages else 0.0
    return Retrieval(asked, passages, certainty, signals, all_weights, time.perf_counter() - started)


_LEANING = re.compile(
    r"\b(it|its|they|them|their|this|that|these|those|he|she|his|her|him|there|one|ones|same|such|also|another|else|"
    r"instead|others?)\b|^\W*(and|but|so|or|then|why|what about|how about|what if|ok|yes|no)\b"
    r"|^(那|那么|这|它|他|她|还有|如果|为什么|换成|可是|但)|[它他她]们?|这个|那个|这些|那些|呢[?？]?$",
    re.IGNORECASE,
)
FEW_TERMS = 2


def leans_on_history(question: str) -> bool:
    """Say whether a question seems to need the one before it: a pronoun, an opening such as "and", or few words."""
    terms = lexical.question_terms(question)
    return bool(_LEANING.search(question)) or len(terms) <= FEW_TERMS


@dataclass(frozen=True, slots=True)
class _Half:
    """The two halves over one scope and one snapshot of the catalogue."""

    scope: Scope
    connection: Connection
    index: VectorIndex
    embedder: Embedder
    options: RetrievalOptions

    def fused(self, question: str) -> tuple[dict[int, float], float | None]:
        """Return chunk -> score, and the best cosine when the embedder knows the question's language."""
        known = self.embedder.languages is None or detect_language(question) in self.embedder.languages
        words = {} if self.options.mode == "dense" else self.words(question)
        meaning = {} if self.options.mode == "lexical" else self.meaning(question)
        cosine = max(meaning.values(), default=0.0) if known and self.options.mode != "lexical" else None
        if self.options.mode != "fused":
            return words or meaning, cosine
        weight = self.options.meaning_weight if known else self.options.foreign_meaning_weight
        floor = min(meaning.values(), default=0.0)
        scaled = _scaled({chunk: max(meaning.get(chunk, floor), 0.0) for chunk in {*words, *meaning}}, weight)
        return _add(scaled, _scaled(words, 1.0 - weight), 1.0), cosine

    def weights(self, question: str) -> dict[str, float]:
        """Return the question's terms with their weight among the chunks in scope."""
        terms = lexical.question_terms(question)
        total = lexical.count_chunks(self.connection, self.scope)
        frequencies = lexical.document_frequencies(self.connection, terms, self.scope)
        return evidence.term_weights(terms, frequencies, total)

    def words(self, question: str) -> dict[int, float]:
        """Return chunk -> BM25."""
        terms = lexical.question_terms(question)
        return dict(lexical.search(self.connection, terms, self.scope, limit=self.options.candidates))

    def meaning(self, question: str) -> dict[int, float]:
        """Return chunk -> cosine, for chunks that are committed."""
        vector = self.embedder.embed_question(question)
        near: dict[str, float] = {}
        for space in spaces(self.connection):
            if space.collection in self.scope.collections and space.audience in self.scope.audiences:
                check_embedder(space, self.embedder)
                near.update(self.index.nearest(space.name, vector, limit=self.options.candidates))
        closest = dict(sorted(near.items(), key=lambda pair: -pair[1])[: self.options.candidates])
        chunks = stored_passages.chunks_by_vector(self.connection, list(closest), self.scope)
        return {chunks[vector_id]: cosine for vector_id, cosine in closest.items() if vector_id in chunks}


def _scaled(scores: Mapping[int, float], weight: float) -> dict[int, float]:
    best = max(scores.values(), default=0.0)
    return {chunk: weight * score / best if best > 0 else 0.0 for chunk, score in scores.items()}


def _add(left: Mapping[int, float], right: Mapping[int, float], factor: float) -> dict[int, float]:
    return {chunk: left.get(chunk, 0.0) + factor * right.get(chunk, 0.0) for chunk in {*left, *right}}


@dataclass(frozen=True, slots=True)
class _Hit:
    document_id: int
    passage: Passage


def _select(
    ranked: Sequence[_Hit], *, limit: int, options: RetrievalOptions, connection: Connection
) -> tuple[Passage, ...]:
    """Take the best passages, joining neighbours and passing over a document that has had its share."""
    chosen: list[_Hit] = []
    for hit in ranked:
        same = [place for place, other in enumerate(chosen) if other.document_id == hit.document_id]
        beside = next((place for place in same if _are_neighbours(chosen[place].passage, hit.passage, options)), None)
        if beside is not None:
            chosen[beside] = _join(chosen[beside], hit, connection)
        elif len(same) < options.passages_per_document and len(chosen) < limit:
            chosen.append(hit)
        elif chosen and len(chosen) >= limit and hit.passage.score < JOINED_SHARE * chosen[0].passage.score:
            break
    return tuple(hit.passage for hit in chosen)


JOINED_SHARE = 0.5
"""A chunk scoring below this share of the best one is not joined to its neighbour."""
NEIGHBOUR_GAP_CHARACTERS = 2
"""Chunks of one section stand at most a blank line apart."""


def _are_neighbours(left: Passage, right: Passage, options: RetrievalOptions) -> bool:
    first, second = sorted((left, right), key=lambda passage: passage.start)
    return (
        (first.headings, first.header, first.page) == (second.headings, second.header, second.page)
        and 0 <= second.start - first.end <= NEIGHBOUR_GAP_CHARACTERS
        and second.end - first.start <= options.joined_characters
    )


def _join(left: _Hit, right: _Hit, connection: Connection) -> _Hit:
    start = min(left.passage.start, right.passage.start)
    end = max(left.passage.end, right.passage.end)
    text = stored_passages.text_between(connection, left.document_id, start, end)
    return _Hit(left.document_id, replace(left.passage, start=start, end=end, text=text))
