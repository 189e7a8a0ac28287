"""Places that documents were read from: which of them are gone, and how one is given up with all that came from it.

    catalogue's sources -> those that are not on this machine any more
    location -> its documents, in one transaction -> their vectors

A folder that was renamed, moved or deleted cannot be pruned by its path, since nothing is there to compare with, and
its documents would answer for ever. Whether they should is the owner's to say: on another machine, and in a bundle,
documents answer whose files never were there.
"""

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sqlalchemy import delete, func, select

from knowledge import catalog, internal_folders
from knowledge.catalog import Catalog
from knowledge.errors import KnowledgeError
from knowledge.index import VectorIndex
from knowledge.schema import document, file, source
from knowledge.sources import is_below_files, is_within, shown
from knowledge.spaces import spaces


@dataclass(frozen=True, slots=True)
class GonePlace:
    """A file or folder that documents were read from and that is not there any more."""

    path: str
    collection: str
    documents: int
    """How many documents of it still answer, 1 or more."""


def gone_places(catalog_: Catalog) -> tuple[GonePlace, ...]:
    """Return the places of which documents are held and that this machine does not have; one it may not see counts as
    there.
    """
    query = (
        select(source.c.location, source.c.collection, func.count(document.c.id))
        .select_from(document)
        .join(file, file.c.id == document.c.file_id)
        .join(source, source.c.id == file.c.source_id)
        .group_by(source.c.location, source.c.collection)
        .order_by(source.c.location, source.c.collection)
    )
    with catalog_.read() as connection:
        rows = connection.execute(query).all()
    return tuple(GonePlace(*row) for row in rows if _is_gone(row.location))


def forget_places(
    catalog_: Catalog, index: Callable[[], VectorIndex], *, paths: Sequence[Path], collection: str
) -> tuple[int, tuple[str, ...]]:
    """Remove all that was read from these paths, there or not; return how many documents, and the places given up.

    What was read with a path by itself, because its folder's name says that it is for the staff, goes with it.
    The caller has the writer's turn. Each place is given up whole or not at all; vectors that a crash leaves are swept
    by the next ingest.

    Raises:
        KnowledgeError: nothing of a path is held in this collection; then nothing is removed.
    """
    with catalog_.read() as connection:
        rows = connection.execute(select(source.c.location, source.c.id).where(source.c.collection == collection)).all()
    held = {str(location): int(source_id) for location, source_id in rows}
    found = [_places(path, held) for path in paths]
    if unknown := [str(path) for path, places in zip(paths, found, strict=True) if not places]:
        raise KnowledgeError(
            f"Nothing was read from {', '.join(unknown)} into the collection {collection!r}. "
            f"Next: frontdesk ingest --forget with one of: {', '.join(sorted(held)) or 'none, it is empty'}"
        )
    doomed = tuple(dict.fromkeys(chain(*found)))
    return sum(_forget(catalog_, index, held[place]) for place in doomed), doomed


def is_gone_part(place: str, root: str) -> bool:
    """Say whether a source that is named for the staff was read with a root around it and is there no more."""
    return internal_folders.is_named_below(place, root) and _is_gone(place)


def forget_gone_parts(
    catalog_: Catalog, index: Callable[[], VectorIndex], *, paths: Sequence[Path], collection: str
) -> int:
    """Remove what was read by itself below these paths, for the staff by its name, and is gone; return how many.

    Nothing goes below a path that holds no file, as a drive that is not mounted does not.
    """
    query = select(source.c.location, source.c.id).where(source.c.collection == collection)
    with catalog_.read() as connection:
        held = [(str(row.location), int(row.id)) for row in connection.execute(query)]
    roots = [shown(path.resolve()) for path in paths]
    gone = [(place, number) for place, number in held if any(is_gone_part(place, root) for root in roots)]
    return sum(_forget(catalog_, index, number) for place, number in gone if is_below_files(place, paths))


def _forget(catalog_: Catalog, index: Callable[[], VectorIndex], source_id: int) -> int:
    vectors: list[str] = []
    removed = 0
    with catalog_.write() as connection:
        for path in catalog.file_fingerprints(connection, source_id):
            names = list(catalog.document_fingerprints(connection, source_id, path))
            vectors += catalog.remove_documents(connection, source_id=source_id, path=path, names=names)
            catalog.remove_file(connection, source_id=source_id, path=path)
            removed += len(names)
        connection.execute(delete(source).where(source.c.id == source_id))
        catalog.next_generation(connection)
        in_spaces = [space.name for space in spaces(connection)]
    if vectors:
        index().wait_for_readers()
        for name in in_spaces:
            index().remove(name, vectors)
    return removed


def _places(path: Path, held: Collection[str]) -> list[str]:
    """Return the sources that are this path, as it leads or as it is written, and those that came with them: in it and
    by their name for the staff.
    """
    itself = [name for name in dict.fromkeys((shown(path.resolve()), shown(path.absolute()))) if name in held]
    with_it = [
        place
        for place in held
        if internal_folders.is_internal(Path(place).name)
        and any(is_within(place, name) and place != name for name in itself)
    ]
    return [*itself, *with_it]


def _is_gone(location: str) -> bool:
    if os.name != "nt" and "\\x" in location:  # bytes that are not UTF-8, spelt out: not the name on the disk
        return False
    try:
        os.lstat(location)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False
