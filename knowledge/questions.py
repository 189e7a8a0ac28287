"""Question files: what a company (or a benchmark) asks, and where the answer stands.

    one JSON object a line -> Question

    {"id", "question", "history": [{"role", "content"}], "lang", "answerable",
     "gold": [{"document", "page", "quote"}], "facts": [["30 days", "thirty days"], ...], "answers": ["30 days", ...]}

Only `id` and `question` are required, so that the same reader serves the batch commands.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.errors import KnowledgeError
from knowledge.text import detect_language


@dataclass(frozen=True, slots=True)
class Spoken:
    """A message of the conversation before the question."""

    role: str
    content: str


@dataclass(frozen=True, slots=True)
class Gold:
    """A place that holds the answer."""

    document: str
    page: int | None = None
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a question file."""

    id: str
    question: str
    history: tuple[Spoken, ...] = ()
    language: str = "en"
    answerable: bool = True
    gold: tuple[Gold, ...] = ()
    facts: tuple[tuple[str, ...], ...] = ()
    """Every group needs one hit."""
    answers: tuple[str, ...] = ()
    """Right answers as somebody wrote them; an answer is compared with the nearest."""
    kind: str = ""
    audience: str = "public"


def read(path: Path) -> tuple[Question, ...]:
    """Return the questions of a file in order.

    Raises:
        KnowledgeError: the file is missing or empty, a line is broken, or an id stands twice.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(
            f"The question file {path} cannot be read ({error}). Next: check its path and encoding."
        ) from error
    found: dict[str, Question] = {}
    for number, line in enumerate(lines, 1):
        if line.strip():
            question = _question(line, f"{path}:{number}")
            if question.id in found:
                raise KnowledgeError(
                    f"{path}:{number} has the id {question.id!r} of a line before it. Next: give it an id of its own."
                )
            found[question.id] = question
    if not found:
        raise KnowledgeError(
            f'The question file {path} is empty. Next: write lines such as {{"id": "1", "question": "…"}}'
        )
    return tuple(found.values())


def _question(line: str, place: str) -> Question:
    data = _parse(line, place)
    try:
        return Question(
            id=str(data["id"]),
            question=_text(data["question"]),
            history=tuple(Spoken(_text(m["role"]), _text(m["content"])) for m in data.get("history") or ()),
            language=_text(data.get("lang") or detect_language(data["question"])),
            answerable=bool(data.get("answerable", True)),
            gold=tuple(_gold(g) for g in data.get("gold") or ()),
            facts=tuple(tuple(_text(fact) for fact in _list(group)) for group in data.get("facts") or ()),
            answers=tuple(_text(answer) for answer in _list(data.get("answers") or [])),
            kind=str(data.get("kind", "")),
            audience=str(data.get("audience", "public")),
        )
    except KeyError as error:
        raise KnowledgeError(f"{place} lacks the key {error}. Next: add it.") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise KnowledgeError(
            f"{place} has a value of the wrong type ({error}). Next: compare docs/design.md §5."
        ) from error


def _parse(line: str, place: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "its values are too large or too deep"
        raise KnowledgeError(f"{place} is not JSON ({reason}). Next: mend the line.") from error


def _gold(data: Mapping[str, Any]) -> Gold:
    page = data.get("page")
    return Gold(_text(data["document"]), None if page is None else int(page), _text(data.get("quote") or ""))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {value!r}")
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {value!r}")
    return value
