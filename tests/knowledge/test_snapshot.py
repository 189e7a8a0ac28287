"""A copied library is one moment of it, and finds what the library found."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from knowledge.catalog import Catalog
from knowledge.errors import KnowledgeError
from knowledge.library import Library, LibraryOptions
from knowledge.snapshot import copy_database, copy_library, library_bytes


def library_of(home: Path) -> Library:
    return Library(LibraryOptions(home=home, embedder="hashing"))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    documents.mkdir()
    for number in range(5):
        (documents / f"{number}.md").write_text(f"# Lamp {number}\n\nLamp {number} costs {number}0 euro.\n")
    library = library_of(tmp_path / "home")
    library.ingest([documents])
    library.close()
    return tmp_path / "home"


def test_a_copy_finds_what_the_library_finds_while_it_is_open(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.mkdir()
    library = library_of(home)
    try:
        before = library.search("What does lamp 3 cost?")
        copy_library(home, target)
        assert library.search("What does lamp 3 cost?").passages == before.passages
    finally:
        library.close()
    assert not list(target.rglob("*-wal"))
    copied = library_of(target)
    try:
        copied.check()
        found = copied.search("What does lamp 3 cost?")
        assert [one.document for one in found.passages] == [one.document for one in before.passages]
        assert found.passages[0].document == "3.md"
        assert copied.count_chunks() == 5
        for name in copied.index.names():
            assert copied.index.count(name) == 5
    finally:
        copied.close()
    assert library_bytes(home) > 0


def test_it_waits_for_an_ingest_and_is_not_half_of_it(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy"
    target.mkdir()
    catalog = Catalog(home / "catalog.sqlite3")
    copying = threading.Thread(target=copy_library, args=(home, target))
    with catalog.writers_turn():
        copying.start()
        copying.join(1.0)
        assert copying.is_alive()
        assert list(target.iterdir()) == []
    copying.join(20.0)
    catalog.close()
    assert (target / "catalog.sqlite3").is_file()


def test_what_is_not_there_or_damaged_is_said(home: Path, tmp_path: Path) -> None:
    with pytest.raises(KnowledgeError, match="frontdesk ingest"):
        copy_library(tmp_path, tmp_path)
    damaged = tmp_path / "damaged.sqlite3"
    with closing(sqlite3.connect(damaged)) as database, database:
        database.execute("CREATE TABLE t (x)")
        database.executemany("INSERT INTO t VALUES (?)", [("x" * 500,) for _ in range(2000)])
    content = bytearray(damaged.read_bytes())
    content[8192:200_000] = b"\xff" * (200_000 - 8192)
    damaged.write_bytes(content)
    with pytest.raises(KnowledgeError, match="damaged"):
        copy_database(damaged, tmp_path / "copy.sqlite3")
