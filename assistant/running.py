"""The server that is running on this home, as another process finds it.

    FRONTDESK_HOME/server.json {"url", "pid", "token", "embedder"}  ->  RunningServer.ingest(…)

There is one writer, which holds `server.lock`: a server while it runs, which then ingests for others, else an ingest on
the command line. (A server does not see the vectors that another process adds.) A `server.json` whose server does not
answer to its token is left over from a crash, and is ignored: another home's server may have the port by now.
"""

import json
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock, Timeout

from assistant.errors import ServerError

FILE = "server.json"
LOCK_FILE = "server.lock"
TOKEN_HEADER = "X-Frontdesk-Token"
"""Says to /healthz which home's server is meant; no `Authorization`, which a proxy may have put there."""
PROBE_SECONDS = 3.0
WAIT_SECONDS = 6 * 3600.0
"""How long to wait for a writer that is no server: an ingest. A server that starts answers within seconds."""
POLL_SECONDS = 0.2
Progress = Callable[[str, float, int], None]


@dataclass(frozen=True, slots=True)
class RunningServer:
    url: str
    pid: int
    token: str = field(repr=False)
    """For `POST /api/ingest`; only the owner of the home can read it."""
    embedder: str = ""
    """The setting that it was started with; "" of a server that does not say."""

    @property
    def authorization(self) -> dict[str, str]:
        """The header that its owner is known by."""
        return {"Authorization": f"Bearer {self.token}"}

    def check_embedder(self, embedder: str) -> None:
        """Refuse to have it make vectors anew with another embedder than the caller's settings name.

        Raises:
            ServerError: it was started with another one, which it keeps until it ends.
        """
        one = {"english": "embedded"}
        if self.embedder and one.get(self.embedder, self.embedder) != one.get(embedder, embedder):
            raise ServerError(
                f"The server at {self.url} (process {self.pid}) was started with the embedder {self.embedder!r} and "
                f"would use it again, but {embedder!r} is in the settings now. Next: stop the server, frontdesk ingest "
                "--reindex, frontdesk serve"
            )

    def ingest(
        self,
        paths: Sequence[Path],
        *,
        collection: str,
        audience: str | None,
        prune: bool,
        prune_empty: bool = False,
        reindex: bool = False,
        forget: bool = False,
        progress: Progress | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> dict[str, Any]:
        """Have the server ingest, and return its report as data; a server that is starting lets us wait.

        Args:
            forget: remove what was read from the paths instead.
            say: told when another ingest comes first.

        Raises:
            ServerError: It refused, failed, or went away.
        """
        body = {
            "paths": [str(path.absolute()) for path in paths],
            "collection": collection,
            "audience": audience,
            "prune": prune,
            "prune_empty": prune_empty,
            "reindex": reindex,
            **({"forget": True} if forget else {}),
        }
        try:
            with (
                httpx.Client(trust_env=False, timeout=httpx.Timeout(PROBE_SECONDS, read=None)) as client,
                client.stream("POST", f"{self.url}/api/ingest", json=body, headers=self.authorization) as response,
            ):
                if response.status_code != httpx.codes.OK:
                    response.read()
                    raise ServerError(
                        f"The server at {self.url} refused to ingest: HTTP {response.status_code}, "
                        f"{response.text[:300]}. Next: stop process {self.pid} and run the same command again"
                    )
                return _report(response, progress, say)
        except (httpx.HTTPError, ValueError) as error:
            raise ServerError(
                f"The server at {self.url} (process {self.pid}) went away while ingesting: {error}. Next: run the same "
                "command again; what was ingested stays, and unchanged files are skipped"
            ) from error

    def approvals(self) -> list[dict[str, Any]]:
        """Return the writes that wait for the team.

        Raises:
            ServerError: the server did not answer.
        """
        return list(self._ask("GET", "/api/approvals")["approvals"])

    def decide(self, key: str, *, approved: bool, text: str = "") -> dict[str, Any]:
        """Approve or decline one of them; return the conversation and the turn that goes on with it.

        Args:
            key: The write's.
            approved: Whether it is done.
            text: What the customer reads with it.

        Raises:
            ServerError: it does not wait any more, or the server did not answer.
        """
        return self._ask("POST", f"/api/approvals/{key}", json={"approved": approved, "text": text})

    def ended(self, conversation: str, turn: int) -> list[dict[str, Any]]:
        """Wait until a turn has ended; return it and what followed, as the transcript has them.

        Raises:
            ServerError: the server did not answer.
        """
        path = f"/api/conversations/{conversation}"
        with suppress(httpx.HTTPError):  # what is asked next says why
            until_the_end = httpx.Timeout(PROBE_SECONDS, read=None)
            httpx.get(f"{self.url}{path}/turns/{turn}/steps", trust_env=False, timeout=until_the_end)
        turns = self._ask("GET", f"{path}/transcript")["turns"]
        return [one for one in turns if one["turn"] >= turn]

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            with httpx.Client(trust_env=False, timeout=PROBE_SECONDS * 5) as client:
                response = client.request(method, f"{self.url}{path}", headers=self.authorization, **more)
            if response.is_success:
                return dict(response.json())
            cause = response.json().get("error", response.text[:300])
        except (httpx.HTTPError, ValueError) as error:
            cause = str(error)
        after = "" if " Next: " in str(cause) else " Next: frontdesk approvals list"
        raise ServerError(f"The server at {self.url} could not do this: {cause}{after}")


def find_server(home: Path) -> RunningServer | None:
    """Return the server that answers on `home`, ready or still starting; None when there is none."""
    try:
        data = json.loads((home / FILE).read_text(encoding="utf-8"))
        server = RunningServer(data["url"].rstrip("/"), int(data["pid"]), data["token"], str(data.get("embedder", "")))
        with httpx.Client(trust_env=False, timeout=PROBE_SECONDS) as client:
            alive = client.get(f"{server.url}/healthz", headers={TOKEN_HEADER: server.token}).is_success
    except (OSError, ValueError, KeyError, TypeError, AttributeError, httpx.HTTPError, httpx.InvalidURL):
        return None
    return server if alive else None


@contextmanager
def sole_writer(home: Path, *, say: Callable[[str], None]) -> Iterator[RunningServer | None]:
    """Make this process the one that writes to `home`, or yield the server that is.

    The system frees the lock when the process ends, however it ends.

    Args:
        say: told, once, that another process is being waited for.

    Raises:
        ServerError: the home cannot be written, or another process keeps it for too long.
    """
    lock = FileLock(home / LOCK_FILE, timeout=0, thread_local=False)
    server = _lock_or_find(lock, home, say)
    try:
        yield server
    finally:
        lock.release()


def _lock_or_find(lock: FileLock, home: Path, say: Callable[[str], None]) -> RunningServer | None:
    until = time.monotonic() + WAIT_SECONDS
    waiting = False
    while True:
        try:
            home.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock.acquire()
            return None
        except Timeout:
            if server := find_server(home):
                return server
        except OSError as error:
            raise ServerError(
                f"Cannot write to {home}: {error.strerror}. Next: set FRONTDESK_HOME to a folder that you can write"
            ) from error
        if time.monotonic() > until:
            raise ServerError(
                f"Another process still writes to {home}, an ingest or a server that does not answer. "
                "Next: wait until it ends, or end it, and run the same command again"
            )
        if not waiting:
            say(f"Another process writes to {home}, an ingest or a server that starts; waiting for it.")
            waiting = True
        time.sleep(POLL_SECONDS)


def _report(response: httpx.Response, progress: Progress | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Read the lines of an ingest: progress, then one report or one error."""
    for line in response.iter_lines():
        if not line.strip():
            continue
        data = json.loads(line)
        if "error" in data:
            reference = f" (reference {data['reference']} in its log)" if data.get("reference") else ""
            raise ServerError(f"{data['error']}{reference}")
        if "report" in data:
            return dict(data["report"])
        if "waiting" in data:
            say(data["waiting"])
        if progress and "path" in data:
            progress(data["path"], data["done"], data["total"])
    raise ValueError("it sent no report")
