"""What of a page only leads through pages: its table of contents, and the trail of pages above it.

    a list of the page's own headings, "IT / How-tos / VPN"  ->  not read

They hold the words of every question on the subject and tell nothing. Wikis and their exports put them into the text,
where no role and no name says what they are.
"""

import re
from collections.abc import Collection
from typing import TYPE_CHECKING

from knowledge.loaders.lines import collapse

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_FEWEST_ENTRIES = 2
_FEWEST_STEPS = 2
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)
_STEPS = re.compile(r"\s*(?:[/›»>→⟩]|::)\s*")


def titles_in(soup: "BeautifulSoup") -> frozenset[str]:
    """Return what the title and the headings of a page say."""
    return frozenset(_plain(heading.get_text()) for heading in soup.find_all(("title", *_HEADINGS))) - {""}


def only_leads(tag: "Tag", titles: Collection[str], *, is_above: bool) -> bool:
    """Say whether a list or a paragraph only leads through pages, and tells nothing.

    Args:
        is_above: whether it stands above the first text of its page.
    """
    if tag.name in ("ul", "ol"):
        return tag.find_parent(("ul", "ol")) is None and is_contents(tag, titles)
    return tag.name == "p" and is_above and is_trail(tag, titles)


def is_contents(tag: "Tag", titles: Collection[str]) -> bool:
    """Say whether a list names nothing but headings of its page, each as a link to a place in it."""
    entries = [entry for entry in tag.find_all("li") if not entry.find_parent("table")]
    return len(entries) >= _FEWEST_ENTRIES and all(_is_entry(entry, titles) for entry in entries)


def is_trail(tag: "Tag", titles: Collection[str]) -> bool:
    """Say whether a paragraph is links to other pages of the same place, one step below another, down to this page's
    name: `IT / How-tos / VPN`. "Settings > Privacy > Download my data" is a way to follow, and "Germany / Austria" says
    where to one delivers.
    """
    links = tag.find_all("a")
    if len(links) < _FEWEST_STEPS or any(_ELSEWHERE.match(str(link.get("href") or "")) for link in links):
        return False
    steps = [step for step in _STEPS.split(collapse(tag.get_text(" "))) if step]
    linked = [collapse(link.get_text(" ")) for link in links]
    return steps[: len(linked)] == linked and len(steps) - len(linked) <= 1 and _plain(steps[-1]) in titles


def _is_entry(entry: "Tag", titles: Collection[str]) -> bool:
    link = entry.find("a")
    if link is None or not str(link.get("href") or "").startswith("#") or _plain(link.get_text()) not in titles:
        return False
    own = [child.get_text() for child in entry.children if getattr(child, "name", "") not in ("ul", "ol")]
    return _plain("".join(own)) == _plain(link.get_text())


def _plain(text: str) -> str:
    return collapse(text).rstrip("¶#").strip().casefold()
