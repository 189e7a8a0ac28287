"""A help desk's mail on an IMAP server: each mail of one folder becomes a file of the mirror.

    EXAMINE folder -> UIDs -> mails not seen before (BODY.PEEK) -> mirror/2026-03-01 Where is my lamp.eml

Nothing changes on the server: the folder is opened read-only and no mail is marked as read. A mail that is deleted
there goes from the mirror. When the server numbers its mails anew (UIDVALIDITY), those that we have are known by their
Message-ID and are not fetched again.
"""

import base64
import imaplib
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from knowledge import certificates
from knowledge.errors import FeedUnavailable
from knowledge.feeds.feed import Caller, FailedItem, Feed, Fetched
from knowledge.feeds.mails import MESSAGE_ID, keep, read_headers
from knowledge.feeds.mirror import Mirror
from knowledge.feeds.visitor import MEGABYTE

TIMEOUT_SECONDS = 60.0
UIDS_A_SEARCH = 50_000
"""Python reads lines of up to 1 MB; so many numbers fit into one."""
MAILS_A_QUESTION = 200
SAVE_EVERY = 100
LARGEST_BYTES = 1001 * MEGABYTE
"""Of one piece of an answer: the largest `megabytes` that a feed may have, and its headers."""
WANTED = "UNDELETED UNDRAFT"
FAULTS = (imaplib.IMAP4.error, OSError, ValueError)
"""ValueError: numbers that are none, and names that cannot be written."""
_LOCAL = ("localhost", "127.0.0.1", "::1")


def fetch(feed: Feed, mirror: Mirror, caller: Caller) -> Fetched:
    """Bring the mirror up to date with the folder.

    Raises:
        FeedUnavailable: the server does not answer, refuses us, or has no such folder; nothing was removed.
    """
    try:
        with _connected(feed) as server:
            place, mails = _open(server, feed)
            keys = {f"{place}/;UID={uid}": uid for uid in _uids(server, mails)}
            return _Sync(feed, mirror, caller, server).run(keys)
    except FAULTS as error:
        raise FeedUnavailable(
            f"Feed {feed.name}: {feed.place}: {_words(error)}. Nothing of it was removed. "
            f"Next: check host, port, user, folder and password, then: frontdesk sync {feed.name}"
        ) from error


class _Sync:
    """One sync under way, the folder open."""

    def __init__(self, feed: Feed, mirror: Mirror, caller: Caller, server: imaplib.IMAP4) -> None:
        self._feed = feed
        self._mirror = mirror
        self._caller = caller
        self._server = server
        self._failed: list[FailedItem] = []
        self._fetched = 0

    def run(self, keys: dict[str, int]) -> Fetched:
        """Fetch what is not here, forget what is not there."""
        mirror = self._mirror
        new = {uid: key for key, uid in keys.items() if not mirror.path(key)}
        skip = self._recognise(new, keys)
        removed = self._drop(keys)
        warning = ""
        if not self._feed.ssl and self._feed.host not in _LOCAL:
            warning = "The password and the mails travel unencrypted (`ssl` is false)."
        try:
            self._take([uid for uid in sorted(new) if uid not in skip], new)
            mirror.sweep(all_read=not self._failed)
        except FAULTS as error:
            gone = f"The server went away ({_words(error)}); the rest comes with the next sync."
            warning = f"{warning} {gone}".strip()
        finally:
            mirror.save()
        unchanged = len(keys) - len(new) + len(skip) - len(self._failed)
        return Fetched(mirror.folder, self._fetched, unchanged, removed, tuple(self._failed), warning)

    def _recognise(self, new: dict[int, str], keys: dict[str, int]) -> set[int]:
        """Return the mails that need not be fetched: too large, or here under another number."""
        held = {item.marks.get(MESSAGE_ID): key for key, item in self._mirror.items.items()}
        skip: set[int] = set()
        limit = self._feed.megabytes * MEGABYTE
        for uids in _batches(sorted(new)):
            answer = _data(
                self._server.uid("FETCH", _set(uids), "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (MESSAGE-ID)])")
            )
            for head, header in _literals(answer):
                uid, size = _number(rb"UID (\d+)", head), _number(rb"RFC822\.SIZE (\d+)", head)
                if uid not in new:
                    continue
                if size > limit:
                    skip.add(uid)
                    self._failed.append(FailedItem(new[uid], f"larger than {self._feed.megabytes} MB (`megabytes`)"))
                    continue
                message_id = read_headers(header).message_id
                old = held.get(message_id) if message_id else None
                if old is None:
                    held[message_id] = new[uid]
                    continue
                skip.add(uid)
                if old not in keys and self._mirror.path(old):
                    self._mirror.rename(old, new[uid])
                    held[message_id] = new[uid]
        return skip

    def _drop(self, keys: dict[str, int]) -> int:
        gone = [key for key in self._mirror.items if key not in keys]
        for key in gone:
            self._mirror.drop(key)
        return len(gone)

    def _take(self, wanted: list[int], new: dict[int, str]) -> None:
        for done, uid in enumerate(wanted):
            if self._caller.progress:
                self._caller.progress(new[uid], done, len(wanted))
            answer = _data(self._server.uid("FETCH", str(uid), "(UID BODY.PEEK[])"))
            for _, data in _literals(answer):
                self._fetched += keep(self._mirror, new[uid], data, arrived_at=time.time())
            if done % SAVE_EVERY == SAVE_EVERY - 1:
                self._mirror.save()


class _Bounded:
    """Reads no more at once than any feed takes, whatever length a server announces."""

    def read(self, size: int) -> bytes:
        if size > LARGEST_BYTES:
            raise imaplib.IMAP4.abort(f"it announces {size:,} bytes at once")
        return super().read(size)  # type: ignore[misc, no-any-return]


class _Server(_Bounded, imaplib.IMAP4): ...


class _EncryptedServer(_Bounded, imaplib.IMAP4_SSL): ...


@contextmanager
def _connected(feed: Feed) -> Iterator[imaplib.IMAP4]:
    """Open a signed-in connection; the certificate is verified against the system's authorities."""
    server: imaplib.IMAP4
    if feed.ssl:
        context = certificates.trusted("mail")
        server = _EncryptedServer(feed.host, feed.port or 993, ssl_context=context, timeout=TIMEOUT_SECONDS)
    else:
        server = _Server(feed.host, feed.port or 143, timeout=TIMEOUT_SECONDS)
    try:
        if "AUTH=PLAIN" in server.capabilities:
            secret = f"\0{feed.user}\0{feed.password}".encode()
            server.authenticate("PLAIN", lambda _: secret)
        else:
            server.login(feed.user, feed.password)
        yield server
        with suppress(*FAULTS):
            server.logout()
    finally:
        with suppress(OSError):
            server.shutdown()  # a second time does no harm


def _open(server: imaplib.IMAP4, feed: Feed) -> tuple[str, int]:
    """Open the folder read-only; return its address, this numbering included (RFC 5092), and how many mails it has."""
    (count, *_) = _data(server.select(_mailbox(feed.folder), readonly=True))
    _, validity = server.response("UIDVALIDITY")
    number = (validity[0] or b"0").decode() if validity else "0"
    mails = int(count) if isinstance(count, bytes) and count.isdigit() else UIDS_A_SEARCH + 1
    return f"imap://{feed.user}@{feed.host}/{feed.folder};UIDVALIDITY={number}", mails


def _uids(server: imaplib.IMAP4, mails: int) -> Iterator[int]:
    """Yield the numbers of all mails that are neither deleted nor drafts, in order.

    A folder of few mails is asked once, however far apart its numbers are: some servers number by the clock.
    """
    _, found = server.response("UIDNEXT")
    last = int(found[0]) if found and found[0] else 2**32 - 1
    step = UIDS_A_SEARCH if found and found[0] and mails > UIDS_A_SEARCH else 2**32
    for first in range(1, last + 1, step):
        for line in _data(server.uid("SEARCH", f"UID {first}:{min(last, first + step - 1)} {WANTED}")):
            yield from map(int, line.split() if isinstance(line, bytes) else ())


def _data(answer: tuple[str, Sequence[object]]) -> Sequence[object]:
    """Return what a command brought.

    Raises:
        imaplib.IMAP4.error: the server said no.
    """
    status, data = answer
    if status != "OK":
        said = b" ".join(part for part in data if isinstance(part, bytes))
        raise imaplib.IMAP4.error(f"the server says {said.decode('utf-8', 'replace')[:200]}")
    return data


def _literals(data: Sequence[object]) -> Iterator[tuple[bytes, bytes]]:
    """Yield head and literal of every mail in the answer to a FETCH; what follows a literal belongs to its head."""
    for number, part in enumerate(data):
        if isinstance(part, tuple):
            after = data[number + 1] if number + 1 < len(data) else b""
            yield bytes(part[0]) + (after if isinstance(after, bytes) else b""), bytes(part[1])


def _number(pattern: bytes, text: bytes) -> int:
    found = re.search(pattern, text)
    return int(found[1]) if found else 0


def _batches(uids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(uids), MAILS_A_QUESTION):
        yield uids[start : start + MAILS_A_QUESTION]


def _set(uids: Sequence[int]) -> str:
    return ",".join(map(str, uids))


def _mailbox(name: str) -> str:
    """Return a folder's name as IMAP writes it: quoted, and what is not ASCII in modified UTF-7 (RFC 3501, 5.1.3)."""

    def packed(found: re.Match[str]) -> str:
        text = base64.b64encode(found[0].encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
        return f"&{text.decode()}-"

    encoded = re.sub(r"[^\x20-\x7e]+", packed, name.replace("&", "&-"))
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _words(error: BaseException) -> str:
    """Return what went wrong as text; imaplib hands on bytes."""
    first = error.args[0] if error.args else ""
    return first.decode("utf-8", "replace") if isinstance(first, bytes) else str(error) or type(error).__name__
