"""A few worker processes that read files ahead of whoever wants them.

    start(job) -> Reading;  messages(reading) -> Prepared | Unchanged …, then Done or Failed

Files are read side by side and handed out in the order they are asked for. What was read ahead is bounded in bytes: a
worker whose results nobody takes waits. A worker that hangs, grows too large or crashes is ended and replaced, and its
file alone fails.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from knowledge.errors import KnowledgeError
from knowledge.reading.messages import Alive, Done, Failed, Job, Message, Ready
from knowledge.reading.process import WorkerProcess, unstartable

AHEAD_BYTES = 32_000_000
"""Results held for later, over all files."""
START_SECONDS = 120.0
"""Longest time that a process may take to start."""
IDLE_SECONDS = 30.0
"""How long a process without work is kept for the next file."""
HEAVY_BYTES = 20_000_000
"""Files from this size on are read one at a time, for they take many times their size in memory."""
WATCH_SECONDS = 0.2
WORTH_FILES, WORTH_BYTES = 4, 500_000
"""With more than this many waiting, one more process is worth its start."""
WORTH_SECONDS = 3.0
"""When the first of them has waited so long: until then one process most likely keeps up, for to embed what it reads
takes several times as long as to read it, and a start takes a quarter of a second from the embedder."""
WORN_SHARE = 0.5
"""Share of its memory above which a worker is replaced after a file: libraries do not give everything back."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How much of the machine the reading of files may take."""

    workers: int = min(2, os.cpu_count() or 1)
    """Processes at most."""
    silence_seconds: float = 120.0
    """Longest time without a document, a page or another sign of life from a small file."""
    silence_seconds_per_megabyte: float = 5.0
    """What is added to it for each megabyte of the file, for a large one may be a single document."""
    file_seconds: float = 3600.0
    """Longest time for one file; a long scan takes a few seconds a page."""
    memory_bytes: int = 1_500_000_000
    """Most memory of one worker with the programs it starts; a table of 100 MB takes some 400 MB."""

    def silence_of(self, size_bytes: int) -> float:
        """Return the longest silence, in seconds, for a file of this size."""
        return self.silence_seconds + self.silence_seconds_per_megabyte * size_bytes / 1e6


@dataclass(slots=True, eq=False)
class Reading:
    """A file that is being read, or waits for it."""

    job: Job
    since: float = field(default_factory=time.monotonic)
    results: deque[tuple[Message, int]] = field(default_factory=deque)
    is_wanted: bool = False
    has_results: bool = False


class _Watch:
    """How long a worker has been working on its file; time in which its results wait for us does not count."""

    def __init__(self, process: WorkerProcess) -> None:
        self.process = process
        self.lock = threading.Lock()
        self.verdict = ""
        self._since: float | None = None
        self._worked = 0.0
        self._silence_seconds = START_SECONDS

    def begin_file(self, silence_seconds: float) -> None:
        self.verdict, self._worked = "", 0.0
        self._silence_seconds = silence_seconds

    def receive(self) -> tuple[Message, int] | None:
        with self.lock:
            self._since = time.monotonic()
        received = self.process.receive()
        with self.lock:
            self._worked += time.monotonic() - self._since
            self._since = None
        return received

    def check(self, options: ReadingOptions) -> None:
        """End the process when it takes too long or too much."""
        with self.lock:
            if self._since is None or self.verdict:
                return
            silence = time.monotonic() - self._since
            if silence > self._silence_seconds:
                self.verdict = (
                    f"reading it was stopped after {self._silence_seconds:g} s without a result. "
                    "Next: see whether the file opens in its own program, and save it anew or leave it out"
                )
            elif self._worked + silence > options.file_seconds:
                self.verdict = (
                    f"reading it was stopped after {options.file_seconds:g} s. Next: split it into smaller files"
                )
            elif self.process.memory_bytes() > options.memory_bytes:
                self.verdict = (
                    f"reading it takes more than {options.memory_bytes / 1e6:,.0f} MB of memory. "
                    "Next: split it into smaller files"
                )
            if self.verdict:
                self.process.kill()


class Reader:
    """The pool; processes are started when files come, end when none come for a while, and are ended by `close`."""

    def __init__(self, options: ReadingOptions | None = None) -> None:
        self._options = options or ReadingOptions()
        self._changed = threading.Condition()
        self._waiting: deque[Reading] = deque()
        self._drivers: list[threading.Thread] = []
        self._idle = 0
        self._watches: set[_Watch] = set()
        self._held_bytes = 0
        self._heavy: Reading | None = None
        self._fault: KnowledgeError | None = None
        self._closed = threading.Event()

    @property
    def options(self) -> ReadingOptions:
        return self._options

    def warm(self) -> None:
        """Have a process started before the first file is there."""
        with self._changed:
            if not self._drivers:
                self._add_driver(is_eager=True)

    def start(self, job: Job) -> Reading:
        """Have a file read as soon as a worker is free."""
        reading = Reading(job)
        with self._changed:
            self._waiting.append(reading)
            if not self._drivers:
                self._add_driver()
            self._changed.notify_all()
        return reading

    def messages(self, reading: Reading, *, patience_seconds: float = 5.0) -> Iterator[Message | None]:
        """Yield what comes of a file, `Done` or `Failed` last; None each time that nothing came for a while.

        Raises:
            KnowledgeError: worker processes cannot be started here.
        """
        while True:
            with self._changed:
                reading.is_wanted = True
                self._changed.notify_all()
                self._changed.wait_for(lambda: reading.results or self._fault, patience_seconds)
                if not reading.results and self._fault:
                    raise self._fault
                message, size = reading.results.popleft() if reading.results else (None, 0)
                self._held_bytes -= size
                self._changed.notify_all()
            yield message
            if isinstance(message, Done | Failed):
                return

    def close(self) -> None:
        """End all processes; files under way are not finished."""
        with self._changed:
            self._closed.set()
            self._changed.notify_all()
            watches = list(self._watches)
        for watch in watches:
            watch.process.kill()
        for driver in self._drivers:
            driver.join()

    def __enter__(self) -> "Reader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _add_driver(self, *, is_eager: bool = False) -> None:
        if not self._drivers:
            threading.Thread(target=self._watch, name="reading-watch", daemon=True).start()
        driver = threading.Thread(target=self._drive, args=(is_eager,), name="reading", daemon=True)
        self._drivers.append(driver)
        driver.start()

    def _drive(self, is_eager: bool) -> None:
        """Serve files with one process after another, on a thread of its own."""
        watch: _Watch | None = None
        try:
            if is_eager:
                watch = self._start_process()
            while not self._closed.is_set():
                reading = self._next()
                if reading is not None:
                    watch = self._serve(watch, reading)
                    self._finish(reading)
                elif watch is not None:  # nothing to do for long
                    self._let_go(watch)
                    watch = None
        except KnowledgeError as error:
            self._give_up(error)
        except Exception as error:  # noqa: BLE001 - the thread's edge: whoever waits for its files is told
            _log.exception("the thread that reads files failed")
            fault = KnowledgeError(
                f"The thread that reads files failed ({type(error).__name__}: {error}). Next: the same command again"
            )
            self._give_up(fault)
        finally:
            if watch is not None:
                self._let_go(watch)

    def _give_up(self, fault: KnowledgeError) -> None:
        with self._changed:
            self._fault = fault
            self._changed.notify_all()

    def _is_worth_another_worker(self) -> bool:
        """Say whether what waits, and has waited for a while, is worth the start of one more process."""
        if len(self._drivers) >= self._options.workers or len(self._waiting) <= self._idle:
            return False
        if time.monotonic() - self._waiting[0].since < WORTH_SECONDS:
            return False
        waiting_bytes = sum(reading.job.size_bytes for reading in self._waiting)
        return len(self._waiting) > WORTH_FILES or waiting_bytes > WORTH_BYTES

    def _next(self) -> Reading | None:
        """Return the file that waits longest; None when there is none for long, or no more work at all."""
        with self._changed:
            self._idle += 1
            self._changed.wait_for(lambda: self._closed.is_set() or self._due() is not None, IDLE_SECONDS)
            self._idle -= 1
            reading = None if self._closed.is_set() else self._due()
            if reading is not None:
                self._waiting.remove(reading)
                self._heavy = reading if reading.job.size_bytes >= HEAVY_BYTES else self._heavy
            return reading

    def _due(self) -> Reading | None:
        """Return the first file that may be read now; a heavy one waits for the end of the one before it."""
        for reading in self._waiting:
            if self._heavy is None or reading.job.size_bytes < HEAVY_BYTES:
                return reading
        return None

    def _finish(self, reading: Reading) -> None:
        with self._changed:
            if self._heavy is reading:
                self._heavy = None
                self._changed.notify_all()

    def _serve(self, watch: _Watch | None, reading: Reading) -> _Watch | None:
        """Have one file read and return the process for the next one."""
        while True:
            if watch is None:
                watch = self._start_process()
            ending = self._pass_on(watch, reading)
            if ending is not None:
                self._deliver(reading, ending, 0)
                worn = watch.process.memory_bytes() > WORN_SHARE * self._options.memory_bytes
                if not (worn or watch.verdict):
                    return watch
                self._let_go(watch)
                return None
            watch.process.await_end()
            was_fresh = watch.process.files == 1
            self._let_go(watch)
            if self._closed.is_set():
                return None
            if was_fresh or reading.has_results or watch.verdict.startswith("reading it was stopped"):
                cause = watch.verdict or (
                    f"the process that read it ended ({watch.process.how_it_ended()}). Next: see whether the file "
                    "opens in its own program, and save it anew or leave it out"
                )
                self._deliver(reading, Failed(f"{reading.job.path}: {cause}"), 0)
                return None
            watch = None  # the files before it may be to blame: it gets a process of its own, once

    def _pass_on(self, watch: _Watch, reading: Reading) -> Done | Failed | None:
        """Hand on what comes of a file; return how it ended, None when the process did."""
        watch.begin_file(reading.job.silence_seconds)
        watch.process.send(reading.job)
        while (received := watch.receive()) is not None:
            message, size = received
            if isinstance(message, Done | Failed):
                if isinstance(message, Failed) and message.traceback:
                    _log.error("%s\n%s", message.error, message.traceback)
                return message
            if not isinstance(message, Alive):
                reading.has_results = True
                self._deliver(reading, message, size)
        return None

    def _deliver(self, reading: Reading, message: Message, size: int) -> None:
        """Put a result where it is asked for; wait while too much lies there, unless somebody is waiting for it."""
        with self._changed:
            self._changed.wait_for(
                lambda: (
                    self._closed.is_set()
                    or self._held_bytes + size <= AHEAD_BYTES
                    or (reading.is_wanted and not reading.results)
                )
            )
            reading.results.append((message, size))
            self._held_bytes += size
            self._changed.notify_all()

    def _start_process(self) -> _Watch:
        watch = _Watch(WorkerProcess(max_message_bytes=self._options.memory_bytes))
        with self._changed:
            self._watches.add(watch)
            self._changed.notify_all()
            if self._closed.is_set():
                watch.process.kill()
        received = watch.receive()
        if received is None or not isinstance(received[0], Ready):
            self._let_go(watch)
            raise unstartable(watch.process.how_it_ended())
        return watch

    def _let_go(self, watch: _Watch) -> None:
        with self._changed:
            self._watches.discard(watch)
        with watch.lock:
            watch.process.end()

    def _watch(self) -> None:
        while not self._closed.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._watches or self._closed.is_set())
                watches = list(self._watches)
                if not self._closed.is_set() and self._is_worth_another_worker():
                    self._add_driver()
            for watch in watches:
                watch.check(self._options)
            self._closed.wait(WATCH_SECONDS)
