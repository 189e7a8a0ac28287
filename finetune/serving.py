"""How the company's assistant is asked today: what examples need to be rendered as it serves.

Serving(search, answers, tools) -> passages as a turn finds them, history as a turn sends it
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.answering import HISTORY_MESSAGES, READ_PASSAGES, AnswerOptions
from agents.tools import Tool
from agents.transcript import Message
from knowledge.passages import Passage

Protocol = Literal["json"]

Search = Callable[[str, Sequence[Message]], Sequence[Passage]]
"""Question and history in, passages out, best first, as a turn of the assistant searches."""


@dataclass(frozen=True, slots=True)
class Serving:
    """The assistant as it is set up."""

    search: Search
    answers: AnswerOptions
    tools: tuple[Tool, ...] = ()
    """All that the loop may call; () where the company has no tools of its own."""
    contact: str = ""
    """The company's own, which a refusal names."""
    exact_parts: frozenset[str] | None = None
    """All numbers, dates, links and addresses of all passages that may be found; None where that is not known."""

    def read_by_writer(self, question: str, history: Sequence[Message]) -> tuple[Passage, ...]:
        """Return the passages that a model gets to write from."""
        return tuple(self.search(question, history))[:READ_PASSAGES]


def in_turns(messages: Iterable[Message]) -> tuple[Message, ...]:
    """Return the latest messages before a question in which the speakers take turns, the customer first.

    Many chat templates refuse any other order, and a person's reply may have come after the assistant's.
    """
    kept: list[Message] = []
    for message in messages:
        if message.role == "user":
            kept = [*kept, message] if kept and kept[-1].role == "assistant" else [message]
        elif kept and kept[-1].role == "user":
            kept.append(message)
        elif kept:
            kept[-1] = message
    if kept and kept[-1].role == "user":
        kept.pop()
    return tuple(kept[-HISTORY_MESSAGES:])
