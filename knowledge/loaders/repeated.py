"""Parts of a page that stand on nearly every page of its site, known by a hash of what they show.

    <div class="bottom">…</div>  ->  "3f9a…"  ->  left out of all pages but one

Which they are, the site's feed finds out (`knowledge.feeds.repeated`), by the same names of elements and the same hash.
What is never read is no part, and adds nothing to one.
"""

import hashlib
from collections.abc import Collection
from typing import TYPE_CHECKING

from knowledge.loaders.html_menus import is_left_out, words

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

PARTS = words("address aside blockquote center details div dl fieldset figure form header menu ol p section table ul")
"""Elements that may be left out; rows, items and headings go with them alone."""
CONTENT = words("main article")
"""Elements within which nothing is left out."""
FEWEST_CHARACTERS = 4


def key(text: str) -> str:
    """Return the hash of what is read of an element, however it is spaced; "" where that is next to nothing."""
    shown = "".join(text.split())
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()[:16] if len(shown) >= FEWEST_CHARACTERS else ""


def leave_out(page: "BeautifulSoup", hashes: Collection[str]) -> None:
    """Take the parts with these hashes out of a page, but not out of its own text."""
    for part, each in parts(page) if hashes else ():
        if each in hashes:
            part.decompose()


def parts(page: "BeautifulSoup") -> "list[tuple[Tag, str]]":
    """Return the parts that are read and are not in the page's own text, with the hash of what is read of each."""
    found: list[tuple[Tag, str]] = []
    if page.body is not None:
        heading = page.find("h1")
        own = heading.parent if heading is not None else None
        _read(page.body, None if own is page.body else own, found)
    return found


def _read(tag: "Tag", own: "Tag | None", found: "list[tuple[Tag, str]] | None") -> str:
    """Return what is read of an element, and gather the parts in it, unless it is the page's own text."""
    from bs4.element import NavigableString, PreformattedString, Tag

    texts: list[str] = []
    for child in tag.children:
        if isinstance(child, Tag):
            if is_left_out(child):
                continue
            is_own = child is own or child.name in CONTENT or child.get("role") == "main"
            inner = None if is_own else found
            text = _read(child, own, inner)
            if inner is not None and child.name in PARTS and (each := key(text)):
                inner.append((child, each))
            texts.append(text)
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            texts.append(str(child))
    return "".join(texts)
