"""Intents told by an adapter over the served model, where the owner added one; how sure it must be is measured before.

    held-out intents -> adapter -> calibrate -> sure_from, kept with the adapter
    message -> a label out of the closed set, its likelihood -> sure enough? -> what the owner let it lead to

It costs a call of the model before the answer; the classical model (`finetune.labels.intents`) costs milliseconds. So
it is used only where an adapter for `intent` was added, and the routes are the same ones.
"""

import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING

from langchain_core.messages import HumanMessage, SystemMessage

from agents.prompts import without_turn_marks
from agents.routing import Target
from finetune.errors import FinetuneError
from finetune.examples import Example, opening_of
from finetune.judging.chat_replies import label_grammar

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from knowledge.embedders import Embedder

RIGHT = 0.9
"""Share of the sure readings that must be right, as for the classical model."""
LEAST_HELDOUT, MOST_HELDOUT = 20, 200
"""Held-out examples that a calibration needs, and reads at most."""
LABEL_TOKENS = 64
REMEMBERED = 256
"""Messages whose reading is kept: a turn asks several times."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """How an adapter tells held-out intents."""

    n: int
    right: int
    sure_from: float
    """The likelihood from which on nine of ten readings were right; above 1 where none are."""
    sure_share: float
    """Share of the messages that are told with so much certainty."""
    opening: str = ""
    """The system message that it was tuned with, and is asked with; "" for none."""


@dataclass(frozen=True, slots=True)
class AdaptedIntents:
    """What `agents.routing` asks where an adapter tells the intents."""

    chat: "BaseChatModel"
    """The served model under the adapter."""
    labels: tuple[str, ...]
    routes: Mapping[str, Target]
    sure_from: float
    opening: str = ""
    """The system message that it was tuned with; "" for none."""
    _told: "OrderedDict[str, tuple[str, float]]" = field(default_factory=OrderedDict, repr=False, compare=False)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    def target(self, message: str, embedder: "Embedder") -> Target | None:
        """Return what a message leads to; None where its intent is not sure, or leads nowhere in particular.

        Raises:
            ModelUnavailable: the model does not answer.
        """
        if not self.routes or not message.strip():
            return None
        with self._lock:
            told = self._told.get(message)
        if told is None:
            told = tell(self.chat, message, labels=self.labels, opening=self.opening)
            with self._lock:
                self._told[message] = told
                while len(self._told) > REMEMBERED:
                    self._told.popitem(last=False)
        label, likelihood = told
        return self.routes.get(label) if likelihood >= self.sure_from else None

    def warm(self) -> None:
        """Read a message, so that the first customer does not wait for what is only loaded then.

        Raises:
            ModelUnavailable: the model does not answer.
        """
        tell(self.chat, "Hello", labels=self.labels, opening=self.opening)


def tell(chat: "BaseChatModel", message: str, *, labels: Sequence[str], opening: str = "") -> tuple[str, float]:
    """Return the label that a model gives a message, and how likely it held it (0-1) before it was bound to the set.

    Args:
        opening: The system message that it was tuned with; "" for none.

    Raises:
        ModelUnavailable: it does not answer.
    """
    reply = chat.invoke(
        [*([SystemMessage(opening)] if opening else []), HumanMessage(without_turn_marks(message))],
        grammar=label_grammar(labels),
        max_tokens=LABEL_TOKENS,
        temperature=0.0,
        top_logprobs=1,
    )
    tokens = reply.response_metadata.get("logprobs") or ()
    return str(reply.text), math.exp(sum(float(token["logprob"]) for token in tokens)) if tokens else 0.0


def calibrate(chat: "BaseChatModel", heldout: Sequence[Example], *, labels: Sequence[str]) -> Calibration:
    """Ask a model for held-out intents, and return from which likelihood on its readings can be acted on.

    Raises:
        FinetuneError: there are too few to say.
        ModelUnavailable: it does not answer.
    """
    asked = [example for example in heldout if example.task == "intent"]
    asked = asked[:: max(1, len(asked) // MOST_HELDOUT)]
    if len(asked) < LEAST_HELDOUT:
        raise FinetuneError(
            f"The run kept {len(asked)} held-out intents, and it takes {LEAST_HELDOUT} to say from when on an intent "
            "is sure. Next: frontdesk finetune train --data FILE --heldout HELDOUT.jsonl"
        )
    opening = opening_of(asked)
    read = []
    for example in asked:
        label, likelihood = tell(chat, str(example.messages[-2]["content"]), labels=labels, opening=opening)
        read.append((likelihood, label == str(example.messages[-1]["content"])))
    read.sort(key=lambda one: -one[0])
    right = sure = 0
    sure_from = math.inf
    for count, (likelihood, is_right) in enumerate(read, 1):
        right += is_right
        if right >= RIGHT * count:
            sure, sure_from = count, likelihood
    return Calibration(len(read), right, sure_from if math.isfinite(sure_from) else 2.0, sure / len(read), opening)
