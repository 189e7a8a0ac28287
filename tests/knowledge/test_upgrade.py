import sqlite3
from pathlib import Path

import pytest

from knowledge import catalog, upgrade
from knowledge.catalog import Catalog
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.errors import KnowledgeError
from knowledge.library import Library, LibraryOptions
from knowledge.schema import SCHEMA_VERSION
from knowledge.scope import Scope

FIRST = """
CREATE TABLE state (key VARCHAR NOT NULL PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE vector_space (id INTEGER NOT NULL PRIMARY KEY, collection VARCHAR NOT NULL, audience VARCHAR NOT NULL,
    embedder VARCHAR NOT NULL, generation INTEGER NOT NULL, UNIQUE (collection, audience, generation));
CREATE TABLE source (id INTEGER NOT NULL PRIMARY KEY, collection VARCHAR NOT NULL, location TEXT NOT NULL,
    UNIQUE (collection, location));
CREATE TABLE file (id INTEGER NOT NULL PRIMARY KEY, source_id INTEGER NOT NULL REFERENCES source (id) ON DELETE CASCADE,
    path TEXT NOT NULL, fingerprint VARCHAR NOT NULL, UNIQUE (source_id, path));
CREATE TABLE document (id INTEGER NOT NULL PRIMARY KEY,
    file_id INTEGER NOT NULL REFERENCES file (id) ON DELETE CASCADE, collection VARCHAR NOT NULL, name TEXT NOT NULL,
    title TEXT NOT NULL, language VARCHAR NOT NULL, audience VARCHAR NOT NULL, text TEXT NOT NULL,
    paged BOOLEAN NOT NULL, metadata TEXT NOT NULL, fingerprint VARCHAR NOT NULL, generation INTEGER NOT NULL,
    modified_at FLOAT NOT NULL);
CREATE TABLE chunk (id INTEGER NOT NULL PRIMARY KEY,
    document_id INTEGER NOT NULL REFERENCES document (id) ON DELETE CASCADE, start INTEGER NOT NULL,
    "end" INTEGER NOT NULL, page INTEGER, headings TEXT NOT NULL, header TEXT NOT NULL, language VARCHAR NOT NULL,
    vector VARCHAR NOT NULL UNIQUE);
CREATE VIRTUAL TABLE chunk_terms USING fts5(title, headings, body,
    tokenize="unicode61 remove_diacritics 0 tokenchars '.'''");
INSERT INTO state VALUES ('schema_version', '1'), ('generation', '2');
INSERT INTO vector_space VALUES (1, 'default', 'public', 'hashing', 1), (2, 'default', 'staff', 'hashing', 1);
INSERT INTO source VALUES (1, 'default', 'PLACE');
INSERT INTO file VALUES (1, 1, 'a.txt', 'old print'), (2, 1, 'b.txt', 'old print');
INSERT INTO document VALUES
    (1, 1, 'default', 'a.txt', 'Lamps', 'en', 'public', 'Lamps cost 5 euros. 👋 Chairs cost nine.', 0, '{}', 'f', 1,
     1700000000.0),
    (2, 2, 'default', 'b.txt', 'Margins', 'en', 'staff', 'The margin of lamps is secret.', 0, '{}', 'f', 2,
     1700000000.0);
INSERT INTO chunk VALUES
    (1, 1, 0, 19, NULL, '["Prices"]', '', 'en', 'one'),
    (2, 1, 20, 40, NULL, '[]', '', 'en', 'two'),
    (3, 2, 0, 30, NULL, '[]', '', 'en', 'three');
INSERT INTO chunk_terms (rowid, title, headings, body) VALUES (1, 'lamp', 'price', 'lamp cost 5 euro');
"""
"""A catalogue as the first schema had it."""
PUBLIC = Scope(("default",), ("public",))


def old_home(folder: Path, *, version: str = "1") -> Path:
    home = folder / "home"
    home.mkdir()
    with sqlite3.connect(home / "catalog.sqlite3") as connection:
        connection.executescript(FIRST.replace("PLACE", str(folder / "papers")))
        connection.execute("UPDATE state SET value = ? WHERE key = 'schema_version'", (version,))
    connection.close()
    return home


def test_an_old_catalogue_answers_at_once_and_its_audiences_hold(tmp_path: Path) -> None:
    """Vectors are missing here, as after a loss of the folder: words alone find it, and an ingest makes them anew."""
    library = Library(LibraryOptions(old_home(tmp_path)), embedder=HashingEmbedder())
    first, *_ = library.search("price of lamps").passages
    assert (first.text, first.headings, first.dated) == ("Lamps cost 5 euros.", ("Prices",), "2023-11-14")
    assert [p.text for p in library.search("chairs").passages][:1] == ["👋 Chairs cost nine."]
    assert library.search("secret margin").passages == ()
    assert library.search("secret margin", audiences=("staff",)).passages[0].document == "b.txt"
    assert library.count_chunks() == 2
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "a.txt").write_text("Lamps cost 7 euros.")
    report = library.ingest([tmp_path / "papers"], prune=True)
    assert (report.documents, report.removed) == (1, 1)
    assert [p.text for p in library.search("price of lamps").passages] == ["Lamps cost 7 euros."]
    library.close()


@pytest.mark.parametrize("version", upgrade.STEPS)
def test_every_upgradable_schema_becomes_the_present_one_once(tmp_path: Path, version: str) -> None:
    home = old_home(tmp_path, version=version)
    for _ in range(2):
        opened = Catalog(home / "catalog.sqlite3")
        with opened.read() as connection:
            assert catalog.count_chunks(connection, PUBLIC) == 2
        opened.close()
    with sqlite3.connect(home / "catalog.sqlite3") as connection:
        rows = connection.execute("SELECT value FROM state WHERE key = 'schema_version'").fetchall()
        columns = [row[1] for row in connection.execute("PRAGMA table_info(document)")]
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    connection.close()
    assert rows == [(SCHEMA_VERSION,)]
    assert columns.index("dated") < columns.index("text")
    assert "chunk_terms" not in tables


def test_an_upgrade_that_fails_leaves_the_old_catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = old_home(tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise KnowledgeError("power")

    with monkeypatch.context() as patch:
        patch.setattr(upgrade.lexical, "add", fail)
        with pytest.raises(KnowledgeError, match="power"):
            Catalog(home / "catalog.sqlite3")
    with sqlite3.connect(home / "catalog.sqlite3") as connection:
        assert connection.execute("SELECT value FROM state WHERE key = 'schema_version'").fetchone() == ("1",)
        assert connection.execute("SELECT count(*) FROM chunk_terms").fetchone() == (1,)
    connection.close()
    Catalog(home / "catalog.sqlite3").close()
