import gc
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import create_engine, exc, make_url, text

from knowledge import database
from knowledge.database import Database, open_database
from knowledge.embedders import Vectors
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.errors import KnowledgeError
from knowledge.index import _sessions
from knowledge.library import Library, LibraryOptions
from knowledge.retrieval import RetrievalOptions

ROOT = Path(__file__).parents[2]
DENSE = RetrievalOptions(mode="dense")


@pytest.fixture
def opened(catalog_place: Path | str) -> Iterator[Database]:
    opened = open_database(catalog_place)
    yield opened
    opened.close()


def test_ingests_take_turns(opened: Database) -> None:
    order: list[str] = []

    def second() -> None:
        with opened.writers_turn():
            order.append("second")

    thread = threading.Thread(target=second)
    with opened.writers_turn():
        thread.start()
        thread.join(0.3)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]


def test_a_turn_ends_with_an_error_too(opened: Database) -> None:
    with pytest.raises(ValueError, match="broken"), opened.writers_turn():
        raise ValueError("broken")
    with opened.writers_turn():
        pass


def test_no_error_tells_what_documents_say(opened: Database) -> None:
    with pytest.raises(Exception, match="nowhere") as raised, opened.read() as connection:
        connection.execute(text("SELECT * FROM nowhere WHERE word = :word"), {"word": "salary"})
    assert "salary" not in str(raised.value)


def test_a_mistake_of_ours_is_not_blamed_on_the_database(opened: Database) -> None:
    with pytest.raises(Exception, match="nothing_such") as raised, opened.read() as connection:
        connection.execute(text("SELECT nothing_such"))
    assert isinstance(raised.value, KnowledgeError) == isinstance(opened, database.SqliteDatabase)


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("mysql://host/db", r"names 'mysql', which keeps no catalogue\. Next: write it as postgresql://"),
        ("not a url", r"is no database URL\. Next: write it as postgresql://"),
        ("postgresql+nosuch://host/db", r"driver of postgresql://host/db is not installed .* Next: .* -m pip install"),
    ],
)
def test_a_url_that_names_no_database_is_one_clear_message(location: str, message: str) -> None:
    with pytest.raises(KnowledgeError, match=message):
        open_database(location)


def test_a_server_that_is_down_is_one_clear_message(tmp_path: Path) -> None:
    url = "postgresql://me:secret@127.0.0.1:9/db"
    with pytest.raises(
        KnowledgeError, match=r"cannot be used \(\[Errno \d+\] Connection refused\)\. Next: see that the server runs"
    ) as e:
        Library(LibraryOptions(tmp_path, catalog_url=url), embedder=HashingEmbedder())
    assert "secret" not in str(e.value)
    assert "postgresql://me:***@127.0.0.1:9/db" in str(e.value)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pg8000 leaves its socket open
def test_what_is_no_database_server_is_one_clear_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SERVER_TIMEOUT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://me:secret@127.0.0.1:{silent.getsockname()[1]}/db"
        with pytest.raises(KnowledgeError, match=r"timed out.*Next: see that the server runs"):
            Library(LibraryOptions(tmp_path, catalog_url=url), embedder=HashingEmbedder())
    gc.collect()


@pytest.mark.servers
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"password": ""}, r"password.*Next: set the user in `catalog_url` .*PGPASSWORD"),
        ({"password": "wrong"}, r"password authentication failed.*Next: set the user in `catalog_url` .*PGPASSWORD"),
        ({"database": "absent"}, r'database "absent" does not exist.*Next: make the database with createdb'),
    ],
)
def test_a_server_that_refuses_is_one_clear_message(
    postgres_server: str, tmp_path: Path, change: dict[str, str], message: str
) -> None:
    url = make_url(postgres_server).set(**change).render_as_string(hide_password=False)  # type: ignore[arg-type]
    with pytest.raises(KnowledgeError, match=message):
        Library(LibraryOptions(tmp_path, catalog_url=url), embedder=HashingEmbedder())


def _raise(error: Exception) -> None:
    raise error


def test_an_answer_counts_also_where_the_farewell_to_it_failed() -> None:
    """pg8000 says farewell to a server that refused it and has hung up: its last error is of a broken pipe."""
    from pg8000.exceptions import DatabaseError, InterfaceError

    last, broken = InterfaceError("network error"), BrokenPipeError(32, "Broken pipe")
    last.__cause__ = last.__context__ = broken
    broken.__context__ = DatabaseError({"C": "28000", "M": 'Peer authentication failed for user "ada"'})
    opened = open_database("postgresql://ada@127.0.0.1:9/library")
    refused = r"\(Peer authentication failed.*\)\. Next: set the user in `catalog_url`"
    with pytest.raises(KnowledgeError, match=refused), opened._translated():  # type: ignore[attr-defined]
        _raise(exc.InterfaceError("", None, last))
    opened.close()


@pytest.mark.parametrize(
    ("said", "next_step"),
    [
        ("SSL error: certificate verify failed", "see that the server speaks TLS"),
        ("server does not support SSL, but SSL was required", "see that the server speaks TLS"),
        ("SSL error: unexpected eof while reading", "see that the server runs"),
        ('FATAL:  no pg_hba.conf entry for host "::1", user "ada", database "l", SSL encryption', "set the user in"),
    ],
)
def test_a_connection_that_fails_without_a_code_is_told_by_its_words(said: str, next_step: str) -> None:
    psycopg = pytest.importorskip("psycopg")
    opened = open_database("postgresql+psycopg://ada@127.0.0.1:9/library")
    with pytest.raises(KnowledgeError, match=rf"Next: {next_step}"), opened._translated():  # type: ignore[attr-defined]
        _raise(exc.OperationalError("", None, psycopg.OperationalError(said)))
    opened.close()


def test_what_people_wrote_is_not_read_as_a_fault_of_the_servers() -> None:
    """A text with "SSL" in it that cannot be stored went into a message for operators."""
    psycopg = pytest.importorskip("psycopg")
    opened = open_database("postgresql+psycopg://ada@127.0.0.1:9/library")
    for told in (psycopg.DataError, psycopg.errors.InvalidTextRepresentation):
        with pytest.raises(exc.DataError), opened._translated():  # type: ignore[attr-defined]
            _raise(exc.DataError("", None, told("my SSL certificate")))
    opened.close()


@pytest.mark.servers
def test_a_password_comes_from_the_environment(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "frontdesk")
    opened = open_database(new_database().replace(":frontdesk@", "@"))
    with opened.read() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1
    opened.close()


def test_a_chroma_server_that_is_down_is_one_clear_message(tmp_path: Path) -> None:
    library = Library(LibraryOptions(tmp_path, chroma_url="http://me:secret@127.0.0.1:9"), embedder=HashingEmbedder())
    with pytest.raises(KnowledgeError, match=r"Chroma server http://127\.0\.0\.1:9 cannot be used .*Next: see that"):
        library.search("lamp")
    library.close()


LIMIT = " SET idle_session_timeout = '1s'"
TURNS_SESSION = f"""SELECT pg_terminate_backend(pid) FROM pg_locks JOIN pg_database ON pg_database.oid = database
WHERE locktype = 'advisory' AND granted AND datname = current_database() AND objid = {database._INGEST_LOCK}"""


@pytest.mark.servers
def test_who_lost_the_turn_writes_no_more(new_database: Callable[[], str]) -> None:
    first, second = open_database(url := new_database()), open_database(url)
    with first.write() as connection:
        connection.execute(text("CREATE TABLE written (number integer)"))

    def writers() -> list[int]:
        with second.read() as connection:
            return list(connection.execute(text("SELECT number FROM written ORDER BY number")).scalars())

    def lose() -> None:
        with first.writers_turn():
            with first.write() as connection:
                connection.execute(text("INSERT INTO written VALUES (1)"))
            with second.read() as connection:
                assert connection.execute(text(TURNS_SESSION)).scalars().all() == [True]
            with second.writers_turn(), second.write() as connection:
                connection.execute(text("INSERT INTO written VALUES (2)"))
            with first.write() as connection:
                connection.execute(text("INSERT INTO written VALUES (3)"))

    with pytest.raises(KnowledgeError, match=r"The turn to write .* was lost.*Next: frontdesk ingest again"):
        lose()
    assert writers() == [1, 2]
    with first.writers_turn(), first.write() as connection:
        connection.execute(text("INSERT INTO written VALUES (4)"))
    with second.writers_turn():
        assert writers() == [1, 2, 4]
    first.close()
    second.close()


@pytest.mark.servers
def test_an_ingest_that_lost_its_turn_commits_nothing_more(
    new_database: Callable[[], str],
    tmp_path: Path,
    write: Callable[..., Path],
    papers: Path,
    leftovers: Callable[..., object],
) -> None:
    url = new_database()

    class Losing(HashingEmbedder):
        def embed(self, texts: Sequence[str]) -> Vectors:
            other = open_database(url)
            with other.read() as connection:
                connection.execute(text(TURNS_SESSION))
            other.close()
            return super().embed(texts)

    write("a.md", "Lamps cost 5 euros.")
    library = Library(LibraryOptions(tmp_path / "home", catalog_url=url), embedder=Losing())
    with pytest.raises(KnowledgeError, match="The turn to write"):
        library.ingest([papers])
    assert library.count_chunks() == 0
    library.close()
    library = Library(LibraryOptions(tmp_path / "home", catalog_url=url), embedder=HashingEmbedder())
    assert library.ingest([papers]).documents == 1
    assert leftovers(library) == (set(), set())
    library.close()


@pytest.mark.servers
def test_the_connection_that_holds_the_turn_is_never_silent_for_long(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "KEEP_ALIVE_SECONDS", 0.1)
    opened = open_database(new_database())
    with opened.read() as connection:
        connection.execute(text("SELECT 1"))
    engine = create_engine(opened._lockers.url, isolation_level="AUTOCOMMIT")  # type: ignore[attr-defined]
    with engine.connect() as connection:
        connection.execute(text("ALTER ROLE CURRENT_USER IN DATABASE " + engine.url.database + LIMIT))
    engine.dispose()
    with opened.writers_turn():
        threading.Event().wait(2.0)
        with opened.write() as connection:
            assert connection.execute(text("SHOW idle_session_timeout")).scalar() == "1s"
    opened.close()


# Both servers ------------------------------------------------------------------------------------------------------


@pytest.fixture
def options(new_database: Callable[[], str], chroma_server: str, tmp_path: Path) -> LibraryOptions:
    """A library that has nothing of its own on this machine; other tests' spaces on the Chroma server are dropped."""
    import chromadb

    client = chromadb.HttpClient("127.0.0.1", port=int(chroma_server.rpartition(":")[2]))
    for collection in client.list_collections():
        client.delete_collection(collection.name)
    for session in _sessions(client):
        session.close()
    return LibraryOptions(tmp_path / "home", embedder="hashing", catalog_url=new_database(), chroma_url=chroma_server)


@pytest.mark.servers
def test_servers_answer_as_files_do(options: LibraryOptions, tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    for number in range(30):
        said = (
            f"Lamp number {number} costs {number * 7 % 31} euros and shines in {['red', 'green', 'blue'][number % 3]}."
        )
        (papers / f"{number}.md").write_text(f"# Lamps\n\n{said}\n\n退货政策：三十天。\n")
    answers = []
    for chosen in (options, replace(options, catalog_url="", chroma_url="")):
        library = Library(chosen)
        library.ingest([papers])
        (papers / "3.md").write_text("# Chairs\n\nChairs are sold out.\n")
        report = library.ingest([papers])
        assert (report.documents, report.unchanged) == (1, 29)
        (papers / "3.md").write_text(
            "# Lamps\n\nLamp number 3 costs 21 euros and shines in red.\n\n退货政策：三十天。\n"
        )
        staff = library.search("lamp", audiences=("staff",))
        assert (staff.passages, staff.evidence) == ((), 0.0)
        found = [library.search(question) for question in ("red lamp 5", "chairs", "退货", "green lamps, number 4?")]
        answers.append([(r.evidence, r.weights, [(p.document, p.text, p.score) for p in r.passages]) for r in found])
        library.close()
    for served, filed in zip(*answers, strict=True):
        assert served[0] == pytest.approx(filed[0], abs=1e-6)
        assert served[1] == pytest.approx(filed[1])
        assert [hit[:2] for hit in served[2]] == [hit[:2] for hit in filed[2]]
        assert [hit[2] for hit in served[2]] == pytest.approx([hit[2] for hit in filed[2]], abs=1e-5)


@pytest.mark.servers
def test_a_second_machines_ingest_waits_and_readers_see_old_or_new(options: LibraryOptions, tmp_path: Path) -> None:
    """The other machine is a process with a home of its own; it shares only the two servers."""
    paper = tmp_path / "a.md"
    paper.write_text("Lamps cost 0 euros.")
    here = Library(options)
    here.ingest([paper])
    program = f"""
import sys
from pathlib import Path
from knowledge.library import Library, LibraryOptions
library = Library(LibraryOptions(Path({str(tmp_path / "there")!r}), embedder="hashing",
                  catalog_url={options.catalog_url!r}, chroma_url={options.chroma_url!r}))
print("asks", flush=True)
for price in range(1, 15):
    Path({str(paper)!r}).write_text(f"Lamps cost {{price}} euros.")
    library.ingest([Path({str(paper)!r})])
    print(price, flush=True)
library.close()
"""
    with here._catalog.writers_turn():
        other = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        assert other.stdout is not None
        assert other.stdout.readline() == "asks\n"
        threading.Event().wait(0.5)
        assert [p.text for p in here.search("lamps").passages] == ["Lamps cost 0 euros."]
    seen = []
    while other.poll() is None:
        (passage,) = here.search("lamps cost", options=DENSE).passages
        seen.append(int(passage.text.split()[2]))
    assert other.returncode == 0
    assert other.stdout.read().split() == [str(price) for price in range(1, 15)]
    other.stdout.close()
    assert seen == sorted(seen)
    assert seen[-1] == 14
    assert here.index.ids("space-1-generation-1") == set(_vectors(here))
    here.close()


@pytest.mark.servers
def test_another_embedder_on_servers_takes_new_vectors(options: LibraryOptions, tmp_path: Path) -> None:
    class Other(HashingEmbedder):
        name = "another"

    (tmp_path / "a.md").write_text("Lamps cost 5 euros.")
    library = Library(options)
    library.ingest([tmp_path / "a.md"])
    library.close()
    library = Library(options, embedder=Other())
    library.ingest([], reindex=True)
    assert [p.text for p in library.search("lamps", options=DENSE).passages] == ["Lamps cost 5 euros."]
    library.close()


def _vectors(library: Library) -> list[str]:
    with library._catalog.read() as connection:
        return list(connection.execute(text("SELECT vector FROM chunk")).scalars())


def test_a_connection_that_is_reset_is_a_lost_turn() -> None:
    """pg8000 raises the socket's own error where the server's end resets rather than closes."""

    class Reset:
        def execute(self, _statement: object) -> None:
            raise ConnectionResetError(104, "Connection reset by peer")

        def invalidate(self) -> None:
            pass

    turn = database._Turn(Reset(), "postgresql://shop")  # type: ignore[arg-type]
    try:
        with pytest.raises(KnowledgeError, match="was lost, because its connection was ended"):
            turn.check()
    finally:
        turn.end()
