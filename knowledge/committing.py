"""Prepared documents in, committed batches out, embedding and storing at the same time.

    FileShare … -> batch -> slices: embedded on a thread of their own -> Chroma -> one catalogue transaction a batch

Small files share a batch. Vectors go first, then the transaction that makes them count, then the old vectors go: a
batch is committed whole or not at all, and what a crash leaves behind is swept at the start of the next ingest. While
one slice is embedded, the one before it is stored, and whoever calls reads on.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field

from sqlalchemy import Connection

from knowledge import catalog
from knowledge.catalog import Catalog, NewDocument
from knowledge.embedders import Embedder, Vectors
from knowledge.index import VectorIndex
from knowledge.spaces import Space, spaces
from knowledge.vectors import BATCH_CHUNKS, embedded_text

FIRST_CHUNKS = 64
"""With so many the first batch is begun, for until then the embedder has nothing to do."""
BATCH_CHARACTERS = 8_000_000
BATCH_SECONDS = 5.0
"""How long documents wait for others to share their batch."""


@dataclass(slots=True)
class FileShare:
    """What one batch holds of a file."""

    source_id: int
    name: str
    fingerprint: str = ""
    """Hash of its bytes, its audience and the recipe; "" while it is not wholly in."""
    content: str = ""
    """SHA-256 of its bytes."""
    documents: list[NewDocument] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    """Documents that the file held and holds no more."""
    places: list[tuple[str, str]] = field(default_factory=list)
    """Where documents for other audiences are to be removed from."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What a batch changed."""

    documents: int
    chunks: int
    removed: int


@dataclass(slots=True)
class _Slice:
    """Chunks that are embedded together; the last slice of a batch brings its files."""

    names: list[tuple[str, list[str]]]
    """For each chunk, who may read its document, and the list of that document that takes its vector's name."""
    vectors: "Future[Vectors] | None"
    files: list[FileShare] | None


class Committer:
    """Gathers what one target is given; `finish` has all of it committed."""

    def __init__(
        self,
        catalog_: Catalog,
        index: Callable[[], VectorIndex],
        embedder: Embedder,
        *,
        space: Space,
        space_of: Callable[[str], Space],
        is_spared: Callable[[str], bool] = lambda _name: False,
        told: Callable[[Committed], None],
        alive: Callable[[float], None] = lambda _share: None,
    ) -> None:
        """Begin with nothing.

        Args:
            index: asked for before the first change: until then it may be opened while the first texts are embedded.
            space: of those whom the files are read for.
            space_of: asked for the space of another audience, when a first document is for it.
            is_spared: documents of such a name are not removed because they are held for others.
            told: called after each commit.
            alive: called after each slice, with the share of its batch that is done or under way.
        """
        self._catalog = catalog_
        self._index = index
        self._embedder = embedder
        self._space = space
        self._spaces = {space.audience: space}
        self._space_of = space_of
        self._is_spared = is_spared
        self._told = told
        self._alive = alive
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="embed-batch")
        self._under_way: _Slice | None = None
        self._clear()

    def add(self, file: FileShare, document: NewDocument) -> FileShare:
        """Take a document of a file; return the share of the file that further documents belong to."""
        file.documents.append(document)
        if len(file.documents) == 1:
            self._take(file)
        self._chunks += len(document.chunks)
        self._characters += len(document.document.text)
        enough = BATCH_CHUNKS if self._under_way else min(FIRST_CHUNKS, BATCH_CHUNKS)
        if self._chunks < enough and self._characters < BATCH_CHARACTERS:
            return file
        self._flush()
        return FileShare(file.source_id, file.name, content=file.content)

    def complete(self, file: FileShare) -> None:
        """Take the last share of a file, with all that is to be committed when the file is in."""
        if not file.documents:
            self._take(file)
        if self._is_idle and time.monotonic() - self._begun > BATCH_SECONDS:
            self._flush()

    def drop(self, file: FileShare) -> None:
        """Forget the documents of a file that cannot be read to its end, those that wait for their batch."""
        if file.documents:
            self._files.remove(file)

    def settle(self, file: FileShare) -> FileShare:
        """Commit what is here when nothing else comes for a while, as when the next page is a long scan.

        Args:
            file: the share that is being filled.

        Returns:
            The share of the file that further documents belong to.
        """
        if not self._is_idle:
            return file
        self._flush()
        if self._is_idle:
            self._advance(None)
        return FileShare(file.source_id, file.name, content=file.content)

    def finish(self) -> None:
        """Commit everything that was taken."""
        self._flush()
        self._advance(None)

    def close(self) -> None:
        """End the thread; what was not committed is lost."""
        self._thread.shutdown(cancel_futures=True)

    def withdraw(self, places: Sequence[tuple[str, str]]) -> int:
        """Remove what these places hold for other audiences; return how many documents."""
        with self._catalog.read() as connection:
            if not self._held_for_others(connection, places):
                return 0
        self._index()
        old: list[str] = []
        with self._catalog.write() as connection:
            removed = self._close_to_others(connection, places, old)
            catalog.next_generation(connection)
        self.sweep(old)
        return removed

    def sweep(self, vectors: Sequence[str]) -> None:
        """Remove vectors that no committed chunk names, in whatever space they lie."""
        if not vectors:
            return
        with self._catalog.read() as connection:
            names = [space.name for space in spaces(connection)]
        index = self._index()
        index.wait_for_readers()
        for name in names:
            index.remove(name, vectors)

    @property
    def _is_idle(self) -> bool:
        """Whether nothing is being embedded."""
        under_way = self._under_way
        return under_way is None or under_way.vectors is None or under_way.vectors.done()

    def _take(self, file: FileShare) -> None:
        if not self._files:
            self._begun = time.monotonic()
        self._files.append(file)

    def _clear(self) -> None:
        self._files: list[FileShare] = []
        self._chunks = 0
        self._characters = 0
        self._begun = time.monotonic()

    def _flush(self) -> None:
        files = self._files
        self._clear()
        if not files:
            return
        pairs = [(new, number) for file in files for new in file.documents for number in range(len(new.chunks))]
        slices = max(1, -(-len(pairs) // BATCH_CHUNKS))
        for number in range(slices):  # of like size: the last few texts of a slice leave threads without work
            part = pairs[number * len(pairs) // slices : (number + 1) * len(pairs) // slices]
            last = number == slices - 1
            self._advance(_Slice([(new.audience, new.vectors) for new, _ in part], None, files if last else None), part)
            self._alive(number / slices)

    def _advance(self, following: _Slice | None, pairs: Sequence[tuple[NewDocument, int]] = ()) -> None:
        """Begin to embed the next slice, then store the one before it."""
        before = self._under_way
        vectors = before.vectors.result() if before and before.vectors else None
        if following and pairs:
            following.vectors = self._thread.submit(self._embedder.embed, [_text(new, number) for new, number in pairs])
        self._under_way = following
        if before:
            if vectors is not None:
                self._store(before, vectors)
            if before.files is not None:
                self._commit(before.files)

    def _store(self, stored: _Slice, vectors: Vectors) -> None:
        """Put vectors where those look who may read their documents."""
        for audience in dict.fromkeys(audience for audience, _ in stored.names):
            if audience not in self._spaces:
                self._spaces[audience] = self._space_of(audience)
            space = self._spaces[audience].name
            places = [place for place, (readers, _) in enumerate(stored.names) if readers == audience]
            ids = self._index().new_ids(space, len(places))
            for place, name in zip(places, ids, strict=True):
                stored.names[place][1].append(name)
            self._index().add(space, list(ids), vectors[places])

    def _commit(self, files: Sequence[FileShare]) -> None:
        self._index()
        old: list[str] = []
        removed = 0
        with self._catalog.write() as connection:
            generation = catalog.next_generation(connection)
            for file in files:
                names = [*file.gone, *(new.name for new in file.documents)]
                old += catalog.remove_documents(connection, source_id=file.source_id, path=file.name, names=names)
                file_id = catalog.put_file(
                    connection,
                    source_id=file.source_id,
                    path=file.name,
                    fingerprint=file.fingerprint,
                    content=file.content,
                )
                catalog.put_documents(
                    connection,
                    file.documents,
                    file_id=file_id,
                    collection=self._space.collection,
                    generation=generation,
                )
                removed += len(file.gone) + self._close_to_others(connection, file.places, old)
        self.sweep(old)
        documents = [new for file in files for new in file.documents]
        self._told(Committed(len(documents), sum(len(new.chunks) for new in documents), removed))

    def _close_to_others(self, connection: Connection, places: Sequence[tuple[str, str]], old: list[str]) -> int:
        """Remove what these places hold for other audiences, and gather the vectors of it in `old`."""
        doomed = self._held_for_others(connection, places)
        for source_id, path, name in doomed:
            old += catalog.remove_documents(connection, source_id=source_id, path=path, names=[name])
            catalog.put_file(connection, source_id=source_id, path=path, fingerprint="")  # to be read anew
        return len(doomed)

    def _held_for_others(self, connection: Connection, places: Sequence[tuple[str, str]]) -> list[tuple[int, str, str]]:
        if not places:
            return []
        found = catalog.documents_for_others(
            connection, collection=self._space.collection, audience=self._space.audience, places=places
        )
        return [place for place in found if not self._is_spared(place[2])]


def _text(new: NewDocument, number: int) -> str:
    chunk = new.chunks[number]
    body = new.document.text[chunk.start : chunk.end]
    return embedded_text(title=new.title, headings=chunk.headings, header=chunk.header, body=body)
