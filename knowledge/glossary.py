"""What every company is asked about, in English and Chinese: "refund" is 退款 or 退费 to whoever compares the two.

    question -> the things it names, each with its names in both languages

For finding what stands in another language than the question alone; nothing of it is ever shown.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from knowledge.text import Language, tokens
from knowledge.traditional import simplified

_FILE = Path(__file__).with_name("glossary.txt")
Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing that is asked about, by its names."""

    english: tuple[Phrase, ...]
    """Search terms of each name."""
    chinese: tuple[str, ...]
    """In simplified signs."""

    def said_in(self, text: str, language: Language) -> frozenset[str]:
        """Return the search terms of its names in a language that stand in a text; none where it is not named."""
        if language == "zh":
            return frozenset(term for name in self.chinese if name in simplified(text) for term in tokens(name))
        spoken = _spoken(text)
        starts = range(len(spoken))
        return frozenset(
            term
            for name in self.english
            if name[0] in spoken and any(spoken[at : at + len(name)] == name for at in starts)
            for term in name
        )

    def terms(self, language: Language) -> list[str]:
        """Return the search terms of its names in a language."""
        names = [tokens(name) for name in self.chinese] if language == "zh" else self.english
        return [term for name in names for term in name]


def things(question: str, language: Language) -> list[Thing]:
    """Return what a question names, in a language; of "school bus" not the bus beside it.

    >>> [thing.chinese for thing in things("How long does a refund take?", "en")]
    [('退款', '退费', '退还', '退钱')]
    """
    said = {thing: terms for thing in _every() if (terms := thing.said_in(question, language))}
    return [thing for thing, terms in said.items() if not any(terms < other for other in said.values())]


@lru_cache(maxsize=500)
def _spoken(text: str) -> Phrase:
    """Return a text's search terms. Kept, for a text is asked for one thing after another."""
    return tuple(tokens(text))


@lru_cache
def _every() -> tuple[Thing, ...]:
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    sides = [line.split(" = ") for line in lines if line and not line.startswith("#")]
    return tuple(
        Thing(tuple(tuple(tokens(name)) for name in english.split(", ")), tuple(chinese.split(", ")))
        for english, chinese in sides
    )
