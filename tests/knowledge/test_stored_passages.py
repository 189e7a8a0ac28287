"""Who reads a chunk, and how often a search asks the database at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from knowledge import stored_passages
from knowledge.library import Library
from knowledge.passages import Passage
from knowledge.questions import Spoken
from knowledge.retrieval import RetrievalOptions
from knowledge.scope import Scope

Write = Callable[[str, str | bytes], Path]
SAID = (Spoken("user", "What about a lamp?"), Spoken("assistant", "A lamp may be returned within 30 days."))


@pytest.fixture
def shop(library: Library, write: Write, papers: Path) -> Library:
    """A library of forty documents."""
    for number in range(40):
        write(f"{number}.md", f"# Lamps\n\n## Lamp {number}\n\nLamp {number} may be returned within {number} days.")
    library.ingest([papers])
    return library


@pytest.mark.parametrize(
    ("search", "most"),
    [
        ({}, 4),  # the segments, their postings, the spaces, the chunks of both halves
        ({"history": SAID}, 7),  # and twice the words of the question before, and the chunks near the topic
        ({"since": "2001-01-01"}, 6),  # and which chunks are in scope, for each half
        ({"options": RetrievalOptions(mode="lexical")}, 3),
        ({"question": "Is there a warranty?"}, 5),  # and whether there is anything in another language
    ],
)
def test_a_search_takes_few_statements(shop: Library, search: dict[str, Any], most: int) -> None:
    asked: list[str] = []

    def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
        asked.extend([statement] if statement.startswith("SELECT") else [])

    event.listen(Engine, "before_cursor_execute", note)
    try:
        found = shop.search(**{"question": "May it be returned?", **search})
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert len(found.passages) == 5
    assert len(asked) <= most, "\n\n".join(asked)


def test_a_chunk_is_read_once_however_it_is_named(shop: Library) -> None:
    scope = Scope(("default",), ("public",))
    with shop._catalog.read() as connection:
        (first,) = stored_passages.chunks_in_scope(connection, scope, chunks=[1])
        both = stored_passages.chunks_in_scope(connection, scope, chunks=[1, 99_999], vectors=[first.vector, "none"])
        assert both == [first]
        assert stored_passages.chunks_in_scope(connection, scope) == []
        assert stored_passages.chunks_in_scope(connection, Scope(("default",), ("staff",)), chunks=[1]) == []
    number = first.document.removesuffix(".md")
    assert first.passage(0.5) == Passage(
        collection="default",
        document=f"{number}.md",
        title="Lamps",
        headings=("Lamps", f"Lamp {number}"),
        header="",
        page=None,
        start=first.start,
        end=first.end,
        text=f"Lamp {number} may be returned within {number} days.",
        audience="public",
        language="en",
        score=0.5,
        anchor=f"lamp-{number}",
        dated=first.dated,
    )
