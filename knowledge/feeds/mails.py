"""What a mail is called in a mirror, from its headers alone.

bytes of a mail -> Headers(message_id, name "2026-03-01 Where is my lamp?.eml", sent_at)
"""

import email
import email.errors
import email.header
import email.utils
import re
from dataclasses import dataclass

from knowledge.feeds.mirror import Mirror, safe_name

SUFFIX = ".eml"
LONGEST_HEADERS_BYTES = 256_000
LONGEST_SUBJECT = 80
NOT_KNOWLEDGE = frozenset({"trash", "deleted", "deleted items", "deleted messages", "junk", "spam", "drafts"})
"""Folders that are passed over, in lower case."""
_DROPPED = re.compile(r'[?*"<>|:]')
_DASHED = re.compile(r"[/\\]|:(?=\S)")
_END = re.compile(rb"\r?\n\r?\n")


MESSAGE_ID = "message-id"
"""The mark of an item of a mirror that holds mails."""


@dataclass(frozen=True, slots=True)
class Headers:
    message_id: str
    """"" when the mail has none."""
    name: str
    sent_at: float | None
    """Seconds since 1970; None when the mail does not say."""


def read_headers(data: bytes) -> Headers:
    """Return what the mail says of itself; broken headers count as absent."""
    end = _END.search(data[:LONGEST_HEADERS_BYTES])
    message = email.message_from_bytes(data[: end.start() if end else LONGEST_HEADERS_BYTES])
    sent_at = day = None
    try:
        when = email.utils.parsedate_to_datetime(str(message.get("date", "")))
        sent_at, day = when.timestamp(), when.date().isoformat()
    except (TypeError, ValueError, OverflowError):
        pass
    subject = _decoded(message.get("subject", ""))
    subject = " ".join(_DROPPED.sub("", _DASHED.sub("-", subject)).split())[:LONGEST_SUBJECT].rstrip("- ")
    name = safe_name(" ".join(filter(None, (day, subject or "no subject"))) + SUFFIX)
    return Headers(" ".join(str(message.get("message-id", "")).split()), name, sent_at)


def keep(mirror: Mirror, key: str, data: bytes, *, arrived_at: float) -> bool:
    """Put a mail into a mirror and return whether it is new there."""
    headers = read_headers(data)
    sent_at = headers.sent_at if headers.sent_at is not None else arrived_at
    return mirror.put(key, data, name=headers.name, marks={MESSAGE_ID: headers.message_id}, modified_at=sent_at)


def _decoded(raw: object) -> str:
    """Return a header's text; words in an unknown encoding stay as they are written."""
    text = ""
    try:
        pieces = email.header.decode_header(str(raw))
    except (email.errors.HeaderParseError, ValueError):
        return str(raw)
    for piece, charset in pieces:
        if isinstance(piece, str):
            text += piece
            continue
        try:
            text += piece.decode(charset or "utf-8", "replace")
        except LookupError:
            text += piece.decode("latin-1")
    return text
