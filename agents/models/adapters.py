"""Adapters that the model in this process lays over its one base, chosen for each request.

    home/adapters/NAME/ {adapter.gguf, manifest.json} -> read_adapters -> Adapter, …
    task, collections -> choose -> the one Adapter, or none

Written by `frontdesk adapters add`. An adapter counts for the very file that it was added for: over any other it would
say something else than it was trained to.
"""

import hashlib
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agents.errors import AgentError, ModelUnavailable

ADAPTERS = "adapters"
"""The folder in the home where adapters lie."""
FILE, MANIFEST = "adapter.gguf", "manifest.json"
SERVED_TASKS = ("answer", "agent", "intent", "extract", "voice")
"""What the app asks a model for."""
BLOCK, PIECES = 1 << 16, 64
"""How much of a model's file tells it from others: so many bytes, at so many places, beside its length and its head."""
HEAD = 1 << 20

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adapter:
    """A LoRA for one base, and what it is used for."""

    name: str
    folder: Path
    run: str
    tasks: tuple[str, ...]
    collections: tuple[str, ...]
    """Collections of documents that it is used for; empty: all."""
    base: str
    """The name of the base's file."""
    base_fingerprint: str
    sha256: str
    """Of `adapter.gguf`, as it was added."""
    labels: tuple[str, ...] = ()
    """The closed set of answers of an `intent` adapter."""
    reads: tuple[str, ...] = ()
    """Languages in which it copies an `answer` from excerpts, `agents.quotes.reading`; empty: it writes, in any."""
    manifest: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)
    """All that is known of it, the run's scores among it."""

    @property
    def file(self) -> Path:
        """The LoRA, in llama.cpp's form."""
        return self.folder / FILE

    @property
    def purpose(self) -> str:
        """What it is used for, in words."""
        return ", ".join(self.tasks) + (f" of {', '.join(self.collections)}" if self.collections else "")

    def fault(self) -> str:
        """Return what is wrong with its file, as the end of a sentence; "" when it is as it was added."""
        try:
            changed = sha256(self.file) != self.sha256
        except OSError as error:
            return f"cannot be read ({error.strerror})"
        return "was changed since it was added" if changed else ""

    def fits(self, base: Path) -> bool:
        """Return whether a model's file is the one that it was added for."""
        return fingerprint(base) == self.base_fingerprint


def read_adapters(folder: Path | None) -> tuple[Adapter, ...]:
    """Return the adapters of a home, by name.

    Raises:
        AgentError: a manifest is damaged, or gone while its adapter is there; all that are wrong are named.
    """
    found, faults = [], []
    for place in sorted(folder.iterdir()) if folder is not None and folder.is_dir() else ():
        if place.name.startswith(".") or not place.is_dir():
            continue
        try:
            found.append(_read(place))
        except (OSError, ValueError, TypeError, KeyError) as error:
            faults.append(
                f"The adapter {place.name!r} has no readable {MANIFEST} ({error}). Next: frontdesk adapters remove "
                f"{place.name}"
            )
    if faults:
        raise AgentError("\n".join(faults))
    return tuple(found)


def usable(folder: Path | None, base: Path) -> tuple[Adapter, ...]:
    """Return the adapters that are for a model's file, each as it was added; others are named in the log.

    Raises:
        ModelUnavailable: the file of one is missing or was changed: going on without it would answer otherwise than the
            owner chose. All that are wrong are named.
    """
    adapters = read_adapters(folder)
    known = fingerprint(base) if adapters else ""
    for other in (one for one in adapters if one.base_fingerprint != known):
        logger.warning("%s", unused(other, base.name))
    fitting = tuple(one for one in adapters if one.base_fingerprint == known)
    faults = [
        f"The adapter {one.name!r} ({one.file}) {told}. Next: frontdesk adapters remove {one.name}, then add it again: "
        f"frontdesk adapters add {one.run} --name {one.name}"
        for one in fitting
        if (told := one.fault())
    ]
    if faults:
        raise ModelUnavailable("\n".join(faults))
    return fitting


def unused(adapter: Adapter, served: str) -> str:
    """Return the message that an adapter is for another model than the one that is served."""
    return (
        f"The adapter {adapter.name!r} is not used: it is for the file {adapter.base}, and {served} is served. Next: "
        f"serve that file again, or: frontdesk adapters remove {adapter.name}"
    )


def choose(
    adapters: Iterable[Adapter], *, task: str, collections: Sequence[str] = (), language: str = ""
) -> Adapter | None:
    """Return the adapter for a task over collections of documents; None where the base itself is to do it.

    One that names collections comes before one for all, and only where it names every collection that is asked. One
    that reads is for the languages that it reads; `language` "" asks for none.

    >>> made = Adapter("returns", Path(), "r", ("answer",), ("returns",), "base.gguf", "", "")
    >>> [choose([made], task="answer", collections=asked) is made for asked in (["returns"], ["returns", "faq"], [])]
    [True, False, False]
    """
    fitting = [one for one in adapters if task in one.tasks]
    if task == "answer" and language:
        fitting = [one for one in fitting if not one.reads or language in one.reads]
    own = [one for one in fitting if one.collections and collections and set(collections) <= set(one.collections)]
    return next(iter([*own, *(one for one in fitting if not one.collections)]), None)


def overlap(first: Adapter, second: Adapter) -> str:
    """Return a purpose that two adapters would both be chosen for, in words; "" where there is none.

    With none between any two, what `choose` returns does not depend on their order.
    """
    tasks = sorted(set(first.tasks) & set(second.tasks))
    shared = sorted(set(first.collections) & set(second.collections))
    if tasks and (shared or not (first.collections or second.collections)):
        return tasks[0] + (f" of {shared[0]}" if shared else "")
    return ""


def fingerprint(file: Path) -> str:
    """Return what tells a model's file from others: a hash of its length, its head and pieces all over it.

    Reading 4 GB whole takes longer than starting; a few MB are read here, whatever its size.

    Raises:
        ModelUnavailable: it cannot be read.
    """
    try:
        size = file.stat().st_size
        hashed = hashlib.sha256(str(size).encode())
        with file.open("rb") as opened:
            hashed.update(opened.read(HEAD))
            for piece in range(PIECES):
                opened.seek(max(0, size - BLOCK) * piece // (PIECES - 1))
                hashed.update(opened.read(BLOCK))
    except OSError as error:
        raise ModelUnavailable(
            f"The model's file {file} cannot be read ({error.strerror}). Next: frontdesk doctor"
        ) from error
    return hashed.hexdigest()


def sha256(file: Path) -> str:
    """Return the hash of a file's content."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _read(place: Path) -> Adapter:
    known = json.loads((place / MANIFEST).read_text(encoding="utf-8"))
    return Adapter(
        name=place.name,
        folder=place,
        run=str(known["run"]),
        tasks=tuple(known["tasks"]),
        collections=tuple(known["collections"]),
        base=str(known["base"]["file"]),
        base_fingerprint=str(known["base"]["fingerprint"]),
        sha256=str(known["sha256"]),
        labels=tuple(known.get("labels", ())),
        reads=tuple(known.get("reads", ())),
        manifest=known,
    )
