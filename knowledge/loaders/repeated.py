"""Parts of a page that stand on nearly every page of its site, known by a hash of what they show.

    <div class="bottom">…</div>  ->  "3f9a…"  ->  left out of all pages but one

Which they are, the site's feed finds out (`knowledge.feeds.repeated`), by the same names of elements and the same hash.
"""

import hashlib
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from knowledge.loaders.html_menus import words

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

PARTS = words(
    "address aside blockquote center details dialog div dl fieldset figure footer form header menu nav ol p section "
    "table ul"
)
"""Elements that may be left out; rows, items and headings go with them alone."""
CONTENT = words("main article")
"""Elements within which nothing is left out."""
FEWEST_CHARACTERS = 4


def key(text: str) -> str:
    """Return the hash of what an element shows, however it is spaced; "" where it shows next to nothing."""
    shown = "".join(text.split())
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()[:16] if len(shown) >= FEWEST_CHARACTERS else ""


def leave_out(page: "BeautifulSoup", hashes: Collection[str]) -> None:
    """Take the parts with these hashes out of a page, but not out of its own text."""
    if hashes and page.body is not None:
        heading = page.find("h1")
        own = heading.parent if heading is not None else None
        for part in list(_below(page.body, None if own is page.body else own)):
            if not part.decomposed and key("".join(_texts(part))) in hashes:
                part.decompose()


def _below(element: "Tag", own: "Tag | None") -> "Iterator[Tag]":
    from bs4.element import Tag

    for child in element.children:
        if isinstance(child, Tag) and child is not own and child.name not in CONTENT and child.get("role") != "main":
            if child.name in PARTS:
                yield child
            yield from _below(child, own)


def _texts(tag: "Tag") -> "Iterator[str]":
    from bs4.element import NavigableString, PreformattedString, Script, Stylesheet

    for text in tag.descendants:
        if isinstance(text, NavigableString) and not isinstance(text, PreformattedString | Script | Stylesheet):
            yield text
