"""Vectors kept in line with the catalogue: what is left over is swept, what is missing is made anew.

    catalogue's chunks -> texts -> embedder -> space

A crash leaves vectors that no chunk names; a lost or damaged Chroma folder leaves chunks without vectors; another
embedder needs all of them anew. The documents themselves are not read again for any of it: their text is in the
catalogue.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from knowledge import catalog, stored_passages
from knowledge.catalog import Catalog
from knowledge.embedders import Embedder
from knowledge.errors import IndexMismatch
from knowledge.index import VectorIndex
from knowledge.progress import Progress
from knowledge.scope import Scope
from knowledge.spaces import Space, advance, committed_vectors, is_generation_of, spaces

BATCH_CHUNKS = 256


def check_embedder(space: Space, embedder: Embedder) -> None:
    """Refuse to compare vectors of two embedders.

    Raises:
        IndexMismatch: the space was made by another embedder.
    """
    if space.embedder != embedder.name:
        raise IndexMismatch(
            f"The index of collection {space.collection!r} was made with the embedder {space.embedder!r}, but "
            f"{embedder.name!r} is in use. Next: set `embedder` back, or frontdesk ingest --reindex"
        )


def embedded_text(*, title: str, headings: Sequence[str], header: str, body: str) -> str:
    """Return what the embedder sees of a chunk: where it stands, then what it says."""
    place = " > ".join(dict.fromkeys([title, *headings]))
    return "\n".join(part for part in (place, header, body) if part)


def mend(catalog_: Catalog, index: VectorIndex, embedder: Embedder, *, progress: Progress | None = None) -> None:
    """Make every space hold the committed vectors and no others; other embedders' spaces are only swept.

    After an ingest that came to its end the number of vectors is enough to know; to compare a million takes a while.
    An ingest that follows says at its own end that it came there (`finish`).
    """
    with catalog_.write() as connection:
        in_line = catalog.vectors_are_in_line(connection)
        catalog.set_vectors_in_line(connection, False)
        counts = {space: chunks_of(connection, space) for space in spaces(connection)}
    _drop_other_generations(index, counts)
    for space, count in counts.items():
        if in_line and index.count(space.name) == count:
            continue
        with catalog_.read() as connection:
            vectors = committed_vectors(connection, space)
        held = index.ids(space.name)
        index.remove(space.name, held.difference(vectors))
        if space.embedder == embedder.name:
            missing = [vector for vector in vectors if vector not in held]
            _embed(catalog_, index, embedder, space, missing, progress=progress)


def finish(catalog_: Catalog) -> None:
    """Record that what was begun with `mend` came to its end."""
    with catalog_.write() as connection:
        catalog.set_vectors_in_line(connection, True)


def lost(catalog_: Catalog, index: VectorIndex, embedder: Embedder) -> list[str]:
    """Return the collections and audiences that have chunks in the catalogue and not one vector.

    Raises:
        KnowledgeError: the embedder or the index fails, or they do not belong together.
    """
    vector = embedder.embed_question("check")
    found = []
    with catalog_.read() as connection:
        for space in spaces(connection):
            check_embedder(space, embedder)
            if not index.check(space.name, vector) and chunks_of(connection, space):
                found.append(f"{space.collection} ({space.audience})")
    return found


def chunks_of(connection: Connection, space: Space) -> int:
    """Return how many chunks of a space are in the catalogue."""
    return catalog.count_chunks(connection, Scope((space.collection,), (space.audience,)))


def reindex(catalog_: Catalog, index: VectorIndex, embedder: Embedder, *, progress: Progress | None = None) -> int:
    """Embed every chunk anew with this embedder and return how many there are; until then readers keep the old vectors.

    A space is switched over when its last vector is there; one that a crash left unfinished is begun again.
    """
    with catalog_.read() as connection:
        wanted = {space: committed_vectors(connection, space) for space in spaces(connection)}
    _drop_other_generations(index, wanted)
    for space, vectors in wanted.items():
        following = replace(space, generation=space.generation + 1, embedder=embedder.name)
        _embed(catalog_, index, embedder, following, vectors, progress=progress)
        with catalog_.write() as connection:
            advance(connection, following)
            catalog.next_generation(connection)
        index.wait_for_readers()
        index.drop(space.name)
    return sum(map(len, wanted.values()))


def _drop_other_generations(index: VectorIndex, current: Iterable[Space]) -> None:
    """Drop what a reindex that was cut short left: the generation it began, or the one that it had replaced."""
    held = index.names()
    for space in current:
        left = [name for name in held if is_generation_of(space, name) and name != space.name]
        if left:
            index.wait_for_readers()
        for name in left:
            index.drop(name)


def _embed(
    catalog_: Catalog,
    index: VectorIndex,
    embedder: Embedder,
    space: Space,
    vectors: Sequence[str],
    *,
    progress: Progress | None = None,
) -> None:
    for start in range(0, len(vectors), BATCH_CHUNKS):
        if progress is not None:
            progress(f"{space.collection} ({space.audience})", start, len(vectors))
        with catalog_.read() as connection:
            passages = stored_passages.passages_by_vector(connection, vectors[start : start + BATCH_CHUNKS])
        texts = [
            embedded_text(title=p.title, headings=p.headings, header=p.header, body=p.text) for p in passages.values()
        ]
        index.add(space.name, list(passages), embedder.embed(texts))
