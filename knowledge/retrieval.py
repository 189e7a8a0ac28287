"""A question in, ranked passages out.

    question (+ conversation) -> BM25 candidates   ┐
                              -> nearest vectors   ┴> fused -> conversation -> duplicates (-> reranked) -> passages

What the caller may not see is in no query here (`Scope`), so it is neither ranked nor counted nor read.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from sqlalchemy import Connection

from knowledge import duplicates, evidence, follow_ups, lexical, stored_passages, wordings
from knowledge.conversation import Conversation, Meanings
from knowledge.embedders import Vectors, unit_length
from knowledge.fusion import add, fuse, scale
from knowledge.index import VectorIndex
from knowledge.passages import Passage, Retrieval
from knowledge.postings import Segment
from knowledge.rerankers import Reranker
from knowledge.scope import Scope
from knowledge.selection import Hit, select, stretches
from knowledge.spaces import Space, spaces
from knowledge.stored_passages import StoredChunk
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
    earlier_words_weight: float = 0.2
    """Weight 0-1 of the words of the question before this one, as candidates are searched for."""
    leaning_words_weight: float = 0.5
    """Their weight 0-1 where sentences are chosen, when this question seems to lean on the one before."""
    leaning_meaning_weight: float = 0.4
    """Weight 0-1 of the meaning of both questions together, against that of this one alone, when it leans."""
    topic_weight: float = 1.2
    """What nearness to the topic of the conversation adds, 0 and up; the best score of the two halves is 1."""
    told_weight: float = 0.6
    """What it costs a passage, 0 and up, that an earlier answer surely told it; the best one of these pays nothing."""
    passages_per_document: int = 2
    """Most passages of one document in a result, so that one long document does not fill it."""
    other_language_factor: float = 0.8
    """What the score of a chunk in another language than the question's is multiplied by."""
    nearness_weight: float = 1.0
    """What a near statement adds, 0 and up, where an assistant orders what was found; its place adds 1 at most."""
    reranked: int = 20
    """Chunks, best first, that the reranker orders anew, where one is set."""
    joined_characters: int = 1600
    """Neighbouring chunks that are both found become one passage up to this length."""


ALL_COMPARED = 1000
"""Chunks that a filter may leave for all of them to be compared with the question."""
NARROWED_FACTOR = 10
TOLD_ABOVE = 0.3
"""Below this nobody can say that an answer told a passage."""
TOLD_AMONG = 40
"""Best passages that are compared with earlier answers."""


def search(
    question: str,
    *,
    conversation: Conversation,
    limit: int,
    scope: Scope,
    connection: Connection,
    index: VectorIndex,
    meanings: Meanings,
    options: RetrievalOptions,
    reranker: Reranker | None = None,
    also: Sequence[str] = (),
) -> Retrieval:
    """Return the `limit` best passages for a question that ends a conversation, which may be empty.

    Args:
        also: further terms to search for, which documents use.

    Raises:
        IndexMismatch: the vectors were made by another embedder.
    """
    started = time.perf_counter()
    asked = _Asked(question, conversation, scope, connection, index, meanings, options, tuple(also))
    words = asked.words(asked.terms)
    nearest, vector = asked.nearest(beside=words)
    scores = asked.fused(words, nearest)
    topic = asked.topic()
    vectors: dict[int, Vectors] = {}
    if topic is not None and vector is not None:
        around = asked.around(unit_length((vector + topic)[None, :])[0])
        vectors = asked.vectors([*scores, *around])
        scores = asked.on_topic(scores, vectors, question_vector=vector, topic=topic, floor=asked.floor(nearest))
    hits = asked.hits(scores)
    whole = f"{conversation.previous} {asked.both}" if asked.leans else asked.both
    hits = duplicates.fold(asked.told_behind(hits, vectors), whole)
    if reranker is not None:
        hits = duplicates.fold(_reranked(whole, hits, reranker, options.reranked), whole)
    passages = _result(hits, limit, options, connection)
    weights = asked.weights(asked.terms)
    # The question alone is judged, on a fixed choice of passages: those before it must not lend it evidence.
    as_judged = (limit, options) == (evidence.PASSAGES, _JUDGED)
    judged = passages if as_judged else _result(hits, evidence.PASSAGES, _JUDGED, connection)
    cosines = nearest.values() if vector is not None and asked.is_known else None
    name, across = meanings.embedder.name, evidence.is_across(question, judged)
    # Another name of what is asked may lend evidence, and takes none from a passage that has the customer's own.
    ways = (weights, wordings.in_own_words(weights, question))
    measured = [evidence.measure(judged, way, word_scores=words.values(), cosines=cosines) for way in ways]
    signals = max(measured, key=lambda each: evidence.score(each, embedder=name, across=across))
    return Retrieval(
        asked=whole,
        passages=passages,
        evidence=evidence.score(signals, embedder=name, across=across) if passages else 0.0,
        signals=signals,
        weights={**asked.earlier_weights(), **weights},
        seconds=time.perf_counter() - started,
    )


_JUDGED = RetrievalOptions()


def _reranked(question: str, hits: Sequence[Hit], reranker: Reranker, count: int) -> list[Hit]:
    """Put the first hits in the reranker's order; the scores stay in their places, so that their scale does."""
    first = hits[:count]
    judged = reranker.rerank(question, [evidence.place_and_text(hit.passage) for hit in first])
    order = sorted(range(len(first)), key=lambda place: -judged[place])
    moved = [
        replace(first[place], passage=replace(first[place].passage, score=hit.passage.score))
        for place, hit in zip(order, first, strict=True)
    ]
    return [*moved, *hits[count:]]


def _result(hits: Sequence[Hit], limit: int, options: RetrievalOptions, connection: Connection) -> tuple[Passage, ...]:
    return select(
        hits,
        limit=limit,
        per_document=options.passages_per_document,
        joined_characters=options.joined_characters,
        connection=connection,
    )


@dataclass(frozen=True)
class _Asked:
    """A question with all that it is asked of: one scope, one snapshot of the catalogue, nothing read twice."""

    question: str
    conversation: Conversation
    scope: Scope
    connection: Connection
    index: VectorIndex
    meanings: Meanings
    options: RetrievalOptions
    also: tuple[str, ...] = ()
    _read: dict[int, StoredChunk] = field(default_factory=dict, init=False)

    @cached_property
    def language(self) -> str:
        return detect_language(self.question)

    @cached_property
    def is_known(self) -> bool:
        """Whether the embedder knows the question's language."""
        languages = self.meanings.embedder.languages
        return languages is None or self.language in languages

    @cached_property
    def both(self) -> str:
        """The question, and as documents put what it asks."""
        return wordings.both(self.question)

    @cached_property
    def leans(self) -> bool:
        return bool(self.conversation.previous) and follow_ups.leans_on_history(self.question)

    @cached_property
    def terms(self) -> list[str]:
        """The question's terms."""
        return list(dict.fromkeys([*self._used_terms(self.question), *self.also]))

    @cached_property
    def _segments(self) -> list[Segment]:
        return lexical.segments(self.connection, self.scope)

    @cached_property
    def _spaces(self) -> list[Space]:
        return [
            space
            for space in spaces(self.connection)
            if space.collection in self.scope.collections and space.audience in self.scope.audiences
        ]

    # The two halves

    def words(self, terms: Sequence[str]) -> dict[int, float]:
        """Return chunk -> BM25."""
        limit = self.options.candidates
        return dict(lexical.search(self.connection, terms, self.scope, limit=limit, among=self._segments))

    def nearest(self, *, beside: Iterable[int]) -> tuple[dict[int, float], Vectors | None]:
        """Return chunk -> cosine, and the question's vector; nothing where words alone are asked for.

        Args:
            beside: chunks that were found by words, to be read together with these.
        """
        if self.options.mode == "lexical":
            return {}, None
        vector = self._meaning()
        return self.around(vector, beside=beside), vector

    def _meaning(self) -> Vectors:
        """Return the question's vector; one that leans on the question before means little alone."""
        alone, weight = self.meanings.of_question(self.both), self.options.leaning_meaning_weight
        if not self.leans or not weight:
            return alone
        together = self.meanings.of_question(f"{wordings.both(self.conversation.beside(self.question))} {self.both}")
        return np.asarray(unit_length(((1.0 - weight) * alone + weight * together)[None, :])[0], dtype=np.float32)

    def around(self, vector: Vectors, *, beside: Iterable[int] = ()) -> dict[int, float]:
        """Return chunk -> cosine, for chunks that are committed.

        The vectors know nothing of languages and dates. So where a scope is narrow, its few vectors are all compared;
        where it is not quite so narrow, more are taken than are needed.
        """
        limit = self.options.candidates
        if self.scope.is_narrowed:
            few = stored_passages.vectors_in_scope(self.connection, self.scope, limit=ALL_COMPARED + 1)
            if len(few) <= ALL_COMPARED:
                near = follow_ups.similarities(self._vectors(few), vector)
                return dict(sorted(near.items(), key=lambda pair: -pair[1])[:limit])
            limit *= NARROWED_FACTOR
        for space in self._spaces:
            check_embedder(space, self.meanings.embedder)
        closest = dict(self.index.nearest([space.name for space in self._spaces], vector, limit=limit))
        if self.scope.is_narrowed:  # most of them are not in scope: only their names are read
            chunks = stored_passages.chunks_by_vector(self.connection, list(closest), self.scope)
        else:
            chunks = {stored.vector: stored.id for stored in self._chunks(beside, vectors=list(closest))}
        found = [(chunks[vector_id], cosine) for vector_id, cosine in closest.items() if vector_id in chunks]
        return dict(found[: self.options.candidates])

    def fused(self, words: Mapping[int, float], nearest: Mapping[int, float]) -> dict[int, float]:
        """Return chunk -> score; the words of the question before help to find."""
        if self.options.mode == "dense":
            return scale(nearest)
        earlier = self._earlier_terms()
        if earlier:
            words = add(words, self.words(earlier), self.options.earlier_words_weight)
        if self.options.mode == "lexical":
            return scale(words)
        weight = self.options.meaning_weight if self.is_known else self.options.foreign_meaning_weight
        return scale(fuse(words, nearest, weight=weight, floor=self.floor(nearest)))

    def floor(self, nearest: Mapping[int, float]) -> float:
        """Return the cosine above which meaning counts.

        A multilingual embedder sets unrelated texts of one language nearer than related ones of two, so that no one
        floor serves all questions; there it is the least of the candidates.
        """
        least, most = min(nearest.values(), default=0.0), max(nearest.values(), default=0.0)
        return least if self.meanings.embedder.languages is None and least < most else self.meanings.floor

    def _earlier_terms(self) -> list[str]:
        earlier = self._used_terms(self.conversation.beside(self.question))
        return [term for term in earlier if term not in self.terms]

    def _used_terms(self, question: str) -> list[str]:
        """Return a question's terms, of the other names of what it asks those alone that documents in scope use."""
        terms = wordings.terms(question)
        if not wordings.other_terms(question):
            return terms
        known = [*terms, *wordings.WEEKS.values()]
        frequencies = lexical.document_frequencies(self.connection, known, self.scope, among=self._segments)
        return wordings.used(terms, question, frequencies)

    # The conversation

    def topic(self) -> Vectors | None:
        """Return what the conversation is about, where meaning counts and the embedder knows the language."""
        if self.options.mode == "lexical" or not self.options.topic_weight or not self.is_known:
            return None
        return self.meanings.topic(self.conversation)

    def vectors(self, chunks: Iterable[int]) -> dict[int, Vectors]:
        """Return chunk -> its own vector."""
        return self._vectors({stored.id: stored.vector for stored in self._chunks(chunks)})

    def _vectors(self, names: Mapping[int, str]) -> dict[int, Vectors]:
        found: dict[str, Vectors] = {}
        for space in self._spaces:
            found.update(self.index.vectors(space.name, list(set(names.values()) - found.keys())))
        return {chunk: found[name] for chunk, name in names.items() if name in found}

    def on_topic(
        self,
        scores: Mapping[int, float],
        vectors: Mapping[int, Vectors],
        *,
        question_vector: Vectors,
        topic: Vectors,
        floor: float,
    ) -> dict[int, float]:
        """Return the scores with what nearness to the topic adds, for more chunks: those near question and topic."""
        own = follow_ups.similarities(vectors, question_vector)
        best = max(own.values(), default=0.0) - floor
        weight = self.options.meaning_weight if self.options.mode == "fused" else 1.0
        late = {
            chunk: weight * max(cosine - floor, 0.0) / best if best > 0 else 0.0
            for chunk, cosine in own.items()
            if chunk not in scores
        }
        nearness = follow_ups.nearness_to_topic(follow_ups.similarities(vectors, topic), floor=self.meanings.floor)
        return add({**late, **scores}, nearness, self.options.topic_weight)

    def told_behind(self, hits: Sequence[Hit], vectors: Mapping[int, Vectors]) -> list[Hit]:
        """Return the hits anew in order, those that earlier answers told behind.

        An answer tells what was read together: neighbours that would be joined step back together or not at all, or
        a told passage would stay where it is through the chunk beside it.
        """
        if not self.conversation.answers or not self.options.told_weight:
            return list(hits)
        first = hits[:TOLD_AMONG]
        parts = stretches(first, joined_characters=self.options.joined_characters)
        cosines = self._cosines_of_answers([[first[place].chunk for place in part] for part in parts], vectors)
        texts = ["\n".join(evidence.place_and_text(first[place].passage) for place in part) for part in parts]
        kept: set[int] = set()
        lost = [0.0] * len(first)
        for part, sure in zip(parts, follow_ups.told(texts, self.conversation, cosines=cosines), strict=True):
            document = first[part[0]].document_id
            if sure > TOLD_ABOVE:
                kept = kept or {document}
                for place in part if document not in kept else ():
                    lost[place] = self.options.told_weight * (sure - TOLD_ABOVE)
        moved = [
            replace(hit, passage=replace(hit.passage, score=hit.passage.score - less)) if less else hit
            for hit, less in zip(first, lost, strict=True)
        ]
        return _in_order([*moved, *hits[TOLD_AMONG:]])

    def _cosines_of_answers(
        self, parts: Sequence[Sequence[int]], vectors: Mapping[int, Vectors]
    ) -> list[list[float]] | None:
        """Return for each answer its similarity to each part, which is chunks that stand together; None without."""
        if not vectors or not all(chunk in vectors for part in parts for chunk in part):
            return None
        means = unit_length(np.stack([np.mean([vectors[chunk] for chunk in part], axis=0) for part in parts]))
        answers = self.meanings.of_answers(self.conversation.answers)
        return [[float(mean @ answer) - self.meanings.floor for mean in means] for answer in answers]

    # What is found

    def hits(self, scores: Mapping[int, float]) -> list[Hit]:
        """Return the chunks in scope with their passages, best first."""
        factors = {True: 1.0, False: self.options.other_language_factor}
        scored = ((one, scores[one.id] * factors[one.language == self.language]) for one in self._chunks(scores))
        return _in_order(Hit(one.id, one.document_id, one.passage(score)) for one, score in scored)

    def _chunks(self, chunks: Iterable[int], *, vectors: Sequence[str] = ()) -> list[StoredChunk]:
        """Return those of these chunks and of those that have these vectors that are in scope."""
        wanted = set(chunks)
        missing = sorted(wanted - self._read.keys())
        if missing or vectors:
            found = stored_passages.chunks_in_scope(self.connection, self.scope, chunks=missing, vectors=vectors)
            self._read.update((stored.id, stored) for stored in found)
            wanted.update(stored.id for stored in found)
        return [self._read[chunk] for chunk in wanted if chunk in self._read]

    def weights(self, terms: Sequence[str]) -> dict[str, float]:
        """Return terms with their weight among the chunks in scope."""
        frequencies = lexical.document_frequencies(self.connection, terms, self.scope, among=self._segments)
        return evidence.term_weights(terms, frequencies, lexical.count_in(self._segments))

    def earlier_weights(self) -> dict[str, float]:
        """Return the same of the question before, for less, when this one leans on it."""
        earlier = self._used_terms(self.conversation.beside(self.question)) if self.leans else []
        return {term: self.options.leaning_words_weight * weight for term, weight in self.weights(earlier).items()}


def _in_order(hits: Iterable[Hit]) -> list[Hit]:
    return sorted(hits, key=lambda hit: (-hit.passage.score, hit.document_id, hit.passage.start))
