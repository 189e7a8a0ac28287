"""Question files: what a company (or a benchmark) asks, and where the answer stands.

    one JSON object a line -> Question

    {"id", "question", "history": [{"role", "content"}], "lang", "answerable",
     "gold": [{"document", "page", "quote"}], "facts": [["30 days", "thirty days"], ...], "answers": ["30 days", ...]}

Only `id` and `question` are required, so that the same reader serves the batch commands. Other keys are passed over,
but not one that is nearly ours: a `golds` that nobody reads would make a number that nobody means.
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from knowledge.errors import KnowledgeError
from knowledge.text import detect_language

KEYS = ("id", "question", "history", "lang", "answerable", "gold", "facts", "answers", "kind", "audience")
MOST_FAULTS = 20
"""So many are told at once."""


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
        KnowledgeError: the file is missing or empty, lines are broken, or an id stands twice; it tells all faults.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(
            f"The question file {path} cannot be read ({error}). Next: check its path and encoding."
        ) from error
    found: dict[str, Question] = {}
    faults: list[str] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            question = _question(line, f"{path}:{number}")
        except KnowledgeError as error:
            faults.append(str(error))
            continue
        if question.id in found:
            faults.append(
                f"{path}:{number} has the id {question.id!r} of a line before it. Next: give it an id of its own."
            )
        found[question.id] = question
    if faults:
        raise _all_of(faults, path)
    if not found:
        raise KnowledgeError(
            f'The question file {path} is empty. Next: write lines such as {{"id": "1", "question": "…"}}'
        )
    return tuple(found.values())


def _all_of(faults: list[str], path: Path) -> KnowledgeError:
    if len(faults) == 1:
        return KnowledgeError(faults[0])
    shown = [f"  - {fault}" for fault in faults[:MOST_FAULTS]]
    shown += [f"  - and {len(faults) - MOST_FAULTS} more"] if len(faults) > MOST_FAULTS else []
    return KnowledgeError("\n".join([f"{len(faults)} lines of the question file {path} cannot be used:", *shown]))


def _question(line: str, place: str) -> Question:
    data = _parse(line, place)
    try:
        _check_keys(data)
        return Question(
            id=str(data["id"]),
            question=_text(data["question"]),
            history=tuple(Spoken(_text(m["role"]), _text(m["content"])) for m in _objects(data, "history")),
            language=_text(data.get("lang") or detect_language(data["question"])),
            answerable=_truth(data.get("answerable", True)),
            gold=tuple(_gold(g) for g in _objects(data, "gold")),
            facts=tuple(tuple(_text(fact) for fact in group) for group in _groups(data.get("facts") or [])),
            answers=tuple(_text(answer) for answer in _list(data.get("answers") or [])),
            kind=str(data.get("kind", "")),
            audience=str(data.get("audience", "public")),
        )
    except KeyError as error:
        raise KnowledgeError(f"{place} lacks the key {error}. Next: add it.") from error
    except (TypeError, ValueError, AttributeError) as error:
        raise KnowledgeError(
            f"{place} has a wrong key or a value of the wrong type ({error}). Next: compare docs/evaluating.md."
        ) from error


def _parse(line: str, place: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else "its values are too large or too deep"
        raise KnowledgeError(f"{place} is not JSON ({reason}). Next: mend the line.") from error


def _gold(data: Mapping[str, Any]) -> Gold:
    page = data.get("page")
    if page is not None and not str(page).isdecimal():
        raise ValueError(f"`page` must be a whole number, found {page!r}")
    return Gold(_text(data["document"]), None if page is None else int(page), _text(data.get("quote") or ""))


def _check_keys(data: object) -> None:
    if not isinstance(data, dict):
        raise TypeError(f'expected an object such as {{"id": "1", "question": "…"}}, found {str(data)[:60]!r}')
    if not str(data.get("question", "?")).strip():
        raise ValueError("`question` is empty")
    for key in data:
        close = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.8) if key not in KEYS else []
        if close and close[0] not in data:
            raise ValueError(f"there is no key `{key}`; did you mean `{close[0]}`?")
    if data.get("answerable") is False and data.get("gold"):
        raise ValueError("`answerable` is false, and `gold` says where the answer stands")


def _objects(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = data.get(key) or []
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise TypeError(f"`{key}` must be a list of objects, found {str(found)[:60]!r}")
    return found


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"`answerable` must be true or false, found {value!r}")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected text, found {value!r}")
    return value.encode("utf-8", "replace").decode("utf-8")  # half a character, which no model can read


def _groups(value: object) -> list[list[Any]]:
    if not isinstance(value, list) or not all(isinstance(group, list) for group in value):
        raise TypeError(f'`facts` must be a list of lists, such as [["30 days", "thirty days"]], found {value!r}')
    return value


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError(f"expected a list, found {value!r}")
    return value
