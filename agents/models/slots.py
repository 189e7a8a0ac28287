"""Which of llama-server's slots decodes a request, when several adapters share one base.

    adapter + prompt -> Slots.taken -> the number of a slot that only this adapter ever uses

A slot keeps the keys and values of the prompt that it read last, and the next one begins from what both share. Under
another adapter these would be other numbers. The server empties a slot whose adapter changes, but not what it fetched
from its cache of prompts, which does not note the adapter: so each adapter has slots of its own here, and that cache is
off. Nor do adapters that take turns empty each other's slots, so that their prompts stay warm.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass
class _Slot:
    number: int
    prompt: str = ""
    used: int = 0
    """When it was last taken, as a count of takings."""
    busy: bool = False


class Slots:
    """The slots of one server, shared out; safe to use from many threads."""

    def __init__(self, counts: Sequence[int]) -> None:
        """Share out slots.

        Args:
            counts: How many slots the base has, then each adapter.
        """
        numbers = iter(range(sum(counts)))
        self._groups = [[_Slot(next(numbers)) for _ in range(count)] for count in counts]
        self._free = threading.Condition()
        self._takings = 0

    @contextmanager
    def taken(self, group: int, prompt: str) -> Iterator[int]:
        """Hold a free slot, and wait for one where none is; the one whose last prompt begins most alike.

        Args:
            group: 0 for the base, from 1 on the adapters.
        """
        with self._free:
            while not (idle := [slot for slot in self._groups[group] if not slot.busy]):
                self._free.wait()
            chosen = max(idle, key=lambda slot: (_shared(slot.prompt, prompt), -slot.used))
            self._takings += 1
            chosen.prompt, chosen.used, chosen.busy = prompt, self._takings, True
        try:
            yield chosen.number
        finally:
            with self._free:
                chosen.busy = False
                self._free.notify_all()


def _shared(first: str, second: str) -> int:
    """Return how many characters two texts begin with alike."""
    return len(os.path.commonprefix([first, second]))  # noqa: RUF071 - characters are meant
