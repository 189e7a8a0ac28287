"""A finished evaluation as a file, so that a later one can be compared with it.

    report -> rows -> result.json -> rows

A row carries a fingerprint of its question: measures of a question that was changed since are not compared. Results of
retrieval and of answers differ in their yardstick only.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from knowledge.errors import KnowledgeError
from knowledge.evaluation import RagReport
from knowledge.measures import RETRIEVAL, ranked_documents
from knowledge.questions import Question
from knowledge.yardstick import Yardstick

FORMAT = 1
SHOWN_QUESTION_CHARACTERS = 200


@dataclass(frozen=True, slots=True)
class Row:
    """What is kept of one judged question."""

    id: str
    question: str
    language: str
    fingerprint: str
    evidence: float
    seconds: float
    documents: tuple[str, ...]
    """The documents found, best first; of an answer, those it cites."""
    measures: Mapping[str, float | None]
    """Name in the yardstick -> 0-1, or in its unit."""


@dataclass(frozen=True, slots=True)
class Result:
    """A stored evaluation."""

    label: str
    rows: tuple[Row, ...]


def rows_of(report: RagReport) -> tuple[Row, ...]:
    """Return the questions of a report on retrieval as rows."""
    return tuple(
        row_of(
            j.question,
            RETRIEVAL,
            evidence=j.retrieval.evidence,
            seconds=j.retrieval.seconds,
            documents=ranked_documents(j.retrieval),
            measures=asdict(j.measures),
        )
        for j in report.judged
    )


def row_of(
    question: Question,
    yardstick: Yardstick,
    *,
    evidence: float,
    seconds: float,
    documents: tuple[str, ...],
    measures: Mapping[str, float | None],
) -> Row:
    """Return what is kept of a judged question."""
    return Row(
        id=question.id,
        question=question.question[:SHOWN_QUESTION_CHARACTERS],
        language=question.language,
        fingerprint=fingerprint(question, yardstick),
        evidence=round(evidence, 6),
        seconds=round(seconds, 6),
        documents=documents,
        measures=measures,
    )


def fingerprint(question: Question, yardstick: Yardstick) -> str:
    """Return a hash of all that decides what a question's measures mean."""
    parts = {key: value for key, value in asdict(question).items() if key not in yardstick.beside}
    return hashlib.sha256(json.dumps(parts, ensure_ascii=True, sort_keys=True).encode()).hexdigest()[:16]


def scores_of(report: RagReport) -> dict[str, Any]:
    """Return the scores of a report on retrieval as JSON-ready data."""
    return {
        "overall": asdict(report.overall),
        "languages": {language: asdict(part) for language, part in report.languages.items()},
        "kinds": {kind: asdict(part) for kind, part in report.kinds.items()},
        "refuse_below": report.refuse_below,
        "refusal_curve": [asdict(point) for point in report.curve],
        "absent_gold": [{"id": question, "document": document} for question, document in report.absent],
    }


def write(
    path: Path,
    yardstick: Yardstick,
    *,
    rows: Sequence[Row],
    scores: Mapping[str, Any],
    label: str,
    settings: Mapping[str, Any],
) -> None:
    """Store an evaluation.

    Args:
        scores: JSON-ready data, for a reader to look up.
        label: how this evaluation is called in comparisons.
        settings: what it was made with, for a reader to look up.

    Raises:
        KnowledgeError: the file cannot be written.
    """
    head = {"format": FORMAT, "evaluates": yardstick.command, "label": label, "settings": settings}
    data = {**head, **scores, "questions": [asdict(row) for row in rows]}
    write_text(path, json.dumps(data, ensure_ascii=False, indent=1) + "\n")


def check_places(*paths: Path | None) -> None:
    """Find out before the work whether files can be written there.

    Raises:
        KnowledgeError: a folder is missing, or the name is one of a folder; all such names in one message.
    """
    faults = [f"{path} is a folder" for path in paths if path is not None and path.is_dir()]
    faults += [f"{path.parent} is no folder" for path in paths if path is not None and not path.parent.is_dir()]
    if faults:
        raise KnowledgeError(f"The results cannot be written: {'; '.join(faults)}. Next: name another file.")


def write_text(path: Path, text: str) -> None:
    """Write a file that the owner asked for.

    Raises:
        KnowledgeError: the file cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise KnowledgeError(
            f"{path} cannot be written ({error.strerror or error}). Next: name a file in a folder that is there and "
            "that you may write."
        ) from error


def read(path: Path, yardstick: Yardstick) -> Result:
    """Return a stored evaluation.

    Raises:
        KnowledgeError: the file is missing, or is none that `--out` of the same command wrote.
    """
    again = f"Next: write one with: frontdesk evaluate {yardstick.command} --questions FILE --out RESULT.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise KnowledgeError(f"The stored result {path} cannot be read ({error}). {again}") from error
    except (ValueError, RecursionError) as error:
        raise KnowledgeError(f"{path} is not a stored result: it is not JSON ({error}). {again}") from error
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise KnowledgeError(f'{path} is not a stored result: it lacks "format": {FORMAT}. {again}')
    if (command := data.get("evaluates", "rag")) != yardstick.command:
        raise KnowledgeError(f"{path} is a result of `evaluate {command}`. {again}")
    try:
        rows = tuple(_row(item, yardstick) for item in data["questions"])
        return Result(str(data["label"]), rows)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KnowledgeError(f"{path} is a damaged stored result ({error!r}). {again}") from error


def _row(item: Mapping[str, Any], yardstick: Yardstick) -> Row:
    measures = {name: item["measures"].get(name) for name in yardstick.measures}
    return Row(
        id=str(item["id"]),
        question=str(item["question"]),
        language=str(item["language"]),
        fingerprint=str(item["fingerprint"]),
        evidence=float(item["evidence"]),
        seconds=float(item["seconds"]),
        documents=tuple(str(document) for document in item["documents"]),
        measures={name: None if value is None else float(value) for name, value in measures.items()},
    )
