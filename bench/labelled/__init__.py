"""Sentences written for measuring, each with what code should find in it; one half is for development.

hand_over.tsv: part, reason, text          privacy.tsv: part, text with {kind:value} where personal data stands
danger.tsv: part, label, kind, text        its part `taught` teaches, and is no half
reading.tsv: file, start, end, question    the answer stands in the file of a data set, half-open in its code points
"""

import csv
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

FOLDER = Path(__file__).parent
Part = Literal["development", "held-out"]
_MARK = re.compile(r"\{(?P<kind>[a-z]+):(?P<value>[^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Spoken:
    """A customer's message and why it needs a person; reason "none" when it does not."""

    part: Part
    reason: str
    text: str


@dataclass(frozen=True, slots=True)
class Report:
    """A customer's message and whether it reports a danger."""

    part: Literal["taught", "held-out"]
    is_danger: bool
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A sentence and its personal data as (kind, start, end)."""

    part: Part
    text: str
    spans: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and where a document answers it; for training, so it has no half that is held out."""

    file: str
    """Below the folder of the data sets."""
    start: int
    end: int
    question: str


def spoken() -> tuple[Spoken, ...]:
    """Return the messages for hand-over."""
    return tuple(Spoken(row["part"], row["reason"], row["text"]) for row in _rows("hand_over.tsv"))


def reports() -> tuple[Report, ...]:
    """Return the messages that report a danger, and those that do not."""
    return tuple(Report(row["part"], row["label"] == "danger", row["kind"], row["text"]) for row in _rows("danger.tsv"))


def marked() -> tuple[Marked, ...]:
    """Return the sentences with personal data, and near misses without."""
    return tuple(_marked(row["part"], row["text"].replace("\\n", "\n")) for row in _rows("privacy.tsv"))


def asked() -> tuple[Asked, ...]:
    """Return the questions to documents of the data sets."""
    rows = _rows("reading.tsv")
    return tuple(Asked(row["file"], int(row["start"]), int(row["end"]), row["question"]) for row in rows)


def _marked(part: Part, source: str) -> Marked:
    text, spans, last = "", [], 0
    for match in _MARK.finditer(source):
        text += source[last : match.start()]
        spans.append((match["kind"], len(text), len(text) + len(match["value"])))
        text += match["value"]
        last = match.end()
    return Marked(part, text + source[last:], tuple(spans))


def _rows(name: str) -> list[dict[str, Any]]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
