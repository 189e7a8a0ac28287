import subprocess
import sys

import pytest

FREED = """
import psutil
from knowledge import heap
own = psutil.Process()
heap.give_back()
first = b"x" * 30_000_000
del first  # from now on, left to itself, glibc takes smaller blocks from its heap
kept, blocks = [], []
for _ in range(20):
    blocks.append(b"x" * 8_000_000)
    kept.append(b"y" * 2000)  # stands behind the block, so that the heap cannot shrink
held = own.memory_info().rss
del blocks
print(held - own.memory_info().rss)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps what is freed")
def test_large_blocks_go_back_when_they_are_freed() -> None:
    command = [sys.executable, "-c", FREED]
    freed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert int(freed) > 150_000_000
