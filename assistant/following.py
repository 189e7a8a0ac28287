"""The steps of a turn as they come, for whoever watches: from this process or another.

    conversation, turn, after -> what is stored -> what is announced -> the last step

A step is stored before it is announced, and the store is looked at now and then unasked, so nothing is missed and
nothing is seen twice.
"""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

from assistant.step_log import Announcer
from assistant.store import TERMINAL_STEPS, Store, StoredStep

POLL_SECONDS = 0.5
"""How often a subscriber looks at the store unasked: for turns that another process runs."""
ORPHAN_SECONDS = 5.0
"""How often a subscriber to a silent turn looks whether the process that runs it still lives."""


class Follower:
    """Follows turns for any number of subscribers.

    Args:
        end_lost: Stores the ends of a conversation's turns that could not be stored when they came.
    """

    def __init__(self, store: Store, announcer: Announcer, *, end_lost: Callable[[str], object]) -> None:
        self._store = store
        self._announcer = announcer
        self._end_lost = end_lost

    def follow(self, conversation: str, turn: int, *, after: int) -> Iterator[StoredStep]:
        """Yield the steps numbered above `after`; the iterator ends after the last step of the turn."""
        woken = threading.Event()
        with self._announcer.listening((conversation, turn), woken.set):
            checked = time.monotonic()
            while True:
                woken.clear()
                steps, ended = self._look(conversation, turn, after)
                for step in steps:
                    after = step.sequence
                    yield step
                if ended:
                    return
                if not woken.wait(POLL_SECONDS) and time.monotonic() - checked > ORPHAN_SECONDS:
                    checked = time.monotonic()
                    self._store.interrupted()

    async def follow_async(self, conversation: str, turn: int, *, after: int) -> AsyncIterator[StoredStep]:
        """Yield what `follow` yields, without a thread that waits.

        Raises:
            NotStored: There is no such turn.
        """
        woken, loop = asyncio.Event(), asyncio.get_running_loop()
        look = partial(self._look, conversation, turn)
        with self._announcer.listening((conversation, turn), partial(loop.call_soon_threadsafe, woken.set)):
            checked = time.monotonic()
            while True:
                woken.clear()
                steps, ended = await asyncio.to_thread(look, after)
                for step in steps:
                    after = step.sequence
                    yield step
                if ended:
                    return
                try:
                    await asyncio.wait_for(woken.wait(), POLL_SECONDS)
                except TimeoutError:
                    if time.monotonic() - checked > ORPHAN_SECONDS:
                        checked = time.monotonic()
                        await asyncio.to_thread(self._store.interrupted)

    def _look(self, conversation: str, turn: int, after: int) -> tuple[tuple[StoredStep, ...], bool]:
        """Return the new steps, and whether there will be no more."""
        steps = self._store.steps(conversation, turn, after=after)
        if steps:
            return steps, steps[-1].data["kind"] in TERMINAL_STEPS
        if self._store.status(conversation, turn) == "running":
            self._end_lost(conversation)
            return (), False
        return self._store.steps(conversation, turn, after=after), True  # it may have ended between the two looks
