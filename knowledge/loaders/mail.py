"""A mail, whatever file it came in: subject, people, day, text, and its attachments as documents of their own.

A mail's reader sees who wrote to whom and when, so these lines are part of the text. Attachments that no loader
knows and pictures that cannot be read (logos, mostly) are only named; any other that cannot be read is reported.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path, PurePosixPath

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import PartlyUnreadable
from knowledge.loaders import LOADERS, LoadOptions
from knowledge.loaders.dates import dated
from knowledge.loaders.encoding import empty
from knowledge.loaders.html import add_html
from knowledge.loaders.html_menus import words
from knowledge.loaders.members import from_bytes, read_members
from knowledge.loaders.older_mails import newest, newest_page
from knowledge.loaders.quoted import add_mail_text

_PICTURES = words(".png .jpg .jpeg .gif .bmp .tif .tiff .webp .svg .heic")
_MOST_ATTACHMENTS = 500
_LONGEST_NAME = 150
_UNFIT_FOR_NAMES = re.compile(r"[/\\:\x00-\x1f]+")


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that a mail brings."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """What a mail says."""

    subject: str
    people: Sequence[tuple[str, str]]
    """(From, To or Cc; who), in the order to show."""
    date: str
    """As the mail writes it."""
    text: str
    """Its plain text; "" when it is written in HTML only."""
    html: str
    attachments: Sequence[Attachment]


def documents(path: Path, mail: Mail, *, options: LoadOptions) -> Iterator[Document]:
    """Yield the mail, then what its attachments hold."""
    builder = DocumentBuilder()
    builder.add("heading", mail.subject, level=1)
    lines = [f"{role}: {who}" for role, who in (*mail.people, ("Date", mail.date)) if who]
    named = _named(mail.attachments)
    if named:
        lines.append(f"Attachments: {', '.join(named)}")
    builder.add("paragraph", "\n".join(" ".join(line.split()) for line in lines))
    before = builder.build()
    if mail.text.strip():
        add_mail_text(builder, mail.text if options.older_mails else newest(mail.text, subject=mail.subject))
    elif mail.html.strip():
        page = mail.html if options.older_mails else newest_page(mail.html, subject=mail.subject)
        add_html(builder, page, path=path)
    document = builder.build(title=mail.subject, metadata=dated(mail.date))
    if document.text == before.text and not mail.subject and not named:
        raise empty(path, "is a mail without subject and text")
    yield document
    yield from _attached(path, mail, named, options)


def _attached(path: Path, mail: Mail, named: dict[str, bytes], options: LoadOptions) -> Iterator[Document]:
    known = {name: data for name, data in named.items() if PurePosixPath(name).suffix.lower() in LOADERS and data}
    members = [from_bytes(name, data) for name, data in known.items()]
    failures: list[tuple[str, str]] = []
    by_kind = False
    try:
        yield from read_members(path, members, options=options, may_be_none=True)
    except PartlyUnreadable as partly:
        by_kind = partly.by_kind and len(mail.attachments) <= _MOST_ATTACHMENTS
        failures += [each for each in partly.failures if PurePosixPath(each[0]).suffix.lower() not in _PICTURES]
    if len(mail.attachments) > _MOST_ATTACHMENTS:
        brought = f"{len(mail.attachments):,}"
        rest = f"only the first {_MOST_ATTACHMENTS} of its {brought} attachments are read. Save the others."
        failures.append(("", rest))
    if failures:
        names = ", ".join(name or "the last ones" for name, _ in failures)
        fault = f"{path}: these attachments could not be read: {names}"
        raise PartlyUnreadable(fault, tuple(failures), by_kind=by_kind)


def _named(attachments: Sequence[Attachment]) -> dict[str, bytes]:
    """Return the attachments under names that are plain and differ."""
    named: dict[str, bytes] = {}
    for number, attachment in enumerate(attachments[:_MOST_ATTACHMENTS], start=1):
        name = " ".join(_UNFIT_FOR_NAMES.sub("_", attachment.name).split()).strip(". ")[-_LONGEST_NAME:]
        pure = PurePosixPath(name or f"attachment-{number}")
        numbers = count(number)
        name = str(pure)
        while name in named:
            name = f"{pure.stem}-{next(numbers)}{pure.suffix}"
        named[name] = attachment.data
    return named
