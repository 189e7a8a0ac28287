"""One event loop on a thread of its own, for what exists only as async code.

    coroutine -> run(…, seconds) -> its result, on the thread that asked

The rest of the program is written without async; a call waits here and nowhere else.
"""

import asyncio
import concurrent.futures
import logging
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

logger = logging.getLogger(__name__)

Result = TypeVar("Result")
CLOSE_SECONDS = 10.0


class BackgroundLoop:
    """An event loop that begins when it is first needed; safe to use from many threads."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def run(self, work: Coroutine[Any, Any, Result], *, seconds: float) -> Result:
        """Return what a coroutine returns.

        Raises:
            TimeoutError: it took longer; it is cancelled.
        """
        future = asyncio.run_coroutine_threadsafe(work, self._running())
        try:
            return future.result(seconds)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise TimeoutError(f"no end within {seconds:g} s") from None

    def close(self) -> None:
        """End what still runs on it, and the thread."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None:
            return
        try:
            asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(CLOSE_SECONDS)
        except concurrent.futures.TimeoutError:
            logger.warning("what runs on the thread %s does not end; it is left behind", self._name)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(CLOSE_SECONDS)
        if not thread.is_alive():
            loop.close()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True)
                self._thread.start()
            return self._loop


async def _cancel_all() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        if not task.cancelling():  # a second time would break off its tidying, and leave its process behind
            task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
