"""How soon a server answers, how soon its page can be used, and what memory it holds. Linux only.

    frontdesk serve -> /healthz -> the page -> questions over the API -> memory of the process tree -> SIGTERM

Memory is the resident set, summed over the server and its children.
"""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import httpx

from bench.homes import DEMO, environment, executable, home_of
from bench.latency import spread_over
from bench.tables import BenchError, Table, seconds
from knowledge.questions import Question, read

STARTS = 5
QUESTIONS = 20
LIMIT_SECONDS = 120.0
POLL_SECONDS = 0.02
MIB = 2**20
PAGE_MARK = "gradio_config"


@dataclass(slots=True)
class Served:
    """A server under way."""

    url: str
    pid: int
    health_seconds: float
    page_seconds: float
    _stopped: list[float] = field(default_factory=list)

    @property
    def stop_seconds(self) -> float:
        """From SIGTERM to the end of the process; known once it has ended."""
        return self._stopped[0]

    def memory(self, kind: str = "VmRSS") -> float:
        """Return MiB of the whole process tree: `VmRSS` now, or `VmHWM` at most (proc(5))."""
        return sum(_memory(pid, kind) for pid in process_tree(self.pid)) / MIB


@contextmanager
def served(
    home: Path,
    *,
    model: str = "embedded",
    program: Sequence[str] = (),
    log: Path | None = None,
    limit_seconds: float = LIMIT_SECONDS,
) -> Iterator[Served]:
    """Serve a home on a free port in a process of its own, and wait until the page can be used.

    Args:
        program: what is run in place of the installed command.
        log: where what the server says goes; None throws it away.
        limit_seconds: how long it may take until its page can be used.

    Raises:
        BenchError: it ended or took too long.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    started = time.perf_counter()
    command = [*(program or executable()), "serve", "--port", str(port), "--model", model]
    with (
        (log or Path(os.devnull)).open("wb") as said,
        subprocess.Popen(command, cwd=home, env=environment(home), stdout=said, stderr=said) as process,
        httpx.Client(base_url=url, trust_env=False) as client,
    ):
        try:
            wait = partial(_wait, process, started, limit_seconds=limit_seconds)
            health = wait(lambda: client.get("/healthz").status_code == 200)
            page = wait(lambda: PAGE_MARK in client.get("/").text)
            server = Served(url, process.pid, health, page)
            yield server
        finally:
            asked = time.perf_counter()
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
        server._stopped.append(time.perf_counter() - asked)


def run(folder: Path) -> Table:
    home = home_of(DEMO, folder)
    starts: list[Served] = []
    for number in range(STARTS):
        with served(home.path) as server:
            starts.append(server)
            if number == STARTS - 1:
                idle = server.memory()
                for question in spread_over(read(home.questions), QUESTIONS):
                    ask(server.url, question)
                after, peak = server.memory(), server.memory("VmHWM")
    return Table(
        columns=("what", "median", "95th percentile", "most"),
        rows=(
            ("s to /healthz", *seconds([server.health_seconds for server in starts])),
            ("s to a page that can be used", *seconds([server.page_seconds for server in starts])),
            ("s from SIGTERM to the end", *seconds([server.stop_seconds for server in starts])),
            ("MiB, nothing asked yet", f"{idle:.0f}", "", ""),
            (f"MiB after {QUESTIONS} questions", f"{after:.0f}", "", f"{peak:.0f}"),
        ),
        cases=f"{STARTS} starts; memory of the last, embedded model",
        spread="memory: now, and at most so far",
    )


def ask(url: str, question: Question) -> dict[str, Any]:
    """Ask over the API in a conversation of its own and return the last step's line.

    Raises:
        BenchError: the turn ended in anything but an answer or a refusal.
    """
    with httpx.Client(base_url=url, trust_env=False, timeout=LIMIT_SECONDS) as client:
        conversation = client.post("/api/conversations").raise_for_status().json()["conversation"]
        turns = f"/api/conversations/{conversation}/turns"
        turn = client.post(turns, json={"question": question.question}).raise_for_status().json()["turn"]
        client.get(f"{turns}/{turn}/steps").raise_for_status()
        (stored,) = client.get(f"/api/conversations/{conversation}/transcript").raise_for_status().json()["turns"]
    if stored["status"] != "finished":
        raise BenchError(f"The question {question.id!r} ended as {stored['status']!r}.")
    return dict(stored)


def process_tree(root: int) -> list[int]:
    """Return a process and all that descend from it.

    Raises:
        BenchError: this system has no `/proc`.
    """
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            # The second field is a name in brackets, which may hold spaces and brackets of its own.
            parents[int(status.parent.name)] = int(status.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    if not parents:
        raise BenchError("The memory of a process tree is read from /proc, which only Linux has.")
    tree = [root]
    for pid in tree:
        tree += [child for child, parent in parents.items() if parent == pid]
    return tree


def _memory(pid: int, kind: str) -> int:
    """Return bytes."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{kind}:")), 0)


def _wait(
    process: "subprocess.Popen[bytes]", started: float, is_there: Callable[[], bool], *, limit_seconds: float
) -> float:
    """Return the seconds from `started` until the server has what is asked for."""
    while time.perf_counter() - started < limit_seconds:
        if process.poll() is not None:
            raise BenchError(f"The server ended with code {process.returncode}. Next: run `frontdesk serve` by hand.")
        try:
            if is_there():
                return time.perf_counter() - started
        except httpx.TransportError:
            pass
        time.sleep(POLL_SECONDS)
    raise BenchError(f"The server was not usable after {limit_seconds:.0f} s.")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
