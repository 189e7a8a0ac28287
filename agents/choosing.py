"""A question and what was found in, the statements out, the one that answers first; or word that none does.

retrieval -> ranked -> a model that reads picks one, or says "not stated" -> a second look -> Choice
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from agents import ranking, reading, verifying
from agents.crossings import crossing
from agents.models import LoadedModel
from agents.naming import is_of_another
from agents.ordinary import ordinary_first
from agents.pointing import Candidate
from agents.statements import Statement
from agents.transcript import Language, Message
from knowledge.embedders import Embedder
from knowledge.passages import Retrieval

MORE_AMONG = 30
"""Statements, best first, among which further ones to quote are looked for."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The statements for one question, the likeliest first, and whether they answer."""

    found: bool
    ranked: Sequence[Statement] = ()
    """Where nothing is found, at most the one that a model was not sure enough of."""
    of_the_same: Sequence[Statement] = ()
    """The likeliest that are of no other thing than the question names."""
    pointed: Candidate | None = None
    """Words of the first that answer: the cell that the question names, or what a model that reads has copied."""
    evidence: float | None = None
    """How likely the question is answered, 0-1, where a model took a second look."""
    model: LoadedModel | None = None
    """The model that was believed."""


def choose(
    question: str,
    retrieval: Retrieval,
    history: Sequence[Message],
    *,
    model: LoadedModel | None,
    language: Language,
    embedder: Embedder | None,
    refuse_below: float,
    stop: threading.Event | None = None,
) -> Choice:
    """Rank the statements of what was found, let a model that reads choose among them, and say whether they answer.

    Args:
        history: the conversation before the question, which a model that reads is shown.
        refuse_below: evidence 0-1 under which a sentence that a model has looked at twice is no answer.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    ranked = ordinary_first(question, ranking.rank(retrieval, language=language, embedder=embedder, history=history))
    of_another = partial(is_of_another, question, passages=retrieval.passages, weights=retrieval.weights)
    crossed = crossing(question, ranked, whole=retrieval.asked)
    pointed = None
    if model is not None and model.reads and ranked:
        read = reading.read(
            question, ranked, history=history, of_another=of_another, model=model, language=language, stop=stop
        )
        if read.found:
            ranked, pointed = list(read.ranked), read.pointed
        elif model.reads_little:
            model = None  # so small a model says "not stated" too often to be believed: it counts as not asked
        else:
            return Choice(False)
    if crossed is not None and (model is None or not model.reads):
        ranked = [crossed.statement, *(other for other in ranked if other is not crossed.statement)]
    if crossed is not None and pointed is None and ranked[0] is crossed.statement:
        pointed = crossed
    if not ranked or of_another(ranked[0]):
        return Choice(False)
    evidence = None
    if model is not None and model.looks_twice:
        agreed = verifying.agreement(question, ranked[0], history=history, model=model, language=language, stop=stop)
        evidence = None if agreed is None else verifying.weighed(retrieval.evidence, agreed)
        if evidence is not None and evidence < refuse_below:
            return Choice(False, ranked[:1], evidence=evidence)
    of_the_same = [statement for statement in ranked[:MORE_AMONG] if not of_another(statement)]
    return Choice(True, ranked, of_the_same, pointed, evidence, model)
