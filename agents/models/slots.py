"""Which of llama-server's slots decodes a request, so that it begins from what was read before.

    adapter + prompt -> Slots.taken -> the number of a slot that only this adapter ever uses

A slot keeps the keys and values of the prompt that it read last, and the next one begins from what both share. A turn
asks several kinds of prompts one after the other: one that begins as another did goes to the slot that has read that.
Under another adapter keys and values would be other numbers, so each adapter has slots of its own; nor do adapters that
take turns empty each other's. The server's own choice of a slot, with its cache of prompts, often began anew where a
slot had the opening, and that cache does not note the adapter: it is off.
"""

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

ALIKE = 0.1
"""Share of a prompt that a slot must have read for the prompt to be sent there; all prompts begin with a few signs."""


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


def _shared(read: str, prompt: str) -> int:
    """Return how many characters of a prompt need not be read again; 0 where it is hardly any."""
    shared = len(os.path.commonprefix([read, prompt]))  # noqa: RUF071 - characters are meant
    return shared if shared > ALIKE * len(prompt) else 0
