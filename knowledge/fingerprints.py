"""What is remembered of a file, so that it is read again only when another reading would end otherwise.

its bytes, who may read it, how it is read  ->  fingerprint
"""

import hashlib
from collections.abc import Collection, Iterable

from knowledge import loaders
from knowledge.chunking import ChunkOptions
from knowledge.internal_folders import in_archive
from knowledge.reading.messages import Done
from knowledge.reading.preparing import RECIPE


def of(content: str, audience: str, options: ChunkOptions, loading: object | None) -> str:
    """Return the hash of all that decides what is made of a file; passwords do not, for a file is not in without.

    Args:
        content: hash of its bytes.
        loading: what `knowledge.loaders.load` takes as `options`.
    """
    return _hash(RECIPE, repr(options), repr(loading or loaders.NO_OPTIONS), audience, content)


def of_folders(fingerprint: str, opened: Collection[str] | None, documents: Iterable[str]) -> str:
    """Return the hash of what decides, besides, who may read a file's documents, where some lie in folders for few.

    Args:
        opened: folders in it that stay open; None where somebody said who may read all of it.
    """
    if not any(map(in_archive, documents)):
        return fingerprint
    return _hash(fingerprint, "all" if opened is None else repr(sorted(opened)))


def left_out(fingerprint: str) -> str:
    """Return what is kept of a file that is, or holds, what no loader reads: with another loader it is tried again."""
    return _hash(fingerprint, *sorted(loaders.LOADERS))


def after(done: Done, fingerprint: str) -> str:
    """Return what is kept of a file that is read to its end; "" where it is to be tried again as it is."""
    if not done.failures:
        return fingerprint
    return left_out(fingerprint) if done.by_kind else ""


def _hash(*parts: str) -> str:
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()
