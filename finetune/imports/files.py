"""One file of somebody's in, ready examples or conversations out.

    FILE.csv | FILE.tsv | FILE.jsonl | FILE.json -> Imported(examples | conversations)

What has a form that `finetune.examples` reads is ready; the rest goes to the first of `FORMATS` that it fits.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, cast

from finetune import examples
from finetune.data.conversations import Conversation
from finetune.data.example_forms import LABELS, Record, records
from finetune.errors import FinetuneError
from finetune.examples import SHOWN_FAULTS, Example
from finetune.imports import FORMATS
from finetune.imports.flags import UnclearError


class Format(Protocol):
    """What a module of a format has."""

    def fits(self, data: Mapping[str, Any]) -> bool:
        """Say whether the first record of a file is of this format."""
        ...

    def conversations(self, found: Sequence[Record], source: str) -> Iterator[Conversation]:
        """Yield the conversations; `Faults` names all that cannot be read."""
        ...


class Faults(ValueError):
    """What is wrong with records: `(line, end of a sentence)` each."""

    def __init__(self, faults: Sequence[tuple[int, str]]) -> None:
        super().__init__("; ".join(text for _, text in faults))
        self.faults = tuple(faults)


def reason(error: Exception) -> str:
    """Return why a record cannot be read, as the end of a sentence."""
    if isinstance(error, KeyError):
        return f"lacks {error}"
    return str(error) if isinstance(error, UnclearError) else "has values of another kind"


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file came to."""

    format: str
    """A name from `FORMATS`, or `examples`."""
    examples: tuple[Example, ...] = ()
    conversations: tuple[Conversation, ...] = ()


def read(path: Path) -> Imported:
    """Return what a file holds.

    Raises:
        FinetuneError: it cannot be read, is empty or of no known format, or records are faulty; the first
            `SHOWN_FAULTS` are named by their lines, the rest is counted.
    """
    found = _records(path)
    sound = next((record.data for record in found if not record.fault), None)
    format = _format_of(sound)  # noqa: A001, the word of this field
    if format == "examples":
        return Imported(format, examples=examples.read(path))
    if not format:
        keys = ", ".join(map(str, sound)) if isinstance(sound, dict) else "no object"
        raise FinetuneError(
            f"{path} is of no known format (its first record has: {keys}). "
            "Next: docs/dataset.md shows what can be read."
        )
    if broken := [(record.line, record.fault) for record in found if record.fault]:
        raise _error(path, broken)
    try:
        return Imported(format, conversations=tuple(_module(format).conversations(found, path.name)))
    except Faults as error:
        raise _error(path, error.faults) from error


def _records(path: Path) -> tuple[Record, ...]:
    """Return a file's records; a JSON file that is one object over many lines is one record."""
    found = records(path)
    if path.suffix.lower() == ".json" and any(record.fault for record in found):
        try:
            return (Record(1, json.loads(path.read_text(encoding="utf-8-sig"))),)
        except (ValueError, RecursionError):
            pass  # the faults by line say more
    if not found:
        raise FinetuneError(f"{path} is empty. Next: export it again, or name another file.")
    return found


def _format_of(data: Any) -> str:
    if not isinstance(data, dict):
        return "examples"
    for name in FORMATS:
        if _module(name).fits(data):
            return name
    ready = {"messages", "conversations", "meta", "instruction"} & set(data) or (
        "text" in data and set(LABELS) & set(data)
    )
    return "examples" if ready else ""


def _module(name: str) -> Format:
    return cast(Format, import_module(FORMATS[name]))


def _error(path: Path, faults: Sequence[tuple[int, str]]) -> FinetuneError:
    told = [f"{path}:{line} {text}." for line, text in sorted(faults)[:SHOWN_FAULTS]]
    told += [f"… and {len(faults) - SHOWN_FAULTS:,} more."] if len(faults) > SHOWN_FAULTS else []
    return FinetuneError("\n".join([*told, "Next: mend these places, or export the file again."]))
