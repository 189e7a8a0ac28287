import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from assistant import watching
from assistant.feeds import SyncReport
from assistant.watching import Quiet, Stopped, watch
from knowledge.errors import FeedUnavailable
from knowledge.feeds import Feed
from tests.knowledge.feeds.conftest import Clock, Site, serve

ROOT = Path(__file__).parents[2]


def report(feed: Feed, **values: Any) -> SyncReport:
    plain = {"fetched": 0, "unchanged": 0, "removed": 0, "failed": [], "documents": 0, "chunks": 0, "seconds": 0.0}
    return SyncReport(name=feed.name, **{**plain, "warning": "", **values})


def wait_for(reached: Callable[[], object], seconds: float = 10.0) -> None:
    until = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < until, "waited in vain"
        time.sleep(0.02)


class Watching:
    """A watch on a thread of its own, and what it told."""

    def __init__(self, *feeds: Feed, sync: Callable[[Feed], SyncReport]) -> None:
        self.lines: list[str] = []
        self.stop = threading.Event()
        self.ended: list[bool] = []
        self.thread = threading.Thread(target=self._run, args=(feeds, sync))
        self.thread.start()

    def _run(self, feeds: tuple[Feed, ...], sync: Callable[[Feed], SyncReport]) -> None:
        self.ended.append(watch(feeds, sync=sync, tell=self.lines.append, stop=self.stop))

    def end(self) -> None:
        self.stop.set()
        self.thread.join(15)
        assert self.ended == [True]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "QUIET_SECONDS", 0.3)
    monkeypatch.setattr(watching, "RETRY_SECONDS", 0.1)
    monkeypatch.setattr(watching, "TICK_MILLISECONDS", 50)


def test_a_folder_is_read_when_nobody_writes_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "QUIET_SECONDS", 2.0)
    clock = Clock()
    quiet = Quiet(clock)
    assert quiet.take() == []
    for _ in range(4):
        quiet.note(["a.md"])
        clock.sleep(1.9)
        assert quiet.take() == []
    clock.sleep(0.2)
    assert quiet.take() == ["a.md"]
    assert quiet.take() == []


def test_a_folder_that_is_never_quiet_is_read_once_a_minute() -> None:
    clock = Clock()
    quiet = Quiet(clock)
    taken = 0
    for _ in range(1300):
        quiet.note(["log.txt"])
        taken += bool(quiet.take())
        clock.sleep(0.1)
    assert taken == 2


def test_changes_in_a_folder_are_read_in_one_line_and_hidden_files_are_not_told(tmp_path: Path) -> None:
    reads: list[set[str]] = []

    def sync(feed: Feed) -> SyncReport:
        reads.append({path.name for path in tmp_path.rglob("*.md")})
        return report(feed, documents=len(reads) - 1)

    watched = Watching(Feed(name="papers", kind="folder", path=tmp_path), sync=sync)
    wait_for(lambda: reads)
    time.sleep(0.3)
    (tmp_path / ".hidden.md").write_text("x")
    (tmp_path / "sub").mkdir()
    for name in ("a.md", "b.md", "sub/c.md"):
        (tmp_path / name).write_text("text")
    wait_for(lambda: watched.lines)
    watched.end()
    assert reads[-1] >= {"a.md", "b.md", "c.md"}
    assert len(watched.lines) == 1
    assert "a.md, b.md" in watched.lines[0]
    assert "hidden" not in watched.lines[0]


def test_a_folder_that_goes_and_comes_back_is_told_and_watched_again(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    reads: list[list[str]] = []

    def sync(feed: Feed) -> SyncReport:
        if not folder.is_dir():
            raise FeedUnavailable("the folder is not there")
        reads.append([path.name for path in folder.iterdir()])
        return report(feed, documents=len(reads[-1]))

    watched = Watching(Feed(name="papers", kind="folder", path=folder), sync=sync)
    wait_for(lambda: reads)
    time.sleep(0.2)
    folder.rename(tmp_path / "away")
    wait_for(lambda: watched.lines)
    assert "not there" in watched.lines[0]
    (tmp_path / "away").rename(folder)
    wait_for(lambda: len(reads) > 1)
    time.sleep(0.3)
    (folder / "a.md").write_text("text")
    wait_for(lambda: reads[-1] == ["a.md"])
    watched.end()


def test_a_feed_that_fails_is_tried_again_and_told_once(tmp_path: Path) -> None:
    tries: list[str] = []

    def sync(feed: Feed) -> SyncReport:
        tries.append(feed.name)
        if len(tries) < 4:
            raise FeedUnavailable("the server is down")
        return report(feed, documents=1)

    watched = Watching(Feed(name="shop", kind="website", url="http://x.example/"), sync=sync)
    wait_for(lambda: len(watched.lines) == 2)
    watched.end()
    assert [line.split(" ", 1)[1] for line in watched.lines] == [
        "shop: the server is down", "shop: 1 document read, 0 removed, 0 failed",
    ]  # fmt: skip


def test_a_file_that_was_locked_is_read_again(tmp_path: Path) -> None:
    tries: list[str] = []

    def sync(feed: Feed) -> SyncReport:
        tries.append(feed.name)
        failed = [{"path": "a.md", "error": "is locked"}] if len(tries) == 1 else []
        return report(feed, documents=len(tries) - 1, failed=failed)

    watched = Watching(Feed(name="papers", kind="folder", path=tmp_path), sync=sync)
    wait_for(lambda: len(watched.lines) == 2)
    watched.end()
    assert "1 failed; failed: a.md: is locked" in watched.lines[0]


def test_a_changed_file_that_fails_once_is_read_again(tmp_path: Path) -> None:
    tries: list[str] = []

    def sync(feed: Feed) -> SyncReport:
        tries.append(feed.name)
        failed = [{"path": "a.md", "error": "is locked"}] if len(tries) == 2 else []
        return report(feed, documents=len(tries) - 1, failed=failed)

    watched = Watching(Feed(name="papers", kind="folder", path=tmp_path), sync=sync)
    wait_for(lambda: tries)
    time.sleep(0.3)
    (tmp_path / "a.md").write_text("text")
    wait_for(lambda: len(tries) == 3)
    watched.end()


def test_a_slow_website_keeps_no_folder_waiting_and_stops_when_asked(tmp_path: Path) -> None:
    reads: list[str] = []
    stopping = threading.Event()

    def sync(feed: Feed) -> SyncReport:
        reads.append(feed.name)
        if feed.kind == "website":
            assert stopping.wait(10)
            raise Stopped
        return report(feed)

    feeds = (Feed(name="shop", kind="website"), Feed(name="papers", kind="folder", path=tmp_path))
    watched = Watching(*feeds, sync=sync)
    wait_for(lambda: len(reads) == 2)
    time.sleep(0.2)
    (tmp_path / "a.md").write_text("text")
    wait_for(lambda: reads.count("papers") == 2)
    stopping.set()
    watched.end()


@pytest.mark.parametrize("number", [1, 2])
def test_a_bug_ends_the_watch_and_keeps_its_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda found: shown.append(str(found.exc_value)))

    def sync(feed: Feed) -> SyncReport:
        if feed.name == "broken":
            raise ZeroDivisionError("a bug")
        return report(feed)

    feeds = [Feed(name=name, kind="folder", path=tmp_path) for name in ("broken", "papers")[:number]]
    with pytest.raises(RuntimeError, match="the watch of broken ended by a bug"):
        watch(feeds, sync=sync, tell=print, stop=threading.Event())
    assert shown == ["a bug"]


# The command, as a process ------------------------------------------------------------------------------------------


@pytest.fixture
def site() -> Iterator[Site]:
    yield from serve(Site())


@pytest.mark.slow
def test_ctrl_c_ends_it_cleanly(tmp_path: Path) -> None:
    (tmp_path / "papers").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FRONTDESK_EMBEDDER": "hashing"}
    process = subprocess.Popen(
        [sys.executable, "-m", "assistant.cli", "watch", "papers"],
        cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout
    said = process.stdout.readline() + process.stdout.readline()
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert "is empty; is a drive missing?" in said
    assert (process.returncode, rest) == (0, "Stopped.\n")


@pytest.mark.slow
def test_the_command_reads_what_changes_until_it_is_stopped(tmp_path: Path, site: Site) -> None:
    site.page("/help/", "Parcels to Ireland take four days")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers/returns.md").write_text("# Returns\n\nA lamp may be returned within thirty days.")
    (tmp_path / "frontdesk.toml").write_text(
        f'home = "home"\nembedder = "hashing"\n[[feeds]]\nname = "shop"\nkind = "website"\nurl = "{site.url}/help/"\n'
        'pause_seconds = 0\n[[feeds]]\nname = "papers"\nkind = "folder"\npath = "papers"\n'
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_PROXY": "*"}
    environment.pop("FRONTDESK_HOME")
    command = [sys.executable, "-m", "assistant.cli"]

    def search(question: str) -> str:
        words = [*command, "search", question]
        return subprocess.run(
            words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=60
        ).stdout

    process = subprocess.Popen(
        [*command, "watch"], cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    lines: list[str] = []
    reader = threading.Thread(target=lambda: lines.extend(iter(process.stdout.readline, "")))  # type: ignore[union-attr]
    reader.start()
    try:
        wait_for(lambda: sum("1 document read" in line for line in lines) == 2, 60)
        assert "thirty" in search("may a lamp be returned")
        with (tmp_path / "papers/returns.md").open("w") as file:  # written in three goes
            for part in ("# Returns\n\nA lamp may be ", "returned within ", "sixty days."):
                file.write(part)
                file.flush()
                time.sleep(0.4)
        wait_for(lambda: any("[returns.md]: 1 document read" in line for line in lines), 60)
        found = search("may a lamp be returned")
        assert "within sixty days." in found
        assert "thirty" not in found
        (tmp_path / "papers/.new").write_text("x")
        (tmp_path / "papers/other.md").write_text("# Other\n\nMore.")
        (tmp_path / "papers/returns.md").unlink()
        wait_for(lambda: any("1 document read, 1 removed" in line for line in lines), 60)
    finally:
        process.terminate()
        code = process.wait(30)
        reader.join(10)
    assert code == 0
    assert lines[-1] == "Stopped.\n"
    assert lines[0].startswith("Watching shop (")
    assert not [line for line in lines if "Traceback" in line]
    process.stdout.close()  # type: ignore[union-attr]
