"""Files and folders in, committed documents out.

    paths -> files -> worker processes: documents -> chunks -> vectors -> one catalogue transaction a batch

Safe to repeat and safe to interrupt: a file whose bytes, audience and recipe are unchanged is skipped; a document
whose text is unchanged keeps its vectors; a batch is committed whole or not at all, and vectors left behind by a crash
are swept at the start of the next run. One bad file is reported and the others go on, whatever it does to the process
that reads it (`knowledge.reading`).

The last word about a file decides who may read it: whatever is held of it for another audience goes, through whichever
source of the collection it came, and although the file itself cannot be read now.
"""

import os
import shlex
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from knowledge import catalog, fingerprints, heap, internal_members, loaders
from knowledge.catalog import Catalog, NewDocument
from knowledge.chunking import ChunkOptions
from knowledge.committing import Committer, FileShare
from knowledge.embedders import Embedder
from knowledge.feeds.mirror import addresses, repeated_parts
from knowledge.feeds.repeated import left_out
from knowledge.index import VectorIndex
from knowledge.ingest_report import FailedFile, Tally, failed
from knowledge.internal_folders import audience_of, in_archive
from knowledge.loaders import LoadOptions
from knowledge.openness import PUBLIC, Share
from knowledge.progress import FileTurn, Progress
from knowledge.reading.messages import Done, Failed, Job, Prepared, Unchanged
from knowledge.reading.pool import Reader, Reading
from knowledge.sources import (
    Links,
    Listing,
    check_paths,
    content_hash,
    find_links,
    is_below_files,
    is_within,
    list_files,
    places,
    shown,
)
from knowledge.spaces import Space, ensure_space
from knowledge.vectors import check_embedder, mend

PATIENCE_SECONDS = 5.0
"""How long documents that are read wait for the next ones before they are committed by themselves."""
FILES_AHEAD = 32
"""Files that are hashed and read before their turn."""
CLOSED_AT_ONCE = 1000
"""Files; a database takes so many in one question."""
_LINK = "is a link to a folder, which is not followed. Next: ingest the folder that it leads to by its own path"


@dataclass(frozen=True, slots=True)
class Target:
    """Where documents go."""

    collection: str
    share: Share
    """Who may read them, and what is left out."""
    prune: bool = False
    prune_empty: bool = False
    """With `prune`: also when a folder holds no file at all, as a drive that is not mounted does not."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file whose turn has come or will come soon."""

    name: str
    path: Path
    fault: str = ""
    """Why it cannot even be opened."""
    fingerprint: str = ""
    content: str = ""
    known: dict[str, str] = field(default_factory=dict)
    """Document name -> fingerprint of what the catalogue holds of it."""
    reading: Reading | None = None
    """None when there is no need to read it."""
    opened: frozenset[str] | None = None
    """Folders in it that stay open; None where all of it is for the same people."""
    is_left_out: bool = False
    """Whether it, or something in it, is of a kind that no loader reads, which was said when it was new."""


@dataclass(frozen=True, slots=True)
class _Source:
    """A source under way."""

    id: int
    target: Target
    known: dict[str, str]
    """File's name -> fingerprint, as the catalogue held them at the start."""
    links: Links
    """By which other names files are known that are held for other audiences."""
    addresses: dict[str, str]
    """File's name -> the web page that it is a copy of."""
    repeated: dict[str, str]
    """Hash of what nearly all pages of a website show -> name of the file that keeps it."""
    opened: internal_members.Opened | None
    """Folders in archives that stay open; None where somebody said who may read all of it."""


class Ingest:
    """One run over one target; the caller holds the writer's lock."""

    def __init__(
        self,
        catalog_: Catalog,
        index: Callable[[], VectorIndex],
        embedder: Embedder,
        options: ChunkOptions,
        *,
        reader: Reader,
        loading: object | None = None,
    ) -> None:
        """Make a run ready.

        Args:
            index: asked for when it is needed, so that it can be opened while the first files are read and embedded.
            reader: to be closed by the caller; after an error it is not to be used again.
            loading: what `knowledge.loaders.load` takes as `options`.
        """
        self._catalog = catalog_
        self._open_index = index
        self._index: VectorIndex | None = None
        self._embedder = embedder
        self._options = options
        self._reader = reader
        self._loading = loading
        self.tally = Tally()
        self._turn = FileTurn()
        self._progress: Progress | None = None

    def run(self, paths: Sequence[Path], target: Target, *, progress: Progress | None = None) -> None:
        """Ingest every path as a source of its own.

        Raises:
            KnowledgeError: a path is missing, or the vectors there were made by another embedder.
        """
        check_paths(paths)
        self._progress = progress
        heap.give_back()
        committer = Committer(
            self._catalog,
            self._mended,
            self._embedder,
            space=self._open_space(target, target.share.audience),
            space_of=lambda audience: self._open_space(target, audience),
            is_spared=(lambda _name: False) if target.share.opened is None else _is_internal_member,
            told=self.tally.count,
            alive=self._alive,
        )
        try:
            for path in paths:
                self._source(path.resolve(), target, committer, progress)
            self._mended()
        finally:
            committer.close()

    def _alive(self, share: float) -> None:
        self._turn.alive(share)

    def _open_space(self, target: Target, audience: str) -> Space:
        with self._catalog.write() as connection:
            space = ensure_space(
                connection, collection=target.collection, audience=audience, embedder=self._embedder.name
            )
            check_embedder(space, self._embedder)
        return space

    def _mended(self) -> VectorIndex:
        """Return the vectors, brought in line with the catalogue before the first change of this run."""
        if self._index is None:
            self._index = self._open_index()
            mend(self._catalog, self._index, self._embedder, progress=self._progress)
        return self._index

    def _source(self, root: Path, target: Target, committer: Committer, progress: Progress | None) -> None:
        with self._catalog.write() as connection:
            source_id = catalog.ensure_source(connection, collection=target.collection, location=shown(root))
            known = {
                name: fingerprint
                for name, fingerprint in catalog.file_fingerprints(connection, source_id).items()
                if not any(is_within(shown(root / name), folder) for folder in target.share.without)
            }
            others = catalog.places_for_others(connection, collection=target.collection, audience=target.share.audience)
        listing = list_files(root, without=target.share.without, is_left=target.share.is_left)
        self.tally.failed.extend(FailedFile(folder, f"cannot be read: {cause}") for folder, cause in listing.unreadable)
        self.tally.failed.extend(FailedFile(folder, _LINK) for folder in listing.links)
        minds_names = target.share.opened is not None
        opened = internal_members.opened(self._catalog, collection=target.collection) if minds_names else None
        source = _Source(source_id, target, known, find_links(others), addresses(root), repeated_parts(root), opened)
        ahead: deque[_File] = deque()
        coming = iter(listing.files.items())
        for done in range(len(listing.files)):
            for name, path in islice(coming, FILES_AHEAD - len(ahead)):
                ahead.append(self._look_at(source, name, path))
            file = ahead.popleft()
            self._turn = FileTurn(progress, file.name, done, len(listing.files))
            self._take(source, file, committer)
        committer.finish()
        self._remove_missing(source, root, listing, committer)
        if progress is not None:
            progress("", len(listing.files), len(listing.files))

    def _look_at(self, source: _Source, name: str, path: Path) -> _File:
        """Hash a file before its turn, and have it read when it is not what the catalogue holds."""
        try:
            content = content_hash(path)
            size_bytes = path.stat().st_size
        except OSError as error:
            return _File(name, path, fault=f"cannot be read: {error.strerror or error}")
        audience, loading = source.target.share.audience, self._loading_of(source, name)
        fingerprint = fingerprints.of(content, audience, self._options, loading)
        with self._catalog.read() as connection:
            known = catalog.document_fingerprints(connection, source.id, name)
        opened = _opened_in(path, source)
        as_read = fingerprints.of_folders(fingerprint, opened, known)
        is_left_out = source.known.get(name) == fingerprints.left_out(as_read)
        if is_left_out or source.known.get(name) == as_read:
            return _File(name, path, "", fingerprint, content, known, is_left_out=is_left_out)
        job = Job(
            path=str(path),
            name=name,
            size_bytes=size_bytes,
            audience=audience,
            opened=opened,
            chunks=self._options,
            known=known,
            loaders=dict(loaders.LOADERS),
            options=loading,
            silence_seconds=self._reader.options.silence_of(size_bytes),
            memory_bytes=self._reader.options.memory_bytes,
        )
        return _File(name, path, "", fingerprint, content, known, self._reader.start(job), opened)

    def _loading_of(self, source: _Source, name: str) -> object | None:
        """Return how a file is loaded: of a website's page, without what it leaves to another one."""
        parts = left_out(source.repeated, name) if name.endswith(".html") else ()
        if not parts or not isinstance(self._loading, LoadOptions | None):
            return self._loading
        return replace(self._loading or loaders.NO_OPTIONS, repeated=parts)

    def _take(self, source: _Source, file: _File, committer: Committer) -> None:
        """Bring one file's documents up to date; the file counts as done only with its last share."""
        if file.reading is None:
            self.tally.unchanged += 0 if file.fault else len(file.known)
            self.tally.left_out += [shown(file.path) + ("!/" if file.known else "")] if file.is_left_out else []
            self._withdraw(source, file, file.fault, committer)
            return
        share = FileShare(source.id, file.name, content=file.content)
        seen: set[str] = set()
        for message in self._reader.messages(file.reading, patience_seconds=PATIENCE_SECONDS):
            self._turn.alive()
            match message:
                case Prepared():
                    seen.add(message.name)
                    share = committer.add(share, _new_document(message, source, file))
                case Unchanged():
                    seen.add(message.name)
                    self.tally.unchanged += 1
                case Failed():
                    committer.drop(share)
                    self._withdraw(source, file, message.error, committer)
                    if message.by_kind and not file.known:
                        self._leave_out(source, file)
                case Done():
                    self._fail_members(file, message)
                    if seen:
                        share.gone = _gone(file, seen, message)
                        held = (seen | set(file.known)).difference(share.gone)
                        as_read = fingerprints.of_folders(file.fingerprint, file.opened, held)
                        share.fingerprint = fingerprints.after(message, as_read)
                        share.places = places(file.path, source.links)
                        committer.complete(share)
                    else:
                        self._withdraw(source, file, "", committer)
                case _:
                    share = committer.settle(share)

    def _leave_out(self, source: _Source, file: _File) -> None:
        """Remember a file that will be no better tomorrow, so that each night's ingest does not fail for it."""
        with self._catalog.write() as connection:
            catalog.put_file(
                connection,
                source_id=source.id,
                path=file.name,
                fingerprint=fingerprints.left_out(file.fingerprint),
                content=file.content,
            )

    def _fail_members(self, file: _File, done: Done) -> None:
        for member, error in done.failures:
            self.tally.failed.append(failed(f"{shown(file.path)}!/{member}" if member else shown(file.path), error))

    def _withdraw(self, source: _Source, file: _File, fault: str, committer: Committer) -> None:
        """Close a file that is not committed now to all but the audience asked for; report it when it has a fault."""
        withdrawn = committer.withdraw(places(file.path, source.links))
        self.tally.removed += withdrawn
        if fault:
            said = f"; what was held of it for another audience is removed, documents: {withdrawn}" if withdrawn else ""
            self.tally.failed.append(failed(shown(file.path), fault + said))

    def _remove_missing(self, source: _Source, root: Path, listing: Listing, committer: Committer) -> None:
        """Forget the files that are gone, when asked to, and close what is held of them to other audiences."""
        missing = [name for name in source.known if name not in listing.files]
        looks_unmounted = (
            root.is_dir()
            and not (listing.files or source.target.prune_empty)
            and not is_below_files(shown(root), source.target.share.around)
        )
        if source.target.prune and missing and looks_unmounted:
            fault = (
                f"holds no file now and held {len(missing)}, so nothing was pruned. Next: see that its drive is "
                f"mounted; if all of them are to be forgotten: frontdesk ingest {shlex.quote(str(root))} --prune-empty"
            )
            self.tally.failed.append(FailedFile(shown(root), fault))
        elif source.target.prune and not listing.unreadable:
            self._prune(source, missing, committer)
        for name in missing:
            path = root if root.is_file() else root / name
            if withdrawn := committer.withdraw(places(path, source.links)):
                self.tally.removed += withdrawn
                fault = "is gone or cannot be read; what was held of it for another audience is removed"
                self.tally.failed.append(FailedFile(shown(root / name), f"{fault}, documents: {withdrawn}"))
        if source.target.share.audience != PUBLIC:
            self._close_below(source.target, root, committer)

    def _close_below(self, target: Target, root: Path, committer: Committer) -> None:
        """Withdraw from others what is still held of a folder that is closed to them, there or not."""
        with self._catalog.read() as connection:
            others = catalog.places_for_others(connection, collection=target.collection, audience=target.share.audience)
        below = [
            place
            for place in others
            if any(is_within(way, shown(root)) for way in (str(Path(*place)), os.path.realpath(Path(*place))))
        ]
        for start in range(0, len(below), CLOSED_AT_ONCE):
            self.tally.removed += committer.withdraw(below[start : start + CLOSED_AT_ONCE])

    def _prune(self, source: _Source, names: Sequence[str], committer: Committer) -> None:
        self._mended()
        for name in names:
            with self._catalog.write() as connection:
                doomed = list(catalog.document_fingerprints(connection, source.id, name))
                old = catalog.remove_documents(connection, source_id=source.id, path=name, names=doomed)
                catalog.remove_file(connection, source_id=source.id, path=name)
                catalog.next_generation(connection)
            committer.sweep(old)
            self.tally.removed += len(doomed)


def _new_document(prepared: Prepared, source: _Source, file: _File) -> NewDocument:
    url = source.addresses.get(file.name)
    document = prepared.document
    if url:
        document = replace(document, metadata={**document.metadata, "url": url})
    return NewDocument(
        name=prepared.name,
        title=prepared.title,
        language=prepared.language,
        audience=audience_of(prepared.name, source.target.share.audience, opened=file.opened),
        fingerprint=prepared.fingerprint,
        modified_at=prepared.modified_at,
        dated=prepared.dated,
        document=document,
        chunks=prepared.chunks,
        chunk_languages=prepared.chunk_languages,
    )


def _gone(file: _File, seen: set[str], done: Done) -> list[str]:
    """Return the documents that the file held and holds no more; what members that failed held stays."""
    gone = [name for name in file.known if name not in seen]
    if not done.failures:
        return gone
    members = f"{file.name}!/"
    failed = [f"{members}{member}" for member, _ in done.failures if member]
    within = tuple(f"{member}{mark}" for member in failed for mark in ("#", "!/"))
    return [name for name in gone if name.startswith(members) and name not in failed and not name.startswith(within)]


def _is_internal_member(name: str) -> bool:
    return bool(in_archive(name))


def _opened_in(path: Path, source: _Source) -> frozenset[str] | None:
    """Return the folders in an archive that stay open; None where names do not count."""
    if not source.opened:
        return None if source.opened is None else frozenset()
    here = set(places(path, source.links))
    return frozenset(folder for location, name, folder in source.opened if (location, name) in here)
