"""How often somebody may ask: a token bucket for each key, in bounded memory.

    key -> take -> 0.0 (go on) or the seconds to wait

A bucket holds `burst` tokens and gains `per_minute` of them a minute. Full buckets say nothing and are forgotten; when
there are too many keys, those seen longest ago are forgotten first, which can only let somebody through.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable

MOST_KEYS = 50_000


class Rate:
    """Counts what each key does; safe to use from several threads.

    Args:
        per_minute: what each key may do in the long run; 0 means no limit.
        burst: what it may do at once.
        clock: seconds that only grow.
    """

    def __init__(
        self, per_minute: float, *, burst: int, most: int = MOST_KEYS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._gain = per_minute / 60
        self._burst = max(1, burst)
        self._most = most
        self._clock = clock
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: str) -> float:
        """Take one token of a key; return 0.0, or the seconds until there is one, and then nothing was taken."""
        if self._gain <= 0:
            return 0.0
        now = self._clock()
        with self._lock:
            held, at = self._buckets.pop(key, (float(self._burst), now))
            held = min(self._burst, held + (now - at) * self._gain)
            wait = 0.0 if held >= 1 else (1 - held) / self._gain
            self._buckets[key] = (held if wait else held - 1, now)
            self._forget(now)
        return wait

    def _forget(self, now: float) -> None:
        """Drop the oldest keys that are full again, and those beyond the limit."""
        while self._buckets:
            held, at = next(iter(self._buckets.values()))
            if len(self._buckets) <= self._most and held + (now - at) * self._gain < self._burst:
                return
            self._buckets.popitem(last=False)
