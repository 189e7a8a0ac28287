"""What was said before a question, and where that lies among the vectors.

    messages -> Conversation(questions, answers);  text -> vector, remembered;  answers -> topic

Words of the history help to find passages. They are never evidence that the documents answer.
"""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np

from knowledge.codes import without_those_of_its_kind
from knowledge.embedders import Embedder, Vectors, unit_length

MOST_REMEMBERED = 8
"""Questions and answers of a conversation that are looked at, the latest ones."""
TOPIC_ANSWERS = 3
"""The latest answers say what the conversation is about now."""
MOST_VECTORS = 512
LONGEST_EMBEDDED_CHARACTERS = 2000


class Spoken(Protocol):
    """A message of the conversation so far."""

    @property
    def role(self) -> str: ...

    @property
    def content(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Conversation:
    """What came before a question, oldest first."""

    questions: tuple[str, ...] = ()
    answers: tuple[str, ...] = ()

    @property
    def previous(self) -> str:
        """The question before this one; "" at the beginning."""
        return self.questions[-1] if self.questions else ""

    def beside(self, question: str) -> str:
        """Return what the question before says beside this one: of "T10 price?" not T10, where this one names T20."""
        return without_those_of_its_kind(self.previous, question)


def conversation_of(history: Sequence[Spoken]) -> Conversation:
    """Sort messages by who spoke; those of tools and empty ones are left out."""
    return Conversation(
        questions=_latest(history, "user"),
        answers=_latest(history, "assistant"),
    )


def _latest(history: Sequence[Spoken], role: str) -> tuple[str, ...]:
    return tuple(m.content for m in history if m.role == role and m.content.strip())[-MOST_REMEMBERED:]


class Meanings:
    """An embedder with a memory: every question of a conversation brings the same answers with it."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self._answers: OrderedDict[str, Vectors] = OrderedDict()
        self._floor: float | None = None
        self._changing = threading.Lock()

    def of_question(self, question: str) -> Vectors:
        """Return the question's vector."""
        return self.embedder.embed_question(question)

    def of_answers(self, answers: Sequence[str]) -> Vectors:
        """Return one row for each answer, `(len(answers), dimension)`."""
        texts = [answer[:LONGEST_EMBEDDED_CHARACTERS] for answer in answers]
        with self._changing:
            missing = [text for text in dict.fromkeys(texts) if text not in self._answers]
        made = dict(zip(missing, self.embedder.embed(missing), strict=True)) if missing else {}
        with self._changing:
            rows = [made[text] if text in made else self._answers[text] for text in texts]
            for text, row in zip(texts, rows, strict=True):
                self._answers[text] = row
                self._answers.move_to_end(text)
            while len(self._answers) > MOST_VECTORS:
                self._answers.popitem(last=False)
        return np.array(rows, dtype=np.float32)

    def topic(self, conversation: Conversation) -> Vectors | None:
        """Return what the latest answers are about, of unit length; None when nothing was said."""
        said = (conversation.answers or conversation.questions)[-TOPIC_ANSWERS:]
        if not said:
            return None
        mean = self.of_answers(said).mean(axis=0)
        return np.asarray(unit_length(mean[None, :])[0]) if np.any(mean) else None

    @property
    def floor(self) -> float:
        """The cosine of texts that have nothing to do with one another: near 0 with MiniLM, 0.7 with E5."""
        if self._floor is None:
            vectors = self.embedder.embed(list(UNRELATED))
            self._floor = float(np.mean([float(left @ right) for left, right in combinations(vectors, 2)]))
        return self._floor


UNRELATED = (
    "The ferry to the northern island leaves twice a day in winter.",
    "Knead the dough until it is smooth, then let it rest under a cloth.",
    "A prime number has exactly two divisors.",
    "Her grandmother taught the violin in a small town.",
    "The printer shows a red light when its tray is empty.",
    "Interest on the loan is charged at the end of each quarter.",
)
"""Sentences from six walks of life."""
