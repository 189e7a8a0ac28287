"""What a server does beside answering: send tickets that wait, forget what is too old.

    thread -> every few seconds: outbox -> once a day: retention

A chore that fails is logged and done again next time; it never ends the thread.
"""

import logging
import threading
import time
from pathlib import Path

from assistant import retention
from assistant.delivery import Places, deliver_due
from assistant.errors import StoreError
from assistant.outbox import Outbox
from assistant.store import Store
from knowledge.counting import counted

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
SWEEP_SECONDS = 86_400.0
CLOSE_SECONDS = 1.0
"""How long closing waits for a message on its way; it is sent again after the next start otherwise."""


class Chores:
    """Runs on a thread of its own until it is closed.

    Args:
        keep_days: How long conversations are kept after their last turn; 0 is for ever.
        waits_at: Where loops wait, as `assistant.checkpoints` has it; None: the file beside the store.
    """

    def __init__(self, store: Store, *, places: Places, keep_days: int, waits_at: Path | str | None = None) -> None:
        self._store, self._places, self._keep_days, self._waits_at = store, places, keep_days, waits_at
        self._outbox = Outbox(store)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="chores", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Begin nothing more."""
        self._closing.set()
        self._thread.join(CLOSE_SECONDS)

    def _work(self) -> None:
        swept = -SWEEP_SECONDS
        while not self._closing.is_set():
            try:
                if time.monotonic() - swept >= SWEEP_SECONDS:
                    swept = time.monotonic()
                    self._sweep()
                if self._places.channels:
                    deliver_due(self._outbox, self._places)
            except StoreError as error:
                logger.warning("a chore has to wait: %s", error)
            except Exception:
                logger.exception("a chore failed; it is done again")
            self._closing.wait(LOOK_SECONDS)

    def _sweep(self) -> None:
        forgotten = retention.sweep(self._store, keep_days=self._keep_days, waits_at=self._waits_at)
        if forgotten.conversations:
            gone = counted(len(forgotten.conversations), "conversation")
            logger.info("deleted for their age: %s, older than %s", gone, counted(self._keep_days, "day"))
