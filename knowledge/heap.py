"""What the C library's heap keeps of memory that was freed: on Linux, large blocks are to go back to the system.

glibc raises the size from which a block is a mapping of its own with each such block that is freed, up to 32 MB. What
is below lies in heaps that hardly shrink, so a process that lets go of many vectors would stay as large as before.
Elsewhere nothing is done, and nothing is needed.
"""

import ctypes
import sys

LARGE_BYTES = 4_000_000
_MMAP_THRESHOLD = -3
"""Number of the parameter in glibc's malloc.h."""


def give_back() -> None:
    """Return to the system what is freed in the heap; from now on large blocks are returned when they are freed."""
    if sys.platform != "linux":
        return
    library = ctypes.CDLL(None)
    if hasattr(library, "mallopt") and hasattr(library, "malloc_trim"):  # musl has neither
        library.mallopt(_MMAP_THRESHOLD, LARGE_BYTES)
        library.malloc_trim(0)
