"""What may become an example, and what was left out and why: the nouns that sources and filters of a data set share.

source -> Candidate | Dropped -> cleaning -> duplicates -> leakage -> splitting
"""

from dataclasses import dataclass
from typing import Literal

from agents.transcript import Language
from finetune.examples import Example, said_by
from knowledge.languages import answer_language

Kind = Literal["answer", "refusal", "correction", "step", "label", "reply", "import"]
"""`refusal`: the documents do not answer; `correction`: a person answered where the assistant had not."""

Reason = Literal[
    "rated down",
    "not rated",
    "not answered",
    "nothing said",
    "documents no longer say it",
    "no person's reply",
    "personal data in the reply",
    "too long",
    "not as served",
    "out of order",
    "duplicate",
    "near duplicate",
    "contradicts",
    "stands in an evaluation",
    "too many refusals",
    "question unfit",
    "quote not in the passage",
    "quote does not support the answer",
    "question does not find the passage",
    "no hard negative",
    "model said nothing usable",
]
REASONS: dict[Reason, str] = {
    "rated down": "A customer marked the answer as bad, and nobody of the company gave a better one.",
    "not rated": "No customer said that the answer was good; --unrated takes these too.",
    "not answered": "The turn failed, was stopped, or was handed over without a reply.",
    "nothing said": "The customer sent a picture or a file without a word: what the reply is about cannot be read.",
    "documents no longer say it": "What the answer says stands in no passage that the question finds today.",
    "no person's reply": "A machine wrote the reply; only people's are learned from.",
    "personal data in the reply": "The model would learn to say somebody's data, or the placeholder for it.",
    "too long": "It has more tokens than an example may have.",
    "not as served": "A served model is not let say it: too many words, or arguments that the schema refuses.",
    "out of order": "Its messages do not take turns.",
    "duplicate": "The very same stands in the data set already.",
    "near duplicate": "Nearly the same, with the same numbers, stands in the data set already.",
    "contradicts": "The same text has different labels.",
    "stands in an evaluation": "Trained on it, the model would know the answers of its own examination.",
    "too many refusals": "More refusals than the chosen share: a model that sees too many refuses too much.",
    "question unfit": "It is no question that a customer would ask: too short, too long, or about the text itself.",
    "quote not in the passage": "The model's quote does not stand in the passage, word for word.",
    "quote does not support the answer": "The quoted sentences do not say what the answer says.",
    "question does not find the passage": "Searched for, the question does not bring the passage it was made from.",
    "no hard negative": "Without its own passage, the question finds nothing, or what it finds answers it too.",
    "model said nothing usable": "The model's reply was no question with an answer and a quote.",
}
"""Reason -> what it means to an owner; the data card shows these."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An example on trial, and what it is compared by."""

    example: Example
    asked: str
    """What the customer said last, without what code wrote around it."""
    kind: Kind
    is_imported: bool = False
    """Whether it came ready made, so that its system message is not known to be the company's own words."""
    names: frozenset[str] = frozenset()
    """Of persons, known from elsewhere than its messages."""

    @property
    def reply(self) -> str:
        """What the model is to say last: words, or calls of tools."""
        return said_by(self.example.messages[-1])

    @property
    def language(self) -> Language:
        """The language that the customer asks in."""
        return answer_language(self.asked or self.reply)


@dataclass(frozen=True, slots=True)
class Dropped:
    """What did not become an example."""

    reason: Reason
    asked: str
    """Without personal data once it leaves `finetune.data.building`."""
    source: str
    detail: str = ""
    """Such as what it is a duplicate of."""
