"""Vectors in Chroma: the only file that knows it.

    (ids, vectors) -> space;  (space, question vector) -> (id, cosine) pairs, nearest first

A *space* is one Chroma collection. It holds vectors and ids, nothing else: what an id means, and whether it still
counts, the catalogue says. Chroma commits on its own, so a crash may leave ids here that the catalogue does not know;
they are never shown, and the next ingest sweeps them out.
"""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from knowledge.embedders import Vectors
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

BATCH_SIZE = 1000
BEAM_BUILDING, BEAM_SEARCHING = 200, 200
"""Widths of HNSW's beam: twice Chroma's own, so that nearly all of the true neighbours are among those it finds."""

LONGEST_SEARCH_SECONDS = 30.0


class VectorIndex:
    """Chroma, persistent: in process, or a server."""

    def __init__(self, location: Path | str) -> None:
        """Open the vectors in a folder, made when they are new, or of a server's URL.

        Raises:
            KnowledgeError: the folder is damaged or may not be written, or the server does not answer.
        """
        self._location = location
        self._opened: dict[str, Collection] = {}
        self._searches: set[object] = set()
        self._changed = threading.Condition()
        with self._translated():
            self._client = _client(location)

    def add(self, space: str, ids: list[str], vectors: Vectors) -> None:
        """Store vectors under their ids; an id that is there already is replaced."""
        with self._translated():
            collection = self._open(space)
            for start in range(0, len(ids), BATCH_SIZE):
                stop = start + BATCH_SIZE
                collection.upsert(ids=ids[start:stop], embeddings=cast(Any, vectors[start:stop]))

    def remove(self, space: str, ids: Iterable[str]) -> None:
        """Delete vectors; unknown ids are ignored."""
        doomed = list(ids)
        with self._translated():
            for start in range(0, len(doomed), BATCH_SIZE):
                self._open(space).delete(ids=doomed[start : start + BATCH_SIZE])

    def nearest(self, space: str, vector: Vectors, *, limit: int) -> list[tuple[str, float]]:
        """Return up to `limit` (id, cosine similarity) pairs, the most similar first."""
        with self._translated():
            return self._nearest(space, vector, limit)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Say that a search is under way; to be entered before the search takes its view of the catalogue."""
        search = object()
        with self._changed:
            self._searches.add(search)
        try:
            yield
        finally:
            with self._changed:
                self._searches.remove(search)
                self._changed.notify_all()

    def wait_for_readers(self) -> None:
        """Return when the searches of this process that are under way now have ended: they may want old vectors."""
        with self._changed:
            earlier = set(self._searches)
            self._changed.wait_for(lambda: earlier.isdisjoint(self._searches), LONGEST_SEARCH_SECONDS)

    def ids(self, space: str) -> set[str]:
        """Return every id that the space holds."""
        with self._translated():
            return set(self._open(space).get(include=[])["ids"])

    def drop(self, space: str) -> None:
        """Delete the space with all its vectors, if it is there."""
        with self._translated():
            self._open(space)
            self._client.delete_collection(space)
            self._opened.pop(space, None)

    def close(self) -> None:
        """Let go of the files."""
        self._client.close()

    def _nearest(self, space: str, vector: Vectors, limit: int) -> list[tuple[str, float]]:
        from chromadb.errors import NotFoundError

        known = self._opened.get(space)  # to look it up takes Chroma longer than to search it
        try:
            collection = known or self._client.get_collection(space, embedding_function=None)
            found = collection.query(query_embeddings=cast(Any, [vector]), n_results=limit, include=["distances"])
        except NotFoundError:  # never filled, or dropped by a reindex a moment ago, perhaps to be made anew
            if known is None:
                return []
            self._opened.pop(space, None)
            return self._nearest(space, vector, limit)
        self._opened.setdefault(space, collection)
        distances = (found["distances"] or [[]])[0]
        return [(name, 1.0 - distance) for name, distance in zip(found["ids"][0], distances, strict=True)]

    def _open(self, space: str) -> "Collection":
        if space not in self._opened:
            self._opened[space] = self._client.get_or_create_collection(
                space,
                configuration={
                    "hnsw": {"space": "cosine", "ef_construction": BEAM_BUILDING, "ef_search": BEAM_SEARCHING}
                },
                embedding_function=None,
            )
        return self._opened[space]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # Chroma's Rust bindings raise bare and private types
            raise KnowledgeError(_fault(self._location, error)) from error


def _fault(location: Path | str, error: Exception) -> str:
    if isinstance(location, str):
        return (
            f"The vectors of the Chroma server {location} cannot be used ({error}). Next: see that it runs and "
            "`chroma_url` has its address, then frontdesk doctor"
        )
    return (
        f"The vectors in {location} cannot be used ({error}). Next: see that the folder may be written and its disk is "
        "not full; if it is damaged, move it away and run frontdesk ingest again, which makes the vectors anew."
    )


def _client(location: Path | str) -> "Client":
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False, allow_reset=False)
    if isinstance(location, Path):
        return cast("Client", chromadb.PersistentClient(path=str(location), settings=settings))
    address = urlsplit(location)
    secure = address.scheme == "https"
    port = address.port or (443 if secure else 8000)
    return cast("Client", chromadb.HttpClient(address.hostname or "", port=port, ssl=secure, settings=settings))
