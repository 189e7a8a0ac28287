"""Mails as Outlook saves them: properties and attachments in streams of a compound file (MS-OXMSG)."""

import datetime
import re
import struct
from collections.abc import Iterator
from email import policy
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders import NO_OPTIONS, LoadOptions, rtf
from knowledge.loaders.archives import PARSER_FAULTS, damaged
from knowledge.loaders.compressed_rtf import decompress
from knowledge.loaders.encoding import decode_lenient, read_bytes
from knowledge.loaders.mail import Attachment, Mail, documents

_SUBJECT, _BODY, _HTML, _RTF = "0037", "1000", "1013", "1009"
_FROM_NAME, _FROM_ADDRESS, _FROM_INTERNET_ADDRESS = "0C1A", "0C1F", "5D01"
_TO, _CC, _HEADERS = "0E04", "0E03", "007D"
_FILE_DATA, _LONG_NAME, _SHORT_NAME = "3701", "3707", "3704"
_SENT, _DELIVERED, _CODE_PAGE = 0x0039, 0x0E06, 0x3FDE
_TEXT, _OLD_TEXT, _BYTES, _OBJECT = "001F", "001E", "0102", "000D"
_TIME_TYPE, _NUMBER_TYPE = 0x0040, 0x0003
_PROPERTIES = "__properties_version1.0"
_ATTACHED = re.compile(r"__attach_version1\.0_#[0-9A-Fa-f]+")
_MOST_NESTED = 5
_EPOCH = datetime.datetime(1601, 1, 1, tzinfo=datetime.UTC)


def load(path: Path, *, options: LoadOptions = NO_OPTIONS) -> Iterator[Document]:
    """Yield the mail, then its attachments' documents."""
    import olefile

    read_bytes(path)
    try:
        with olefile.OleFileIO(str(path)) as container:
            if not container.exists(_PROPERTIES):
                raise damaged(path)
            mail = _Storage(container, ()).mail(0)
    except PARSER_FAULTS as error:
        raise UnreadableFile(
            f"{path}: is not a mail from Outlook, or damaged. Open it there and save it again, or as .eml."
        ) from error
    yield from documents(path, mail, options=options)


class _Storage:
    """A folder of the compound file that holds a message or an attachment."""

    def __init__(self, container: Any, place: tuple[str, ...]) -> None:
        self._container = container
        self._place = place
        self._encoding = "cp1252"

    def mail(self, depth: int) -> Mail:
        """Return the message that lies here."""
        numbers = self._numbers(header=32 if depth == 0 else 24)
        page = numbers.get(_CODE_PAGE, 0)
        self._encoding = "utf-8" if page == 65001 else f"cp{page or 1252}"
        page_text = decode_lenient(self._bytes(_HTML), self._encoding) or self._text(_HTML)
        headers = HeaderParser(policy=policy.compat32).parsestr(self._text(_HEADERS))
        sent = numbers.get(_SENT) or numbers.get(_DELIVERED)
        date = str(headers.get("Date") or "")
        if not date and sent:
            date = (_EPOCH + datetime.timedelta(microseconds=sent // 10)).strftime("%Y-%m-%d %H:%M UTC")
        return Mail(
            subject=self._text(_SUBJECT),
            people=[("From", self._sender()), ("To", self._text(_TO)), ("Cc", self._text(_CC))],
            date=date,
            text=self._text(_BODY) or ("" if page_text else self._rich_text()),
            html=page_text,
            attachments=list(self._attachments(depth)),
        )

    def _sender(self) -> str:
        name = self._text(_FROM_NAME)
        address = self._text(_FROM_INTERNET_ADDRESS) or self._text(_FROM_ADDRESS)
        return f"{name} <{address}>" if "@" in address and address != name else name or address

    def _attachments(self, depth: int) -> Iterator[Attachment]:
        level = len(self._place)
        found = {
            entry[level]
            for entry in self._container.listdir(streams=True, storages=True)
            if len(entry) > level and tuple(entry[:level]) == self._place and _ATTACHED.fullmatch(entry[level])
        }
        for folder in sorted(found):
            inside = _Storage(self._container, (*self._place, folder))
            inside._encoding = self._encoding
            name = inside._text(_LONG_NAME) or inside._text(_SHORT_NAME)
            nested = (*inside._place, f"__substg1.0_{_FILE_DATA}{_OBJECT}")
            if self._container.exists([*nested, _PROPERTIES]) and depth < _MOST_NESTED:
                mail = _Storage(self._container, nested).mail(depth + 1)
                yield Attachment(f"{mail.subject or name or 'message'}.eml", _as_eml(mail))
            else:
                yield Attachment(name, inside._bytes(_FILE_DATA))

    def _rich_text(self) -> str:
        reader = rtf.Reader(DocumentBuilder())
        reader.read(decompress(self._bytes(_RTF)).decode("latin-1"))
        return reader.builder.build().text

    def _stream(self, name: str) -> bytes:
        place = [*self._place, name]
        return bytes(self._container.openstream(place).read()) if self._container.exists(place) else b""

    def _bytes(self, tag: str) -> bytes:
        return self._stream(f"__substg1.0_{tag}{_BYTES}")

    def _text(self, tag: str) -> str:
        wide = self._stream(f"__substg1.0_{tag}{_TEXT}")
        text = wide.decode("utf-16-le", errors="replace") if wide else ""
        text = text or decode_lenient(self._stream(f"__substg1.0_{tag}{_OLD_TEXT}"), self._encoding)
        return text.replace("\0", "").replace("\r\n", "\n").strip()

    def _numbers(self, *, header: int) -> dict[int, int]:
        """Return the properties that are a number or a time, which lie in one stream of 16 bytes each."""
        data = self._stream(_PROPERTIES)[header:]
        numbers = {}
        for at in range(0, len(data) - 15, 16):
            kind, tag, _, value = struct.unpack_from("<HHIQ", data, at)
            if kind in (_TIME_TYPE, _NUMBER_TYPE):
                numbers[tag] = value if kind == _TIME_TYPE else value & 0xFFFFFFFF
        return numbers


def _as_eml(mail: Mail) -> bytes:
    """Return a mail within a mail as the bytes of a file of its own."""
    message = MIMEMultipart()
    for name, value in (("Subject", mail.subject), *mail.people, ("Date", mail.date)):
        if value:
            message[name] = Header(" ".join(value.split()), "utf-8").encode()
    message.attach(MIMEText(mail.text or mail.html, "plain" if mail.text else "html", "utf-8"))
    for attachment in mail.attachments:
        part = MIMEApplication(attachment.data)
        part.add_header("Content-Disposition", "attachment", filename=("utf-8", "", attachment.name))
        message.attach(part)
    return message.as_bytes()
