"""Files and folders in, committed documents out.

    paths -> files -> documents -> chunks -> vectors -> one catalogue transaction a batch

Safe to repeat and safe to interrupt: a file whose bytes, audience and recipe are unchanged is skipped; a document
whose text is unchanged keeps its vectors; a batch is committed whole or not at all, and vectors left behind by a crash
are swept at the start of the next run. One bad file is reported and the others go on.

The last word about a file decides who may read it: whatever is held of it for another audience goes, through whichever
source of the collection it came, and although the file itself cannot be read now.
"""

import datetime
import hashlib
import os
import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from knowledge import catalog, loaders
from knowledge.catalog import Catalog, NewDocument
from knowledge.chunking import Chunk, ChunkOptions, split
from knowledge.documents import Document
from knowledge.embedders import Embedder
from knowledge.errors import KnowledgeError, UnreadableFile
from knowledge.index import VectorIndex
from knowledge.loaders import LoadOptions
from knowledge.spaces import Space, ensure_space, spaces
from knowledge.text import detect_language
from knowledge.vectors import BATCH_CHUNKS, Progress, check_embedder, embedded_text, mend

RECIPE = "2"
"""Raise it when extraction or chunking changes: files are then read anew although their bytes are the same."""


@dataclass(frozen=True, slots=True)
class FailedFile:
    path: str
    error: str


@dataclass(frozen=True, slots=True)
class IngestReport:
    """What an ingest did."""

    documents: int
    """Documents that were added or changed."""
    chunks: int
    """Chunks of those documents."""
    unchanged: int
    removed: int
    failed: tuple[FailedFile, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Target:
    """Where documents go."""

    collection: str
    audience: str
    prune: bool = False


@dataclass(frozen=True, slots=True)
class _Source:
    """A source under way."""

    id: int
    target: Target
    space: Space


@dataclass(frozen=True, slots=True)
class _FileState:
    """What the catalogue is to hold of a file."""

    name: str
    fingerprint: str
    """Hash of its bytes, its audience and the recipe; "" while it is not wholly in."""
    content: str
    """SHA-256 of its bytes."""


@dataclass(slots=True)
class Tally:
    """Running totals of one ingest."""

    documents: int = 0
    chunks: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[FailedFile] = field(default_factory=list)


def check_paths(paths: Sequence[Path]) -> None:
    """Refuse paths that do not exist, all of them in one message.

    Raises:
        KnowledgeError: at least one path is missing.
    """
    missing = [str(path) for path in paths if not path.exists()]
    if missing:
        raise KnowledgeError(f"Not found: {', '.join(missing)}. Next: check the path, then frontdesk ingest FOLDER")


class Ingest:
    """One run over one target; the caller holds the writer's lock."""

    def __init__(
        self,
        catalog_: Catalog,
        index: VectorIndex,
        embedder: Embedder,
        options: ChunkOptions,
        loading: LoadOptions,
    ) -> None:
        self._catalog = catalog_
        self._index = index
        self._embedder = embedder
        self._options = options
        self._loading = loading
        self.tally = Tally()

    def run(self, paths: Sequence[Path], target: Target, *, progress: Progress | None = None) -> None:
        """Ingest every path as a source of its own.

        Raises:
            KnowledgeError: a path is missing, or the vectors there were made by another embedder.
        """
        check_paths(paths)
        space = self._open_space(target)
        for path in paths:
            self._source(path.resolve(), target, space, progress)

    def _open_space(self, target: Target) -> Space:
        with self._catalog.write() as connection:
            space = ensure_space(
                connection, collection=target.collection, audience=target.audience, embedder=self._embedder.name
            )
            check_embedder(space, self._embedder)
        mend(self._catalog, self._index, self._embedder)
        return space

    def _source(self, root: Path, target: Target, space: Space, progress: Progress | None) -> None:
        with self._catalog.write() as connection:
            source_id = catalog.ensure_source(connection, collection=target.collection, location=shown(root))
            known = catalog.file_fingerprints(connection, source_id)
        source = _Source(source_id, target, space)
        files, unreadable = _files(root)
        self.tally.failed.extend(FailedFile(folder, f"cannot be read: {cause}") for folder, cause in unreadable)
        for done, (name, path) in enumerate(files.items()):
            if progress is not None:
                progress(name, done, len(files))
            fault = ""
            try:
                content = _content(path)
                fingerprint = _fingerprint(content, target, self._options)
                if known.get(name) == fingerprint:
                    self._skip(source, name)
                else:
                    self._file(source, path, _FileState(name, fingerprint, content))
            except UnreadableFile as error:
                fault = str(error)
            except OSError as error:
                fault = f"cannot be read: {error.strerror or error}"
            withdrawn = self._withdraw(source, path)
            if fault:
                self._fail(path, fault, withdrawn)
        missing = [name for name in known if name not in files]
        if target.prune and not unreadable:
            self._prune(source, missing)
        for name in missing:
            if withdrawn := self._withdraw(source, root if root.is_file() else root / name):
                self._fail(root / name, "is gone or cannot be read", withdrawn)
        if progress is not None:
            progress("", len(files), len(files))

    def _skip(self, source: _Source, name: str) -> None:
        with self._catalog.read() as connection:
            self.tally.unchanged += len(catalog.document_fingerprints(connection, source.id, name))

    def _fail(self, path: Path, fault: str, withdrawn: int) -> None:
        """Report a file; one that was to be closed to others is closed to them even so."""
        said = f"; what was held of it for another audience is removed, documents: {withdrawn}" if withdrawn else ""
        self.tally.failed.append(FailedFile(shown(path), fault + said))

    def _withdraw(self, source: _Source, path: Path) -> int:
        """Remove what is held of a file for audiences other than the one asked for; return how many documents."""
        target = source.target
        with self._catalog.read() as connection:
            doomed = catalog.documents_for_others(
                connection, collection=target.collection, audience=target.audience, places=_places(path)
            )
        if not doomed:
            return 0
        old: list[str] = []
        with self._catalog.write() as connection:
            for source_id, name, document_name in doomed:
                old += catalog.remove_documents(connection, source_id=source_id, path=name, names=[document_name])
                catalog.put_file(connection, source_id=source_id, path=name, fingerprint="")  # to be read anew
            catalog.next_generation(connection)
        self._sweep(old)
        self.tally.removed += len(doomed)
        return len(doomed)

    def _file(self, source: _Source, path: Path, state: _FileState) -> None:
        """Bring one file's documents up to date; the file counts as done only after its last batch."""
        name = state.name
        with self._catalog.read() as connection:
            known = catalog.document_fingerprints(connection, source.id, name)
        seen: set[str] = set()
        batch: list[NewDocument] = []
        for loaded in loaders.load(path, options=self._loading):
            document = _storable(loaded)
            document_name = _document_name(name, document)
            if document_name in seen:
                raise UnreadableFile(f"two documents in {path.name} are named {document_name!r}; names must differ")
            seen.add(document_name)
            fresh = self._prepare(document, document_name, path, source.target.audience)
            if known.get(document_name) == fresh.fingerprint:
                self.tally.unchanged += 1
                continue
            batch.append(fresh)
            if sum(len(new.chunks) for new in batch) >= BATCH_CHUNKS:
                self._commit(source, batch, replace(state, fingerprint=""))
                batch = []
        if not seen:
            raise UnreadableFile(f"{path.name} holds no text")
        gone = [document_name for document_name in known if document_name not in seen]
        self._commit(source, batch, state, gone=gone)
        self.tally.removed += len(gone)

    def _prepare(self, document: Document, name: str, path: Path, audience: str) -> NewDocument:
        chunks = split(document, self._options)
        title = document.title or shown(path.stem)
        modified_at = path.stat().st_mtime
        content = "\x00".join([RECIPE, audience, title, document.text, repr(chunks)])
        return NewDocument(
            name=name,
            title=title,
            language=detect_language(document.text),
            audience=audience,
            fingerprint=hashlib.sha256(content.encode()).hexdigest(),
            modified_at=modified_at,
            dated=_dated(document, modified_at),
            document=document,
            chunks=chunks,
            chunk_languages=tuple(detect_language(document.text[chunk.start : chunk.end]) for chunk in chunks),
            vectors=tuple(uuid.uuid4().hex for _ in chunks),
        )

    def _commit(
        self,
        source: _Source,
        batch: Sequence[NewDocument],
        state: _FileState,
        *,
        gone: Sequence[str] = (),
    ) -> None:
        """Vectors first, then the transaction that makes them count, then the old vectors' removal."""
        vectors = [vector for new in batch for vector in new.vectors]
        if vectors:
            texts = [_embedded_text(new, chunk) for new in batch for chunk in new.chunks]
            self._index.add(source.space.name, vectors, self._embedder.embed(texts))
        names = [*gone, *(new.name for new in batch)]
        with self._catalog.write() as connection:
            generation = catalog.next_generation(connection)
            old = catalog.remove_documents(connection, source_id=source.id, path=state.name, names=names)
            file_id = catalog.put_file(
                connection,
                source_id=source.id,
                path=state.name,
                fingerprint=state.fingerprint,
                content=state.content,
            )
            catalog.put_documents(
                connection, batch, file_id=file_id, collection=source.target.collection, generation=generation
            )
        self._sweep(old)
        self.tally.documents += len(batch)
        self.tally.chunks += len(vectors)

    def _prune(self, source: _Source, names: Sequence[str]) -> None:
        for name in names:
            with self._catalog.write() as connection:
                doomed = list(catalog.document_fingerprints(connection, source.id, name))
                old = catalog.remove_documents(connection, source_id=source.id, path=name, names=doomed)
                catalog.remove_file(connection, source_id=source.id, path=name)
                catalog.next_generation(connection)
            self._sweep(old)
            self.tally.removed += len(doomed)

    def _sweep(self, vectors: Sequence[str]) -> None:
        """Remove vectors that no committed chunk names, in whatever space they lie."""
        if not vectors:
            return
        with self._catalog.read() as connection:
            names = [space.name for space in spaces(connection)]
        self._index.wait_for_readers()
        for name in names:
            self._index.remove(name, vectors)


def _embedded_text(new: NewDocument, chunk: Chunk) -> str:
    body = new.document.text[chunk.start : chunk.end]
    return embedded_text(title=new.title, headings=chunk.headings, header=chunk.header, body=body)


def _files(root: Path) -> tuple[dict[str, Path], list[tuple[str, str]]]:
    """Return the files of a source, path below the root with `/` -> file, and the folders that cannot be listed.

    In a fixed order; hidden files and the lock files of office programs are passed over, unknown suffixes are not.
    """
    if root.is_file():
        return {shown(root.name): root}, []
    unreadable: list[tuple[str, str]] = []
    found = []
    for folder, folders, names in os.walk(
        root, onerror=lambda error: unreadable.append((shown(error.filename), error.strerror or str(error)))
    ):
        folders[:] = [name for name in folders if not name.startswith(HIDDEN)]
        found += [Path(folder, name) for name in names if not name.startswith(HIDDEN)]
    files = sorted(path for path in found if path.is_file())
    return {shown(path.relative_to(root).as_posix()): path for path in files}, unreadable


def _places(path: Path) -> list[tuple[str, str]]:
    """Return every (source, path below it) under which the catalogue may hold this file."""
    above = [(shown(folder), shown(path.relative_to(folder).as_posix())) for folder in path.parents]
    return [(shown(path), shown(path.name)), *above]


HIDDEN = (".", "~$")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def _clean(text: str) -> str:
    """Replace what SQL text cannot hold, half a character or a NUL, one for one so that spans stay right."""
    return _UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def shown(name: str | Path) -> str:
    """Return a file's name as text; bytes that are not UTF-8, as old systems wrote them, are spelt out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _storable(document: Document) -> Document:
    return replace(
        document,
        text=_clean(document.text),
        title=_clean(document.title),
        name=_clean(document.name),
        blocks=tuple(replace(block, header=_clean(block.header)) for block in document.blocks),
        metadata={_clean(key): _clean(value) for key, value in document.metadata.items()},
    )


def _content(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fingerprint(content: str, target: Target, options: ChunkOptions) -> str:
    return hashlib.sha256("\x00".join([RECIPE, repr(options), target.audience, content]).encode()).hexdigest()


def _dated(document: Document, modified_at: float) -> str:
    """Return the day on which the document says it was written, else on which its file was last changed."""
    said = document.metadata.get("date", "")
    try:
        return datetime.date.fromisoformat(said[:10]).isoformat()
    except ValueError:
        return datetime.datetime.fromtimestamp(modified_at, datetime.UTC).date().isoformat()


def _document_name(file_name: str, document: Document) -> str:
    if not document.name:
        return file_name
    return file_name + document.name if document.name.startswith("#") else document.name
