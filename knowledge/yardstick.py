"""What an evaluation measures, and how its numbers are told to a person.

One for retrieval (`knowledge.measures`), one for answers (`agents.trials.measures`): stored results, comparisons,
tables and pages are the same for both.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Yardstick:
    """The measures of one kind of evaluation."""

    command: str
    """The word after `frontdesk evaluate`."""
    measures: tuple[str, ...]
    """What each question has."""
    meanings: Mapping[str, tuple[str, str]]
    """Name of a measure or score -> how it is shown, and what it says to someone who runs a shop."""
    said: Mapping[str, tuple[str, str]]
    """Measure -> what the better side does, and where nothing can be shown; the first one decides."""
    repeats: Mapping[str, str]
    """Measure -> another whose sentence is enough where both differ alike."""
    won: str
    """The measure that is 1 for a question that went well, else 0."""
    winning: str
    """What is said of a question that went well on one side only, as in "found by"."""
    by_part: tuple[str, ...]
    """What is shown for each language and kind."""
    compared: tuple[str, ...]
    """What is compared for each language by itself."""
    beside: frozenset[str]
    """Parts of a question that change nothing about its measures."""
    units: Mapping[str, str]
    """Measure -> its unit where it is no share; of these, less is better."""

    def label(self, name: str) -> str:
        """Return how a measure is shown."""
        return self.meanings[name][0]
