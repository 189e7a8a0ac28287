"""Whom documents are for where nobody says so: everyone, unless some of them are held for fewer.

    paths, the catalogue's places -> "public", or a refusal

The last ingest of a file decides who may read it. So one that forgets to name the audience, of the same folder or of
one around it or in it, would open to everyone what was for the staff. A place is known by its names, as written and as
they lead: a hard link, or a folder that was renamed from above, is another place.
"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from knowledge import catalog
from knowledge.catalog import Catalog
from knowledge.errors import KnowledgeError
from knowledge.sources import exists, shown

PUBLIC = "public"
NAMED_AT_MOST = 3
"""Places that a refusal names."""


def default_audience(catalog_: Catalog, paths: Sequence[Path], *, collection: str) -> str:
    """Return `PUBLIC`, for paths that are read without a word of who may read them.

    Raises:
        KnowledgeError: something at, below or around them is held for others alone.
    """
    with catalog_.read() as connection:
        held = catalog.places_for_others(connection, collection=collection, audience=PUBLIC)
        mixed = catalog.locations_of(connection, collection=collection, audience=PUBLIC)
    closed = {location for location, name in held if not _is_gone_file(location, name)} - mixed
    files = set(_files(held))
    for path in paths:
        root = shown(os.path.realpath(path))
        around = {place for place in closed if _is_within(place, root) or _is_within(root, place)}
        inside = sorted(around or {file for file in files if _is_within(file, root)})
        if inside:
            more = ", …" if len(inside) > NAMED_AT_MOST else ""
            raise KnowledgeError(
                f"Not everyone may read what came from {', '.join(inside[:NAMED_AT_MOST])}{more}. Nothing was read: "
                f"without --audience {path} would be open to customers. Next: read it with --audience and the name it "
                "had, such as staff, or each audience's folder by itself; what is meant for customers now, with "
                "--audience public"
            )
    return PUBLIC


def _files(held: Sequence[tuple[str, str]]) -> Iterator[str]:
    """Yield where each held file that is there lies, by its name and really: below its source, or as the source."""
    for location, name in held:
        for path in (Path(location, name), Path(location)):
            if exists(path) and path.is_file():
                yield from (str(path), os.path.realpath(path))
                break


def _is_gone_file(location: str, name: str) -> bool:
    """Say whether a source is a single file that is there no more: nothing of it can be opened."""
    return Path(location).name == name and not exists(Path(location))


def _is_within(place: str, root: str) -> bool:
    return place == root or place.startswith(root.rstrip(os.sep) + os.sep)
