"""Libraries with real Chroma and SQLite under a temporary folder, and the hashing embedder."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from knowledge.embedders import Embedder, Vectors
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.spaces import committed_vectors, spaces


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def catalog_place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a new catalogue may be: a file, or a database on a real server."""
    if request.param == "sqlite":
        return tmp_path / "catalog.sqlite3"
    url: str = request.getfixturevalue("new_database")()
    return url


class CountingEmbedder(HashingEmbedder):
    """Remembers what it embedded, and fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.calls_until_failure = -1

    def embed(self, texts: list[str]) -> Vectors:
        if self.calls_until_failure == 0:
            self.calls_until_failure = -1
            raise RuntimeError("the power went out")
        self.calls_until_failure -= 1
        self.seen += texts
        return super().embed(texts)


@pytest.fixture
def counting_embedder() -> CountingEmbedder:
    return CountingEmbedder()


OpenLibrary = Callable[..., Library]
Write = Callable[[str, str | bytes], Path]
Leftovers = Callable[[Library], tuple[set[str], set[str]]]


@pytest.fixture
def open_library(tmp_path: Path) -> Iterator[OpenLibrary]:
    """Open libraries, on one home unless told otherwise; all are closed at the end."""
    opened: list[Library] = []

    def open_one(embedder: Embedder | None = None, home: Path | None = None) -> Library:
        library = Library(LibraryOptions(home or tmp_path / "home"), embedder=embedder or HashingEmbedder())
        opened.append(library)
        return library

    yield open_one
    for library in opened:
        library.close()


@pytest.fixture
def library(open_library: OpenLibrary) -> Library:
    return open_library()


@pytest.fixture
def papers(tmp_path: Path) -> Path:
    """A folder to ingest."""
    folder = tmp_path / "papers"
    folder.mkdir()
    return folder


@pytest.fixture
def write(papers: Path) -> Write:
    """Write a file below `papers`."""

    def write_one(name: str, content: str | bytes) -> Path:
        path = papers / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_one


@pytest.fixture
def leftovers() -> Leftovers:
    """Return the vectors that no chunk names, and the chunks' vectors that are missing, over all spaces."""

    def compare(library: Library) -> tuple[set[str], set[str]]:
        held: set[str] = set()
        wanted: set[str] = set()
        with library._catalog.read() as connection:
            for space in spaces(connection):
                held |= library.index.ids(space.name)
                wanted |= set(committed_vectors(connection, space))
        return held - wanted, wanted - held

    return compare
