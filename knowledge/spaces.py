"""Which Chroma collection holds the vectors of a (collection, audience), and by whose embedder.

    (collection, audience) -> Space, numbered by generation

A reindex fills the collection of the next generation while readers use this one; `advance` switches them over.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from knowledge.schema import chunk, document, new_id, vector_space

_SPACES = select(
    vector_space.c.id,
    vector_space.c.collection,
    vector_space.c.audience,
    vector_space.c.embedder,
    vector_space.c.generation,
).order_by(vector_space.c.id)


@dataclass(frozen=True, slots=True)
class Space:
    """A Chroma collection for one (collection, audience) and one embedder."""

    id: int
    collection: str
    audience: str
    embedder: str
    generation: int

    @property
    def name(self) -> str:
        """What the Chroma collection is called."""
        return f"{_stem(self)}{self.generation}"


def is_generation_of(space: Space, name: str) -> bool:
    """Say whether a Chroma collection is this space's, now or in another generation."""
    return name.startswith(_stem(space))


def _stem(space: Space) -> str:
    return f"space-{space.id}-generation-"


def spaces(connection: Connection) -> list[Space]:
    """Return every vector space."""
    return [Space(*row) for row in connection.execute(_SPACES).all()]


def ensure_space(connection: Connection, *, collection: str, audience: str, embedder: str) -> Space:
    """Return the space for this (collection, audience), made when it is new."""
    for found in spaces(connection):
        if (found.collection, found.audience) == (collection, audience):
            return found
    values = {"collection": collection, "audience": audience, "embedder": embedder, "generation": 1}
    return Space(new_id(connection, vector_space, values), collection, audience, embedder, 1)


def advance(connection: Connection, following: Space) -> None:
    """Let this generation of a space take the place of the one before it."""
    values = {"generation": following.generation, "embedder": following.embedder}
    connection.execute(update(vector_space).where(vector_space.c.id == following.id).values(**values))


def committed_vectors(connection: Connection, space: Space) -> list[str]:
    """Return the ids of all vectors that a space should hold, a document's side by side."""
    rows = connection.execute(
        select(chunk.c.vector)
        .join(document)
        .where(document.c.collection == space.collection, document.c.audience == space.audience)
        .order_by(chunk.c.id)
    )
    return [row.vector for row in rows]
