"""Ranked statements in, the few words of the best that answer; a small model is asked for them too.

statements -> candidates in the best -> the surest, lifted where the model says it too -> shown alone, or not
"""

import threading
from collections.abc import Sequence
from typing import Any

from agents.models import LoadedModel
from agents.prompts import Pointing, render
from agents.quotes import pointing, prices, quoting
from agents.quotes.expired import is_over
from agents.quotes.items import is_in_list
from agents.quotes.pointing import Candidate
from agents.quotes.statements import Statement
from agents.transcript import Language
from knowledge.drafts import draft_name
from knowledge.embedders import Embedder

LEAST_EVIDENCE = 0.65
"""Below this evidence no few words stand first: a quote beside the point does less harm than a number that is wrong."""
POINTED_TOKENS = 24
"""Of what a small model says: an answer of a few words."""


def point(
    question: str,
    ranked: Sequence[Statement],
    *,
    evidence: float,
    model: LoadedModel | None,
    language: Language,
    embedder: Embedder | None,
    stop: threading.Event | None = None,
) -> Candidate | None:
    """Return the few words that answer; None when none are sure enough, or the question asks for no such thing.

    Args:
        evidence: how sure retrieval is that the documents hold the answer, 0-1.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    if evidence < LEAST_EVIDENCE:
        return None
    found = pointing.candidates(question, ranked, language=language, embedder=embedder)
    if not found:
        return None
    helps = model is not None and model.chat is not None and pointing.weights_of(language).said > 0
    said = said_by(question, ranked[0], model=model, language=language, stop=stop) if helps and model else ""
    pointed = pointing.choose(found, language=language, said=said)
    if pointed is None:
        return None
    statement = pointed.candidate.statement
    if pointed.share * _share_of(statement, ranked) < pointing.SURE:
        return None
    if len(quoting.rows_alike(statement, ranked)) > 1 or not is_in_force(statement):
        return None
    if not prices.may_stand_alone(question, statement, ranked):
        return None
    if is_in_list(statement) and pointed.candidate.text == statement.text.rstrip(" .;。；"):
        return None  # a whole item is one of several
    return pointed.candidate if pointing.stands_alone(question, pointed.candidate) else None


def _share_of(statement: Statement, ranked: Sequence[Statement]) -> float:
    """Return how likely a statement is among all that were found, 0-1; one that a rule put first counts as the best."""
    likelihoods = [other.likelihood for other in ranked]
    own = max(likelihoods) if statement is ranked[0] else statement.likelihood
    return own / (sum(likelihoods) - statement.likelihood + own or 1.0)


def is_in_force(statement: Statement) -> bool:
    """Say whether a statement holds as it stands; a few words would not say that they are a draft's, or over."""
    return not (draft_name(statement.passage) or is_over(statement))


def said_by(
    question: str,
    statement: Statement,
    *,
    model: LoadedModel,
    language: Language,
    stop: threading.Event | None = None,
) -> str:
    """Return the words that a small model finds in a sentence: one line, unchecked.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    assert model.chat is not None
    call: dict[str, Any] = {"max_tokens": POINTED_TOKENS, "temperature": 0.0, "stop": ["\n"]}
    if stop is not None:
        call["stop_event"] = stop
    prompt = Pointing(question, statement.text, language)
    return "".join(chunk.text for chunk in model.chat.stream(render(prompt), **call)).strip()
