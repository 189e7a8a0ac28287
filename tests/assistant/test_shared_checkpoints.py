"""Waiting writes on a real PostgreSQL server: they outlive the process, and are forgotten with their conversation."""

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from agents.errors import LoopsUnavailable
from agents.prompts import acting as words
from assistant import retention, shared_checkpoints
from assistant.actions import StoredActionLog
from assistant.app import Application
from assistant.checkpoints import FILE
from assistant.errors import StoreError
from assistant.log_causes import CauseFilter
from assistant.settings import Settings, load
from assistant.shared_checkpoints import ANSWER_SECONDS, OPEN_SECONDS, TABLES, SharedCheckpoints, forget
from knowledge.errors import KnowledgeError
from tests.assistant.filtered_log import behind
from tests.knowledge.test_pooling import pooler

TOOLS = '''
from agents.actions import Change, Preview
from agents.tools import Tool, ToolContext

def preview(context: ToolContext, article: str) -> Preview:
    return Preview(f"Keep {article} for you.")

def keep(context: ToolContext, article: str) -> Change:
    """Keep an article."""
    with (context.home / "kept").open("a") as kept:
        kept.write(article + "\\n")
    return Change(f"{article} is kept.")

TOOL = Tool(keep, effect="write", preview=preview)
'''


def rows(url: str) -> int:
    import psycopg

    with psycopg.connect(url) as connection:
        found = [connection.execute(f"SELECT count(*) FROM {table}").fetchone() for table in TABLES]  # type: ignore[call-overload]
    return sum(row[0] for row in found if row)


def settings_of(folder: Path, url: str) -> Settings:
    (folder / "tools.py").write_text(TOOLS, encoding="utf-8")
    replies = [
        {"when": "^Keep", "tool_calls": [{"name": "keep", "arguments": {"article": "BM-1015"}}]},
        {"when": ".", "text": "It is kept."},
    ]
    script, home = folder / "script.jsonl", folder / "home"
    script.write_text("\n".join(map(json.dumps, replies)), encoding="utf-8")
    home.mkdir()
    return load(
        environment={},
        folder=folder,
        flags={
            "home": home,
            "embedder": "hashing",
            "model": f"scripted:{script}",
            "tools": ("tools.py",),
            "catalog_url": url,
        },
    )


def said(application: Application, conversation: str, question: str) -> dict[str, Any]:
    turn = application.turns.start(conversation, question)
    answer: dict[str, Any] = list(application.turns.subscribe(conversation, turn))[-1].data["answer"]
    return answer


@contextmanager
def away(url: str) -> Iterator[None]:
    """Have the server refuse a database's connections, old and new, as one that was stopped does."""
    import psycopg

    place = make_url(url)
    refuse = f"ALTER DATABASE {place.database} WITH ALLOW_CONNECTIONS"
    with psycopg.connect(
        place.set(database="postgres").render_as_string(hide_password=False), autocommit=True
    ) as connection:
        connection.execute(f"{refuse} false")  # type: ignore[call-overload]
        ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s"
        assert connection.execute(ended, (place.database,)).fetchall()
        try:
            yield
        finally:
            connection.execute(f"{refuse} true")  # type: ignore[call-overload]


@pytest.mark.servers
def test_a_yes_while_the_server_is_away_is_told_soon_in_one_line_and_acts_once_when_it_is_back(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    """It took 15 s and failed with a traceback, and the next one was handed over to a person."""
    url = new_database()
    settings = settings_of(tmp_path, url)
    application = Application(settings)
    conversation, other, asks_anew = (application.store.start_conversation() for _ in range(3))
    for one in (conversation, asks_anew):
        assert said(application, one, "Keep BM-1015")["outcome"] == "awaiting_approval"
    with away(url), behind(CauseFilter(), of="") as (_, log):
        began = time.monotonic()
        answer = said(application, conversation, "yes")
        assert time.monotonic() - began < 3 * ANSWER_SECONDS
        assert (answer["outcome"], answer["text"]) == ("awaiting_approval", words.NOT_NOW["en"])
        (line,) = log.getvalue().splitlines()
        assert "cannot go on now: Waiting writes cannot be kept at postgresql://frontdesk:***@" in line
        assert "not currently accepting connections. Next: frontdesk doctor" in line
        assert said(application, other, "Keep BM-1015")["outcome"] == "handed_over"
        anew = said(application, asks_anew, "Keep BM-1015, and one more BM-1015")
        assert (anew["outcome"], anew["text"].startswith(words.WITHDRAWN["en"])) == ("handed_over", True)
    assert not (settings.home / "kept").exists()
    assert said(application, conversation, "yes")["outcome"] == "acted"
    said(application, conversation, "yes")
    assert (settings.home / "kept").read_text() == "BM-1015\n"
    application.close()


@pytest.mark.servers
def test_tables_that_another_process_is_making_are_not_waited_for_without_an_end(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lock that a pooler had lent on stayed taken, and no server came up any more, without a word."""
    import psycopg

    monkeypatch.setattr(shared_checkpoints, "OPEN_SECONDS", 1.0)
    with psycopg.connect(url := new_database(), autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (shared_checkpoints.SETUP_LOCK,))
        began = time.monotonic()
        with pytest.raises(StoreError, match=r"another server has been making the tables for 1 s\. Next: wait"):
            SharedCheckpoints(url)
        assert time.monotonic() - began < 10
    SharedCheckpoints(url).close()


@pytest.mark.servers
def test_servers_that_start_at_once_on_a_new_database_all_come_up(new_database: Callable[[], str]) -> None:
    """Whoever waited within the server held up the other's index, and one of the two was ended by a deadlock."""
    url, faults = new_database(), list[StoreError]()

    def start() -> None:
        try:
            SharedCheckpoints(url).close()
        except StoreError as error:
            faults.append(error)

    servers = [threading.Thread(target=start) for _ in range(4)]
    for server in servers:
        server.start()
    for server in servers:
        server.join(60)
    assert faults == []


@pytest.mark.servers
def test_an_index_is_waited_for_and_not_left_invalid(
    new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It waits for whoever looks at an older state; cut short it stayed as it was, unused, and nobody was told."""
    import psycopg

    monkeypatch.setattr(shared_checkpoints, "OPEN_SECONDS", 1.0)
    url, made = new_database(), threading.Event()

    def make() -> None:
        SharedCheckpoints(url).close()
        made.set()

    with psycopg.connect(url) as other:
        other.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        other.execute("SELECT 1")
        thread = threading.Thread(target=make)
        thread.start()
        assert not made.wait(2.5)
    thread.join(20)
    assert made.is_set()
    with psycopg.connect(url) as other:
        indexes = "SELECT bool_and(indisvalid), count(*) FROM pg_index WHERE indrelid = 'checkpoints'::regclass"
        assert other.execute(indexes).fetchone() == (True, 2)


@pytest.mark.servers
def test_a_pooler_that_lends_sessions_is_refused_before_a_lock_is_taken(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    """The lock on making the tables stayed with a session of the pooler's, and no other server came up."""
    import psycopg

    with pooler(url := new_database(), mode="transaction") as pooled:
        application = Application(settings_of(tmp_path, pooled))
        with pytest.raises(KnowledgeError, match="lends sessions for one transaction only"):
            _ = application.checkpoints
        with psycopg.connect(url) as other:
            locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            assert other.execute(locks).fetchone() == (0,)
        application.close()


def processes(url: str, *, postmaster: bool) -> list[int]:
    """Return the processes that answer a database's connections, and the one that takes new ones."""
    import psycopg

    place = make_url(url)
    with psycopg.connect(place.set(database="postgres").render_as_string(hide_password=False)) as connection:
        found = connection.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", (place.database,)).fetchall()
        status = Path(f"/proc/{connection.info.backend_pid}/stat").read_text(encoding="utf-8")
    parent = int(status.rpartition(")")[2].split()[1])
    return [*([parent] if postmaster else []), *(row[0] for row in found)]


@contextmanager
def frozen(found: list[int]) -> Iterator[None]:
    """Stop processes where they stand, as a machine that is out of memory or a disk that hangs does."""
    try:
        for process in found:
            os.kill(process, signal.SIGSTOP)
        yield
    finally:
        for process in found:
            os.kill(process, signal.SIGCONT)


@pytest.mark.servers
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="/proc")
@pytest.mark.parametrize("whole", [False, True])
def test_a_yes_while_the_server_is_frozen_is_answered_soon_and_acts_once(
    tmp_path: Path, new_database: Callable[[], str], whole: bool
) -> None:
    """It waited until the server woke. Where new connections are answered, the next yes goes on with one of those."""
    url = new_database()
    settings = settings_of(tmp_path, url)
    application = Application(settings)
    conversation = application.store.start_conversation()
    assert said(application, conversation, "Keep BM-1015")["outcome"] == "awaiting_approval"
    stopped = ExitStack()
    with stopped:
        stopped.enter_context(frozen(processes(url, postmaster=whole)))
        began = time.monotonic()
        answer = said(application, conversation, "yes")
        assert time.monotonic() - began < 4 * ANSWER_SECONDS
        assert (answer["outcome"], answer["text"]) == ("awaiting_approval", words.NOT_NOW["en"])
        assert not (settings.home / "kept").exists()
        if whole:
            stopped.close()
        assert said(application, conversation, "yes")["outcome"] == "acted"
    said(application, conversation, "yes")
    assert (settings.home / "kept").read_text() == "BM-1015\n"
    application.close()


@pytest.mark.servers
@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="/proc")
@pytest.mark.parametrize("moment", ["begin", "finish"])
def test_what_is_under_way_when_the_server_freezes_is_told_and_done_once(
    tmp_path: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    url = new_database()
    settings = settings_of(tmp_path, url)
    application = Application(settings)
    conversation = application.store.start_conversation()
    assert said(application, conversation, "Keep BM-1015")["outcome"] == "awaiting_approval"
    found, stack = processes(url, postmaster=True), ExitStack()
    noted = getattr(StoredActionLog, moment)

    def freezing(*arguments: Any, **named: Any) -> Any:
        stack.enter_context(frozen(found))
        return noted(*arguments, **named)

    monkeypatch.setattr(StoredActionLog, moment, freezing)
    with stack:
        began = time.monotonic()
        answer = said(application, conversation, "yes")
        assert time.monotonic() - began < 10 * ANSWER_SECONDS  # four waits alone, six beside other tests
    assert (answer["outcome"], "BM-1015 is kept." in answer["text"]) == ("acted", True)
    said(application, conversation, "yes")
    assert (settings.home / "kept").read_text() == "BM-1015\n"
    application.close()


@pytest.mark.servers
def test_a_write_waits_on_the_server_for_a_yes_that_another_process_hears(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    url = new_database()
    settings = settings_of(tmp_path, url)
    home = settings.home
    before = Application(settings)
    conversation, other = before.store.start_conversation(), before.store.start_conversation()
    for one in (conversation, other):
        assert said(before, one, "Keep BM-1015")["outcome"] == "awaiting_approval"
    before.close()
    assert not (home / FILE).exists()
    assert not (home / "kept").exists()
    after = Application(settings)
    assert said(after, conversation, "yes")["outcome"] == "acted"
    assert (home / "kept").read_text() == "BM-1015\n"
    assert rows(url) > 0
    retention.forget(after.store, [other], waits_at=settings.waits_at)
    after.close()
    assert rows(url) == 0, "what was done has left nothing, and what waited is forgotten"
    assert (home / "kept").read_text() == "BM-1015\n"


@pytest.mark.servers
def test_nothing_to_forget_makes_no_table(new_database: Callable[[], str]) -> None:
    url = new_database()
    forget(url, ["one"])
    kept = SharedCheckpoints(url)
    again = SharedCheckpoints(url)  # the tables are there now
    forget(url, ["one"])
    kept.close()
    again.close()


@pytest.mark.servers
def test_a_server_that_was_started_again_is_asked_on_new_connections(new_database: Callable[[], str]) -> None:
    """A write that waited over the restart failed after the customer's yes, once for each open connection."""
    import psycopg

    url = new_database()
    kept = SharedCheckpoints(url)
    ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s"
    with psycopg.connect(url) as connection:
        assert connection.execute(ended, (connection.info.backend_pid,)).fetchall()
    assert kept.saver.get_tuple({"configurable": {"thread_id": "one/1"}}) is None
    kept.close()


@pytest.mark.servers
def test_what_a_slow_server_has_not_ended_when_the_customer_is_told_does_not_happen_later(
    new_database: Callable[[], str],
) -> None:
    """It was given up as a frozen one is, while the server went on and stored it a second later."""
    kept = SharedCheckpoints(new_database())
    with kept._pool.connection() as connection:
        connection.execute("CREATE TABLE slow (value int)")
    late = ANSWER_SECONDS + 0.5
    with (
        pytest.raises(LoopsUnavailable, match="canceling statement due to statement timeout"),
        kept._pool.connection() as connection,
    ):
        connection.execute("INSERT INTO slow SELECT 1 FROM pg_sleep(%s)", (late,))
    time.sleep(late)
    with kept._pool.connection() as connection:
        assert connection.execute("SELECT count(*) AS rows FROM slow").fetchone() == {"rows": 0}
    kept.close()


def test_the_connection_that_makes_the_tables_gives_up_a_server_that_takes_nothing_in(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import psycopg

    given: dict[str, Any] = {}

    def refuse(_: str, **options: Any) -> None:
        given.update(options)
        raise psycopg.OperationalError("no")

    monkeypatch.setattr(psycopg, "connect", refuse)
    with pytest.raises(StoreError):
        SharedCheckpoints("postgresql://nobody@127.0.0.1:9/none")
    assert given["tcp_user_timeout"] == int(1000 * OPEN_SECONDS)


@pytest.mark.servers
def test_a_server_that_refuses_is_named_without_its_password(new_database: Callable[[], str]) -> None:
    url = new_database().replace(":frontdesk@", ":wrong-secret@")
    for use in (SharedCheckpoints, lambda place: forget(place, ["one"])):
        with pytest.raises(
            StoreError, match=r"Waiting writes cannot be kept at postgresql://frontdesk:\*\*\*@"
        ) as raised:
            use(url)
        assert "wrong-secret" not in str(raised.value)


def test_what_stands_behind_the_question_mark_leads_to_the_server_and_is_not_printed() -> None:
    with pytest.raises(StoreError, match=r"//desk@/library: .*/nowhere/\.s\.PGSQL\.65. failed") as raised:
        forget("postgresql://desk@/library?unix_sock=/nowhere/.s.PGSQL.65&password=geheim-77", ["c-1"])
    assert "geheim-77" not in str(raised.value)


def test_missing_driver_is_said_with_its_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    for use in (SharedCheckpoints, lambda place: forget(place, ["one"])):
        with pytest.raises(StoreError, match=r"pip install .*\[server\]"):
            use("postgresql://nobody@127.0.0.1:9/none")
