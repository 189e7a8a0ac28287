"""A copy of a library that is one moment of it: catalogue and vectors that belong together.

    home/{catalog.sqlite3, chroma/}  ->  target/{catalog.sqlite3, chroma/}

Whoever writes to the library holds the writer's turn, in a server too; the copy is made while holding it, so no ingest
is half in it, and a search sees in the copy what it would have seen in the library. Readers go on meanwhile.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from knowledge.catalog import Catalog
from knowledge.errors import KnowledgeError

CATALOG, VECTORS = "catalog.sqlite3", "chroma"
SQLITE_MARK = b"SQLite format 3\0"
BUSY_SECONDS = 30.0
JOURNALS = ("-wal", "-shm", "-journal")
"""What SQLite keeps beside a file; the copy of a database holds what stands in them."""


def copy_library(home: Path, target: Path) -> None:
    """Copy the library of a home into an existing folder, waiting for an ingest that is under way.

    Raises:
        KnowledgeError: there is no library, it is damaged, or the copy cannot be written.
    """
    if not (home / CATALOG).is_file():
        raise KnowledgeError(f"There are no documents in {home}. Next: frontdesk ingest PATH")
    catalog = Catalog(home / CATALOG)
    try:
        with catalog.writers_turn():
            copy_database(home / CATALOG, target / CATALOG)
            for path in library_files(home):
                place = target / path.relative_to(home)
                place.parent.mkdir(parents=True, exist_ok=True)
                copy_file(path, place)
    finally:
        catalog.close()


def library_bytes(home: Path) -> int:
    """Return about how much a copy takes, in bytes."""
    return sum(path.stat().st_size for path in (home / CATALOG, *library_files(home)) if path.is_file())


def library_files(home: Path) -> Iterator[Path]:
    """Yield the files of the vectors, without journals."""
    for path in sorted((home / VECTORS).rglob("*")):
        if path.is_file() and not path.name.endswith(JOURNALS):
            yield path


def copy_file(source: Path, target: Path) -> None:
    """Copy a file; a database as SQLite copies it, whoever has it open."""
    try:
        with source.open("rb") as file:
            is_database = file.read(len(SQLITE_MARK)) == SQLITE_MARK
        if not is_database:
            shutil.copyfile(source, target)
            return
    except OSError as error:
        raise KnowledgeError(_fault(source, target, error)) from error
    copy_database(source, target)


def copy_database(source: Path, target: Path) -> None:
    """Copy an SQLite database as it stands at one moment, and prove that the copy is whole.

    Raises:
        KnowledgeError: it is damaged, or the copy cannot be written.
    """
    try:
        with (
            closing(sqlite3.connect(source.absolute().as_uri() + "?mode=rw", uri=True, timeout=BUSY_SECONDS)) as old,
            closing(sqlite3.connect(target, timeout=BUSY_SECONDS)) as new,
        ):
            old.backup(new)
            (state,) = new.execute("PRAGMA quick_check(1)").fetchone()
            # One file, whatever the original keeps beside it.
            new.execute("PRAGMA journal_mode=DELETE")
    except (OSError, sqlite3.Error) as error:
        raise KnowledgeError(_fault(source, target, error)) from error
    if state != "ok":
        raise KnowledgeError(f"{source} is damaged ({state}). Next: frontdesk doctor")


def _fault(source: Path, target: Path, error: Exception) -> str:
    return (
        f"{source} could not be copied to {target.parent} ({error}). Next: see that the disk is not full and both "
        "folders may be read and written, then do it again"
    )
