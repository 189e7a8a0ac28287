"""Feeds read again whenever they change, until told to stop.

    a folder's files change -> quiet for a moment -> read        ┐
    a website, a mailbox    -> every so many minutes -> fetched  ┘ -> one line each

Each feed has a thread of its own, so that a slow website keeps no folder waiting; what they have in common, the one
writer, is behind `sync`. What goes wrong is told and tried again. Files are read when nobody has written to them for
two seconds, so that none is read half.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from pathlib import Path

from assistant.errors import ServerError
from assistant.feeds import SyncReport
from assistant.settings import SettingsError
from knowledge.counting import counted
from knowledge.errors import KnowledgeError
from knowledge.feeds import Feed
from knowledge.sources import is_passed_over

QUIET_SECONDS = 2.0
"""So long must nothing change in a folder before it is read."""
LONGEST_WAIT_SECONDS = 60.0
"""A folder in which something changes all the time is read even so."""
RETRY_SECONDS = 30.0
"""After a failure; a file that was locked may be free by then."""
MOST_RETRIES = 3
LAST_WAIT_SECONDS = 10.0
"""How long what is being read at the end may take; cut off, it is finished by the next run."""
TICK_MILLISECONDS = 300
NAMED_FILES = 5
FAULTS = (KnowledgeError, ServerError, SettingsError, OSError)

Sync = Callable[[Feed], SyncReport]
Tell = Callable[[str], None]


class Stopped(Exception):
    """Raised by a caller's sleep when the watch ends."""


class Quiet:
    """Whether a folder has been quiet for long enough after a change."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._first = self._last = 0.0
        self._names: dict[str, None] = {}

    def note(self, names: Iterable[str]) -> None:
        """Take note of files that changed just now."""
        now = self._clock()
        for name in names:
            self._first = self._first if self._names else now
            self._last = now
            self._names[name] = None

    def take(self) -> list[str]:
        """Return the files to read now, and forget them; [] while it is not quiet yet, and when nothing changed."""
        now = self._clock()
        if not self._names or (now - self._last < QUIET_SECONDS and now - self._first < LONGEST_WAIT_SECONDS):
            return []
        names, self._names = list(self._names), {}
        return names


class Watched(threading.Thread):
    """One feed, read at first, when woken, and every so many minutes."""

    def __init__(self, feed: Feed, *, sync: Sync, tell: Tell, stop: threading.Event) -> None:
        super().__init__(name=f"watch-{feed.name}", daemon=True)
        self.feed = feed
        self.folder = feed.path.resolve() if feed.kind == "folder" and feed.path else None
        """The folder whose changes wake it; None where only asking tells."""
        self.quiet = Quiet()
        self.well = True
        """Whether it ended, or goes on, as it should; a bug ends it and shows its traceback."""
        self._sync = sync
        self._tell = tell
        self._stop_all = stop
        self._woken = threading.Event()
        self._changed: deque[str] = deque()
        self._said = ""

    def wake(self, changed: Sequence[str] = ()) -> None:
        """Have it read now."""
        self._changed.extend(changed)
        self._woken.set()

    def run(self) -> None:
        """Read until stopped."""
        self.well = False
        try:
            self._read_until_stopped()
            self.well = True
        except Stopped:
            self.well = True
        finally:
            self._stop_all.set()

    def _read_until_stopped(self) -> None:
        retries = 0
        while not self._stop_all.is_set():
            self._woken.clear()
            changed = [self._changed.popleft() for _ in range(len(self._changed))]
            retries = 0 if self._once(changed) else 1 if changed else retries + 1
            again = 0 < retries <= MOST_RETRIES
            self._woken.wait(RETRY_SECONDS if again else self.feed.every_minutes * 60)

    def _once(self, changed: Sequence[str]) -> bool:
        """Read, say in one line what came of it, and return whether all went well."""
        try:
            report = self._sync(self.feed)
        except FAULTS as error:
            self._say(f"{self.feed.name}: {error}", again=bool(changed))
            return False
        if report.documents or report.removed or report.failed or changed:
            self._say(_line(report, changed), again=bool(report.documents or report.removed or changed))
        return not report.failed

    def _say(self, line: str, *, again: bool) -> None:
        """Tell it, unless it is what was told last and nothing happened meanwhile."""
        if again or line != self._said:
            self._tell(f"{datetime.now():%H:%M:%S} {line}")
        self._said = line


def watch(feeds: Sequence[Feed], *, sync: Sync, tell: Tell, stop: threading.Event) -> bool:
    """Watch until `stop` is set; return whether what was being read came to its end.

    Args:
        sync: brings one feed up to date; called from several threads.
        tell: takes one line.
    """
    watched = [Watched(feed, sync=sync, tell=tell, stop=stop) for feed in feeds]
    for one in watched:
        one.start()
    try:
        there = _folders(watched)
        while not stop.is_set():
            _follow([one for one in watched if one.folder in there], there, stop, tell)
            before, there = there, _folders(watched)
            for one in watched:
                if one.folder in set(before) ^ set(there):
                    one.wake()
    finally:
        stop.set()
        for one in watched:
            one.wake()
        until = time.monotonic() + LAST_WAIT_SECONDS
        for one in watched:
            one.join(max(0.0, until - time.monotonic()))
    broken = [one.feed.name for one in watched if not one.well and not one.is_alive()]
    if broken:
        raise RuntimeError(f"the watch of {', '.join(broken)} ended by a bug; the traceback stands above")
    return not any(one.is_alive() for one in watched)


def _follow(watched: Sequence[Watched], folders: Sequence[Path], stop: threading.Event, tell: Tell) -> None:
    """Wake feeds whose folders changed, until stopped or until a folder came or went."""
    from watchfiles import watch as changes_of

    if not folders:
        stop.wait(TICK_MILLISECONDS / 1000)
        return
    changes = changes_of(
        *folders, watch_filter=None, stop_event=stop, rust_timeout=TICK_MILLISECONDS, yield_on_timeout=True
    )
    try:
        for batch in changes:
            paths = [Path(path) for _, path in batch]
            for one in watched:
                one.quiet.note(_names_below(one.folder, paths))
                if names := one.quiet.take():
                    one.wake(names)
            if set(paths) & set(folders) or not all(folder.is_dir() for folder in folders):
                return  # what is told of a folder that went does not come back with it
    except (OSError, RuntimeError) as error:  # a folder that goes while it is looked at; too many to look at
        tell(f"{datetime.now():%H:%M:%S} The system does not tell of changes ({error}); trying again.")
        stop.wait(RETRY_SECONDS)


def _folders(watched: Sequence[Watched]) -> list[Path]:
    return [one.folder for one in watched if one.folder and one.folder.is_dir()]


def _names_below(folder: Path | None, paths: Iterable[Path]) -> list[str]:
    """Return those of the paths that lie in the folder and that an ingest reads, relative to it."""
    found = []
    for path in paths:
        if folder and path.is_relative_to(folder):
            name = path.relative_to(folder)
            if name.parts and not any(map(is_passed_over, name.parts)):
                found.append(name.as_posix())
    return found


def _line(report: SyncReport, changed: Sequence[str]) -> str:
    named = ", ".join(sorted(set(changed))[:NAMED_FILES])
    more = len(set(changed)) - NAMED_FILES
    about = f" [{named}{f' and {more} more' if more > 0 else ''}]" if named else ""
    failed = "".join(f"; failed: {item['path']}: {item['error']}" for item in report.failed[:NAMED_FILES])
    warning = f"; {report.warning}" if report.warning else ""
    return (
        f"{report.name}{about}: {counted(report.documents, 'document')} read, {report.removed} removed, "
        f"{len(report.failed)} failed{failed}{warning}"
    )
