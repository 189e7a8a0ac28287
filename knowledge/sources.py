"""What lies under the paths that are ingested: files, their names, their bytes' hash, the places they may be known by.

    root -> name below it -> file

It knows no format and no catalogue.
"""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

HIDDEN = (".", "~$")
"""How names begin that are passed over: hidden files, and the lock files of office programs."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a source."""

    files: dict[str, Path]
    """Path below the root with `/` -> file, in a fixed order."""
    unreadable: tuple[tuple[str, str], ...]
    """(folder, cause) for each folder that cannot be listed."""


def list_files(root: Path) -> Listing:
    """Return the files under a root; hidden ones are passed over, unknown suffixes are not."""
    if root.is_file():
        return Listing({shown(root.name): root}, ())
    unreadable: list[tuple[str, str]] = []
    found = []
    for folder, folders, names in os.walk(
        root, onerror=lambda error: unreadable.append((shown(error.filename), error.strerror or str(error)))
    ):
        folders[:] = [name for name in folders if not name.startswith(HIDDEN)]
        found += [Path(folder, name) for name in names if not name.startswith(HIDDEN)]
    files = sorted(path for path in found if path.is_file())
    return Listing({shown(path.relative_to(root).as_posix()): path for path in files}, tuple(unreadable))


def places(path: Path) -> list[tuple[str, str]]:
    """Return every (source, path below it) under which the catalogue may hold this file."""
    above = [(shown(folder), shown(path.relative_to(folder).as_posix())) for folder in path.parents]
    return [(shown(path), shown(path.name)), *above]


def shown(name: str | Path) -> str:
    """Return a file's name as text; bytes that are not UTF-8, as old systems wrote them, are spelt out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
