"""Whether a sentence says what is asked, and not only something near it: how sure a model is that it does.

    question, statement -> model -> likelihood of "yes" against "no" -> with evidence, a logistic curve -> 0-1

What a model says when asked so is nearly always yes; how sure it is of it tells near misses from answers better than
anything that retrieval sees (docs/benchmarks.md, "A second look"). Only a model that reads is asked, and only one that
tells likelihoods: one of 135 million parameters tells them no better than a coin.
"""

import math
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agents.models import LoadedModel
from agents.prompts import Verifying, render
from agents.quotes.quoting import shown
from agents.quotes.statements import Statement
from agents.transcript import Language, Message
from knowledge.follow_ups import leans_on_history

LIKELIHOODS = 20
"""Of how many first words the likelihood is asked."""
INTERCEPT, OF_EVIDENCE, OF_AGREEMENT = -0.29, 0.23, 1.12
"""The curve over the logits of evidence and agreement, fitted by `python -m bench verifying`; it assumes that documents
answer two of three questions that get so far."""
SUREST = 0.999
"""Nearer to 0 and 1 a likelihood says no more."""
_YES = frozenset(("yes", "是", "是的", "有"))
_NO = frozenset(("no", "否", "不", "不是", "没有", "没", "not"))


def agreement(
    question: str,
    statement: Statement,
    *,
    history: Sequence[Message] = (),
    model: LoadedModel,
    language: Language,
    stop: threading.Event | None = None,
) -> float | None:
    """Return how likely the model's yes is against its no, 0-1; None where it says neither, or tells no likelihoods.

    Args:
        history: the conversation before; of a question that leans on it, the one before stands with it.

    Raises:
        ModelUnavailable: the model does not answer.
    """
    if model.chat is None or not model.tells_likelihood:
        return None
    leans = leans_on_history(question)
    before = next((message.content for message in reversed(history) if message.role == "user" and leans), "")
    prompt = Verifying(f"{before} {question}".strip(), statement.passage.path, shown(statement.text), language)
    call: dict[str, Any] = {"max_tokens": 1, "temperature": 0.0, "top_logprobs": LIKELIHOODS}
    if stop is not None:
        call["stop_event"] = stop
    first: Sequence[Mapping[str, Any]] = ()
    for chunk in model.chat.stream(render(prompt), **call):
        likelihoods = chunk.response_metadata.get("logprobs") or ()
        if likelihoods and not first:
            first = likelihoods[0].get("top_logprobs", ())
    yes, no = (_likelihood(first, words) for words in (_YES, _NO))
    return yes / (yes + no) if yes + no > 0 else None


def weighed(found: float, agreed: float) -> float:
    """Return how likely a question is answered, 0-1, by the search's evidence and the model's agreement."""
    logit = INTERCEPT + OF_EVIDENCE * logit_of(found) + OF_AGREEMENT * logit_of(agreed)
    return 1.0 / (1.0 + math.exp(-logit))


def logit_of(likelihood: float) -> float:
    """Return the logarithm of the odds, within bounds."""
    within = min(max(likelihood, 1.0 - SUREST), SUREST)
    return math.log(within / (1.0 - within))


def _likelihood(first: Iterable[Mapping[str, Any]], words: frozenset[str]) -> float:
    return sum(math.exp(token["logprob"]) for token in first if token["token"].strip().casefold() in words)
