"""What an operator is told of folders whose names say that they are not for customers.

[{"path", "audience"}, …] of an ingest's report  ->  at most two sentences, each with the command that changes it
"""

import shlex
from collections.abc import Iterable, Mapping

from knowledge.documents import MEMBER

NAMED_AT_MOST = 3


def sentences(folders: Iterable[Mapping[str, str]], *, collection: str) -> list[str]:
    """Return who may read them, where nobody said so at this ingest."""
    by_audience: dict[str, list[str]] = {}
    for folder in folders:
        by_audience.setdefault(folder["audience"], []).append(folder["path"])
    option = "" if collection == "default" else f" --collection {shlex.quote(collection)}"
    told = []
    for audience, paths in by_audience.items():
        named = ", ".join(paths[:NAMED_AT_MOST]) + (
            f" and {more} more" if (more := len(paths) - NAMED_AT_MOST) > 0 else ""
        )
        place = paths[0].partition(MEMBER)[0]  # of a folder in an archive, the archive: it is read as one
        command = f"frontdesk ingest {shlex.quote(place)}{option} --audience"
        if audience == "public":
            told.append(f"open to customers, though by name internal: {named}. To close: {command} staff")
        else:
            told.append(f"for the {audience} alone, as the name says: {named}. To open to customers: {command} public")
    return told
