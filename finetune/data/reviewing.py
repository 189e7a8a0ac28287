"""What a person decided on examples, kept beside their file from the first decision on.

    examples.jsonl + examples.jsonl.review -> undecided | kept | dropped | edited -> reviewed examples

Each decision is a line, written through to the disk at once: whoever stops, or is stopped, goes on where they were. An
example is known by what it says, so that decisions hold when the file is built anew.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal, cast, get_args

from finetune.errors import FinetuneError
from finetune.examples import Example, turn_faults

Verdict = Literal["keep", "drop", "edit"]
SUFFIX = ".review"


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to become of one example."""

    key: str
    """Of the example as it stands in the file."""
    verdict: Verdict
    reply: str = ""
    """With `edit`: what the model should say instead."""


def key_of(example: Example) -> str:
    """Return what an example is known by."""
    said = [[m["role"], m["content"], m.get("tool_calls")] for m in example.messages]
    return hashlib.sha256(json.dumps([example.task, said], ensure_ascii=False).encode()).hexdigest()[:24]


class Review:
    """The decisions on one file.

    Raises:
        FinetuneError: the decisions that are there cannot be read.
    """

    def __init__(self, file: Path) -> None:
        self.path = file.with_name(file.name + SUFFIX)
        self._decisions = _read(self.path)

    def verdict(self, example: Example) -> Decision | None:
        """Return what was decided last; None where nothing was."""
        return self._decisions.get(key_of(example))

    def decide(self, example: Example, verdict: Verdict, reply: str = "") -> None:
        """Keep a decision; a later one takes the place of an earlier.

        Raises:
            FinetuneError: it cannot be written, or an edited reply is none.
        """
        decision = Decision(key_of(example), verdict, reply)
        if verdict == "edit":
            faults = list(turn_faults(edited(example, reply)))
            if faults:
                raise FinetuneError(f"The edited example {faults[0]}. Next: edit it again, or drop it.")
        _append(self.path, decision)
        self._decisions[decision.key] = decision

    def undecided(self, examples: Sequence[Example]) -> tuple[int, ...]:
        """Return the places of the examples that nobody decided on."""
        return tuple(place for place, example in enumerate(examples) if self.verdict(example) is None)

    def reviewed(self, examples: Sequence[Example], *, undecided: bool) -> tuple[Example, ...]:
        """Return the examples as they were decided on.

        Args:
            undecided: Whether those that nobody decided on are among them.
        """
        kept = []
        for example in examples:
            decision = self.verdict(example)
            if decision is None:
                kept += [example] if undecided else []
            elif decision.verdict != "drop":
                kept.append(edited(example, decision.reply) if decision.verdict == "edit" else example)
        return tuple(kept)


def edited(example: Example, reply: str) -> Example:
    """Return an example with another last reply."""
    last = {**example.messages[-1], "content": reply.strip()}
    return replace(example, messages=(*example.messages[:-1], last))


def _read(path: Path) -> dict[str, Decision]:
    """Return the decisions of a file; a last line that was cut off while it was written is no decision."""
    if not path.exists():
        return {}
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FinetuneError(f"The decisions in {path} cannot be read ({error}). Next: check the file.") from error
    decisions: dict[str, Decision] = {}
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        try:
            decision = _decision(json.loads(line)) if line.strip() else None
        except (ValueError, KeyError, TypeError) as error:
            if number == len(lines):
                continue
            raise FinetuneError(
                f"{path}:{number} is no decision ({error}). Next: delete this line, and decide on its example again."
            ) from error
        if decision is not None:
            decisions[decision.key] = decision
    return decisions


def _decision(data: Mapping[str, object]) -> Decision:
    if data["verdict"] not in get_args(Verdict):
        raise ValueError(f"unknown verdict {data['verdict']!r}")
    return Decision(str(data["key"]), cast(Verdict, data["verdict"]), str(data.get("reply", "")))


def _append(path: Path, decision: Decision) -> None:
    line = {"key": decision.key, "verdict": decision.verdict} | ({"reply": decision.reply} if decision.reply else {})
    try:
        with path.open("ab+") as file:
            _end_last_line(file)
            file.write((json.dumps(line, ensure_ascii=False) + "\n").encode())
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise FinetuneError(
            f"The decision cannot be written to {path} ({error.strerror}). Next: free space, or check the permissions."
        ) from error


def _end_last_line(file: IO[bytes]) -> None:
    """Make sure that what is written next begins a line: half a decision goes, a whole one without its end stays."""
    file.seek(0)
    lines = file.read().split(b"\n")
    if not lines[-1]:
        return
    try:
        _decision(json.loads(lines[-1]))
        file.write(b"\n")
    except (ValueError, KeyError, TypeError):
        file.truncate(sum(len(line) + 1 for line in lines[:-1]))
