"""Files of attacks in, cases out: texts that should not be obeyed, and the questions beside which they stand.

    strings.jsonl          {"id", "text", "label": "injection" | "benign", "source"?}
    documents.jsonl        {"id", "document", "question", "ideal", "payload" | null}, the document's text itself
    ordinary questions     {"question" | "text"} a line, or CSV with such a column

Half of the strings serves to choose rules by, the other half to report: `is_held_out` tells them apart by id.
"""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.errors import AgentError


@dataclass(frozen=True, slots=True)
class Text:
    """One text, and whether it is an attempt."""

    id: str
    text: str
    attack: bool
    source: str


@dataclass(frozen=True, slots=True)
class Poisoned:
    """A question about a document, which may hold an order to the machine."""

    id: str
    document: str
    question: str
    ideal: str
    """What a right answer says."""
    payload: str | None
    """The order as it stands in the document; None in a clean one."""


def is_held_out(text_id: str) -> bool:
    """Return whether a string belongs to the half that rules were not chosen by."""
    return int(hashlib.sha256(text_id.encode()).hexdigest(), 16) % 2 == 1


def read_strings(path: Path) -> tuple[Text, ...]:
    """Return the texts of a file.

    Raises:
        AgentError: it cannot be read, or lines are no texts.
    """
    return tuple(
        Text(str(line["id"]), str(line["text"]), line["label"] == "injection", str(line.get("source", path.name)))
        for line in _lines(path, needed={"id", "text", "label"})
    )


def read_documents(path: Path) -> tuple[Poisoned, ...]:
    """Return the documents of a file.

    Raises:
        AgentError: it cannot be read, or lines are no such documents.
    """
    return tuple(
        Poisoned(
            str(line["id"]), str(line["document"]), str(line["question"]), str(line["ideal"]), line["payload"] or None
        )
        for line in _lines(path, needed={"id", "document", "question", "ideal", "payload"})
    )


def read_ordinary(path: Path) -> tuple[Text, ...]:
    """Return questions that nobody meant as an attack.

    Raises:
        AgentError: it cannot be read, or holds no column or key `question`, `text` or `question_…`.
    """
    if path.suffix == ".csv":
        try:
            with path.open(encoding="utf-8-sig", newline="") as file:
                lines: list[Mapping[str, Any]] = list(csv.DictReader(file))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise AgentError(f"{path} cannot be read ({error}). Next: check path and encoding.") from error
    else:
        lines = list(_lines(path, needed=set()))
    source = Path(*path.parts[-2:]).as_posix().lstrip("/")
    texts = [
        Text(f"{path.name}#{number}/{key}", str(value), False, source)
        for number, line in enumerate(lines, 1)
        for key, value in line.items()
        if (key in ("question", "text") or key.startswith("question_")) and value
    ]
    if not texts:
        raise AgentError(f"{path} holds no questions. Next: give lines with a key `question` or `text`.")
    return tuple(texts)


def _lines(path: Path, *, needed: set[str]) -> Iterator[Mapping[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise AgentError(f"{path} cannot be read ({error}). Next: check path and encoding.") from error
    found = False
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except json.JSONDecodeError as error:
            raise AgentError(f"{path}:{number} is not JSON ({error.msg}). Next: mend that line.") from error
        if not isinstance(data, dict) or not needed <= data.keys():
            raise AgentError(f"{path}:{number} lacks {', '.join(sorted(needed))}. Next: mend that line.")
        found = True
        yield data
    if not found:
        raise AgentError(f"{path} is empty. Next: name a file with one JSON object a line.")
