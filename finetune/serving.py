"""How the company's assistant is asked today: what examples need to be rendered as it serves.

Serving(search, answers, tools) -> passages as a turn finds them
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from agents.answering import READ_PASSAGES, AnswerOptions
from agents.tools import Tool
from agents.transcript import Language, Message
from knowledge.languages import answer_language
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
    language: Language | None = None
    """What every customer is answered in; None: in the language that they ask in."""
    exact_parts: frozenset[str] | None = None
    """All numbers, dates, links and addresses of all passages that may be found; None where that is not known."""

    def language_of(self, question: str) -> Language:
        """Return the language that the prompt of a question is in."""
        return self.language or answer_language(question)

    def read_by_writer(self, question: str, history: Sequence[Message]) -> tuple[Passage, ...]:
        """Return the passages that a model gets to write from."""
        return tuple(self.search(question, history))[:READ_PASSAGES]
