"""`frontdesk serve` that says now and then how much memory is in use: a process under `bench.load`. Linux, glibc.

    python -m bench.counted_server FILE serve …     every few seconds: collect -> Count -> a JSON line in FILE

What a process holds includes what its allocators keep for the next request; what is in use after a collection does not,
and a leak grows that.
"""

import ctypes
import gc
import json
import os
import re
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

SECONDS = 3.0
"""Between two lines."""
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Count:
    """What is in use at one moment."""

    moment: float
    """Seconds by the machine's steady clock, the same in every process."""
    blocks: int
    """Python's small objects."""
    malloc: float
    """MiB that malloc has given out and not got back: larger objects, and those of libraries in C and Rust."""


def main(file: Path, arguments: list[str]) -> None:
    """Run `frontdesk` with these arguments and append a line to the file every few seconds."""
    threading.Thread(target=_append, args=(file,), name="counts", daemon=True).start()
    from assistant import cli

    sys.argv = ["frontdesk", *arguments]
    cli.main()


def read_counts(file: Path) -> list[Count]:
    """Return what a counted server wrote; a line that it was ended in does not count."""
    lines = file.read_text(encoding="utf-8").split("\n")[:-1]
    return [Count(**json.loads(line)) for line in lines]


def count() -> Count:
    """Collect what nobody refers to, and count what is left."""
    gc.collect()
    return Count(time.monotonic(), sys.getallocatedblocks(), in_use(_malloc_info()) / MIB)


def in_use(report: str) -> int:
    """Return the bytes in use of all arenas by a report of malloc_info(3)."""
    total = report[report.rindex("</heap>") :]
    free = sum(map(int, re.findall(r'<total type="(?:fast|rest)" count="\d+" size="(\d+)"', total)))
    of_system = re.search(r'<system type="current" size="(\d+)"', total)
    mapped = re.search(r'<total type="mmap" count="\d+" size="(\d+)"', total)
    if not (of_system and mapped):
        raise ValueError("no report of malloc_info")
    return int(of_system[1]) - free + int(mapped[1])


def _malloc_info() -> str:
    library = ctypes.CDLL(None, use_errno=True)
    library.fdopen.restype = ctypes.c_void_p
    library.fclose.argtypes = [ctypes.c_void_p]
    library.malloc_info.argtypes = [ctypes.c_int, ctypes.c_void_p]
    handle = os.memfd_create("malloc_info")
    stream = cast("int", library.fdopen(os.dup(handle), b"w"))
    library.malloc_info(0, stream)
    library.fclose(stream)
    with os.fdopen(handle, "r", encoding="utf-8") as report:
        report.seek(0)
        return report.read()


def _append(file: Path) -> None:
    while True:
        time.sleep(SECONDS)
        with file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(asdict(count())) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
