"""A way to answer, as an owner writes it to try it out.

    ["model=none", "max_words=40"] -> AnswerTrial

Keys are the plain fields of `ResponderOptions`, and `model` and `history` beside them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from agents.turn import ResponderOptions
from knowledge.trial import THIS_RUN, label_of, parsed, plain_fields

LEAST = {"max_words": 10, "passages": 1, "passages_per_document": 1}
"""The smallest number that makes an answer."""
FIXED = ("company", "contact", "allowed_hosts", "secrets")
"""Of the company; nothing that is measured depends on them."""


@dataclass(frozen=True, slots=True)
class AnswerTrial:
    """What answers are evaluated with."""

    options: ResponderOptions
    model: str
    """As the setting names it: `auto`, `embedded`, `none`, `ollama:NAME`."""
    history: bool = True
    """Whether the conversation before a question is given to the assistant."""
    label: str = THIS_RUN

    def shown(self) -> dict[str, Any]:
        """Return the values as JSON-ready data."""
        options = {key: value for key, value in asdict(self.options).items() if key not in FIXED}
        return {"model": self.model, **options, "history": self.history}


def vary(trial: AnswerTrial, pairs: Sequence[str]) -> AnswerTrial:
    """Return the trial with `key=value` pairs applied, named after them.

    Raises:
        KnowledgeError: unknown keys and values that do not fit, all in one message.
    """
    values = parsed(pairs, choosable(), least=LEAST)
    own = {key: values.pop(key) for key in ("model", "history") if key in values}
    return replace(trial, options=replace(trial.options, **values), label=label_of(pairs, otherwise=trial.label), **own)


def choosable() -> Mapping[str, Any]:
    """Return the keys that can be written as text, each with its type."""
    options = {key: kind for key, kind in plain_fields(ResponderOptions).items() if key not in FIXED}
    return {"model": str, **options, "history": bool}
