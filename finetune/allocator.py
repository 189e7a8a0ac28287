"""Memory that training gives back to the machine.

    give_back_freed_memory()   once, after a model is loaded: costs nothing
    give_back_large_blocks()   for good: a third less memory at the peak, for more time

Two habits of glibc make a process larger than what is in use. It keeps what was freed, such as the 16-bit weights that
were quantized. And it raises its threshold for blocks of their own (M_MMAP_THRESHOLD, mallopt(3)) with each that is
freed, up to 32 MiB: a step's tensors then come out of one heap, which tears. The cure of the second costs time and is
for where memory lacks (finetune/fitting.py). Other C libraries have neither setting, and there nothing is done.
"""

import ctypes

M_MMAP_THRESHOLD = -3
"""glibc's number for the setting, from malloc.h."""
THRESHOLD_BYTES = 1 << 18
"""Well above what Python itself asks for, below the tensors of any real step."""


def give_back_freed_memory() -> bool:
    """Return free pages to the machine, inner ones too (malloc_trim(3)); whether the C library can."""
    try:
        trim = ctypes.CDLL(None).malloc_trim
    except (AttributeError, OSError, TypeError):  # no glibc: macOS, musl, Windows
        return False
    trim(0)
    return True


def give_back_large_blocks(threshold: int = THRESHOLD_BYTES) -> bool:
    """Give blocks of this many bytes back as soon as they are freed; whether the C library knows the setting.

    For where memory is what lacks: each block is then mapped and cleared anew, and a step of a small model on a
    processor takes about half as long again.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, threshold))
