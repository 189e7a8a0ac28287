"""The company's documents as one thing that can be filled and asked: the front door of `knowledge`.

    library.ingest(paths) -> report;  library.search(question) -> passages and evidence;  library.excerpt(...) -> text

Readers may call from many threads. There is one writer at a time, across processes too: a second ingest waits.
"""

import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from knowledge import across, catalog, foreign, internal_members, pages, stored_passages, vectors
from knowledge.chunking import ChunkOptions
from knowledge.conversation import Conversation, Meanings, Spoken, conversation_of
from knowledge.embedders import Embedder, resolve
from knowledge.errors import KnowledgeError, VectorsLost
from knowledge.excerpts import Excerpt
from knowledge.foreign import ForeignDocuments
from knowledge.forgetting import forget_gone_parts, forget_places, gone_places
from knowledge.index import VectorIndex
from knowledge.ingest import Ingest, Target
from knowledge.ingest_report import IngestReport
from knowledge.loaders import LoadOptions
from knowledge.openness import PUBLIC, check_names, shared_out
from knowledge.pages import Pages, PageView
from knowledge.passages import Passage, Retrieval
from knowledge.progress import Progress
from knowledge.reading.pool import Reader, ReadingOptions
from knowledge.rerankers import Reranker
from knowledge.rerankers import resolve as resolve_reranker
from knowledge.retrieval import RetrievalOptions
from knowledge.scope import Scope
from knowledge.sources import check_paths
from knowledge.spaces import spaces


@dataclass(frozen=True, slots=True)
class LibraryOptions:
    """Where a library lives and how it reads."""

    home: Path
    """The folder that holds the catalogue, the vectors and the models."""
    embedder: str = "embedded"
    """A name from `knowledge.embedders.EMBEDDERS`, with a model after a colon where one is needed."""
    reranker: str = ""
    """A name from `knowledge.rerankers.RERANKERS` with a model after a colon; "" for none."""
    ollama_url: str = "http://127.0.0.1:11434"
    threads: int | None = None
    """Threads of the embedder; None lets it choose."""
    catalog_url: str = field(default="", repr=False)
    """A PostgreSQL database that holds the catalogue, `postgresql://user@host/database`; "" is a file in `home`."""
    chroma_url: str = ""
    """A Chroma server that holds the vectors, `http://host:8000`; "" is a folder in `home`."""
    chunks: ChunkOptions = field(default_factory=ChunkOptions)
    retrieval: RetrievalOptions = field(default_factory=RetrievalOptions)
    reading: ReadingOptions = field(default_factory=ReadingOptions)
    loading: LoadOptions = field(default_factory=LoadOptions)


class Library:
    """Documents, chunks and vectors under one home."""

    def __init__(
        self, options: LibraryOptions, *, embedder: Embedder | None = None, reranker: Reranker | None = None
    ) -> None:
        """Open the library; a given embedder or reranker takes the place of the named one.

        Raises:
            KnowledgeError: the catalogue or the vectors cannot be opened.
        """
        self._options = options
        try:
            options.home.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise KnowledgeError(
                f"The folder {options.home} cannot be made ({error.strerror}). "
                "Next: set FRONTDESK_HOME to a folder that you may write."
            ) from error
        self._catalog = catalog.Catalog(options.catalog_url or options.home / "catalog.sqlite3")
        self._embedder = embedder
        self._meanings: Meanings | None = None
        self._reranker = reranker
        self._index: VectorIndex | None = None
        self._pages = Pages(self._catalog, passwords=options.loading.passwords)
        self._reader: Reader | None = None
        self._opening = threading.Lock()
        self._opening_index = threading.Lock()

    def ingest(
        self,
        paths: Sequence[Path],
        *,
        collection: str = "default",
        audience: str | None = None,
        prune: bool = False,
        prune_empty: bool = False,
        reindex: bool = False,
        progress: Progress | None = None,
    ) -> IngestReport:
        """Bring the documents under `paths` up to date; each path is a source of its own.

        Args:
            audience: who may read them; None for everyone, which is refused where some are held for fewer, and for
                the staff in folders whose names say so.
            prune: also remove the documents of files that are gone from a source.
            prune_empty: with `prune`, also when a folder holds no file any more; else that is reported, for a drive
                that is not mounted looks so.
            reindex: first embed all that the library holds anew, in every collection, with the embedder in use.

        Raises:
            KnowledgeError: a path is missing, the index was made with another embedder, or who may read was to be said.
        """
        started = time.perf_counter()
        check_names(collection=collection, audience=PUBLIC if audience is None else audience)
        check_paths(paths)
        embedded = 0
        with self._catalog.writers_turn():
            shares, internal = shared_out(self._catalog, paths, collection=collection, audience=audience)
            if reindex:
                embedded = vectors.reindex(self._catalog, self.index, self.embedder, progress=progress)
            with self._reading() as reader, ThreadPoolExecutor(1, thread_name_prefix="open-index") as thread:
                if paths:
                    reader.warm()
                embedder = self.embedder
                opening = thread.submit(lambda: self.index)  # takes a second, in which the first files are embedded
                run = Ingest(
                    self._catalog,
                    opening.result,
                    embedder,
                    self._options.chunks,
                    reader=reader,
                    loading=self._options.loading,
                )
                if paths:
                    for share in shares:
                        run.run(share.paths, Target(collection, share, prune, prune_empty), progress=progress)
                    if prune and audience is None:
                        run.tally.removed += forget_gone_parts(
                            self._catalog, lambda: self.index, paths=paths, collection=collection
                        )
                    vectors.finish(self._catalog)
        tally = run.tally
        return IngestReport(
            documents=tally.documents,
            chunks=tally.chunks + embedded,
            unchanged=tally.unchanged,
            removed=tally.removed,
            failed=tuple(tally.failed),
            seconds=time.perf_counter() - started,
            gone=gone_places(self._catalog),
            internal=internal + internal_members.told(self._catalog, paths, collection=collection, audience=audience),
            left_out=tuple(tally.left_out),
            foreign=self.foreign_documents(),
        )

    def forget(self, paths: Sequence[Path], *, collection: str = "default") -> IngestReport:
        """Remove all that was read from these paths, which need not be there any more.

        Raises:
            KnowledgeError: nothing of a path is held in this collection; then nothing is removed.
        """
        started = time.perf_counter()
        with self._catalog.writers_turn():
            removed, places = forget_places(self._catalog, lambda: self.index, paths=paths, collection=collection)
        gone = gone_places(self._catalog)
        seconds = time.perf_counter() - started
        return IngestReport(0, 0, 0, removed, (), seconds=seconds, gone=gone, forgotten=places)

    def search(
        self,
        question: str,
        *,
        history: Sequence[Spoken] = (),
        limit: int = 5,
        collections: Sequence[str] = ("default",),
        audiences: Sequence[str] = ("public",),
        languages: Sequence[str] = (),
        since: str = "",
        until: str = "",
        options: RetrievalOptions | None = None,
    ) -> Retrieval:
        """Return the passages that most likely answer the question, best first.

        Args:
            history: the conversation so far; it helps to find passages, and is never evidence.
            languages: of the text, such as `zh`; () is every language.
            since, until: first and last date of a document, `YYYY-MM-DD`; "" is no limit.
            options: instead of the library's own, for comparison.

        Raises:
            KnowledgeError: a date is none, or the index was made with another embedder.
        """
        scope = Scope(
            tuple(map(_whole, collections)), tuple(map(_whole, audiences)), tuple(map(_whole, languages)), since, until
        )
        said = conversation_of(history)
        with self.index.reading(), self._catalog.read() as connection:
            return across.search(
                _whole(question),
                conversation=Conversation(tuple(map(_whole, said.questions)), tuple(map(_whole, said.answers))),
                limit=limit,
                scope=scope,
                connection=connection,
                index=self.index,
                meanings=self.meanings,
                options=options or self._options.retrieval,
                reranker=self.reranker,
            )

    def excerpt(
        self,
        collection: str,
        document: str,
        start: int,
        end: int,
        *,
        audiences: Sequence[str],
        margin: int = 500,
        quote: str = "",
    ) -> Excerpt:
        """Return a stretch of a document with up to `margin` characters on either side.

        Args:
            quote: what stood there; two sources may hold a document of this name, and this tells which one is meant.

        Raises:
            KnowledgeError: there is no such document, or the audiences may not see it (the message is the same).
        """
        with self._catalog.read() as connection:
            documents = catalog.find_documents(
                connection, collection=_whole(collection), name=_whole(document), audiences=audiences
            )
            fitting = [d for d in documents if 0 <= start <= end <= len(d.text)]
            found = next((d for d in fitting if quote and d.text[start:end] == quote), next(iter(fitting), None))
            if found is None:
                raise KnowledgeError(f"No passage {start}-{end} in a document named {document!r}.")
            headings = catalog.headings_at(connection, found.id, start)
            anchor = catalog.anchor_at(connection, found.id, start)
            rectangles = pages.rectangles(connection, found.id, start, end)
            content = pages.content_of(connection, found.id)
        text = found.text
        page = text.count("\f", 0, start) + 1 if found.paged else None
        return Excerpt(
            document=found.name,
            title=found.title,
            headings=headings,
            page=page,
            before=text[max(0, start - margin) : start],
            quote=text[start:end],
            after=text[end : end + margin],
            anchor=anchor,
            rectangles=rectangles,
            content=content,
            url=found.url,
        )

    def page_view(
        self, collection: str, document: str, page: int, *, audiences: Sequence[str], content: str = ""
    ) -> PageView:
        """Return the picture of a page (1-based) of a PDF or an image file.

        Args:
            content: `Excerpt.content`, where the document's name alone may mean two files.

        Raises:
            KnowledgeError: there is no such page, or the audiences may not see it (the message is the same), or the
                original has changed since it was read.
        """
        return self._pages.view(
            _whole(collection), _whole(document), page, audiences=audiences, content=_whole(content)
        )

    def check(self) -> None:
        """Prove that every part answers.

        Raises:
            VectorsLost: some audience's are, and what it asks is searched by words alone.
            KnowledgeError: the embedder or the index fails, or they do not belong together.
        """
        # A reindex or a removal that ends meanwhile leaves a space of the earlier view empty, not one of the next view.
        parts = (self._catalog, self.index, self.embedder)
        if vectors.lost(*parts) and (lost := vectors.lost(*parts)):
            raise VectorsLost(
                f"The vectors of {', '.join(lost)} are lost, so questions are searched by their words alone. "
                "Next: frontdesk ingest --reindex"
            )

    @property
    def is_empty(self) -> bool:
        """Whether nothing is held, for anybody."""
        with self._catalog.read() as connection:
            return not any(vectors.chunks_of(connection, space) for space in spaces(connection))

    def foreign_documents(self) -> ForeignDocuments | None:
        """Return how many documents are in a language that the embedder does not know; None where those are few."""
        return foreign.count(self._catalog, self.embedder)

    def count_chunks(self, *, collections: Sequence[str] = ("default",), audiences: Sequence[str] = ("public",)) -> int:
        """Return how many chunks the audiences may see."""
        with self._catalog.read() as connection:
            return catalog.count_chunks(connection, Scope(tuple(map(_whole, collections)), tuple(audiences)))

    def passages(
        self, *, collections: Sequence[str] = ("default",), audiences: Sequence[str] = ("public",)
    ) -> tuple[Passage, ...]:
        """Return every chunk that the audiences may see, document by document; its score is 0."""
        with self._catalog.read() as connection:
            scope = Scope(tuple(map(_whole, collections)), tuple(audiences))
            return stored_passages.passages_in_scope(connection, scope)

    @property
    def retrieval_options(self) -> RetrievalOptions:
        """How this library ranks when a search does not say otherwise."""
        return self._options.retrieval

    @property
    def embedder(self) -> Embedder:
        """The embedder, loaded when first used."""
        with self._opening:
            if self._embedder is None:
                self._embedder = resolve(
                    self._options.embedder,
                    models_folder=self._options.home / "models",
                    ollama_url=self._options.ollama_url,
                    threads=self._options.threads,
                )
            return self._embedder

    @property
    def meanings(self) -> Meanings:
        """The embedder with what it remembers of conversations."""
        embedder = self.embedder
        with self._opening:
            if self._meanings is None:
                self._meanings = Meanings(embedder)
            return self._meanings

    @property
    def reranker(self) -> Reranker | None:
        """The reranker, loaded when first used; None when none is set."""
        with self._opening:
            if self._reranker is None:
                self._reranker = resolve_reranker(
                    self._options.reranker, models_folder=self._options.home / "models", threads=self._options.threads
                )
            return self._reranker

    @property
    def index(self) -> VectorIndex:
        """The vectors, opened when first used."""
        with self._opening_index:
            if self._index is None:
                self._index = VectorIndex(self._options.chroma_url or self._options.home / "chroma")
            return self._index

    def close(self) -> None:
        """Let go of the database, the vectors, the processes and the embedder's connection, if it has one."""
        if self._reader is not None:
            self._reader.close()
        close_embedder = getattr(self._embedder, "close", None)
        if close_embedder:
            close_embedder()
        self._catalog.close()
        if self._index is not None:
            self._index.close()

    @contextmanager
    def _reading(self) -> Iterator[Reader]:
        """Keep the processes that read files for the next ingest, which may come soon; not after an error."""
        reader = self._reader or Reader(self._options.reading)
        self._reader = None
        try:
            yield reader
        except BaseException:
            reader.close()
            raise
        self._reader = reader


def _whole(text: str) -> str:
    """Replace halves of characters, which no database and no embedder takes, and NUL, which PostgreSQL does not."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
