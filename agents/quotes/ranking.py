"""A question's passages in, their statements out, the likeliest answer first; no language model is asked.

    statements -> features in words -> + nearness of an embedder tuned for answers, or likeness of meaning -> order
        + what holds for everybody, where a question is broad (`agents.quotes.breadth`)

A linear ranking of few features; `python -m bench ranking` sets its weights beside those that a fit would take. How
much likelier one statement holds the answer than another follows from their scores, alike for companies and articles;
for a broad question less surely.
One statement is no answer by its own words alone: what it is about often stands in the title, in the heading, or in the
sentence before it. And of products that are nearly alike, the one that the question names is meant: what stands under
another name steps back.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from agents.checks.figures import clause_number
from agents.quotes import answer_types, calendar_spans
from agents.quotes.answer_types import AnswerType
from agents.quotes.breadth import SHARPNESS as BROAD_SHARPNESS
from agents.quotes.breadth import breadth, held_for_all
from agents.quotes.calendar_spans import Moment
from agents.quotes.nearness import nearness, told
from agents.quotes.statements import Statement, quotable, statements_of
from agents.transcript import Language, Message
from knowledge.embedders import Embedder, for_answers, knows
from knowledge.passages import Passage, Retrieval
from knowledge.text import detect_language, tokens

Array = NDArray[np.float64]
Terms = frozenset[str]
Weighing = Literal["words", "meaning", "answers"]
"""What statements are told apart by beside words: nothing, an embedder's likeness, or that of one tuned for answers."""

WEIGHTS = Path(__file__).with_name("ranking_weights.json")
NAMES = ("own", "place", "around", "passage", "kind", "other_name", "other_place", "meaning")
"""What speaks for a statement, each a share 0-1 of the question's weight unless it says otherwise.

own: stands in it · place: stands in title, headings or table header, and not in it · around: is added by the sentences
before and after · passage: score of its passage over the best one's · kind: 1 when it has the kind of thing asked for ·
other_name: stands in another document's title and nowhere in its passage · other_place: stands in another title or
heading and neither in its own nor in it · meaning: how near it comes to answering, where an
embedder is tuned for that (`agents.quotes.nearness`); else the likeness, above the least of those compared.
"""
AGAINST = ("other_name", "other_place")
"""Features that can only count against a statement."""
EMBEDDED_AT_MOST = 16
"""Statements whose meaning is compared; the others keep their score by words."""
OTHER_LANGUAGE_FACTOR = 0.7
_PAYING = frozenset(
    tokens("who pay paying cost cover bear 谁付 谁出 谁掏 付钱 出钱 要钱 要付 花钱 交钱 费用 承担 负担")
)
MEANING = NAMES.index("meaning")
SHARPNESS = "sharpness"
"""Beside the weights: a point of score makes a statement e to the power of this as likely to hold the answer."""


@dataclass(frozen=True, slots=True)
class Described:
    """The statements of a question's passages, each in numbers."""

    statements: tuple[Statement, ...]
    features: Array
    """Shape (statements, `NAMES`)."""


def rank(
    retrieval: Retrieval, *, language: Language, embedder: Embedder | None, history: Sequence[Message] = ()
) -> list[Statement]:
    """Return every statement of the passages, the likeliest answer first.

    Args:
        history: the conversation before the question. The question is compared together with the one before it, for
            "and from the UK?" means little alone.
    """
    previous = next((message.content for message in reversed(history) if message.role == "user"), "")
    described = describe(retrieval, previous)
    if not described.statements:
        return []
    weighing = weighing_with(embedder, language)
    features = described.features
    if embedder is not None and weighing != "words":
        features = with_meaning(retrieval.asked, described, embedder, previous=previous, weighing=weighing)
    scores = features @ weights_of(weighing)
    leans = _alone(retrieval.asked, previous) != retrieval.asked
    share = breadth(retrieval.asked) if weighing == "answers" and not leans else 0.0
    if share:
        scores += share * held_for_all(described.statements, features[:, MEANING])
    foreign = np.array([detect_language(s.text) != language for s in described.statements])
    scores = np.where(foreign & (scores > 0), OTHER_LANGUAGE_FACTOR * scores, scores)
    order = np.argsort(-scores, kind="stable")
    words = features[:, NAMES.index("own")]
    sharpness = (1.0 - share) * sharpness_of(weighing) + share * BROAD_SHARPNESS
    likely = np.exp(sharpness * (scores - scores.max()))
    return [
        replace(described.statements[at], score=float(scores[at]), words=float(words[at]), likelihood=float(likely[at]))
        for at in order
    ]


def describe(retrieval: Retrieval, previous: str = "") -> Described:
    """Return the statements with all features but their meaning, which is left at 0.

    Args:
        previous: the question before this one, which says what kind of thing is asked for where this one does not.
    """
    # A question that leans is searched for together with the one before it, which may ask for something else.
    question = _alone(retrieval.asked, previous)
    kinds = answer_types.expected(question) or answer_types.expected(previous)
    weights = _without_paying(retrieval.weights) if AnswerType.PAYER in kinds else retrieval.weights
    total = sum(weights.values()) or 1.0
    moments = calendar_spans.named(retrieval.asked)
    surroundings = [_Surroundings.of(passage, moments) for passage in retrieval.passages]
    titles = frozenset().union(*(s.title for s in surroundings)) & weights.keys()
    places = frozenset().union(*(s.place for s in surroundings)) & weights.keys()
    best = max((passage.score for passage in retrieval.passages), default=0.0) or 1.0
    rows: dict[tuple[str, str, int, int], list[float]] = {}
    for passage, around in zip(retrieval.passages, surroundings, strict=True):
        other_name = _share(titles - around.all, weights, total)
        for number, (start, end) in enumerate(around.spans):
            own, near = around.terms[number], around.beside(number)
            said = passage.text[start:end]
            covered = _share(own, weights, total)
            rows.setdefault(
                (passage.collection, passage.document, passage.start + start, passage.start + end),
                [
                    covered,
                    _share(own | around.place, weights, total) - covered,
                    _share(own | near, weights, total) - covered,
                    passage.score / best,
                    _holds(said[clause_number(said, passage.text) :], kinds),
                    other_name,
                    _share(places - around.place - own - near, weights, total),
                    0.0,
                ],
            )
    statements = tuple(statements_of(retrieval.passages))
    features = [rows[s.span] for s in statements]
    return Described(statements, np.array(features, dtype=np.float64).reshape(len(statements), len(NAMES)))


def _alone(asked: str, previous: str) -> str:
    """Return a question as it was typed: one that leans is searched with the one before it in front."""
    return asked.removeprefix(f"{previous} ") if previous else asked


def weighing_with(embedder: Embedder | None, language: str) -> Weighing:
    """Return what statements can be told apart by."""
    if embedder is None or not knows(embedder, language):
        return "words"
    return "meaning" if for_answers(embedder) is None else "answers"


def with_meaning(
    question: str, described: Described, embedder: Embedder, *, previous: str, weighing: Weighing
) -> Array:
    """Return the features with what the embedder says of the statements.

    One that is tuned for answers is asked about those of the best passages, any other about those that are best by
    words. Embedders differ in how near they set unrelated texts (0 with MiniLM, 0.7 with E5). So the likeness of such a
    one counts from the least of those compared, as a share of what is left to 1.

    Args:
        question: as it was searched, with the one before it, `previous`, when it leans on that.
    """
    features = described.features.copy()
    alone = _alone(question, previous)
    near = nearness(alone, question, described.statements, embedder) if weighing == "answers" else None
    if near is not None:
        features[:, MEANING] = near
        return features
    head = np.argsort(-(features @ weights_of(weighing)), kind="stable")[:EMBEDDED_AT_MOST]
    meaning = embedder.embed_question(question)
    if previous:
        meaning = np.float32(0.5) * (meaning + embedder.embed_question(f"{previous} {question}"))
    likeness = embedder.embed([told(described.statements[at]) for at in head]) @ meaning
    least = float(np.min(likeness))
    features[head, MEANING] = (likeness - least) / max(1.0 - least, 1e-6)
    return features


@lru_cache
def weights_of(weighing: Weighing) -> Array:
    """Return the weights of the features."""
    fitted = _fitted(weighing)
    return np.array([fitted[name] for name in NAMES], dtype=np.float64)


def sharpness_of(weighing: Weighing) -> float:
    """Return how sharply likelihood falls with the score."""
    return _fitted(weighing)[SHARPNESS]


@lru_cache
def _fitted(weighing: Weighing) -> dict[str, float]:
    fitted: dict[str, dict[str, float]] = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    return fitted[weighing]


@dataclass(frozen=True, slots=True)
class _Surroundings:
    """A passage as search terms: its title, its place, each of its statements."""

    title: Terms
    place: Terms
    spans: tuple[tuple[int, int], ...]
    terms: tuple[Terms, ...]
    all: Terms

    @classmethod
    def of(cls, passage: Passage, moments: Sequence[Moment]) -> "_Surroundings":
        """Return a passage's terms; "June–August" has the July that a question names."""
        above = f"{passage.path}\n{passage.header}"
        place = frozenset(tokens(above)) | calendar_spans.held(above, moments)
        spans = tuple(quotable(passage))
        texts = [passage.text[start:end] for start, end in spans]
        terms = tuple(frozenset(tokens(text)) | calendar_spans.held(text, moments) for text in texts)
        return cls(frozenset(tokens(passage.title)), place, spans, terms, place.union(*terms))

    def beside(self, number: int) -> Terms:
        """Return the terms of the statements before and after one."""
        return frozenset().union(*self.terms[max(number - 1, 0) : number], *self.terms[number + 1 : number + 2])


def _share(terms: Terms, weights: Mapping[str, float], total: float) -> float:
    return sum(weight for term, weight in weights.items() if term in terms) / total


def _without_paying(weights: Mapping[str, float]) -> Mapping[str, float]:
    """Return what is asked about without "pay" and "cost": who pays for a return does not ask who pays a difference."""
    return {term: weight for term, weight in weights.items() if term not in _PAYING} or weights


def _holds(text: str, kinds: tuple[AnswerType, ...]) -> float:
    return float(bool(kinds) and answer_types.holds(text, kinds))
