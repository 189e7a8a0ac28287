"""What a tool knows beside its arguments; the model never sees it.

ToolContext(library, audiences, …).sightings  <- the passages that tools found, numbered for the whole turn
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from agents.actions import Visitor
from agents.desk import Desk
from agents.transcript import Language, Message
from knowledge.passages import Passage, Retrieval

if TYPE_CHECKING:
    from agents.finding import Searchable


@dataclass(frozen=True, slots=True)
class Sighting:
    """One search and what it found."""

    query: str
    retrieval: Retrieval


class Sightings:
    """The passages seen in one turn: numbered from 1 in the order of first sight, each once."""

    def __init__(self) -> None:
        self._passages: dict[tuple[str, str, int, int], Passage] = {}
        self._searches: list[Sighting] = []

    @property
    def passages(self) -> tuple[Passage, ...]:
        """All passages seen; number 1 is the first."""
        return tuple(self._passages.values())

    @property
    def searches(self) -> tuple[Sighting, ...]:
        """All searches, in order."""
        return tuple(self._searches)

    def add(self, query: str, retrieval: Retrieval) -> tuple[int, ...]:
        """Note a search; return the number of each of its passages."""
        self._searches.append(Sighting(query, retrieval))
        numbers = []
        for passage in retrieval.passages:
            key = (passage.collection, passage.document, passage.start, passage.end)
            self._passages.setdefault(key, passage)
            numbers.append(list(self._passages).index(key) + 1)
        return tuple(numbers)


@dataclass(frozen=True, slots=True)
class ToolContext:
    """Who asks, and what the tools may use on their behalf."""

    library: "Searchable"
    audiences: tuple[str, ...] = ("public",)
    collections: tuple[str, ...] = ("default",)
    language: Language = "en"
    history: tuple[Message, ...] = ()
    conversation: str = ""
    visitor: Visitor = field(default_factory=Visitor)
    """Shared by all turns of a conversation: a tool that recognises the customer sets `visitor.customer`."""
    home: Path = Path()
    """The folder that holds all state, where a company's tools may keep a database of their own."""
    action_key: str = ""
    """In a write: the same for every try of the same write, so that the tool can make it once only."""
    desk: Desk | None = None
    """Where tickets go; None where the company has no desk."""
    sightings: Sightings = field(default_factory=Sightings)
