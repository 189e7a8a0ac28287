"""What lies under the paths that are ingested: files, their names, their bytes' hash, the places they may be known by.

    root -> name below it -> file

It knows no format and no catalogue.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from knowledge.errors import KnowledgeError

Links = dict[str, list[tuple[str, str]]]

_HIDDEN = (".", "~$")
"""How names begin that are passed over: hidden files, and the lock files of office programs."""
_SYSTEMS = frozenset(
    ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx", "$recycle.bin", "system volume information")
)
"""What Windows and macOS put beside the files, in small letters."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The files of a source."""

    files: dict[str, Path]
    """Path below the root with `/` -> file, in a fixed order."""
    unreadable: tuple[tuple[str, str], ...]
    """(folder or file, cause) for each folder that cannot be listed, and each name that cannot be looked at."""
    links: tuple[str, ...] = ()
    """Symbolic links to folders, which are not followed."""


def check_paths(paths: Sequence[Path]) -> None:
    """Refuse paths that do not exist, all of them in one message.

    Raises:
        KnowledgeError: at least one path is missing.
    """
    missing = [str(path) for path in paths if not exists(path)]
    if missing:
        raise KnowledgeError(
            f"Not found: {', '.join(missing)}. Next: check the path, then frontdesk ingest FOLDER; if it is gone "
            "for good and its documents still answer: frontdesk ingest --forget FOLDER"
        )


def list_files(
    root: Path, *, without: Collection[str] = (), is_left: Callable[[str], bool] = lambda _folder: False
) -> Listing:
    """Return the files under a root; those of a system are passed over, unknown suffixes are not.

    Args:
        without: folders that are passed over with all that is in them and all links that lead into them.
        is_left: asked of each folder below the root; what it says yes to is passed over in the same way.
    """
    if root.is_file():
        return Listing({shown(root.name): root}, ())
    unreadable: list[tuple[str, str]] = []
    found = []
    links = []
    for folder, folders, names in os.walk(
        root, onerror=lambda error: unreadable.append((shown(error.filename), error.strerror or str(error)))
    ):
        folders[:] = [
            name
            for name in folders
            if not is_passed_over(name) and (place := shown(Path(folder, name))) not in without and not is_left(place)
        ]
        links += [shown(path) for name in sorted(folders) if (path := Path(folder, name)).is_symlink()]
        for name in names:
            path = Path(folder, name)
            try:
                if not is_passed_over(name) and path.is_file() and not _leads_into(path, without, root, is_left):
                    found.append(path)
            except OSError as error:  # a folder that may be listed but not entered
                unreadable.append((shown(path), error.strerror or str(error)))
    files = {shown(path.relative_to(root).as_posix()): path for path in sorted(found)}
    return Listing(files, tuple(unreadable), tuple(links))


def is_passed_over(name: str) -> bool:
    """Say whether a file or folder of this name belongs to a system or a program, and is nobody's document."""
    return name.startswith(_HIDDEN) or name.lower() in _SYSTEMS


def places(path: Path, links: Links | None = None) -> list[tuple[str, str]]:
    """Return every (source, path below it) under which the catalogue may hold this file.

    Args:
        links: by which other names files are known; None for no others.
    """
    real = Path(os.path.realpath(path))  # Path.resolve refuses a link that leads to itself
    names = [path] if real == path else [path, real]
    found = [place for name in names for place in _places(name)]
    return found + (links or {}).get(str(real), [])


def find_links(held: Iterable[tuple[str, str]]) -> Links:
    """Return real path -> places, for those of these (source, path below it) that are reached by a symbolic link."""
    links: Links = {}
    for location, name in held:
        path = Path(location, name)
        if not exists(path):  # a file that is a source by itself
            path = Path(location)
        real = os.path.realpath(path)
        if real != str(path):
            links.setdefault(real, []).append((location, name))
    return links


def exists(path: Path) -> bool:
    """Say whether something is there and may be looked at."""
    try:
        return path.exists()
    except OSError:
        return False


def is_within(place: str, root: str) -> bool:
    """Say whether a place is the root or lies below it, by their names."""
    return place == root or place.startswith(root.rstrip(os.sep) + os.sep)


def is_below_files(place: str, paths: Iterable[Path]) -> bool:
    """Say whether a place lies below a path that holds a file, so that no drive is missing there."""
    return any(
        place != (root := shown(os.path.realpath(path))) and is_within(place, root) and bool(list_files(path).files)
        for path in paths
    )


def _leads_into(path: Path, folders: Collection[str], root: Path, is_left: Callable[[str], bool]) -> bool:
    if not path.is_symlink():
        return False
    real = Path(os.path.realpath(path))
    if any(is_within(shown(real), folder) for folder in folders):
        return True
    return real.is_relative_to(root) and any(
        is_left(shown(folder)) for folder in real.parents if folder != root and folder.is_relative_to(root)
    )


def _places(path: Path) -> list[tuple[str, str]]:
    above = [(shown(folder), shown(path.relative_to(folder).as_posix())) for folder in path.parents]
    return [(shown(path), shown(path.name)), *above]


def shown(name: str | Path) -> str:
    """Return a file's name as text; bytes that are not UTF-8, as old systems wrote them, are spelt out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def content_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
