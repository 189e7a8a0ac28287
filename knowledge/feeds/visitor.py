"""Asking a website politely: one request at a time, a pause between two, bounded in size and in time.

    address -> wait -> GET, redirects not followed -> Answer(status, headers, body)

A busy server (429, 503, …) is asked again after the time it names. The caller says which addresses may be asked for;
this file knows httpx and nothing of pages. It asks from an event loop, because only there one limit holds for all of an
answer: names, connection, headers and body, however slowly each drips.
"""

import asyncio
import datetime
import email.utils
import time
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import httpx

from knowledge import certificates
from knowledge.errors import KnowledgeError
from knowledge.feeds.addresses import origin

BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""What may pass; everything else is the server's last word."""
MEGABYTE = 1_000_000


class NoAnswer(KnowledgeError):
    """A page could not be had now; it may be had later."""


class Refused(NoAnswer):
    """The server asks us to stay away for longer than this run waits."""


class TooLarge(KnowledgeError):
    """A page larger than what is taken."""


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what."""

    connect_seconds: float = 10.0
    silence_seconds: float = 30.0
    """Between two pieces of an answer."""
    answer_seconds: float = 120.0
    """For one whole answer, headers included, however steadily it drips."""
    tries: int = 3
    first_wait_seconds: float = 2.0
    """Before the second try; it doubles each time, unless the server says how long."""
    longest_wait_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Answer:
    url: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    body: bytes = b""
    """Unpacked; only of a 200."""

    @property
    def location(self) -> str:
        """Where a redirect points; "" when it is none."""
        return self.headers.get("location", "") if self.status in (301, 302, 303, 307, 308) else ""

    @property
    def media_type(self) -> str:
        """What the server says it is, such as `text/html`."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def modified_at(self) -> float | None:
        """When the server says it was changed, in seconds since 1970; None when it does not say."""
        try:
            return email.utils.parsedate_to_datetime(self.headers.get("last-modified", "")).timestamp()
        except (TypeError, ValueError, OverflowError):
            return None


class Visitor:
    """One caller on its round. Use as a context manager."""

    def __init__(
        self,
        *,
        agent: str,
        pause_seconds: float,
        patience: Patience = Patience(),
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.pauses: dict[str, float] = {}
        """Longer pauses that a site asked for, by origin, in seconds."""
        self._pause_seconds = pause_seconds
        self._patience = patience
        self._sleep = sleep
        self._clock = clock
        self._last: dict[str, float] = {}
        self._runner = asyncio.Runner()
        timeout = httpx.Timeout(patience.silence_seconds, connect=patience.connect_seconds)
        # Only what this file can unpack within bounds.
        headers = {"User-Agent": agent, "Accept-Encoding": "gzip, identity", "Accept": "*/*"}
        self._client = httpx.AsyncClient(
            timeout=timeout, headers=headers, follow_redirects=False, verify=certificates.trusted()
        )

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *_: object) -> None:
        with self._runner as runner:
            runner.run(self._client.aclose())

    def get(
        self,
        url: str,
        *,
        limit_bytes: int,
        marks: Mapping[str, str] | None = None,
        wanted: Callable[[Answer], bool] | None = None,
    ) -> Answer:
        """Ask for one address.

        Args:
            limit_bytes: largest body that is taken, packed and unpacked.
            marks: `etag` and `last-modified` of the copy we have; the server then may answer 304.
            wanted: told the answer's headers; when it says no, the body is not waited for.

        Raises:
            NoAnswer: it cannot be reached, is too slow, or is still busy after some tries.
            TooLarge: the body is larger than the limit.
        """
        conditions = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
        headers = {conditions[name]: value for name, value in (marks or {}).items() if name in conditions and value}
        wait = self._patience.first_wait_seconds
        for left in reversed(range(self._patience.tries)):
            self._wait_for_turn(url)
            try:
                answer = self._ask(url, headers, limit_bytes, wanted)
            except httpx.HTTPError as error:
                fault = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
                if not left:
                    raise NoAnswer(f"no answer from {url} ({fault})") from error
            except (httpx.InvalidURL, UnicodeError) as error:
                raise NoAnswer(f"{url} is no address that can be asked for ({error})") from error
            else:
                if answer.status not in BUSY:
                    return answer
                asked = _retry_after(answer.headers.get("retry-after", ""))
                if asked is not None and asked > self._patience.longest_wait_seconds:
                    raise Refused(f"{url}: HTTP {answer.status}; the server asks to come back in {asked:.0f} s")
                if not left:
                    raise NoAnswer(f"{url}: HTTP {answer.status}, {self._patience.tries} times")
                wait = wait if asked is None else asked
            self._sleep(wait)
            wait = min(wait * 2, self._patience.longest_wait_seconds)
        raise AssertionError("a try either returns, raises or is followed by another")

    def _wait_for_turn(self, url: str) -> None:
        site = origin(url)
        if site in self._last:
            pause = max(self._pause_seconds, self.pauses.get(site, 0.0))
            left = self._last[site] + pause - self._clock()
            if left > 0:
                self._sleep(left)

    def _ask(
        self,
        url: str,
        headers: Mapping[str, str],
        limit_bytes: int,
        wanted: Callable[[Answer], bool] | None,
    ) -> Answer:
        self._client.cookies.clear()
        try:
            return self._runner.run(self._answered(url, headers, limit_bytes, wanted))
        except TimeoutError as error:
            raise NoAnswer(f"{url}: not here after {self._patience.answer_seconds:g} s") from error
        except TooLarge as error:
            raise TooLarge(f"{url}: {error}") from error
        finally:
            self._last[origin(url)] = self._clock()

    async def _answered(
        self,
        url: str,
        headers: Mapping[str, str],
        limit_bytes: int,
        wanted: Callable[[Answer], bool] | None,
    ) -> Answer:
        async with (
            asyncio.timeout(self._patience.answer_seconds),
            self._client.stream("GET", url, headers=dict(headers)) as response,
        ):
            found = {name.lower(): value for name, value in response.headers.items()}
            bare = Answer(url, response.status_code, found)
            if bare.status != httpx.codes.OK or (wanted and not wanted(bare)):
                return bare
            packed = found.get("content-encoding", "").strip().lower()
            if packed not in ("", "identity", "gzip", "x-gzip"):
                raise NoAnswer(f"{url}: comes packed as {packed!r}, which was not asked for")
            body = _Body(limit_bytes, packed=packed.endswith("gzip"))
            async for piece in response.aiter_raw():
                body.add(piece)
            return Answer(url, response.status_code, found, body.whole())


def collect(pieces: Iterable[bytes], *, limit_bytes: int, packed: bool) -> bytes:
    """Join pieces, unpacking gzip, and stop at the limit before more than that is held.

    Raises:
        TooLarge: there is more.
        NoAnswer: it says gzip and is not.
    """
    body = _Body(limit_bytes, packed=packed)
    for piece in pieces:
        body.add(piece)
    return body.whole()


class _Body:
    """What has come of a body so far."""

    def __init__(self, limit_bytes: int, *, packed: bool) -> None:
        self._limit_bytes = limit_bytes
        self._unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16) if packed else None
        self._body = bytearray()
        self._received = 0

    def add(self, piece: bytes) -> None:
        self._received += len(piece)
        if self._unpacker:
            try:
                self._body += self._unpacker.decompress(piece, self._limit_bytes + 1 - len(self._body))
            except zlib.error as error:
                raise NoAnswer(f"a body that says gzip and is not ({error})") from error
        else:
            self._body += piece
        if max(len(self._body), self._received) > self._limit_bytes:
            raise TooLarge(f"larger than {self._limit_bytes / MEGABYTE:g} MB")

    def whole(self) -> bytes:
        if self._unpacker and not self._unpacker.eof:
            raise NoAnswer("a body that says gzip and ends too early")
        return bytes(self._body)


def _retry_after(text: str) -> float | None:
    """Return the seconds that `Retry-After` names, as a number or as a date; None when it names none."""
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:12])
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return None
    when = when if when.tzinfo else when.replace(tzinfo=datetime.UTC)
    return max(0.0, (when - datetime.datetime.now(datetime.UTC)).total_seconds())
