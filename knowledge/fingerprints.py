"""What is remembered of a file, so that it is read again only when another reading would end otherwise.

its bytes, who may read it, how it is read  ->  fingerprint
"""

import hashlib

from knowledge import loaders
from knowledge.chunking import ChunkOptions
from knowledge.reading.messages import Done
from knowledge.reading.preparing import RECIPE


def of(content: str, audience: str, options: ChunkOptions, loading: object | None) -> str:
    """Return the hash of all that decides what is made of a file; passwords do not, for a file is not in without.

    Args:
        content: hash of its bytes.
        loading: what `knowledge.loaders.load` takes as `options`.
    """
    return _hash(RECIPE, repr(options), repr(loading or loaders.NO_OPTIONS), audience, content)


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
