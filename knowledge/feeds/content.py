"""What a web server sent: which format it truly is, and where its links lead.

type said + address + first bytes -> suffix of a loader -> bytes as they are kept
"""

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from knowledge.errors import KnowledgeError
from knowledge.feeds.addresses import canonical
from knowledge.feeds.visitor import Answer
from knowledge.loaders import LOADERS, PICTURES
from knowledge.loaders.encoding import decode_lenient
from knowledge.loaders.html import DECLARED

if TYPE_CHECKING:
    from lxml.html import HtmlElement

_OFFICE = "application/vnd.openxmlformats-officedocument."
SUFFIXES = {
    "text/html": ".html",
    "application/xhtml+xml": ".html",
    "application/pdf": ".pdf",
    "text/markdown": ".md",
    "text/x-markdown": ".md",
    "text/plain": ".txt",
    "text/csv": ".csv",
    "text/tab-separated-values": ".tsv",
    "application/json": ".json",
    "application/rtf": ".rtf",
    "text/rtf": ".rtf",
    "application/msword": ".doc",
    "application/vnd.ms-excel": ".xls",
    "application/epub+zip": ".epub",
    "application/vnd.oasis.opendocument.text": ".odt",
    _OFFICE + "wordprocessingml.document": ".docx",
    _OFFICE + "presentationml.presentation": ".pptx",
    _OFFICE + "spreadsheetml.sheet": ".xlsx",
}
"""What a type is called as a file; only what a loader reads is taken."""
TAKEN = frozenset(LOADERS) - frozenset(PICTURES)
"""Suffixes that are worth fetching; what stands in pictures on a website is decoration more often than text."""
VAGUE = ("text/plain",)
"""Types that say little: the address's own suffix says more."""
PAGE_SUFFIXES = (".htm", ".html", ".xhtml", ".php", ".asp", ".aspx", ".jsp", ".cgi", ".cfm", ".shtml", ".do")
_BINARY = {
    b"%PDF-": (".pdf",),
    b"PK\x03\x04": (".docx", ".pptx", ".xlsx", ".odt", ".epub", ".zip"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": (".doc", ".xls", ".ppt", ".msg"),
}
"""How files of these suffixes begin."""
_BINARY_SUFFIXES = {suffix for suffixes in _BINARY.values() for suffix in suffixes}
_TEXTS = (".html", ".htm", ".txt", ".md", ".markdown", ".csv", ".tsv")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
MOST_LINKS = 5000
"""Of one page."""


class NotRead(KnowledgeError):
    """A page that is not taken; says why."""


class UnknownType(NotRead):
    """One of a type that no loader reads: it will be so at the next visit too."""


@dataclass(frozen=True, slots=True)
class Page:
    """A document as it is kept."""

    data: bytes
    suffix: str


def is_wanted(url: str, answer: Answer) -> bool:
    """Return whether the body is worth having, from the answer's headers alone."""
    return bool(_suffix(url, answer.media_type))


def readable(url: str, answer: Answer) -> Page:
    """Return the document in the format that its bytes show.

    Raises:
        NotRead: no loader reads it, it is empty, or its bytes are not what its type says.
    """
    said = answer.media_type or "nothing"
    suffix = _suffix(url, answer.media_type)
    if not suffix:
        raise UnknownType(f"its type is {said}, which no loader reads")
    data = answer.body
    if not data.strip():
        raise NotRead("it is empty")
    fitting = next((suffixes for mark, suffixes in _BINARY.items() if data.startswith(mark)), ())
    if not fitting and b"%PDF-" in data[:1024]:
        fitting = (".pdf",)
    if fitting and suffix not in fitting:
        # The bytes know better than the server: a PDF sent as a page is a PDF.
        own = _own_suffix(url)
        suffix = own if own in fitting and own in LOADERS else ".pdf" if ".pdf" in fitting else ""
    elif not fitting and (suffix in _BINARY_SUFFIXES or _is_binary(data)):
        suffix = ""
    if not suffix:
        raise NotRead(f"its type says {said}, and its bytes are something else")
    if suffix in _TEXTS:
        data = _with_charset(data, answer.headers.get("content-type", ""))
    return Page(data, suffix)


def looks_readable(url: str) -> bool:
    """Return whether an address looks like a document that we read; pictures and programs are not asked for."""
    suffix = _own_suffix(url)
    return not re.fullmatch(r"\.[a-z][a-z0-9]{1,4}", suffix) or suffix in TAKEN or suffix in PAGE_SUFFIXES


def links(data: bytes, url: str) -> Iterator[str]:
    """Yield the canonical addresses that a page's links lead to, in order; those marked nofollow are not followed."""
    page = parsed(data)
    if page is None:
        return
    base = next((canonical(found.get("href", ""), base=url) for found in page.iter("base")), None) or url
    for number, link in enumerate(page.iter("a", "area")):
        if number >= MOST_LINKS:
            return
        href = link.get("href")
        if href and "nofollow" not in (link.get("rel") or "").lower().split():
            found = canonical(href, base=base)
            if found:
                yield found


def parsed(data: bytes) -> "HtmlElement | None":
    """Return a page's elements, as its loader would decode them; None where it is none."""
    from lxml import etree, html

    text = decoded(data).encode("utf-8", "replace")
    try:
        return html.document_fromstring(
            text, parser=html.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
        )
    except (etree.ParserError, etree.XMLSyntaxError, ValueError):
        return None


def decoded(data: bytes) -> str:
    """Return a page's text, as its loader would decode it."""
    declared = DECLARED.search(data[:4096])
    return decode_lenient(data, declared[1].decode("ascii") if declared else "")


def _own_suffix(url: str) -> str:
    return PurePosixPath(urlsplit(url).path).suffix.lower()


def _suffix(url: str, said: str) -> str:
    """Return the suffix that type and address tell of, "" when no loader reads such a file."""
    own = _own_suffix(url)
    told = SUFFIXES.get(said, "")
    suffix = own if own in TAKEN and (not told or said in VAGUE) else told
    return suffix if suffix in TAKEN else ""


def _is_binary(data: bytes) -> bool:
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return not marked and b"\0" in data[:4096]


def _with_charset(data: bytes, content_type: str) -> bytes:
    """Keep text whose encoding only the server told as marked UTF-8, else nobody could read it again."""
    told = _CHARSET.search(content_type)
    if not told:
        return data
    try:
        if codecs.lookup(told[1]).name in ("utf-8", "ascii"):
            return data
        data.decode("utf-8")
    except LookupError:
        return data
    except UnicodeDecodeError:
        pass
    else:
        return data  # many servers name a default that their pages do not follow
    try:
        return codecs.BOM_UTF8 + data.decode(_WIDER.get(told[1].lower(), told[1])).encode()
    except UnicodeError:
        return data


_WIDER = {"gb2312": "gb18030", "gbk": "gb18030", "iso-8859-1": "cp1252", "latin-1": "cp1252"}
"""What browsers read these names as."""
