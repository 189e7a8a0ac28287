"""Vectors in Chroma: the only file that knows it.

    (ids, vectors) -> space;  (space, question vector) -> (id, cosine) pairs, nearest first

A *space* is one Chroma collection, or several when it is large (`knowledge.parts`). It holds vectors and ids, nothing
else: what an id means, and whether it still counts, the catalogue says. Chroma commits on its own, so a crash may leave
ids here that the catalogue does not know; they are never shown, and the next ingest sweeps them out.
"""

import os
import threading
import time
from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import unquote, urlsplit

import numpy as np

from knowledge import heap, quiet_chroma
from knowledge.at_once import AtOnce
from knowledge.embedders import Vectors
from knowledge.errors import KnowledgeError
from knowledge.parts import HELD_VECTORS, PART_VECTORS, by_part, new_id, part_name, part_numbers, space_of

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.api.models.Collection import Collection

BATCH_SIZE = 1000
BEAM_BUILDING, BEAM_SEARCHING = 100, 200
"""Widths of HNSW's beam. To search with twice Chroma's own finds 99 of 100 true neighbours among 100,000 vectors; to
build with more than its own as well takes half as long again (docs/scaling.md)."""

LONGEST_SEARCH_SECONDS = 30.0
SERVER_TIMEOUT_SECONDS = 60.0
SEARCHED_AT_ONCE = 8
"""Most parts and spaces that are searched at the same time; in process no more than there are cores."""
KEPT_SECONDS = 300.0
"""How long after a search an ingest leaves in memory what the next search would have to read again."""
GRACE_SECONDS = 3.0
"""How long vectors on a server outlive their removal: searches of other machines may have an older view of the
catalogue."""


class VectorIndex:
    """Chroma, persistent: in process, or a server."""

    def __init__(self, location: Path | str) -> None:
        """Open the vectors in a folder, made when they are new, or of a server's URL.

        Raises:
            KnowledgeError: the folder is damaged or may not be written, or the server does not answer.
        """
        self._shown = location if isinstance(location, Path) else _without_account(location)
        self._doomed: list[tuple[float, str, list[str]]] | None = None if isinstance(location, Path) else []
        self._location = location
        self._opened: dict[str, Collection] = {}
        self._parts: dict[str, list[int]] = {}
        self._held: dict[str, int] = {}
        """Chroma collection -> vectors of it in memory."""
        self._filled: dict[str, int] = {}
        """Chroma collection -> vectors that it has, as the one writer knows; also of those that memory let go."""
        self._searches: set[object] = set()
        self._searched_at = float("-inf")
        self._changed = threading.Condition()
        self._at_once = AtOnce(SEARCHED_AT_ONCE if self._is_server else min(SEARCHED_AT_ONCE, os.cpu_count() or 1))
        with self._translated():
            self._client = _client(location)

    def new_ids(self, space: str, count: int) -> tuple[str, ...]:
        """Return ids for vectors that are added next; they name the first part of the space that has room."""
        with self._translated():
            number = 1 if self._is_server else self._part_with_room(space)
        return tuple(new_id(number) for _ in range(count))

    def add(self, space: str, ids: list[str], vectors: Vectors) -> None:
        """Store vectors under their ids; an id that is there already is replaced."""
        with self._translated():
            self._remove_due()
            for number, places in self._by_part(ids).items():
                name = part_name(space, number)
                self._touch(name)
                for start in range(0, len(places), BATCH_SIZE):
                    some = places[start : start + BATCH_SIZE]
                    self._open(name).upsert(ids=[ids[place] for place in some], embeddings=cast(Any, vectors[some]))
                self._held[name] += len(places)
                self._filled[name] += len(places)

    def remove(self, space: str, ids: Iterable[str]) -> None:
        """Delete vectors, on a server a moment later; unknown ids are ignored."""
        doomed = list(ids)
        with self._translated():
            if self._doomed is None:
                self._remove(space, doomed)
            elif doomed:
                self._doomed.append((time.monotonic() + GRACE_SECONDS, space, doomed))
                self._remove_due()

    def nearest(self, space: str | Sequence[str], vector: Vectors, *, limit: int) -> list[tuple[str, float]]:
        """Return up to `limit` (id, cosine similarity) pairs of a space, or of several, the most similar first."""
        with self._changed:
            self._searched_at = time.monotonic()
        return self._found([space] if isinstance(space, str) else space, vector, limit)

    def check(self, space: str, vector: Vectors) -> bool:
        """Prove that the space can be searched, and say whether it holds any vector.

        Unlike a search, this makes no ingest keep it in memory.
        """
        return bool(self._found([space], vector, 1))

    def vectors(self, space: str, ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the stored vectors of these ids; those that the space does not hold are left out."""
        held: dict[str, Vectors] = {}
        with self.reading(), self._translated():
            for number, places in self._by_part(ids).items():
                held |= self._vectors(part_name(space, number), [ids[place] for place in places])
        return held

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
        """Return when the searches that are under way now have ended, for they may want old vectors.

        Only those of this process are known; on a server, `remove` and `drop` give others a moment.
        """
        with self._changed:
            earlier = set(self._searches)
            self._changed.wait_for(lambda: earlier.isdisjoint(self._searches), LONGEST_SEARCH_SECONDS)

    def ids(self, space: str) -> set[str]:
        """Return every id that the space holds."""
        with self._translated():
            held: set[str] = set()
            for number in self._numbers(space):
                self._touch(part_name(space, number))
                held.update(self._open(part_name(space, number)).get(include=[])["ids"])
            return held

    def names(self) -> list[str]:
        """Return the names of all spaces that are there."""
        with self._translated():
            return list(dict.fromkeys(space_of(collection.name) for collection in self._client.list_collections()))

    def count(self, space: str) -> int:
        """Return how many vectors the space holds."""
        with self._translated():
            return sum(self._touch(part_name(space, number), anew=True) for number in self._numbers(space))

    def drop(self, space: str) -> None:
        """Delete the space with all its vectors, if it is there."""
        with self._translated():
            if self._is_server:
                time.sleep(GRACE_SECONDS)
            for number in self._numbers(space):
                name = part_name(space, number)
                self._open(name)
                self._client.delete_collection(name)
                for known in (self._opened, self._held, self._filled):
                    known.pop(name, None)
            self._parts.pop(space, None)

    def close(self) -> None:
        """Let go of the files or the server, with nothing left to delete."""
        if self._doomed:
            time.sleep(max(0.0, self._doomed[-1][0] - time.monotonic()))
            with self._translated():
                self._remove_due()
        self._at_once.close()
        self._client.close()
        if self._is_server:
            for session in _sessions(self._client):
                session.close()  # Chroma's own close leaves its connections open

    def _remove(self, space: str, ids: list[str]) -> None:
        for number, places in self._by_part(ids).items():
            if number not in self._numbers(space):
                continue
            name = part_name(space, number)
            self._touch(name)
            for start in range(0, len(places), BATCH_SIZE):
                self._open(name).delete(ids=[ids[place] for place in places[start : start + BATCH_SIZE]])
            if not self._is_server:
                self._filled[name] = int(self._open(name).count())  # not all of these ids need be there

    def _remove_due(self) -> None:
        while self._doomed and self._doomed[0][0] <= time.monotonic():
            _, space, ids = self._doomed.pop(0)
            self._remove(space, ids)

    def _found(self, spaces: Iterable[str], vector: Vectors, limit: int) -> list[tuple[str, float]]:
        with self.reading(), self._translated():
            names = [part_name(space, number) for space in spaces for number in self._numbers(space)]
            # Chroma lets go of Python's lock while it searches.
            found = self._at_once.results([partial(self._nearest, name, vector, limit) for name in names])
        return sorted((pair for part in found for pair in part), key=lambda pair: -pair[1])[:limit]

    def _nearest(self, name: str, vector: Vectors, limit: int) -> list[tuple[str, float]]:
        from chromadb.errors import NotFoundError

        known = self._opened.get(name)  # to look it up takes Chroma longer than to search it
        try:
            collection = known or self._client.get_collection(name, embedding_function=None)
            found = collection.query(query_embeddings=cast(Any, [vector]), n_results=limit, include=["distances"])
        except NotFoundError:  # never filled, or dropped by a reindex a moment ago, perhaps to be made anew
            self._parts.pop(space_of(name), None)
            if known is None:
                return []
            self._opened.pop(name, None)
            return self._nearest(name, vector, limit)
        if known is None:
            self._keep(name, collection)
        distances = (found["distances"] or [[]])[0]
        return [(found_id, 1.0 - distance) for found_id, distance in zip(found["ids"][0], distances, strict=True)]

    def _keep(self, name: str, collection: "Collection") -> None:
        """Note what a search has read into memory."""
        count = 0 if self._is_server else int(collection.count())
        with self._changed:
            self._opened.setdefault(name, collection)
            if not self._is_server:
                self._held.setdefault(name, count)

    def _vectors(self, name: str, ids: list[str]) -> dict[str, Vectors]:
        from chromadb.errors import NotFoundError

        try:
            collection = self._opened.get(name) or self._client.get_collection(name, embedding_function=None)
            found = collection.get(ids=ids, include=["embeddings"])
        except NotFoundError:  # never filled, or dropped by a reindex a moment ago
            return {}
        return dict(zip(found["ids"], np.asarray(found["embeddings"], dtype=np.float32), strict=True))

    @property
    def _is_server(self) -> bool:
        """Whether a space is one collection, for a server's memory is its own affair and others may fill it."""
        return self._doomed is not None

    def _by_part(self, ids: Sequence[str]) -> dict[int, list[int]]:
        """Return part's number -> the places in `ids` of its vectors; those that came from a folder name parts too."""
        if not self._is_server:
            return by_part(ids)
        return {1: list(range(len(ids)))} if ids else {}

    def _numbers(self, space: str) -> list[int]:
        """Return the numbers of the parts that the space has."""
        if self._is_server:
            return [1]
        if space not in self._parts:
            names = [collection.name for collection in self._client.list_collections()]
            numbers = part_numbers(space, names)
            if not numbers:
                return []
            self._parts[space] = numbers
        return self._parts[space]

    def _part_with_room(self, space: str) -> int:
        numbers = self._numbers(space) or [1]
        for number in numbers:
            name = part_name(space, number)
            if name not in self._filled:
                self._touch(name)
            if self._filled[name] < PART_VECTORS:
                return number
        self._make_room(0)
        self._touch(part_name(space, numbers[-1] + 1))
        return numbers[-1] + 1

    def _touch(self, name: str, *, anew: bool = False) -> int:
        """Return how many vectors of a part are in memory from now on; those of others make room for it."""
        if name not in self._held and not self._is_server:
            self._make_room(HELD_VECTORS - PART_VECTORS)
        if anew or name not in self._held or name not in self._filled:
            self._held[name] = self._filled[name] = int(self._open(name).count())
        return self._held[name]

    def _make_room(self, most: int) -> None:
        """Where no one searches, have at most so many vectors in memory: Chroma keeps all that it wrote or read."""
        with self._changed:
            is_searched = self._searches or time.monotonic() - self._searched_at < KEPT_SECONDS
            if is_searched or sum(self._held.values()) <= most:
                return
            self._client.close()
            self._opened.clear()
            self._held.clear()
            heap.give_back()
            self._client = _client(self._location)

    def _open(self, name: str) -> "Collection":
        if name not in self._opened:
            self._opened[name] = self._client.get_or_create_collection(
                name,
                configuration={
                    "hnsw": {"space": "cosine", "ef_construction": BEAM_BUILDING, "ef_search": BEAM_SEARCHING}
                },
                embedding_function=None,
            )
            self._parts.pop(space_of(name), None)
        return self._opened[name]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # Chroma's Rust bindings raise bare and private types
            raise KnowledgeError(_fault(self._shown, error)) from error


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
    quiet_chroma.load()
    import chromadb
    from chromadb.config import Settings

    settings = Settings(anonymized_telemetry=False, allow_reset=False, chroma_otel_collection_endpoint="")
    if isinstance(location, Path):
        location.mkdir(parents=True, exist_ok=True, mode=0o700)  # its vectors are of documents for staff too
        return cast("Client", chromadb.PersistentClient(path=str(location), settings=settings))
    address = urlsplit(location)
    secure = address.scheme == "https"
    headers = {}
    if address.username:  # for a server behind a proxy that asks for it
        account = f"{unquote(address.username)}:{unquote(address.password or '')}"
        headers["Authorization"] = f"Basic {b64encode(account.encode()).decode()}"
    port = address.port or (443 if secure else 8000)
    client = chromadb.HttpClient(address.hostname or "", port=port, ssl=secure, headers=headers, settings=settings)
    for session in _sessions(client):
        session.timeout = SERVER_TIMEOUT_SECONDS  # Chroma's own waits for ever
    return cast("Client", client)


def _sessions(client: Any) -> list[Any]:
    """Return the connections of a server's client, which Chroma keeps to itself."""
    return [client._server._session, client._admin_client._server._session]


def _without_account(url: str) -> str:
    address = urlsplit(url)
    return address._replace(netloc=address.netloc.rpartition("@")[2]).geturl()
