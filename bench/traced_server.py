"""`frontdesk serve` that can say what its memory holds: a process under `bench.load --trace` alone.

    python -m bench.traced_server FILE serve …     SIGUSR1 -> one JSON line appended to FILE; growth: two lines compared

A line has the bytes and blocks by the line of code that asked for them (tracemalloc) and the number of objects of each
type (gc). The server starts several times slower so.
"""

import gc
import json
import signal
import sys
import threading
import tracemalloc
from collections import Counter
from pathlib import Path
from types import FrameType

from bench.tables import BenchError

FRAMES = 6
"""How many callers of a line are kept."""
MOST_PLACES, MOST_TYPES = 4_000, 1_000
SHOWN_GROWTH = 25


def main(file: Path, arguments: list[str]) -> None:
    """Run `frontdesk` with these arguments; each SIGUSR1 appends a line."""
    tracemalloc.start(FRAMES)

    def asked(_number: int, _frame: FrameType | None) -> None:
        # Counting takes seconds, which the server's own thread must not lose.
        threading.Thread(target=_append, args=(file,), name="memory-line", daemon=True).start()

    signal.signal(signal.SIGUSR1, asked)
    from assistant import cli  # after tracing has begun, so that it counts from the first import on

    sys.argv = ["frontdesk", *arguments]
    cli.main()


def _append(file: Path) -> None:
    gc.collect()
    snapshot = tracemalloc.take_snapshot()
    places = {
        " < ".join(f"{frame.filename}:{frame.lineno}" for frame in reversed(statistic.traceback)): [
            statistic.size,
            statistic.count,
        ]
        for statistic in snapshot.statistics("traceback")[:MOST_PLACES]
    }
    types = Counter(f"{type(thing).__module__}.{type(thing).__qualname__}" for thing in gc.get_objects())
    with file.open("a", encoding="utf-8") as lines:
        lines.write(json.dumps({"places": places, "types": dict(types.most_common(MOST_TYPES))}) + "\n")


def growth(trace: Path) -> list[str]:
    """Return what grew most between the first and the last line of a traced server.

    Raises:
        BenchError: there are fewer than two.
    """
    lines = [json.loads(line) for line in trace.read_text(encoding="utf-8").splitlines()]
    if len(lines) < 2:
        raise BenchError("The traced server wrote fewer than two lines. Next: give more --seconds")
    first, last = lines[0], lines[-1]
    grown = {
        place: (size - first["places"].get(place, [0, 0])[0], count - first["places"].get(place, [0, 0])[1])
        for place, (size, count) in last["places"].items()
    }
    most = sorted(grown.items(), key=lambda one: -one[1][0])[:SHOWN_GROWTH]
    types = Counter(last["types"])
    types.subtract(first["types"])
    return [
        *(f"{size / 1024:+10.1f} KiB {count:+7d}  {place}" for place, (size, count) in most),
        *(f"{count:+9d}  {name}" for name, count in types.most_common(SHOWN_GROWTH)),
    ]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
