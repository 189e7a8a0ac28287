"""A question that follows others: what the conversation tells about the passages it asks for.

    history -> is the question complete? · which passages are on the topic? · which were told already?

Three cheap rules, no model. The topic counts up to a limit only: beyond it, passages would be preferred for being
like the last answer. And a passage that an earlier answer already told steps back behind those that say something
new, except the best of them: the next question may be about the same paragraph.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np

from knowledge import lexical
from knowledge.conversation import Conversation
from knowledge.embedders import Vectors
from knowledge.text import STOP_WORDS, count_cjk, tokens
from knowledge.traditional import simplified

_LEANING = re.compile(
    r"\b(it|its|they|them|their|this|that|these|those|he|she|his|her|him|one|ones|same|such|also|another|else|"
    r"instead|others?)\b|(?<!\bis )(?<!\bare )\bthere\b(?! (?:is|are|was|were)\b)"
    r"|^\W*(and|but|so|or|then|why|what about|how about|what if|ok|yes|no)\b"
    r"|^\W*(?:for|on(?= (?:a|an|the|my|our|\w*days?|\w+ days?|\d+)\b)|in|at|with|without|before|after|until|during)\b"
    r"(?!.*\b(?:what|which|who|whom|whose|how|when|where|is|are|was|were|do|does|did|can|could|will|would|may|must"
    r"|should|have|has)\b)"
    r"|^(那|那么|这|它|他|她|还有|如果|为什么|换成|可是|但)|[它他她]们?|这个|那个|这些|那些|呢[?？]?$",
    re.IGNORECASE,
)
MOST_TERMS = 3
"""A question with more words of its own needs no others: "is there a lamp that fits my desk and does it swivel?" stands
alone. What it finds would get worse by the words of the question before."""
MOST_CHINESE_TERMS = 6
"""The same where terms are pairs of characters."""


def leans_on_history(question: str) -> bool:
    """Say whether a question seems to need the one before it: it says little, and has a pronoun or opens with "and"."""
    terms = lexical.question_terms(question)
    if len(terms) <= 1 or (len(terms) == 2 and STOP_WORDS.issuperset(terms)):  # "How much?" asks about nothing
        return True
    most = MOST_CHINESE_TERMS if count_cjk(question) else MOST_TERMS
    return len(terms) <= most and bool(_LEANING.search(simplified(question)))


TOPIC_LIMIT = 0.35
"""A passage this similar to the topic is on the topic; more does not count."""


def nearness_to_topic(cosines: Mapping[int, float], *, floor: float) -> dict[int, float]:
    """Return chunk -> how near it is to the topic, 0 to `TOPIC_LIMIT`."""
    span = 1.0 - floor
    return {chunk: min(max((cosine - floor) / span, 0.0), TOPIC_LIMIT) for chunk, cosine in cosines.items()}


SURELY_COVERED = 0.5
"""An answer that has this share of its weight in one passage was surely taken from one like it."""


def told(
    passages: Sequence[str], conversation: Conversation, *, cosines: Sequence[Sequence[float]] | None
) -> list[float]:
    """Return for each passage how surely an earlier answer told it, 0-1.

    Args:
        passages: what stands in them, with title and headings.
        cosines: for each answer, its similarity to each passage; None where the embedder does not know the language.
    """
    words = [_words(passage) for passage in passages]
    answers = [lexical.question_terms(answer) for answer in conversation.answers]
    asked = frozenset().union(*answers)
    frequencies = Counter(term for present in words for term in present & asked)
    sure = np.zeros(len(passages))
    for number, terms in enumerate(answers):
        weights = {term: _weight(frequencies[term], len(passages)) for term in terms}
        total = sum(weights.values())
        covered = np.array([sum(weights[term] for term in weights.keys() & present) for present in words])
        if not total or not covered.any():
            continue
        best = covered.max()
        likely = covered / best * min(1.0, best / total / SURELY_COVERED)
        if cosines is not None:
            near = np.maximum(np.asarray(cosines[number]), 0.0)
            likely = likely * near / max(float(near.max()), 1e-9)
        sure = np.maximum(sure, likely)
    return [float(value) for value in sure]


@lru_cache(maxsize=500)
def _words(passage: str) -> frozenset[str]:
    """Return the tokens of a passage. Kept, for the next question of a conversation finds much of the same."""
    return frozenset(tokens(passage))


def _weight(found: int, total: int) -> float:
    return math.log(1.0 + (total - found + 0.5) / (found + 0.5))


def similarities(vectors: Mapping[int, Vectors], direction: Vectors) -> dict[int, float]:
    """Return chunk -> cosine with a direction; all are of unit length."""
    return {chunk: float(vector @ direction) for chunk, vector in vectors.items()}
