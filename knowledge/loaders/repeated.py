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
        texts = [heading, *(page.find(tag) for tag in CONTENT)]
        around = {id(above) for text in texts if text is not None for above in text.parents}
        _read(page.body, None if own is page.body else own, found, around)
    return found


def _read(
    tag: "Tag", own: "Tag | None", found: "list[tuple[Tag, str]] | None", around: Collection[int] = frozenset()
) -> str:
    """Return what is read of an element, and gather the parts in it, unless it is the page's own text.

    Args:
        around: identities of what lies around that text: of other parts each is taken whole, for what is in one that
            differs from page to page belongs to the page.
    """
    from bs4.element import NavigableString, PreformattedString, Tag

    texts: list[str] = []
    for child in tag.children:
        if isinstance(child, Tag):
            if is_left_out(child):
                continue
            is_own = child is own or child.name in CONTENT or child.get("role") == "main"
            text = _read(child, own, found if id(child) in around and not is_own else None, around)
            if found is not None and not is_own and child.name in PARTS and (each := key(text)):
                found.append((child, each))
            texts.append(text)
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            texts.append(str(child))
    return "".join(texts)
