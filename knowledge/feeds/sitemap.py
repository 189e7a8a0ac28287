"""Sitemaps (sitemaps.org): what they list, and nothing that a hostile one may do.

    bytes -> pages or further sitemaps

Plain, gzip or one address a line; entities, document types and anything from elsewhere are refused, and what a packed
one unpacks to is bounded.
"""

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING

from knowledge.errors import KnowledgeError
from knowledge.feeds.visitor import NoAnswer, TooLarge, collect

if TYPE_CHECKING:
    from lxml.etree import _Element

LARGEST_BYTES = 50_000_000
"""What the protocol allows a sitemap to be, unpacked."""
MOST_ADDRESSES = 50_000
"""What the protocol allows in one."""
_GZIP = b"\x1f\x8b"


class NoSitemap(KnowledgeError):
    """Bytes that are not a sitemap that we read."""


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What one sitemap lists, in its order."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()


def parse(data: bytes) -> Sitemap:
    """Return what the sitemap lists.

    Raises:
        NoSitemap: it is none, is broken, too large, or holds a document type.
    """
    if data.startswith(_GZIP):
        try:
            data = collect([data], limit_bytes=LARGEST_BYTES, packed=True)
        except (TooLarge, NoAnswer) as error:
            raise NoSitemap(f"its gzip cannot be unpacked: {error}") from error
    head = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head.startswith((b"http://", b"https://")):
        lines = data.decode("utf-8-sig", "replace").split()
        return Sitemap(pages=tuple(lines[:MOST_ADDRESSES]))
    return _parse_xml(data)


def _parse_xml(data: bytes) -> Sitemap:
    from lxml import etree

    pages: list[str] = []
    sitemaps: list[str] = []
    root = None
    try:
        found = etree.iterparse(
            io.BytesIO(data), events=("start", "end"), resolve_entities=False, load_dtd=False, no_network=True,
            huge_tree=False, remove_comments=True, remove_pis=True,
        )  # fmt: skip
        for event, element in found:
            if root is None:
                root = element
                if etree.QName(element).localname not in ("urlset", "sitemapindex"):
                    raise NoSitemap(f"it is no sitemap: its first element is {etree.QName(element).localname[:40]!r}")
                if element.getroottree().docinfo.internalDTD is not None:
                    raise NoSitemap("it declares a document type, which a sitemap has no use for")
            if event == "end" and element.getparent() is root:
                _add(element, pages, sitemaps)
                element.clear()
                if len(pages) + len(sitemaps) >= MOST_ADDRESSES:
                    break
    except etree.XMLSyntaxError as error:
        raise NoSitemap(f"it is no well-formed XML: {str(error)[:200]}") from error
    if root is None:
        raise NoSitemap("it is empty")
    return Sitemap(tuple(pages), tuple(sitemaps))


def _add(entry: "_Element", pages: list[str], sitemaps: list[str]) -> None:
    from lxml import etree

    kind = etree.QName(entry).localname
    for child in entry:
        if etree.QName(child).localname == "loc" and (text := (child.text or "").strip()):
            (sitemaps if kind == "sitemap" else pages).append(text)
            return
