"""One worker process as its parent sees it: started, spoken to, measured, ended.

It is a plain `python -c`, not `multiprocessing`: that would import the parent's main script anew, which a server, a
notebook and a `python -c` without a guard do not survive.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from typing import BinaryIO, cast

import psutil

from knowledge.errors import KnowledgeError
from knowledge.reading.messages import BrokenFrame, Job, Message, receive_message, send_job

END_SECONDS = 5.0
_START = "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from knowledge.reading.worker import main; main()"
_FLAGS = getattr(subprocess, "CREATE_NO_WINDOW", 0) | getattr(subprocess, "BELOW_NORMAL_PRIORITY_CLASS", 0)
_STRANGER = "spoke out of turn"


class WorkerProcess:
    """A process that reads one file after another."""

    def __init__(self, *, max_message_bytes: int) -> None:
        """Start it; it says `Ready` when it takes jobs.

        Raises:
            KnowledgeError: it cannot be started.
        """
        self._max_message_bytes = max_message_bytes
        self._broken = ""
        self.files = 0
        """How many files it was given."""
        command = [sys.executable, "-c", _START, json.dumps(sys.path)]
        self._folder = ""
        """Where it puts its temporary files: one that is killed leaves them lying."""
        try:
            self._folder = tempfile.mkdtemp(prefix="frontdesk-worker-")
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # a group of its own, so that what it starts ends with it
                creationflags=_FLAGS,
                env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), self._folder)},
            )
        except OSError as error:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise unstartable(error.strerror or str(error)) from error

    def send(self, job: Job) -> None:
        """Hand over a file; a process that is gone already says so when its answer is asked for."""
        self.files += 1
        with suppress(OSError):
            send_job(cast(BinaryIO, self._process.stdin), job)

    def receive(self) -> tuple[Message, int] | None:
        """Return the next message and its size in bytes; None when the process is gone or talks nonsense."""
        try:
            return receive_message(cast(BinaryIO, self._process.stdout), max_bytes=self._max_message_bytes)
        except BrokenFrame as error:
            self._broken = f"{_STRANGER}: {error}"
            return None

    def memory_bytes(self) -> int:
        """Return what the process and the programs it started hold in memory."""
        total = 0
        for process in self._family():
            with suppress(psutil.Error):
                total += process.memory_info().rss
        return total

    def await_end(self) -> None:
        """Give a process that closed its end the moment that it needs to be gone, so that it can say how."""
        if not self._broken:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(END_SECONDS)

    def kill(self) -> None:
        """End it, and what it started, at once; whoever waits for its answer gets None."""
        for process in reversed(self._family()):
            with suppress(psutil.Error):
                process.kill()

    def end(self) -> None:
        """Kill it, and let go of its pipes and its temporary files."""
        self.kill()
        self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        for stream in (self._process.stdin, self._process.stdout):
            with suppress(OSError):  # a job that could not be sent is still in the buffer
                cast(BinaryIO, stream).close()

    def how_it_ended(self) -> str:
        """Return in words why an ended process gave no answer."""
        if self._broken:
            return self._broken
        code = self._process.returncode
        if code is not None and code < 0:
            try:
                return signal.Signals(-code).name
            except ValueError:
                return f"signal {-code}"
        return f"exit code {code}"

    def _family(self) -> list[psutil.Process]:
        if self._process.poll() is not None:
            return []
        try:
            parent = psutil.Process(self._process.pid)
            return [parent, *parent.children(recursive=True)]
        except psutil.Error:
            return []


def unstartable(cause: str) -> KnowledgeError:
    """Return the error for a process that never got ready."""
    return KnowledgeError(
        f"The process that reads files cannot be started ({cause}; Python is {sys.executable!r}). "
        "Next: see that this Python runs, then the same command again"
    )
