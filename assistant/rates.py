"""How often somebody may ask: a token bucket for each key, in bounded memory.

    key -> Rate.take -> 0.0 (go on) or the seconds to wait
    conversation, address -> Limits.wait -> the same for both

A bucket holds `burst` tokens and gains `per_minute` of them a minute. Full buckets say nothing and are forgotten; when
there are too many keys, those seen longest ago are forgotten first, which can only let somebody through.
"""

import ipaddress
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


class Limits:
    """How often questions may be asked, and answers rated, in one conversation and from one address.

    An address of this machine is not counted: behind a proxy on the same machine, all customers would share it. Such a
    proxy limits addresses itself.
    """

    def __init__(
        self, *, of_conversation: float, of_address: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._conversations = Rate(of_conversation, burst=int(of_conversation), clock=clock)
        self._feedback = Rate(of_conversation, burst=int(of_conversation), clock=clock)
        self._addresses = Rate(of_address, burst=int(of_address), clock=clock)

    def wait(self, conversation: str, address: str) -> float:
        """Count a question, or return the seconds until it may be asked."""
        return self.wait_for_address(address) or self._conversations.take(conversation)

    def wait_for_feedback(self, conversation: str, address: str) -> float:
        """Count a rating or a comment, or return the seconds to wait; it costs the conversation no question."""
        return self.wait_for_address(address) or self._feedback.take(conversation)

    def wait_for_address(self, address: str) -> float:
        """Count something that is in no conversation yet, or return the seconds to wait."""
        return 0.0 if _is_this_machine(address) else self._addresses.take(_network(address))


NO_LIMITS = Limits(of_conversation=0, of_address=0)


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _network(address: str) -> str:
    """Return what stands for an address: of IPv6 the /64, since whoever has one address has all of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)
