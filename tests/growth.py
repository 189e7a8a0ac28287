"""How the time of reading a text grows with its length, judged by a ratio: machines differ, and others work on them."""

import time
from collections.abc import Callable

TIMES = 8
"""How many times longer the long text is: what reads once takes 8 times as long, what reads each pair 64 times."""

AT_MOST = 24
"""Between the two, on a scale of factors."""

AT_ONCE = 0.02
"""Seconds of a processor that nobody would notice, and too few to compare."""

TRIES = 3


def grows_gently(read: Callable[[str], object], piece: str, length: int) -> bool:
    """Whether `read` takes about as many times longer as its text is longer.

    `piece` is repeated to `length` characters, and to an eighth of them for the short text. The shortest of at most
    three tries counts for each, in seconds of the processor.
    """
    short = repeated(piece, length // TIMES)
    long = repeated(piece, length)
    quickest = [float("inf"), float("inf")]
    for _ in range(TRIES):
        for place, text in enumerate((short, long)):
            began = time.process_time()
            read(text)
            quickest[place] = min(quickest[place], time.process_time() - began)
        if quickest[1] < max(AT_ONCE, AT_MOST * quickest[0]):
            return True
    return False


def repeated(piece: str, length: int) -> str:
    return piece * (length // len(piece))
