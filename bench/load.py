"""Ten minutes of 50 conversations at once with a real server: does it keep them apart, and does its memory stay? Linux.

    demo home + shop tools + scripted model -> frontdesk serve -> 50 conversations over HTTP -> Sample every few seconds
    what the server itself has in use after a collection -> Count every few seconds
    both after the first fifth, and second half -> Theil-Sen slope, moving-block bootstrap -> growth per 1,000 turns

Caches that are bounded fill in the first minutes, a leak goes on: hence the second half by itself. What a process holds
also grows as its allocators keep more in reserve, a leak grows what is in use: hence both.
The model is scripted, so that the time goes to what is measured: the loop, the tools, the store, the checkpoints, the
documents. A conversation that ends is followed by a new one of another customer. Customers think between messages, long
enough to leave most of a core idle.

    python -m bench.load --seconds 300 --folder DIR           a short try, printed
    python -m bench.load --seconds 300 --folder DIR --trace   which lines of code hold more memory at its end
"""

import argparse
import asyncio
import itertools
import json
import os
import random
import runpy
import signal
import sqlite3
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np
import psutil
from numpy.typing import NDArray

from assistant.demo import PROFILE, SHOP, TOOLS
from bench.counted_server import Count, read_counts
from bench.growth import slope_of
from bench.homes import COMPANY, DEMO, home_of
from bench.serving import Served, process_tree, served
from bench.tables import BenchError, Table, grid, seconds
from bench.traced_server import growth
from bench.visits import Shop, Turn, read_shop, script_of, visit

CONVERSATIONS = 50
VISITORS = 100
"""Two customers take turns in each place, so that nobody is there twice at once."""
SECONDS = 600.0
THINK_SECONDS = 10.0
SAMPLE_SECONDS = 3.0
TOLD_EVERY = 10
"""Samples between two lines on how it goes."""
WARM_UP_SHARE = 0.2
ANSWER_SECONDS = 120.0
START_SECONDS = 400.0
"""Other programs may keep the machine busy while the server starts."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The server and its children at one moment."""

    seconds: float
    """Since the conversations began."""
    turns: int
    resident: float
    """MiB."""
    own: float
    """MiB of it that is no part of a file: what a leak would be in."""
    threads: int
    handles: int
    databases: int
    """Handles that lead to SQLite files."""


@dataclass(slots=True)
class Run:
    """What is seen while it lasts."""

    turns: list[Turn] = field(default_factory=list)
    conversations: int = 0
    samples: list[Sample] = field(default_factory=list)
    counts: list[Count] = field(default_factory=list)
    """What the server had in use; none when it is traced."""
    began: float = 0.0
    """By the machine's steady clock."""
    processor_seconds: float = 0.0
    """Of the server, from the first conversation to the last."""
    booked_wrong: int = 0
    """Call-backs in the shop's records that are not those that were said yes to."""
    seconds: float = 0.0
    """How long it was."""


def run(folder: Path) -> Table:
    return table_of(measure(folder, length=SECONDS))


def measure(folder: Path, *, length: float, trace: Path | None = None) -> Run:
    """Serve the demo, hold conversations for `length` seconds, and watch.

    Args:
        trace: where a traced server writes what it holds, before and after; None for one that only counts.

    Raises:
        BenchError: the server did not start or ended.
    """
    home = home_of(DEMO, folder).path
    shop, script = _prepare(home)
    log, counts = home.parent / "serve.log", home.parent / "counts.jsonl"
    counts.unlink(missing_ok=True)
    program = ("bench.traced_server", trace) if trace else ("bench.counted_server", counts)
    result = Run()
    before = _booked(home)
    with served(
        home,
        model=f"scripted:{script}",
        program=[sys.executable, "-m", *map(str, program)],
        log=log,
        limit_seconds=START_SECONDS,
    ) as server:
        asyncio.run(_hold(server, shop, length=length, result=result, trace=trace))
    result.counts = [] if trace else read_counts(counts)
    done = Counter(
        (turn.visitor.telephone, turn.visitor.customer)
        for turn in result.turns
        if turn.kind == "yes" and not turn.fault
    )
    booked = _booked(home) - before
    result.booked_wrong = (booked - done).total() + (done - booked).total()
    return result


def _prepare(home: Path) -> tuple[Shop, Path]:
    """Give the demo's home its shop, its tools and the model's script, as a fresh one has them."""
    database, script = home / SHOP, home / "load-script.jsonl"
    if not database.exists():
        runpy.run_path(str(COMPANY / "make_shop.py"), run_name="demo_shop")["make_shop"](database)
    shop = read_shop(database, count=VISITORS)
    script.write_text("\n".join(json.dumps(reply) for reply in script_of(shop.visitors)), encoding="utf-8")
    settings = {key: PROFILE[key] for key in ("company", "contact", "embedder")} | {"tools": [str(COMPANY / TOOLS)]}
    lines = [f"{key} = {json.dumps(value)}\n" for key, value in settings.items()]
    (home / "frontdesk.toml").write_text("".join(lines), encoding="utf-8")
    return shop, script


def _booked(home: Path) -> Counter[tuple[str, str]]:
    """Return how often each telephone is to be called for each customer."""
    with closing(sqlite3.connect(home / SHOP)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'call_backs'").fetchone():
            return Counter()
        return Counter(
            (telephone, str(customer))
            for telephone, customer in connection.execute("SELECT telephone, customer_id FROM call_backs")
        )


class _OverError(Exception):
    """The time is up; whoever would say something now does not."""


async def _hold(server: Served, shop: Shop, *, length: float, result: Run, trace: Path | None) -> None:
    """Keep the conversations going for `length` seconds, and sample meanwhile."""
    process = psutil.Process(server.pid)
    limits = httpx.Limits(max_connections=2 * CONVERSATIONS)
    async with httpx.AsyncClient(base_url=server.url, trust_env=False, timeout=ANSWER_SECONDS, limits=limits) as client:
        result.began = began = time.monotonic()
        used = _processor_seconds(process)
        places = [
            _stay(client, shop, place=place, until=began + length, result=result) for place in range(CONVERSATIONS)
        ]
        async with asyncio.TaskGroup() as group:
            if trace:
                group.create_task(_ask_for_lines(server.pid, trace, length=length))
            watching = group.create_task(_watch(server.pid, began, result))
            await asyncio.gather(*places)
            watching.cancel()
        result.seconds = time.monotonic() - began
        result.processor_seconds = _processor_seconds(process) - used


async def _stay(client: httpx.AsyncClient, shop: Shop, *, place: int, until: float, result: Run) -> None:
    """Hold one conversation after another in a place that only certain customers come to."""
    dice = random.Random(place)

    async def think() -> None:
        await asyncio.sleep(max(0.0, min(THINK_SECONDS * dice.uniform(0.5, 1.5), until - time.monotonic())))
        if time.monotonic() >= until:
            raise _OverError

    await asyncio.sleep(dice.uniform(0, THINK_SECONDS))  # they do not all come in the same second
    mine = shop.visitors[place::CONVERSATIONS]
    with suppress(_OverError):
        for number in itertools.count():
            result.conversations += 1
            await visit(
                client,
                shop,
                visitor=mine[number % len(mine)],
                number=number,
                think=think,
                done=result.turns.append,
            )


async def _watch(pid: int, began: float, result: Run) -> None:
    """Sample until cancelled, and say now and then how it goes."""
    for number in itertools.count():
        sample = _sample(pid, time.monotonic() - began, len(result.turns))
        result.samples.append(sample)
        if number % TOLD_EVERY == 0:
            faults = [turn for turn in result.turns if turn.fault or turn.strange]
            last = f", last: {faults[-1].kind} {faults[-1].fault} {faults[-1].strange}" if faults else ""
            print(f"{sample}, {len(faults)} faults{last}", file=sys.stderr, flush=True)
        await asyncio.sleep(SAMPLE_SECONDS)


def _sample(pid: int, moment: float, turns: int) -> Sample:
    """Look at the process tree; who has just ended is not in it.

    Raises:
        BenchError: the server is gone.
    """
    resident = own = 0
    threads = handles = databases = 0
    for member in process_tree(pid):
        status = _status(member)
        if "VmRSS" not in status:  # it has ended, or nobody has asked how it ended
            if member == pid:
                raise BenchError("The server ended. Next: read serve.log beside its home")
            continue
        files = _handles(member)
        resident += int(status["VmRSS"].split()[0])
        own += int(status["RssAnon"].split()[0])
        threads += int(status["Threads"])
        handles += len(files)
        databases += sum(".sqlite3" in file for file in files)
    return Sample(moment, turns, resident / 1024, own / 1024, threads, handles, databases)


def _status(pid: int) -> dict[str, str]:
    """Return the fields of a process (proc(5)); none when it has gone."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return {}
    return {name: value for name, _colon, value in (line.partition(":") for line in lines)}


def _handles(pid: int) -> list[str]:
    """Return where the open handles of a process lead; those that are closed meanwhile are left out."""
    found = []
    with suppress(OSError):
        for handle in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):
                found.append(str(handle.readlink()))
    return found


def _processor_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return times.user + times.system + times.children_user + times.children_system


def table_of(result: Run) -> Table:
    """Return what is shown of a run."""
    warm = [one for one in result.samples if one.seconds >= WARM_UP_SHARE * result.seconds]
    faulty = [turn for turn in result.turns if turn.fault]
    strange = sum(bool(turn.strange) for turn in result.turns)
    median, late, most = seconds([turn.seconds for turn in result.turns])
    turns = np.array([one.turns for one in warm], dtype=float)
    half = len(warm) - len(result.samples) // 2
    rows = [
        ("conversations begun, at once", f"{result.conversations}, {CONVERSATIONS}"),
        ("turns, not ended as they should", f"{len(result.turns)}, {len(faulty)}"),
        ("turns that were asked to come back in a moment", str(sum(turn.sent_away > 0 for turn in result.turns))),
        ("turns in which anything of another customer was sent", str(strange)),
        ("call-backs in the shop's records that nobody said yes to, or missing", str(result.booked_wrong)),
        ("s a turn: median, 95th percentile, slowest", f"{median}, {late}, {most}"),
        ("cores that the server took", f"{result.processor_seconds / result.seconds:.2f}"),
    ]
    for name, field_name in (("MiB resident", "resident"), ("MiB of its own, without files", "own")):
        values = np.array([getattr(one, field_name) for one in warm])
        rows.append((f"{name}: after warm-up, at the end", f"{_mean(values[:5])}, {_mean(values[-5:])}"))
        rows.append((f"{name}: growth for 1,000 turns", str(slope_of(turns, values))))
        rows.append((f"{name}: the same, second half alone", str(slope_of(turns[half:], values[half:]))))
    rows += _rows_in_use(result)
    for name, field_name in (
        ("threads", "threads"),
        ("open handles", "handles"),
        ("handles of SQLite files", "databases"),
    ):
        counts = [getattr(one, field_name) for one in warm]
        rows.append((f"{name}: after warm-up, at the end, most", f"{counts[0]}, {counts[-1]}, {max(counts)}"))
    return Table(
        columns=("what", "value"),
        rows=tuple(rows),
        cases=f"one run of {result.seconds:.0f} s, {len(result.samples)} samples, the first fifth is warm-up",
        spread="growth: Theil-Sen [95 % interval, moving-block bootstrap]; memory: mean of five samples; "
        "in use: after a collection",
        notes=tuple(_faults(faulty)),
    )


def _rows_in_use(result: Run) -> list[tuple[str, str]]:
    """Return the rows of what the server counted; its counts have no turns, so those come from the samples."""
    warm = [one for one in result.counts if one.moment - result.began >= WARM_UP_SHARE * result.seconds]
    if not warm:
        return []
    moments = [one.moment - result.began for one in warm]
    seen, told = [one.seconds for one in result.samples], [one.turns for one in result.samples]
    turns = np.interp(moments, seen, told)
    half = int(np.searchsorted(moments, result.seconds / 2))
    rows = []
    for name, values in (
        ("thousand Python objects in use", np.array([one.blocks / 1000 for one in warm])),
        ("MiB in use of malloc", np.array([one.malloc for one in warm])),
    ):
        rows += [
            (f"{name}: after warm-up, at the end", f"{_mean(values[:5])}, {_mean(values[-5:])}"),
            (f"{name}: growth for 1,000 turns", str(slope_of(turns, values))),
            (f"{name}: the same, second half alone", str(slope_of(turns[half:], values[half:]))),
        ]
    return rows


def _faults(faulty: Sequence[Turn]) -> list[str]:
    """Say what went wrong most often, and when."""
    common = Counter((turn.kind, turn.fault) for turn in faulty).most_common(5)
    return [f"{count} × {kind}: {fault[:200]}" for (kind, fault), count in common]


def _mean(values: NDArray[np.float64]) -> str:
    return f"{values.mean():.0f}"


async def _ask_for_lines(pid: int, trace: Path, *, length: float) -> None:
    """Have a traced server write what it holds, after warm-up and shortly before the end."""
    trace.unlink(missing_ok=True)
    await asyncio.sleep(length * WARM_UP_SHARE)
    os.kill(pid, signal.SIGUSR1)
    await asyncio.sleep(length * (1 - WARM_UP_SHARE) * 0.8)
    os.kill(pid, signal.SIGUSR1)


def main() -> int:
    """Try it for a shorter time, or trace it."""
    parser = argparse.ArgumentParser(prog="python -m bench.load", description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--folder", type=Path, required=True, help="where the demo's home is, or is made")
    parser.add_argument("--trace", action="store_true", help="say what grew, by tracemalloc and gc; slows the server")
    given = parser.parse_args()
    folder = given.folder.resolve()
    trace = folder / "trace.jsonl" if given.trace else None
    try:
        result = measure(folder, length=given.seconds, trace=trace)
        print("\n".join(growth(trace)) if trace else "")
        table = table_of(result)
        print(grid(table.columns, table.rows), *table.notes, sep="\n")
    except BenchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
