"""Which questions teach an adapter, which set the weights and curves above it, and which only measure.

    invented companies: TAUGHT, WEIGHED, HELD_OUT (`bench.companies`) · articles of xquad: by fold · the rest: WEIGHED

What a thing has learned by heart says nothing of how far it can be trusted: weights and curves are fitted on questions
that the adapter never saw. An article's questions that nothing answers are shared out by their own numbers, so some of
them are about articles that taught.
"""

import zlib

from bench.companies import BESIDE, INVENTED, QUESTIONS, TAUGHT
from knowledge.questions import Question

FOLDS = 5
TEACHING_FOLDS = 2
"""Of the folds of articles, the first ones."""


def group_of(question: Question, name: str) -> str:
    """Return the company or, of many articles, the fold of the article that a question is about."""
    if name in QUESTIONS:
        return QUESTIONS[name].company
    company = BESIDE.get(name, name)
    return company if company in INVENTED else f"articles {_fold(question)}"


def teaches(question: Question, name: str) -> bool:
    """Say whether an embedder's adapter learns from a question of this set."""
    return BESIDE.get(name, name) in TAUGHT or (name.startswith("xquad") and _fold(question) < TEACHING_FOLDS)


def _fold(question: Question) -> int:
    article = (question.gold[0].document if question.gold else question.id).rstrip("0123456789").rstrip("-_#")
    return zlib.crc32(article.encode()) % FOLDS
