import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from knowledge import catalog, vectors
from knowledge.embedders import Vectors
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.errors import IndexMismatch, VectorsLost
from knowledge.index import VectorIndex
from knowledge.library import Library
from knowledge.retrieval import RetrievalOptions
from knowledge.spaces import committed_vectors, spaces

OpenLibrary = Callable[..., Library]
Write = Callable[[str, str | bytes], Path]
Leftovers = Callable[[Library], tuple[set[str], set[str]]]
DENSE = RetrievalOptions(mode="dense")


class OtherEmbedder(HashingEmbedder):
    """Vectors of another space, and of another length."""

    name = "other"

    def __init__(self, *, failing: bool = False) -> None:
        super().__init__(dimension=64)
        self.failing = failing

    def embed(self, texts: list[str]) -> Vectors:
        if self.failing:
            raise RuntimeError("the power went out")
        return super().embed(texts)


@pytest.fixture
def filled(open_library: OpenLibrary, papers: Path, write: Write) -> Path:
    """Ingest three documents of two audiences with the hashing embedder."""
    library = open_library()
    write("public/lamps.md", "# Lamps\n\nA lamp costs 5 euros.")
    write("public/chairs.md", "# Chairs\n\nA chair costs 9 euros.")
    write("staff/rules.md", "# Rules\n\nA discount needs a signature.")
    library.ingest([papers / "public"])
    library.ingest([papers / "staff"], audience="staff")
    library.close()
    return papers


def test_another_embedder_is_refused_with_the_next_command(open_library: OpenLibrary, filled: Path) -> None:
    library = open_library(OtherEmbedder())
    words = r"made with the embedder 'hashing', but 'other' is in use\. Next: .*frontdesk ingest --reindex"
    for attempt in (
        lambda: library.search("lamp"),
        lambda: library.ingest([filled / "public"]),
        library.check,
    ):
        with pytest.raises(IndexMismatch, match=words):
            attempt()
    assert library.search("lamp", options=RetrievalOptions(mode="lexical")).passages


def test_lost_vectors_are_found_by_the_check_and_made_anew_without_naming_a_folder(
    open_library: OpenLibrary, filled: Path
) -> None:
    """A command with FOLDER would invite to read the staff's folder for the public."""
    library = open_library()
    home = library._options.home
    library.close()
    shutil.rmtree(home / "chroma")
    library = open_library()
    with pytest.raises(
        VectorsLost, match=r"default \(public\), default \(staff\) are lost.*Next: frontdesk ingest --reindex$"
    ):
        library.check()
    library.ingest([], reindex=True)
    library.check()


def test_reindex_makes_all_vectors_anew_and_reads_no_file(open_library: OpenLibrary, filled: Path) -> None:
    shutil.rmtree(filled)
    library = open_library(OtherEmbedder())
    told: list[tuple[str, int, int]] = []
    report = library.ingest([], reindex=True, progress=lambda *words: told.append(words))
    assert (report.documents, report.chunks, report.removed, report.failed) == (0, 3, 0, ())
    assert told == [("default (public)", 0, 2), ("default (staff)", 0, 1)]
    library.check()
    assert library.search("lamp", options=DENSE).passages[0].document == "lamps.md"
    staff = library.search("discount signature", audiences=("staff",), options=DENSE)
    assert staff.passages[0].document == "rules.md"
    held = {collection.name for collection in library.index._client.list_collections()}
    assert held == {"space-1-generation-2", "space-2-generation-2"}


def test_reindex_and_new_files_go_together(open_library: OpenLibrary, filled: Path, write: Write) -> None:
    write("public/tables.md", "A table costs 30 euros.")
    library = open_library(OtherEmbedder())
    report = library.ingest([filled / "public"], reindex=True)
    assert (report.documents, report.chunks, report.unchanged) == (1, 4, 2)
    assert library.count_chunks() == 3


def test_a_crash_during_a_reindex_leaves_the_old_vectors(open_library: OpenLibrary, filled: Path) -> None:
    with pytest.raises(RuntimeError, match="power"):
        open_library(OtherEmbedder(failing=True)).ingest([], reindex=True)
    assert open_library().search("lamp", options=DENSE).passages[0].document == "lamps.md"
    library = open_library(OtherEmbedder())
    assert library.ingest([], reindex=True).chunks == 3
    assert library.search("lamp", options=DENSE).passages[0].document == "lamps.md"


def test_a_dropped_generation_is_searched_without_an_error(open_library: OpenLibrary, filled: Path) -> None:
    library = open_library()
    with library._catalog.read() as connection:
        old = next(space for space in spaces(connection) if space.audience == "public")
    vector = library.embedder.embed_question("lamp")
    assert library.index.nearest(old.name, vector, limit=1)
    library.ingest([], reindex=True)
    assert library.index.nearest(old.name, vector, limit=1) == []
    assert library.search("lamp", options=DENSE).passages[0].document == "lamps.md"


def test_an_ingest_makes_lost_vectors_anew(
    open_library: OpenLibrary, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vectors, "BATCH_CHUNKS", 1)
    (tmp_path / "home" / "chroma").rename(tmp_path / "damaged")
    library = open_library()
    assert library.search("lamp", options=DENSE).passages == ()
    assert library.search("lamp").passages[0].document == "lamps.md"
    told: list[tuple[str, float, int]] = []
    assert library.ingest([filled / "public"], progress=lambda *words: told.append(words)).unchanged == 2
    assert ("default (public)", 1, 2) in told, "who looks on sees that it is at work"
    assert library.search("lamp", options=DENSE).passages[0].document == "lamps.md"
    assert library.search("signature", audiences=("staff",), options=DENSE).passages


def test_the_embedder_sees_where_a_chunk_stands() -> None:
    text = vectors.embedded_text(title="Shop", headings=("Shop", "Prices"), header="Item | Price", body="Lamp | 5")
    assert text == "Shop > Prices\nItem | Price\nLamp | 5"
    assert vectors.embedded_text(title="Shop", headings=(), header="", body="Open.") == "Shop\nOpen."


def test_after_a_whole_ingest_vectors_are_counted_not_compared(
    library: Library, papers: Path, write: Write, monkeypatch: pytest.MonkeyPatch, leftovers: Leftovers
) -> None:
    asked: list[str] = []
    ids = VectorIndex.ids
    monkeypatch.setattr(VectorIndex, "ids", lambda self, space: asked.append(space) or ids(self, space))  # type: ignore[func-returns-value]
    write("a.md", "Lamps cost 5 euros.")
    library.ingest([papers])
    asked.clear()
    write("a.md", "Lamps cost 6 euros.")
    library.ingest([papers])
    assert asked == []
    library.index.add("space-1-generation-1", ["stray"], library.embedder.embed(["stray"]))
    library.ingest([papers])
    assert asked == ["space-1-generation-1"]
    assert leftovers(library) == (set(), set())


def test_after_an_ingest_that_broke_off_vectors_are_compared(
    library: Library, papers: Path, write: Write, monkeypatch: pytest.MonkeyPatch, leftovers: Leftovers
) -> None:
    """One vector too many and one too few: their number alone would not tell."""
    write("a.md", "Lamps cost 5 euros.")
    library.ingest([papers])
    write("a.md", "Lamps cost 6 euros.")
    with monkeypatch.context() as patch:
        patch.setattr(catalog, "put_documents", lambda *_, **__: (_ for _ in ()).throw(RuntimeError("power")))
        with pytest.raises(RuntimeError, match="power"):
            library.ingest([papers])
    with library._catalog.read() as connection:
        library.index.remove("space-1-generation-1", committed_vectors(connection, spaces(connection)[0]))
    assert [len(found) for found in leftovers(library)] == [1, 1]
    library.ingest([papers])
    assert leftovers(library) == (set(), set())


def test_a_crash_between_the_switch_and_the_drop_leaves_no_old_generation_for_long(
    open_library: OpenLibrary, filled: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(index: VectorIndex, space: str) -> None:
        raise RuntimeError("the power went out")

    with monkeypatch.context() as patch:
        patch.setattr(VectorIndex, "drop", crash)
        with pytest.raises(RuntimeError, match="power"):
            open_library(OtherEmbedder()).ingest([], reindex=True)
    library = open_library(OtherEmbedder())
    assert "space-1-generation-1" in library.index.names()
    library.index._client.create_collection("space-11-generation-1", embedding_function=None)
    library.ingest([], reindex=True)
    assert "space-1-generation-1" not in library.index.names()
    monkeypatch.setattr(vectors, "advance", lambda *_: crash(library.index, ""))
    with pytest.raises(RuntimeError, match="power"):
        library.ingest([], reindex=True)
    assert "space-1-generation-4" in library.index.names()
    library.ingest([filled / "public"])
    assert set(library.index.names()) == {
        "space-1-generation-3",
        "space-2-generation-2",
        "space-11-generation-1",
    }
    assert library.search("lamp", options=DENSE).passages[0].document == "lamps.md"
