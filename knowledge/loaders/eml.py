"""Mails as mail programs save them (RFC 5322 and MIME), with the faults that real ones have."""

import email
import mimetypes
from collections.abc import Iterator
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from pathlib import Path

from knowledge.documents import Document
from knowledge.errors import UnreadableFile
from knowledge.loaders import NO_OPTIONS, LoadOptions
from knowledge.loaders.encoding import decode_lenient, read_bytes
from knowledge.loaders.flowed import unflow
from knowledge.loaders.mail import Attachment, Mail, documents

_SHOWN = ("From", "To", "Cc")
_LARGEST_PARTS = 2_000


def load(path: Path, *, options: LoadOptions = NO_OPTIONS) -> Iterator[Document]:
    """Yield the mail, then its attachments' documents."""
    yield from documents(path, read(path, _eight_bit(read_bytes(path))), options=options)


def read(path: Path, data: bytes) -> Mail:
    """Return the mail that the bytes hold.

    Raises:
        UnreadableFile: They hold none.
    """
    try:
        message = email.message_from_bytes(data)
        parts = _Parts()
        parts.take(message, depth=0)
    except (ValueError, LookupError, RecursionError, AttributeError, TypeError, AssertionError) as error:
        raise UnreadableFile(
            f"{path}: is a mail that cannot be taken apart ({error}). Save it again from the mail program, or as text."
        ) from error
    if not any(_header(message, name) for name in (*_SHOWN, "Subject", "Date")) and not "".join(parts.texts).strip():
        raise UnreadableFile(f"{path}: has none of the lines that begin a mail. Save it again from the mail program.")
    return Mail(
        subject=_header(message, "Subject"),
        people=[(name, _header(message, name)) for name in _SHOWN],
        date=_header(message, "Date"),
        text="\n\n".join(parts.texts),
        html="\n".join(parts.pages),
        attachments=parts.attachments,
    )


class _Parts:
    """What the parts of a mail are: its texts, its pages, its attachments."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.pages: list[str] = []
        self.attachments: list[Attachment] = []
        self._left = _LARGEST_PARTS

    def take(self, part: Message, *, depth: int) -> None:
        """Sort a part and all parts in it."""
        self._left -= 1
        if self._left < 0 or depth > 50:
            return
        kind = part.get_content_type()
        name = _decoded(part.get_filename() or "")
        if kind == "message/rfc822" or (part.is_multipart() and kind.startswith("message/")):
            self._take_message(part, name, depth)
        elif part.is_multipart():
            self._take_all(part, kind, depth)
        elif kind.startswith("multipart/"):  # without the boundary between its parts
            self.texts.append(_text(part))
        elif kind in ("text/plain", "text/html") and not name and part.get_content_disposition() != "attachment":
            text = _text(part)
            (self.texts if kind == "text/plain" else self.pages).append(text)
        else:
            suffix = mimetypes.guess_extension(kind) or ""
            data = part.get_payload(decode=True)
            self.attachments.append(Attachment(name or f"attachment{suffix}", data if isinstance(data, bytes) else b""))

    def _take_all(self, part: Message, kind: str, depth: int) -> None:
        texts, pages = self.texts, self.pages
        self.texts, self.pages = [], []
        for inner in part.get_payload():
            if isinstance(inner, Message):
                self.take(inner, depth=depth + 1)
        if any(text.strip() for text in self.texts) and kind == "multipart/alternative":
            self.pages = []  # the same in another dress
        self.texts, self.pages = texts + self.texts, pages + self.pages

    def _take_message(self, part: Message, name: str, depth: int) -> None:
        inner = part.get_payload()
        for message in inner if isinstance(inner, list) else []:
            if isinstance(message, Message) and message.keys():
                name = name or _header(message, "Subject") or "message"
                name = name if name.lower().endswith(".eml") else f"{name}.eml"
                self.attachments.append(Attachment(name, message.as_bytes()))
            elif isinstance(message, Message):  # a delivery report's fields
                self.take(message, depth=depth + 1)


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    declared = str(part.get_param("charset", "") or "").strip("'\" ")
    text = decode_lenient(data, declared).replace("\r\n", "\n").replace("\r", "\n")
    if str(part.get_param("format", "")).casefold() != "flowed":
        return text
    return unflow(text, deletes_spaces=str(part.get_param("delsp", "")).casefold() == "yes")


def _header(message: Message, name: str) -> str:
    """Return a header line as its reader sees it; "" when there is none."""
    value = message.get(name)
    return "" if value is None else _decoded(str(value))


def _decoded(value: str) -> str:
    try:
        pieces = decode_header(value)
    except (HeaderParseError, ValueError):
        return " ".join(value.split())
    text = ""
    for piece, charset in pieces:
        text += piece if isinstance(piece, str) else decode_lenient(piece, charset or "")
    return " ".join(text.split())


def _eight_bit(data: bytes) -> bytes:
    """Return the mail in an encoding whose line ends and colons are single bytes."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\0" in data[:200]:
        return decode_lenient(data).encode()
    return data.removeprefix(b"\xef\xbb\xbf").lstrip(b"\r\n")
