import platform
import subprocess
import sys
from pathlib import Path

import pytest

from finetune.allocator import give_back_freed_memory

GLIBC = platform.libc_ver()[0] == "glibc"
ROOT = Path(__file__).parents[2]
FREE_BELOW_A_KEPT_BLOCK = """
import numpy, psutil, sys
from finetune import allocator
large = numpy.ones(20 << 20, dtype=numpy.uint8)
del large  # raises glibc's threshold, unless it is fixed
for name in sys.argv[1:2]:
    getattr(allocator, name)()
blocks = [numpy.ones(1 << 20, dtype=numpy.uint8) for _ in range(100)]
kept = numpy.ones(1 << 20, dtype=numpy.uint8)
full = psutil.Process().memory_info().rss
del blocks
for name in sys.argv[2:]:
    getattr(allocator, name)()
print(full - psutil.Process().memory_info().rss)
"""


def given_back(*calls: str) -> int:
    """Return how many bytes a process gives back when it frees 100 MiB, called before and after."""
    command = [sys.executable, "-c", FREE_BELOW_A_KEPT_BLOCK, *calls]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(not GLIBC, reason="these are settings of glibc")
def test_memory_is_given_back_only_when_asked_for() -> None:
    assert given_back() < 20 << 20
    assert given_back("give_back_large_blocks") > 80 << 20
    assert given_back("give_back_freed_memory", "give_back_freed_memory") > 80 << 20


def test_it_says_whether_the_c_library_can() -> None:
    assert give_back_freed_memory() is GLIBC
