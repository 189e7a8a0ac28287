"""Several searches at once: those that wait for another machine, or leave Python while they calculate.

    calls -> the first here, the others on threads -> their results, in the calls' order

It knows neither vectors nor Chroma.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

Found = TypeVar("Found")


class AtOnce:
    """Some threads for all callers together."""

    def __init__(self, threads: int) -> None:
        """Take so many threads, each started when it is first needed; with 1 all is done in turn."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="at-once") if threads > 1 else None

    def results(self, calls: Sequence[Callable[[], Found]]) -> list[Found]:
        """Return what the calls return; the first error is raised, when none of them runs any more."""
        if self._pool is None or len(calls) < 2:
            return [call() for call in calls]
        others = [self._pool.submit(call) for call in calls[1:]]
        try:
            first = calls[0]()
        finally:
            wait(others)
        return [first, *(other.result() for other in others)]

    def close(self) -> None:
        """Let the threads end."""
        if self._pool is not None:
            self._pool.shutdown()
