"""A question and what was found in, the statements out, the one that answers first; or word that none does.

retrieval -> ranked -> a model that reads picks one, or says "not stated" -> a second look -> Choice
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from agents.finding import ranked_as
from agents.models import LoadedModel
from agents.quotes import prices, quoting, ranking, reading, verifying
from agents.quotes.crossings import beside, crossing, labelled, says_all, without_other_spans
from agents.quotes.expired import still_valid_first
from agents.quotes.identifiers import named_first
from agents.quotes.items import announced_by
from agents.quotes.naming import is_of_another, is_under_another_code, without_another_code
from agents.quotes.occasions import is_of_another_occasion
from agents.quotes.ordering import commands_first
from agents.quotes.ordinary import ordinary_first
from agents.quotes.other_years import without_other_years
from agents.quotes.pointing import Candidate
from agents.quotes.referrals import said_first
from agents.quotes.spans import is_yes_or_no
from agents.quotes.statements import Statement
from agents.transcript import Language, Message
from knowledge.codes import codes, compares
from knowledge.conversation import conversation_of
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
    ranked = _in_order(question, retrieval, history, language=language, embedder=embedder)
    of_another = partial(is_of_another, question, passages=retrieval.passages, weights=retrieval.weights)
    crossed = crossing(question, ranked, whole=retrieval.asked) or _labelled(question, ranked)
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
    other_holiday = ranked and is_of_another_occasion(retrieval.asked, ranked[0], retrieval.passages)
    if not ranked or of_another(ranked[0]) or other_holiday:
        return Choice(False)
    evidence = None
    if model is not None and model.looks_twice:
        agreed = verifying.agreement(question, ranked[0], history=history, model=model, language=language, stop=stop)
        evidence = None if agreed is None else verifying.weighed(retrieval.evidence, agreed)
        if evidence is not None and evidence < refuse_below:
            return Choice(False, ranked[:1], evidence=evidence)
    of_the_same = [statement for statement in ranked[:MORE_AMONG] if not of_another(statement)]
    return Choice(True, ranked, of_the_same, pointed, evidence, model)


def _in_order(
    question: str,
    retrieval: Retrieval,
    history: Sequence[Message],
    *,
    language: Language,
    embedder: Embedder | None,
) -> list[Statement]:
    """Return the statements of what was found, the likeliest first, without those that are of something else."""
    rank_in = ranked_as(retrieval, language=language, embedder=embedder)
    ranked = ranking.rank(retrieval, language=rank_in, embedder=embedder, history=history)
    ranked = without_another_code(_compared(question, history), ranked, retrieval.passages)
    ranked = ordinary_first(question, ranked)
    ranked = without_other_spans(question, ranked, whole=retrieval.asked)
    ranked = still_valid_first(without_other_years(question, ranked))
    ranked = prices.stepped_back(question, ranked)
    ranked = named_first(question, _with_the_list_that_says_all(question, said_first(ranked)))
    return commands_first(question, ranked)


def _compared(question: str, history: Sequence[Message]) -> str:
    """Return a question with the one before it where it sets what that named beside a thing: "比T20大吗"."""
    return f"{conversation_of(history).previous}\n{question}" if codes(question) and compares(question) else question


def _labelled(question: str, ranked: Sequence[Statement]) -> Candidate | None:
    found = labelled(question, ranked)
    return None if found is None or prices.is_of_another(question, found.statement) else found


def _with_the_list_that_says_all(question: str, ranked: Sequence[Statement]) -> list[Statement]:
    """Put first an item of a list that has with what announces it all that is asked, where the best has not.

    "Are stakes included?" is answered by "stakes" below "Not included:", not by the list of what is, nor by what stakes
    cost. What asks for more than yes or no has the answer elsewhere, but where the best only announces a list.
    """
    best = ranked[0] if ranked else None
    if best is None or best.asks or not (best.leads_in or is_yes_or_no(question)):
        return list(ranked)
    below = quoting.announced(best, ranked) if best.leads_in else []
    if says_all(question, "\n".join([beside(best), *(s.text for s in below)])):
        return list(ranked)
    items = (s for s in ranked[:MORE_AMONG] if announced_by(s) is not None and says_all(question, beside(s)))
    item = next(items, None)
    return list(ranked) if item is None else [item, *(s for s in ranked if s is not item)]


def choose_for_all(
    question: str,
    retrieval: Retrieval,
    history: Sequence[Message],
    parts: Sequence[tuple[str, Retrieval]],
    *,
    model: LoadedModel | None,
    language: Language,
    embedder: Embedder | None,
    refuse_below: float,
    stop: threading.Event | None,
) -> list[Choice]:
    """Choose for a message and, where it asks several things, for each of them; a model that reads reads these alone.

    Args:
        parts: the questions that a message is made of, where it asks several, with what was found for each.

    Raises:
        ModelUnavailable: the model does not answer.
    """

    def chosen(asked: str, found: Retrieval, before: Sequence[Message]) -> Choice:
        return choose(
            asked,
            found,
            before,
            model=model,
            language=language,
            embedder=embedder,
            refuse_below=refuse_below,
            stop=stop,
        )

    reads_parts = model is not None and model.reads and len(parts) > 1
    choices = [] if reads_parts else [chosen(question, retrieval, history)]
    for part, found in parts:
        choice = chosen(part, found, (*history, Message("user", question)))
        # A part does not repeat the name that the message has: "… of the Moorlight 60, and is the battery replaced?"
        every = (*retrieval.passages, *found.passages)
        if choice.found and (
            is_of_another(question, choice.ranked[0], every, weights=retrieval.weights)
            or is_under_another_code(_compared(question, history), choice.ranked[0], every)
        ):
            choice = Choice(False)
        choices.append(choice)
    return choices
