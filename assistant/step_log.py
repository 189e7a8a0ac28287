"""Where a turn's steps go: into the store first, then those who watch are woken.

    step -> StepLog (gathers fast text) -> store -> Announcer -> subscribers

A `Flusher` writes what was gathered when nothing follows it soon.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from assistant.errors import StoreError
from assistant.store import TERMINAL_STEPS, Store

logger = logging.getLogger(__name__)

DELTA_SECONDS = 0.05
"""Pieces of text closer together than this are stored as one."""


class Announcer:
    """Wakes those who wait for steps of a turn."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: dict[tuple[str, int], list[Callable[[], object]]] = {}

    def listening(self, key: tuple[str, int], wake: Callable[[], object]) -> "Listening":
        return Listening(self, key, wake)

    def add(self, key: tuple[str, int], wake: Callable[[], object]) -> None:
        with self._lock:
            self._listeners.setdefault(key, []).append(wake)

    def remove(self, key: tuple[str, int], wake: Callable[[], object]) -> None:
        with self._lock:
            listeners = self._listeners[key]
            listeners.remove(wake)
            if not listeners:
                del self._listeners[key]

    def announce(self, key: tuple[str, int]) -> None:
        with self._lock:
            listeners = list(self._listeners.get(key, ()))
        for wake in listeners:
            try:
                wake()
            except RuntimeError:  # the subscriber's event loop has closed
                logger.debug("a subscriber of %s is gone", key)


@dataclass(frozen=True, slots=True)
class Listening:
    announcer: Announcer
    key: tuple[str, int]
    wake: Callable[[], object]

    def __enter__(self) -> None:
        self.announcer.add(self.key, self.wake)

    def __exit__(self, *_: object) -> None:
        self.announcer.remove(self.key, self.wake)


class StepLog:
    """Writes one turn's steps; text that comes fast is gathered, the first piece and every other step are not.

    After a terminal step, whatever else comes is dropped.
    """

    def __init__(self, store: Store, key: tuple[str, int], announcer: Announcer, flusher: "Flusher") -> None:
        self._store, self._key, self._announcer, self._flusher = store, key, announcer, flusher
        self._lock = threading.Lock()
        self._pending: list[str] = []
        self._written = 0.0
        self.shown = ""
        """All the text so far."""
        self.has_ended = False

    def add_text(self, text: str) -> None:
        with self._lock:
            self._pending.append(text)
            self.shown += text
            if time.monotonic() - self._written >= DELTA_SECONDS:
                self._write_pending()
                return
        self._flusher.schedule(self)

    def add(self, data: Mapping[str, object]) -> None:
        with self._lock:
            if self.has_ended:
                return
            self._write_pending()
            self._store.append_step(*self._key, data)
            self.has_ended = data["kind"] in TERMINAL_STEPS
        self._announcer.announce(self._key)

    def end_by(self, store_end: Callable[[], object]) -> None:
        """End the turn by a transaction of somebody else's, which stores the last steps; once, like `add`."""
        with self._lock:
            if self.has_ended:
                return
            self._write_pending()
            store_end()
            self.has_ended = True
        self._announcer.announce(self._key)

    def flush(self) -> None:
        with self._lock:
            self._write_pending()

    def _write_pending(self) -> None:
        text = "".join(self._pending)
        if text and not self.has_ended:
            self._store.append_step(*self._key, {"kind": "delta", "text": text})
            self._written = time.monotonic()
            self._announcer.announce(self._key)
        self._pending.clear()


class Flusher:
    """Writes gathered text when nothing follows it soon."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._due: set[StepLog] = set()
        self._thread: threading.Thread | None = None
        self._closed = False

    def schedule(self, log: StepLog) -> None:
        with self._changed:
            self._due.add(log)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="turn-flusher", daemon=True)
                self._thread.start()
            self._changed.notify()

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(2 * DELTA_SECONDS + 1)

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._due and not self._closed:
                    self._changed.wait()
                if not self._due:
                    return
            time.sleep(DELTA_SECONDS)
            with self._changed:
                logs, self._due = self._due, set()
            for log in logs:
                try:
                    log.flush()
                except StoreError:  # the worker meets the same error at its next step, and reports it
                    logger.warning("text could not be stored yet", exc_info=True)
