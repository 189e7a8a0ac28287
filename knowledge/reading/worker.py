"""The loop of a worker process: jobs in on its standard input, documents out on its standard output.

    Job -> loader -> documents -> Prepared …, then Done or Failed

The process ends itself when its parent is gone, and when one file holds it for longer than the parent would allow: the
second by a timer that no loader can keep from running. What a loader prints goes nowhere.
"""

import faulthandler
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

from knowledge import loaders, pace
from knowledge.documents import Document
from knowledge.errors import PartlyUnreadable, UnknownKind, UnreadableFile
from knowledge.internal_folders import audience_of
from knowledge.reading.messages import (
    Alive,
    Done,
    Failed,
    Job,
    Message,
    Ready,
    Unchanged,
    in_portions,
    receive_job,
    send_message,
)
from knowledge.reading.preparing import document_name, prepare

Send = Callable[[Message], None]

PATIENCE = 1.5
"""How much later than its parent would the process ends itself: only when the parent cannot."""
ALIVE_SECONDS = 1.0
NICENESS = 5
LONGEST_NAME = 500
"""Of a document, in characters: no index of a database holds names of any length."""
SHOWN_NAME = 80


def main() -> None:
    """Read files until the parent goes away."""
    jobs, results = _take_channels()
    waiting: SimpleQueue[Job] = SimpleQueue()
    threading.Thread(target=_listen, args=(jobs, waiting), daemon=True).start()
    _step_back()
    send_message(results, Ready())
    while True:
        job = waiting.get()
        _limit_memory(job.memory_bytes)
        read_file(job, _timed(job, results))
        faulthandler.cancel_dump_traceback_later()


def read_file(job: Job, send: Send) -> None:
    """Send the file's documents, then how it ended; whatever goes wrong is a message too."""
    try:
        send(_send_documents(job, send))
    except UnreadableFile as error:
        send(Failed(_sayable(str(error)), by_kind=isinstance(error, UnknownKind)))
    except MemoryError:
        send(Failed(too_large(job)))
    except RecursionError:
        send(Failed(f"{_sayable(job.path)}: is nested too deeply to be read. Next: save it in a simpler form"))
    except OSError as error:
        send(Failed(f"cannot be read: {_sayable(error.strerror or str(error))}"))
    except Exception as error:  # noqa: BLE001 - the process's edge: a loader's mistake costs this file, not the run
        what = " ".join(_sayable(f"{type(error).__name__}: {error}").split())[:300]
        message = f"{_sayable(job.path)}: its loader failed ({what}). Next: save it in another format, or leave it out"
        send(Failed(message, _sayable(traceback.format_exc())))


def too_large(job: Job) -> str:
    """Return what is said of a file that needs more memory than a worker may have."""
    return (
        f"{_sayable(job.path)}: reading it takes more than {job.memory_bytes / 1e6:,.0f} MB of memory. "
        "Next: split it into smaller files"
    )


def _send_documents(job: Job, send: Send) -> Done:
    """Send the documents; return what is said at their end, the members that could not be read."""
    path = Path(job.path)
    loaders.LOADERS.clear()
    loaders.LOADERS.update(job.loaders)
    load: Callable[..., Iterator[Document]] = loaders.load
    seen: set[str] = set()
    failures: list[tuple[str, str]] = []
    by_kind = False
    with pace.heard_by(_at_most_each(ALIVE_SECONDS, lambda: send(Alive()))):
        try:
            for document in load(path, **({} if job.options is None else {"options": job.options})):
                name = document_name(job.name, document)
                longest = max(name, job.name, key=len)
                if len(longest) > LONGEST_NAME:
                    start = document.name.removeprefix("!/")[:SHOWN_NAME]
                    failures.append((_sayable(f"{start}…") if start else "", _too_long(longest)))
                    continue
                audience = audience_of(name, job.audience, opened=job.opened)
                prepared = prepare(document, name=name, path=path, audience=audience, options=job.chunks)
                del document
                if prepared.name in seen:
                    raise UnreadableFile(f"two documents in {path.name} are named {prepared.name!r}; names must differ")
                seen.add(prepared.name)
                unchanged = job.known.get(prepared.name) == prepared.fingerprint
                for message in [Unchanged(prepared.name)] if unchanged else in_portions(prepared):
                    send(message)
                del prepared
        except PartlyUnreadable as error:
            by_kind = error.by_kind and not failures
            failures += [(_sayable(member)[:LONGEST_NAME], _sayable(cause)) for member, cause in error.failures]
    if not seen and not failures:
        raise UnreadableFile(f"{path.name} holds no text")
    return Done(tuple(failures), by_kind)


def _too_long(name: str) -> str:
    return f"its name has {len(name):,} characters, more than {LONGEST_NAME}. Next: give it a shorter one"


def _timed(job: Job, results: BinaryIO) -> Send:
    """Return how to send; between messages a timer runs that ends the process whatever it is doing."""

    def start() -> None:
        faulthandler.dump_traceback_later(PATIENCE * job.silence_seconds, exit=True, file=sys.stderr)

    def send(message: Message) -> None:
        faulthandler.cancel_dump_traceback_later()  # a parent that is busy elsewhere lets us wait
        send_message(results, message)
        start()

    start()
    return send


def _at_most_each(seconds: float, act: Callable[[], None]) -> Callable[[], None]:
    last = time.monotonic()

    def act_if_due() -> None:
        nonlocal last
        if time.monotonic() - last >= seconds:
            last = time.monotonic()
            act()

    return act_if_due


def _take_channels() -> tuple[BinaryIO, BinaryIO]:
    """Keep the two pipes for ourselves, and leave loaders and the programs they start an empty input and output."""
    jobs = os.fdopen(os.dup(0), "rb")
    results = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for channel in (0, 1, 2):
        os.dup2(nothing, channel)
    os.close(nothing)
    return jobs, results


def _listen(jobs: BinaryIO, waiting: "SimpleQueue[Job]") -> None:
    """Hand jobs on; without a parent, end this process and the programs it started."""
    while (job := receive_job(jobs)) is not None:
        waiting.put(job)
    import psutil

    with suppress(psutil.Error):  # first those in a session of their own
        for child in psutil.Process().children(recursive=True):
            with suppress(psutil.Error):
                child.kill()
    if hasattr(os, "killpg"):
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _limit_memory(bytes_: int) -> None:
    """Let allocations beyond the limit fail, where the system can; the parent watches as well."""
    if sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (bytes_, most))


def _step_back() -> None:
    """Let everything else on the machine go first."""
    if hasattr(os, "nice"):
        os.nice(NICENESS)


def _sayable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
