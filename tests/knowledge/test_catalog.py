import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from knowledge import catalog, database, stored_passages
from knowledge.catalog import Catalog, NewDocument
from knowledge.chunking import Chunk
from knowledge.documents import Document
from knowledge.errors import KnowledgeError
from knowledge.scope import Scope
from knowledge.spaces import advance, committed_vectors, ensure_space, spaces

PUBLIC = Scope(("default",), ("public",))


@pytest.fixture
def opened(catalog_place: Path | str) -> Iterator[Catalog]:
    opened = Catalog(catalog_place)
    yield opened
    opened.close()


def put(opened: Catalog, content: str, *, location: str = "here", audience: str = "public") -> None:
    """Store `a.md` with two chunks that meet in the middle."""
    half = len(content) // 2
    chunks = (Chunk(0, half, ("One",), "", 1), Chunk(half, len(content), ("One", "Two"), "A | B", 2))
    vectors = tuple(f"{location}-{audience}-{n}" for n in range(2))
    new = NewDocument(
        "a.md",
        "Title",
        "en",
        audience,
        "print",
        1.0,
        "2026-01-31",
        Document(content, (), paged=True),
        chunks,
        ("en", "zh"),
        vectors,
    )
    with opened.write() as connection:
        source = catalog.ensure_source(connection, collection="default", location=location)
        file = catalog.put_file(connection, source_id=source, path="a.md", fingerprint="bytes")
        number = catalog.next_generation(connection)
        catalog.put_document(connection, new, file_id=file, collection="default", generation=number)


def test_what_is_put_is_found_again(opened: Catalog) -> None:
    put(opened, "你好 👋 world!")
    with opened.read() as connection:
        source = catalog.ensure_source(connection, collection="default", location="here")
        assert catalog.file_fingerprints(connection, source) == {"a.md": "bytes"}
        assert catalog.document_fingerprints(connection, source, "a.md") == {"a.md": "print"}
        first, second = stored_passages.passages_by_vector(connection, ["here-public-0", "here-public-1", "x"]).values()
        assert (first.text + second.text, first.start, second.end) == ("你好 👋 world!", 0, 11)
        assert (second.headings, second.header, second.page, second.language) == (("One", "Two"), "A | B", 2, "zh")
        (found,) = catalog.find_documents(connection, collection="default", name="a.md", audiences=("public",))
        assert (found.text, found.title, found.paged) == ("你好 👋 world!", "Title", True)
        assert stored_passages.text_between(connection, found.id, 3, 9) == "👋 worl"
        assert catalog.headings_at(connection, found.id, 0) == ("One",)
        assert catalog.headings_at(connection, found.id, 10) == ("One", "Two")


def test_audiences_are_looked_at_everywhere(opened: Catalog) -> None:
    put(opened, "secret words", audience="staff")
    with opened.read() as connection:
        assert catalog.find_documents(connection, collection="default", name="a.md", audiences=("public",)) == []
        assert stored_passages.chunks_in_scope(connection, PUBLIC, chunks=[1, 2], vectors=["here-staff-0"]) == []
        assert stored_passages.chunks_by_vector(connection, ["here-staff-0"], PUBLIC) == {}
        assert catalog.count_chunks(connection, PUBLIC) == 0


def test_a_document_goes_with_all_that_hangs_on_it(opened: Catalog) -> None:
    put(opened, "left words", location="left")
    put(opened, "right words", location="right")
    with opened.write() as connection:
        source = catalog.ensure_source(connection, collection="default", location="left")
        gone = catalog.remove_documents(connection, source_id=source, path="a.md", names=["a.md", "b.md"])
        catalog.remove_file(connection, source_id=source, path="a.md")
        assert sorted(gone) == ["left-public-0", "left-public-1"]
    with opened.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM chunk")).scalar() == 2
        assert connection.execute(text("SELECT count(*) FROM file")).scalar() == 1
        assert connection.execute(text("SELECT sum(chunks) FROM lexical_segment")).scalar() == 2


def test_a_transaction_that_fails_leaves_nothing(opened: Catalog) -> None:
    put(opened, "words here", location="left")
    with pytest.raises(IntegrityError):
        put(opened, "words here", location="left", audience="public")
    with opened.read() as connection:
        assert catalog.count_chunks(connection, PUBLIC) == 2


def test_a_reader_keeps_its_view_while_another_writes(opened: Catalog) -> None:
    with opened.read() as connection:
        assert catalog.count_chunks(connection, PUBLIC) == 0
        put(opened, "words here")
        assert catalog.count_chunks(connection, PUBLIC) == 0
    with opened.read() as connection:
        assert catalog.count_chunks(connection, PUBLIC) == 2


def test_two_writers_wait_for_one_another(opened: Catalog) -> None:
    def count() -> None:
        for _ in range(20):
            with opened.write() as connection:
                catalog.next_generation(connection)

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with opened.write() as connection:
        assert catalog.next_generation(connection) == 81


def test_a_locked_catalogue_is_one_clear_message(opened: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MILLISECONDS", 20)
    with (
        opened.write(),
        pytest.raises(KnowledgeError, match=r"cannot be used \((database is locked|another program .*)\)\. Next: "),
        opened.write(),
    ):
        pass


def test_a_space_is_made_once_and_switched_over(opened: Catalog) -> None:
    put(opened, "words here")
    with opened.write() as connection:
        first = ensure_space(connection, collection="default", audience="public", embedder="one")
        assert ensure_space(connection, collection="default", audience="public", embedder="two") == first
        staff = ensure_space(connection, collection="default", audience="staff", embedder="one")
        assert (first.name, staff.name) == ("space-1-generation-1", "space-2-generation-1")
        assert committed_vectors(connection, first) == ["here-public-0", "here-public-1"]
        assert committed_vectors(connection, staff) == []
        following = type(first)(first.id, "default", "public", "two", 2)
        advance(connection, following)
        assert spaces(connection) == [following, staff]
        assert following.name == "space-1-generation-2"


def test_a_few_chunks_are_read_without_going_through_their_collection(tmp_path: Path) -> None:
    """SQLite's planner takes an index on a document's collection for the best way in, if there is one."""
    opened = Catalog(tmp_path / "catalog.sqlite3")
    with opened.read() as connection:
        for statement, chosen in (
            (stored_passages._stored_within(PUBLIC), {"chunks": [1, 2], "vectors": ["a", "b"]}),
            (stored_passages._chunks_within(PUBLIC), {"vectors": ["a", "b"]}),
        ):
            query = statement.params(**chosen).compile(connection, compile_kwargs={"literal_binds": True})
            plan = [row.detail for row in connection.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
            searched = [step for step in plan if not step.startswith(("MULTI-INDEX OR", "INDEX "))]
            assert searched.pop() == "SEARCH document USING INTEGER PRIMARY KEY (rowid=?)"
            assert searched
            assert all(step.startswith("SEARCH chunk USING ") for step in searched)
    opened.close()
