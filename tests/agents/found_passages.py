"""Passages as a search returns them, made by hand for tests."""

from collections.abc import Generator
from typing import Any

from agents.answering import Draft
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.passages import Passage, Retrieval, Signals
from knowledge.text import tokens

SIGNALS = Signals(coverage=0.5, sentence_coverage=0.5, lead=0.0, cosine=None)


class TunedHashing(HashingEmbedder):
    """A fake that knows some languages and has a fake beside it that stands for one tuned for answers."""

    def __init__(self, languages: set[str] | None = None, dimension: int = 256) -> None:
        super().__init__(dimension)
        self.languages = None if languages is None else frozenset(languages)  # type: ignore[assignment]
        self.for_answers = HashingEmbedder(dimension)
        self.cross_encoder: Any = None


def passage(text: str, document: str = "a.md", **more: Any) -> Passage:
    """Return a passage without title and headings, but for what is given."""
    fields: dict[str, Any] = {
        "collection": "default",
        "title": "",
        "headings": (),
        "header": "",
        "page": None,
        "start": 0,
        "language": "en",
        "score": 1.0,
    }
    fields |= more
    return Passage(document=document, end=fields["start"] + len(text), text=text, audience="public", **fields)


def retrieval(question: str, *passages: Passage) -> Retrieval:
    """Return what a search found, every term of the question weighing the same."""
    weights = dict.fromkeys(tokens(question), 1.0)
    return Retrieval(question, passages, 0.9, SIGNALS, weights, seconds=0.0)


def finish(pieces: Generator[str, None, Draft]) -> tuple[list[str], Draft]:
    """Return all that an answer shows, and what it came to."""
    shown = []
    while True:
        try:
            shown.append(next(pieces))
        except StopIteration as end:
            return shown, end.value
