import gc
import os
import pwd
import shutil
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, make_url, text

from knowledge.database import open_database
from knowledge.errors import KnowledgeError
from knowledge.postgres_address import TLS_WORDS, arguments, for_libpq
from tests.conftest import missing

HERE = "postgresql+pg8000://frontdesk@localhost/library"


@pytest.fixture(autouse=True)
def _nothing_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for word in TLS_WORDS:
        monkeypatch.delenv(f"PG{word.upper()}", raising=False)


def certify(folder: Path, name: str) -> Path:
    """Make a certificate that signs itself, for localhost, and its key beside it."""
    if not shutil.which("openssl"):
        missing("openssl")
    made = folder / f"{name}.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={name}",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", made.with_suffix(".key"), "-out", made],
        check=True, capture_output=True,
    )  # fmt: skip
    return made


def context_of(query: str) -> ssl.SSLContext:
    context = arguments(make_url(f"{HERE}?{query}"))[1]["ssl_context"]
    assert isinstance(context, ssl.SSLContext)
    return context


def test_without_a_word_it_is_encrypted_where_the_server_can() -> None:
    assert "ssl_context" not in arguments(make_url(HERE))[1]


def test_the_user_may_stand_behind_the_question_mark() -> None:
    assert arguments(make_url("postgresql:///lib?host=localhost&user=ada"))[0].username == "ada"


def test_psycopg_finds_the_files_that_pg8000_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")
    address = for_libpq(make_url(f"{HERE}?sslmode=verify-ca&sslrootcert=~/ca.pem&sslcert=own.pem"))
    assert address.query == {"sslmode": "verify-ca", "sslrootcert": "/home/ada/ca.pem", "sslcert": "own.pem"}


def test_each_mode_checks_what_postgresqls_own_programs_check(tmp_path: Path) -> None:
    root = f"sslrootcert={certify(tmp_path, 'ours')}"
    assert arguments(make_url(f"{HERE}?sslmode=disable"))[1]["ssl_context"] is False
    assert arguments(make_url(f"{HERE}?sslmode=require"))[1]["ssl_context"] is True
    for mode, checks_name in (("require", False), ("verify-ca", False), ("verify-full", True)):
        context = context_of(f"sslmode={mode}&{root}")
        assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, checks_name)
    assert context_of("sslmode=verify-full&sslrootcert=system").check_hostname


def test_the_environment_says_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSSLMODE", "verify-full")
    monkeypatch.setenv("PGSSLROOTCERT", str(certify(tmp_path, "ours")))
    assert context_of("").check_hostname
    assert not context_of("sslmode=require").check_hostname


def test_any_authority_is_believed_together_with_the_name_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was checked where no mode was said, which PostgreSQL's own programs take for all of it."""
    assert context_of("sslrootcert=system").check_hostname
    monkeypatch.setenv("PGSSLROOTCERT", "system")
    assert context_of("").verify_mode == ssl.CERT_REQUIRED
    for driver in ("postgresql", "postgresql+psycopg"):
        for chosen in ("disable", "prefer", "require", "verify-ca"):
            with pytest.raises(KnowledgeError, match=rf"sslmode={chosen}, but.*Next: say sslmode=verify-full"):
                open_database(f"{driver}://frontdesk@localhost/library?sslmode={chosen}")


def test_a_certificate_of_ones_own_is_shown_or_refused(tmp_path: Path) -> None:
    """Without a mode it was left at home, and the server's refusal named no reason."""
    own = certify(tmp_path, "own")
    shown = f"sslcert={own}&sslkey={own.with_suffix('.key')}"
    for chosen in ("", "&sslmode=prefer", "&sslmode=allow"):
        with pytest.raises(KnowledgeError, match=r"own\.pem, which is shown only.*Next: say sslmode=require"):
            context_of(shown + chosen)
    assert context_of(f"{shown}&sslmode=require").verify_mode == ssl.CERT_NONE
    assert context_of(f"{shown}&sslrootcert=system").check_hostname


def test_the_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    own = certify(tmp_path, "own")
    with pytest.raises(KnowledgeError, match=r"names the file /nowhere\.key, which cannot be read \(No such file"):
        context_of(f"sslmode=require&sslcert={own}&sslkey=/nowhere.key")


def test_a_key_lies_at_home_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certify(tmp_path, "own")
    monkeypatch.setenv("HOME", str(tmp_path))
    context_of("sslmode=require&sslcert=~/own.pem&sslkey=~/own.key")


@pytest.mark.parametrize(
    ("address", "host", "port", "socket"),
    [
        ("//ada@localhost/library?port=28765", "localhost", 28765, None),
        ("//ada@nowhere.invalid:28765/library?host=127.0.0.1", "127.0.0.1", 28765, None),
        ("///library?host=/run/postgresql&port=28765", "/run/postgresql", 28765, "/run/postgresql/.s.PGSQL.28765"),
        ("//ada@localhost/library?host=/run/postgresql", "/run/postgresql", None, "/run/postgresql/.s.PGSQL.5432"),
        ("//ada@/library?unix_sock=/run/socket", None, None, "/run/socket"),
    ],
)
def test_what_follows_counts_before_what_stands_in_front(
    address: str, host: str | None, port: int | None, socket: str | None
) -> None:
    url, said = arguments(make_url(f"postgresql+pg8000:{address}"))
    assert (url.host, url.port, said.get("unix_sock")) == (host, port, socket)


def test_who_is_not_named_is_who_the_process_runs_as(monkeypatch: pytest.MonkeyPatch) -> None:
    """psycopg, which keeps what waits for a yes, does not ask LOGNAME either."""
    monkeypatch.delenv("PGUSER", raising=False)
    monkeypatch.setenv("LOGNAME", "somebody-else")
    runs_as = pwd.getpwuid(os.geteuid()).pw_name
    assert arguments(make_url("postgresql+pg8000:///library?host=/run/postgresql"))[0].username == runs_as
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    with pytest.raises(KnowledgeError, match=r"no name for the one of number 4000000\. Next: name the user in"):
        open_database("postgresql:///library?host=/run/postgresql")


@pytest.mark.servers
@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_a_socket_is_used_as_who_the_process_runs_as(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, driver: str
) -> None:
    monkeypatch.delenv("PGUSER", raising=False)
    monkeypatch.setenv("LOGNAME", "somebody-else")
    monkeypatch.setenv("PGPASSWORD", "frontdesk")
    place, runs_as = make_url(new_database()), pwd.getpwuid(os.geteuid()).pw_name
    engine = create_engine(place.set(drivername="postgresql+pg8000"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        folder = connection.execute(text("SHOW unix_socket_directories")).scalar_one()
        connection.execute(text(f"CREATE ROLE \"{runs_as}\" LOGIN PASSWORD 'frontdesk'"))
        try:
            opened = open_database(f"{driver}:///{place.database}?host={folder}&port={place.port}")
            with opened.read() as reader:
                who = text("SELECT current_user, inet_client_addr()")
                assert tuple(reader.execute(who).one()) == (runs_as, None)
            opened.close()
        finally:
            connection.execute(text(f'DROP ROLE "{runs_as}"'))
    engine.dispose()


def test_a_socket_of_this_machine_is_reached_by_its_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGUSER", "ada")
    url, said = arguments(make_url("postgresql+pg8000:///library?host=/run/postgresql"))
    assert (said["unix_sock"], url.username, dict(url.query)) == ("/run/postgresql/.s.PGSQL.5432", "ada", {})


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("sslmod=require", r"says sslmod, which is not known here.*Next: take it out, or write postgresql\+psycopg://"),
        ("port=main", r"port=main\. Next: write the server's number"),
        ("sslmode=on", r"sslmode=on\. Next: write one of disable, allow"),
        ("sslmode=verify-full", r"not who is believed\. Next: add &sslrootcert="),
        ("sslmode=verify-ca&sslrootcert=/nowhere.pem", r"/nowhere\.pem, which cannot be read \(No such file.*Next:"),
        (
            f"sslmode=require&sslrootcert={__file__}",
            r"test_postgres_address\.py, which cannot be read .*Next: name a PEM",
        ),
    ],
)
def test_what_cannot_be_done_is_one_clear_message(query: str, message: str) -> None:
    with pytest.raises(KnowledgeError, match=message):
        open_database(HERE.replace("+pg8000", "") + f"?{query}")


@pytest.mark.parametrize("driver", ["", "+psycopg"])
def test_a_password_behind_the_question_mark_is_told_where_it_goes_and_not_printed(driver: str) -> None:
    """Other drivers take it there, and print it with the address."""
    with pytest.raises(KnowledgeError, match="PGPASSWORD, or before the host: postgresql://USER:PASSWORD@") as told:
        open_database(f"{HERE.replace('+pg8000', driver)}?password=tallow")
    assert "tallow" not in str(told.value)


@pytest.fixture
def encrypted(postgres_server: str, new_database: Callable[[], str], tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Have the server speak TLS; return the URL of a database there and the certificate that it shows."""
    ours = certify(tmp_path, "ours")
    engine = create_engine(make_url(postgres_server).set(drivername="postgresql+pg8000"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        data = Path(connection.execute(text("SHOW data_directory")).scalar_one())
        for suffix in (".pem", ".key"):
            there = Path(shutil.copy(ours.with_suffix(suffix), data / f"server{suffix}"))
            os.chown(there, data.stat().st_uid, data.stat().st_gid)
            there.chmod(0o600)
            word = "cert" if suffix == ".pem" else "key"
            connection.execute(text(f"ALTER SYSTEM SET ssl_{word}_file = 'server{suffix}'"))
        connection.execute(text("ALTER SYSTEM SET ssl = on"))
        connection.execute(text("SELECT pg_reload_conf()"))
        for _ in range(100):
            if connection.execute(text("SHOW ssl")).scalar() == "on":
                break
            time.sleep(0.1)
        yield make_url(new_database()).set(host="localhost").render_as_string(hide_password=False), ours
        for name in ("ssl", "ssl_cert_file", "ssl_key_file"):
            connection.execute(text(f"ALTER SYSTEM RESET {name}"))
        connection.execute(text("SELECT pg_reload_conf()"))
    engine.dispose()


@pytest.mark.servers
def test_a_server_behind_tls_is_asked_and_checked(encrypted: tuple[str, Path]) -> None:
    """`?sslmode=require` was a fault of Python's: connect() got an unexpected keyword argument."""
    url, ours = encrypted
    for query in ("sslmode=require", f"sslmode=verify-full&sslrootcert={ours}"):
        opened = open_database(f"{url}?{query}")
        with opened.read() as connection:
            assert connection.execute(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).scalar()
        opened.close()


@pytest.mark.servers
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pg8000 leaves its socket open
@pytest.mark.parametrize("driver", ["postgresql", "postgresql+psycopg"])
def test_a_server_of_another_authority_is_refused_by_name(
    encrypted: tuple[str, Path], tmp_path: Path, driver: str
) -> None:
    url, _ = encrypted
    other = certify(tmp_path, "other")
    place = url.replace("postgresql", driver, 1)
    for query in (f"sslmode=verify-full&sslrootcert={other}", "sslrootcert=system"):
        opened = open_database(f"{place}?{query}")
        refused = r"certificate.*Next: see that the server speaks TLS.*sslrootcert"
        with pytest.raises(KnowledgeError, match=refused) as raised, opened.read():
            pass
        assert ":frontdesk@" not in str(raised.value)
        opened.close()
    gc.collect()


@pytest.mark.servers
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # pg8000 leaves its socket open
def test_a_server_without_tls_is_not_asked_in_the_clear(new_database: Callable[[], str]) -> None:
    opened = open_database(f"{new_database()}?sslmode=require")
    refused = r"Server refuses SSL.*Next: see that the server speaks TLS"
    with pytest.raises(KnowledgeError, match=refused), opened.read():
        pass
    opened.close()
    gc.collect()
