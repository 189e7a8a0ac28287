"""Folders within archives whose names say that what lies in them is not for customers.

    handbook.zip!/staff/pay.md  ->  for the staff;  handbook.zip!/returns.md  ->  for those who read the archive

An archive is one file, so its documents share a place and differ in who may read them. What was opened before stays
open, by the outermost such folder, as it does on a disk.
"""

from collections.abc import Sequence
from pathlib import Path

from knowledge import catalog
from knowledge.catalog import Catalog
from knowledge.documents import MEMBER
from knowledge.internal_folders import in_archive
from knowledge.openness import PUBLIC, InternalFolder
from knowledge.sources import is_within, shown

Opened = frozenset[tuple[str, str, str]]
"""(source, path below it, folder in the archive) of each such folder that customers may read."""


def opened(catalog_: Catalog, *, collection: str) -> Opened:
    """Return the folders in archives that customers may read although their names say otherwise."""
    with catalog_.read() as connection:
        members = catalog.members(connection, collection=collection)
    return frozenset(
        (location, path, folder)
        for location, path, name, audience in members
        if audience == PUBLIC and (folder := in_archive(name))
    )


def told(
    catalog_: Catalog, paths: Sequence[Path], *, collection: str, audience: str | None
) -> tuple[InternalFolder, ...]:
    """Return such folders in archives below these paths, with who may read them; () where somebody said who may."""
    if audience is not None:
        return ()
    roots = [shown(path.resolve()) for path in paths]
    with catalog_.read() as connection:
        members = catalog.members(connection, collection=collection)
    found: dict[InternalFolder, None] = {}
    for location, path, name, readers in members:
        archive = location if Path(location).name == path else str(Path(location, path))
        if (folder := in_archive(name)) and any(is_within(archive, root) for root in roots):
            found[InternalFolder(f"{archive}{MEMBER}{folder}", readers)] = None
    return tuple(sorted(found, key=lambda each: each.path))
