"""Many questions from a file, one result line for each.

    IN.jsonl {"id", "question", "history"}  ->  answer(question)  ->  OUT.jsonl {"id", …} or {"id", "error"}

The order of the input is kept, each line is on disk as soon as it is known, and a question that fails does not end
the run.
"""

import json
import logging
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.transcript import Message

log = logging.getLogger(__name__)


class BatchError(Exception):
    """A question file that cannot be read, or results that cannot be written; `str(error)` is fit to print."""


@dataclass(frozen=True, slots=True)
class Question:
    """One line of a question file; keys that are not ours are ignored."""

    id: str
    text: str
    history: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that is no question."""

    id: str
    error: str


@dataclass(frozen=True, slots=True)
class BatchReport:
    questions: int
    failed: int
    seconds: float


def run_batch(
    source: Path,
    target: Path,
    answer: Callable[[Question], Mapping[str, Any]],
    *,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> BatchReport:
    """Answer every question of `source` into `target`, whose earlier content is replaced.

    Raises:
        BatchError: `source` cannot be read, or `target` cannot be written.
    """
    started = time.monotonic()
    failed = 0
    if source.resolve() == target.resolve():
        raise BatchError(f"--questions and --out are both {source}. Give --out another name.")
    lines = list(read_questions(source))
    try:
        with target.open("w", encoding="utf-8") as out:
            for done, line in enumerate(lines, start=1):
                result = _result(line, answer)
                failed += "error" in result
                out.write(_one_line(result) + "\n")
                out.flush()
                progress(done, len(lines))
    except OSError as error:
        raise BatchError(f"{target} cannot be written ({error.strerror}). Give --out a file you may write.") from error
    return BatchReport(len(lines), failed, round(time.monotonic() - started, 3))


def read_questions(source: Path) -> Iterator[Question | BadLine]:
    """Yield the questions of a JSONL file, and what is wrong with the lines that hold none.

    Raises:
        BatchError: The file cannot be read at all.
    """
    try:
        text = source.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BatchError(
            f"The question file {source} cannot be read ({error}). It must be UTF-8, one JSON object a line, such as "
            '{"id": "1", "question": "How long may I return a lamp?"}'
        ) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield _parse(line, number)


def _parse(line: str, number: int) -> Question | BadLine:
    try:
        data = json.loads(line)
    except ValueError as error:
        return BadLine(f"line {number}", f"Line {number} is not JSON: {error}")
    if not isinstance(data, dict):
        return BadLine(f"line {number}", f"Line {number} is not a JSON object")
    identity = data.get("id", f"line {number}")
    question, history = data.get("question"), data.get("history") or []
    if not isinstance(question, str) or not question.strip():
        return BadLine(identity, f"Line {number} has no `question`")
    well_formed = isinstance(history, list) and all(
        isinstance(item, dict) and item.get("role") in ("user", "assistant") and isinstance(item.get("content"), str)
        for item in history
    )
    if not well_formed:
        return BadLine(identity, f'Line {number}: `history` must be a list of {{"role", "content"}}')
    return Question(
        identity, _whole(question), tuple(Message(item["role"], _whole(item["content"])) for item in history)
    )


def _whole(text: str) -> str:
    """Return a text without halves of characters: JSON may hold them, and no model can read them."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _one_line(result: Mapping[str, Any]) -> str:
    """Return JSON on one line for every reader: some also split at Unicode's line separators."""
    text = json.dumps(result, ensure_ascii=False)
    return re.sub("[\u0085\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04x}", text)


def _result(line: Question | BadLine, answer: Callable[[Question], Mapping[str, Any]]) -> dict[str, Any]:
    if isinstance(line, BadLine):
        return {"id": line.id, "error": line.error}
    try:
        return {"id": line.id, **answer(line)}
    except Exception as error:  # hours of a run must not be lost to one question; the log keeps the traceback
        log.exception("Question %s failed", line.id)
        return {"id": line.id, "error": str(error) or type(error).__name__}
