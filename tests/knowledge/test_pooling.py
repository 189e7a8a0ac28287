import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url, text

from knowledge.database import open_database
from knowledge.errors import KnowledgeError
from tests.conftest import free_port, missing, running

pytestmark = pytest.mark.servers
DRIVERS = ("postgresql", "postgresql+psycopg")


@contextmanager
def pooler(url: str, *, mode: str, more: str = "") -> Iterator[str]:
    """Run PgBouncer before a server; yield the database's URL there."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if not program:
        missing("PgBouncer (Debian: apt install pgbouncer)")
    place, port = make_url(url), free_port()
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-pgbouncer-"))
    user: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": ()} if os.geteuid() == 0 else {}
    (folder / "users").write_text('"frontdesk" "frontdesk"\n', encoding="utf-8")
    (folder / "settings").write_text(
        f"[databases]\n* = host={place.host} port={place.port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n"
        f"listen_port = {port}\nauth_type = scram-sha-256\nauth_file = {folder}/users\nunix_socket_dir =\n"
        f"pool_mode = {mode}\n{more}\n",
        encoding="utf-8",
    )
    for path in (folder, *folder.iterdir()) if user else ():
        shutil.chown(path, "postgres", "postgres")
    try:
        with running([str(program), str(folder / "settings")], port, folder, stop=signal.SIGINT, **user):
            yield place.set(port=port).render_as_string(hide_password=False)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("more", ["", "server_round_robin = 1"])
def test_a_pooler_that_lends_sessions_anew_is_refused(new_database: Callable[[], str], driver: str, more: str) -> None:
    """Its locks stayed with other connections for ever, and the next server waited for them without an end."""
    with pooler(new_database(), mode="transaction", more=more) as url:
        opened = open_database(url.replace("postgresql", driver, 1))
        refused = r"lends sessions for one transaction only.*Next: set pool_mode = session"
        for _ in range(2):
            with pytest.raises(KnowledgeError, match=refused), opened.writers_turn():
                pass
            with pytest.raises(KnowledgeError, match=refused), opened.write():
                pass
        opened.close()


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_pooler_that_keeps_sessions_serves(new_database: Callable[[], str], driver: str) -> None:
    with pooler(direct := new_database(), mode="session") as url:
        pooled, other = open_database(url.replace("postgresql", driver, 1)), open_database(direct)
        with pooled.writers_turn(), pooled.write() as connection:
            connection.execute(text("CREATE TABLE written (number integer)"))
        with other.writers_turn(), other.read() as connection:
            assert connection.execute(text("SELECT count(*) FROM written")).scalar() == 0
        pooled.close()
        other.close()
