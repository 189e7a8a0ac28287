"""How many processor threads the embedded model should use.

llama.cpp's threads wait for one another after every layer, so the slowest of them sets the pace. Measured with the
135M model on 2 cores: 2 threads decode 70 tokens/s on a quiet machine, 1 thread 43; with one core busy elsewhere
2 threads fall below 2 tokens/s and 1 thread stays at 43. Letting waiting threads sleep (OMP_WAIT_POLICY=passive) costs
two thirds of the speed on a quiet machine and does not help on a busy one. So one core is always left to the rest of
the program (web server, embedder), and one more for each core that others keep busy at start.
"""

import os
import time
from pathlib import Path

SAMPLE_SECONDS = 0.1
MOST_THREADS = 8
"""Decoding is bound by memory; beyond this, threads only wait."""


def choose_threads(fixed: int | None = None, *, most: int = MOST_THREADS) -> int:
    """Return the number of threads to use, from 1 to `most`; `fixed` wins when given."""
    if fixed is not None:
        return max(1, fixed)
    cores = usable_cores()
    return 1 if cores <= 2 else free_threads(cores, busy_cores(), most=most)


def free_threads(cores: int, busy: float, *, most: int = MOST_THREADS) -> int:
    """Return the threads that leave one core free beside `busy` ones.

    >>> [free_threads(8, busy) for busy in (0.0, 2.6, 20.0)]
    [7, 4, 1]
    """
    return min(most, max(1, cores - 1 - round(busy)))


def usable_cores() -> int:
    """Return the physical cores this process may run on, as far as the system tells."""
    try:
        allowed = os.sched_getaffinity(0)
    except AttributeError:  # not on macOS and Windows
        return os.cpu_count() or 1
    cores = {_core(number) for number in allowed}
    return max(1, min(len(cores), _quota()))


def busy_cores(stat: Path = Path("/proc/stat")) -> float:
    """Return how many cores others keep busy now, over a tenth of a second; elsewhere the load average."""
    try:
        before = _busy_seconds(stat)
        time.sleep(SAMPLE_SECONDS)
        return max(0.0, (_busy_seconds(stat) - before) / SAMPLE_SECONDS)
    except OSError:
        return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def _busy_seconds(stat: Path) -> float:
    """Return the processor time spent so far on anything but idling and waiting for disks."""
    user, nice, system, _idle, _wait, *interrupts = map(int, stat.read_text().splitlines()[0].split()[1:9])
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def _core(number: int) -> str:
    """Return a name shared by the hardware threads of one core."""
    siblings = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")
    try:
        return siblings.read_text().strip()
    except OSError:
        return str(number)


def _quota(limit: Path = Path("/sys/fs/cgroup/cpu.max")) -> int:
    """Return the whole cores a container may use."""
    try:
        allowed, period = limit.read_text().split()
        return max(1, int(allowed) // int(period))
    except (OSError, ValueError):  # no cgroup v2, or "max": no limit
        return os.cpu_count() or 1
