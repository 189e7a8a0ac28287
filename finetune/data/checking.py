"""Are files of examples fit to train on? Everything wrong with them, with line numbers, before a model is loaded.

    files -> lines -> faults (training would go wrong) and doubts (it may be meant) -> Check

Lengths are counted by whoever calls: in a base's tokens where its tokenizer is at hand, else they are estimated, rather
too high.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from agents.budget import MESSAGE_TOKENS
from agents.models.tokens import estimate
from agents.protocols import read_json_step
from finetune import examples
from finetune.data.example_forms import shown
from finetune.data.leakage import Exam, asked_of
from finetune.errors import FinetuneError
from finetune.examples import Example, Task, all_of
from finetune.judging import as_served
from knowledge.counting import counted
from knowledge.errors import cause_of

LONGEST_TOKENS = 4096
"""What an example may have where nobody says otherwise: the context that prompts are made for."""
SHOWN = 8
"""Labels or lines that one message names."""

Measure = Callable[[Example], int]


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that is wrong, or odd."""

    file: Path
    line: int
    """From 1; 0 for the file as a whole."""
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.text}." if self.line else f"{self.file} {self.text}."


@dataclass(frozen=True, slots=True)
class Check:
    """What came of checking files."""

    examples: tuple[Example, ...]
    """The sound ones, of all files."""
    faults: tuple[Found, ...]
    doubts: tuple[Found, ...]
    longest: int
    """Tokens of the longest example."""

    @property
    def counts(self) -> dict[Task, int]:
        """How many sound examples each task has."""
        return dict(Counter(example.task for example in self.examples))


def check(
    paths: Sequence[Path],
    *,
    measure: Measure | None = None,
    longest: int = LONGEST_TOKENS,
    exam: Exam | None = None,
) -> Check:
    """Return all that is wrong with files of examples; they are looked at together.

    Args:
        measure: Returns an example's tokens, or raises FinetuneError where a base's template refuses it.
        longest: Most tokens of an example.
        exam: What must not be in them.

    Raises:
        FinetuneError: a file cannot be read.
    """
    count = measure or estimated_tokens
    faults: list[Found] = []
    placed: list[tuple[Path, int, Example]] = []
    most = 0
    for path in paths:
        lines = examples.lines(path)
        if not lines:
            faults.append(Found(path, 0, "holds no examples"))
        for line in lines:
            faults += [Found(path, line.number, text) for text in line.faults]
            if line.example is None:
                continue
            placed.append((path, line.number, line.example))
            if told := as_served.fault(line.example):
                faults.append(Found(path, line.number, told))
            try:
                tokens = count(line.example)
            except FinetuneError as error:
                faults.append(Found(path, line.number, f"does not suit the base: {cause_of(str(error))}".rstrip(".")))
                continue
            most = max(most, tokens)
            if tokens > longest:
                faults.append(Found(path, line.number, f"has {tokens:,} tokens, more than {longest:,}"))
    faults += _contradictions(placed)
    faults += _leaks(placed, exam) if exam else []
    return Check(
        tuple(example for _, _, example in placed),
        tuple(sorted(faults, key=lambda found: (paths.index(found.file), found.line))),
        (*_repeated(placed), *_rare_labels(placed), *_loose_steps(placed)),
        most,
    )


def require_sound(paths: Sequence[Path], *, measure: Measure | None = None, longest: int = LONGEST_TOKENS) -> Check:
    """Return the check of files that have no fault.

    Raises:
        FinetuneError: names the first `examples.SHOWN_FAULTS` faults with their lines, and counts the rest.
    """
    found = check(paths, measure=measure, longest=longest)
    if found.faults:
        names = " ".join(map(str, paths))
        shown, rest = found.faults[: examples.SHOWN_FAULTS], len(found.faults) - examples.SHOWN_FAULTS
        faults = "\n".join([*map(str, shown), *([f"… and {rest:,} more."] if rest > 0 else [])])
        mend = "mend these lines, then" if any(fault.line for fault in found.faults) else "fill these files, then"
        raise FinetuneError(f"{faults}\nNext: {mend}: frontdesk dataset check {names}")
    return found


def estimated_tokens(example: Example) -> int:
    """Return an example's tokens where no tokenizer is at hand, on the high side."""
    return sum(estimate(all_of(message)) + MESSAGE_TOKENS for message in example.messages)


def _contradictions(placed: Sequence[tuple[Path, int, Example]]) -> list[Found]:
    """Return the labelled texts that an earlier line gives another label."""
    first: dict[str, tuple[Path, int, str]] = {}
    found = []
    for path, line, example in placed:
        if example.task != "intent":
            continue
        text, label = _folded(example.messages[-2]["content"]), example.messages[-1]["content"]
        file, number, other = first.setdefault(text, (path, line, label))
        if other != label:
            found.append(Found(path, line, f"has the label {label!r} for a text that {file}:{number} calls {other!r}"))
    return found


def _leaks(placed: Sequence[tuple[Path, int, Example]], exam: Exam) -> list[Found]:
    found = []
    for path, line, example in placed:
        leaked = exam.leaks(asked_of(example))
        if leaked is not None:
            found.append(Found(path, line, f"stands in an evaluation, as {shown(leaked)}"))
    return found


def _repeated(placed: Sequence[tuple[Path, int, Example]]) -> list[Found]:
    first: dict[tuple[tuple[str, str], ...], tuple[Path, int]] = {}
    found = []
    for path, line, example in placed:
        said = tuple((message["role"], all_of(message)) for message in example.messages)
        file, number = first.setdefault(said, (path, line))
        if (file, number) != (path, line):
            found.append(Found(path, line, f"repeats {file}:{number}"))
    return found


def _rare_labels(placed: Sequence[tuple[Path, int, Example]]) -> list[Found]:
    """Return a doubt for each file with labels that a single example has: nothing can be held out for them."""
    lines: dict[str, list[tuple[Path, int]]] = defaultdict(list)
    for path, line, example in placed:
        if example.task == "intent":
            lines[example.messages[-1]["content"]].append((path, line))
    once = {label: places[0] for label, places in lines.items() if len(places) == 1}
    found = []
    for path in dict.fromkeys(path for path, _ in once.values()):
        mine = [f"{label!r} (line {line})" for label, (file, line) in once.items() if file == path]
        more = f" and {len(mine) - SHOWN} more" if len(mine) > SHOWN else ""
        found.append(Found(path, 0, f"has labels with one example only: {', '.join(mine[:SHOWN])}{more}"))
    return found


def _loose_steps(placed: Sequence[tuple[Path, int, Example]]) -> list[Found]:
    """Return a doubt for each file with steps that have white space: versions before this one built them so."""
    found = []
    for path in dict.fromkeys(path for path, _, _ in placed):
        mine = [(line, str(one.messages[-1]["content"])) for file, line, one in placed if file == path and _steps(one)]
        loose = [line for line, reply in mine if not as_served.is_compact(reply)]
        if loose:
            text = f"has {counted(len(loose), 'step')} with white space in their JSON (line {loose[0]} first), where a "
            found.append(Found(path, 0, f"{text}model that serves is bound to write none: build them anew"))
    return found


def _steps(example: Example) -> bool:
    """Return whether an example teaches a JSON step that nothing binds it to."""
    if example.task != "agent" or example.schema is not None:
        return False
    reply = str(example.messages[-1]["content"])
    try:
        json.loads(reply)
    except ValueError:
        return False
    return not read_json_step(reply).fault


def _folded(text: str) -> str:
    return " ".join(text.casefold().split())
