"""How many documents are in a language that the embedder does not know, once that is more than a few.

    catalogue + embedder -> ForeignDocuments | None

What is known of a document's language is what `knowledge.text.detect_language` tells by its characters: Chinese, with
Japanese and Korean, or else English. French for an English embedder is not noticed.
"""

from dataclasses import dataclass

from sqlalchemy import func, select

from knowledge.catalog import Catalog
from knowledge.embedders import Embedder
from knowledge.schema import document

SHARE = 1 / 10
"""Of all documents. Their words find these all the same, and another embedder makes every vector anew and takes longer
at each ingest and question: worth it where customers meet such a document often, not for a leaflet in two languages."""


@dataclass(frozen=True, slots=True)
class ForeignDocuments:
    """Documents whose meaning the embedder does not know."""

    documents: int
    of: int
    """All documents, of every collection and audience."""


def count(catalog: Catalog, embedder: Embedder) -> ForeignDocuments | None:
    """Return how many there are; None where the embedder knows all, or all but fewer than `SHARE`."""
    if embedder.languages is None:
        return None
    with catalog.read() as connection:
        rows = connection.execute(select(document.c.language, func.count()).group_by(document.c.language))
        numbers = {str(row[0]): int(row[1]) for row in rows}
    foreign = sum(number for language, number in numbers.items() if language not in embedder.languages)
    total = sum(numbers.values())
    return ForeignDocuments(foreign, total) if foreign and foreign >= SHARE * total else None
