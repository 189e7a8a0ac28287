"""How far work is, told to whoever looks on."""

import time
from collections.abc import Callable

Progress = Callable[[str, float, int], None]
"""Called with the name of what is being done, how many are done, that one in part, how many there are."""

ALIVE_SECONDS = 1.0
"""How often it is told at most how far the file is whose turn it is."""


class FileTurn:
    """The file whose turn it is, for whoever looks on: a large one takes minutes."""

    def __init__(self, progress: Progress | None = None, name: str = "", done: int = 0, total: int = 0) -> None:
        self._progress = progress
        self._name, self._done, self._total = name, done, total
        self._share = 0.0
        self._told = time.monotonic()
        if progress is not None:
            progress(name, done, total)

    def alive(self, share: float = 0.0) -> None:
        """Tell that it goes on; `share` of the file is done, as far as that is known."""
        self._share = max(self._share, share)
        if self._progress is not None and time.monotonic() - self._told >= ALIVE_SECONDS:
            self._told = time.monotonic()
            self._progress(self._name, self._done + self._share, self._total)
