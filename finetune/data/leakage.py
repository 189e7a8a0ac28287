"""Nothing that a model is examined with may be in what it learns.

    evaluation files -> Exam -> is this question in it, whole or in large part?

A question leaks when it is the same as one of the exam, nearly the same (share of common shingles), or when one holds
the other (share of the shorter text's shingles that stand in the longer one: resemblance and containment, Broder 1997).
Other words for the same question are no leak; to ask of the same documents is what training is for.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.transcript import Language
from finetune import examples
from finetune.data.candidates import Candidate, Dropped
from finetune.data.cleaning import said_parts
from finetune.data.duplicates import Shingles, shingles_of
from finetune.data.example_forms import records
from finetune.errors import FinetuneError
from finetune.examples import Example
from knowledge import questions
from knowledge.errors import KnowledgeError
from knowledge.text import detect_language

ALIKE = 0.75
"""Share 0-1 of common shingles from which a text leaks."""
CONTAINED = 0.95
"""Share 0-1 of the shorter text's shingles from which it leaks."""
FEWEST_SHINGLES: dict[Language, int] = {"en": 30, "zh": 10}
"""Shorter texts are held by many: "How much is it?" stands within half of all questions."""
LABEL_ENDS = (": ", "：")
"""What ends the words that code puts before a customer's question."""


@dataclass(frozen=True, slots=True)
class Exam:
    """The questions that a model is examined with."""

    asked: frozenset[str]
    """Each without case and white space."""
    _shingles: tuple[tuple[str, Shingles], ...] = ()
    _places: dict[str, list[int]] = field(default_factory=dict)
    """Shingle -> the questions that hold it."""

    def leaks(self, text: str) -> str | None:
        """Return the question of the exam that a text gives away; None where there is none."""
        if not self.asked:
            return None
        if _folded(text) in self.asked:
            return text
        mine = shingles_of(text)
        shared: dict[int, int] = {}
        for shingle in mine:
            for place in self._places.get(shingle, ()):
                shared[place] = shared.get(place, 0) + 1
        for place, common in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
            asked, its = self._shingles[place]
            shorter, together = min(len(mine), len(its)), len(mine) + len(its) - common
            is_held = shorter >= FEWEST_SHINGLES[detect_language(text)] and common / shorter >= CONTAINED
            if is_held or common / together >= ALIKE:
                return asked
        return None


def exam(asked: Iterable[str]) -> Exam:
    """Return what a data set is kept clear of."""
    texts = list(dict.fromkeys(text for text in asked if text.strip()))
    shingles = tuple((text, shingles_of(text)) for text in texts)
    places: dict[str, list[int]] = {}
    for place, (_, its) in enumerate(shingles):
        for shingle in its:
            places.setdefault(shingle, []).append(place)
    return Exam(frozenset(map(_folded, texts)), shingles, places)


def read(paths: Sequence[Path]) -> Exam:
    """Return the questions of question files (docs/design.md §5) and of files of examples.

    Raises:
        FinetuneError: a file is neither.
    """
    return exam(asked for path in paths for asked in _asked_in(path))


def without_leaks(candidates: Iterable[Candidate], exam: Exam) -> Iterable[Candidate | Dropped]:
    """Yield each candidate, or that it stands in the exam."""
    for candidate in candidates:
        leaked = exam.leaks(candidate.asked)
        if leaked is None:
            yield candidate
        else:
            source = candidate.example.source
            yield Dropped("stands in an evaluation", candidate.asked, source, f"as “{leaked[:80]}”")


def asked_of(example: Example) -> str:
    """Return what the customer says last in an example, without what code wrote around it."""
    asked = [
        part for part, message in zip(said_parts(example), example.messages, strict=True) if message["role"] == "user"
    ]
    if not asked:
        return ""
    company, said = asked[-1]
    # Behind passages stands "Customer's question: …", in the language of the prompt.
    ends = [said.index(end) + len(end) for end in LABEL_ENDS if company and end in said]
    return said[min(ends, default=0) :].strip()


def _asked_in(path: Path) -> list[str]:
    found = records(path)
    first: Any = next((record.data for record in found if not record.fault), None)
    try:
        if isinstance(first, dict) and "question" in first and "messages" not in first:
            return [question.question for question in questions.read(path)]
    except KnowledgeError as error:
        raise FinetuneError(str(error)) from error
    return [asked_of(example) for example in examples.read(path)]


def _folded(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
