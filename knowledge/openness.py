"""Whom documents are for where nobody says so: everyone, unless some of them are held for fewer.

    paths, the catalogue's places -> "public", or a refusal

The last ingest of a file decides who may read it. So one that forgets to name the audience, of the same folder or of
the one around it, would open to everyone what was for the staff.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from knowledge import catalog
from knowledge.catalog import Catalog
from knowledge.errors import KnowledgeError
from knowledge.sources import exists

PUBLIC = "public"
NAMED_AT_MOST = 3
"""Files that a refusal names."""


def default_audience(catalog_: Catalog, paths: Sequence[Path], *, collection: str) -> str:
    """Return `PUBLIC`, for paths that are read without a word of who may read them.

    Raises:
        KnowledgeError: something at or below them is held for others alone.
    """
    with catalog_.read() as connection:
        held = catalog.places_for_others(connection, collection=collection, audience=PUBLIC)
    for path in paths:
        root = Path(os.path.realpath(path))
        inside = sorted({f"{file}" for place in held if (file := _file(*place)) and file.is_relative_to(root)})
        if inside:
            more = ", …" if len(inside) > NAMED_AT_MOST else ""
            raise KnowledgeError(
                f"{path} holds what not everyone may read: {', '.join(inside[:NAMED_AT_MOST])}{more} (files: "
                f"{len(inside)}). Nothing was read, for without --audience it would be open to customers. Next: read "
                "it with --audience and the name it had, such as staff, or each audience's folder by itself; what is "
                "meant for customers now, with --audience public"
            )
    return PUBLIC


def _file(location: str, name: str) -> Path | None:
    """Return where a held file really lies, below its source or as the source itself; None when it is there no more."""
    for path in (Path(location, name), Path(location)):
        if exists(path) and path.is_file():
            return Path(os.path.realpath(path))
    return None
