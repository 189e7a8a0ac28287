"""What of a web page is read, and what is not: scripts, menus, what is hidden."""

import re
import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from knowledge.documents import PIPE
from knowledge.loaders.raised import raised

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag


def words(text: str) -> frozenset[str]:
    """Return the words of a list written as one text."""
    return frozenset(text.split())


_DROPPED = words(
    "script style template noscript nav footer head iframe object svg canvas form input select textarea button dialog "
    "audio video map math rt rp"
)
_CODE = ["code", "kbd", "samp", "tt"]
_INLINE = words("span b strong i em a small font u")
_VARIATIONS = "\ufe0e\ufe0f"
"""Say whether a sign is a letter or a picture."""
_BREAKING = words("p div li dt dd tr td th table ul ol dl blockquote h1 h2 h3 h4 h5 h6")
_KEPT_FORM_TEXT = 200
"""Some sites put the whole page into a form: one with more characters than this is read."""
_NEVER_A_MENU = words("html body main article h1 h2 h3 h4 h5 h6 p")
_MENU_ROLES = words("navigation contentinfo search menu menubar banner")
_MENU_NAMES = re.compile(
    r"(?:^|[\s_-])(?:(?:main|sub|search|side|top)?menu|nav(?:bar|igation|header|footer|ipath)?|sidebar|breadcrumbs?|"
    r"toc|pager|pagination|footer|skip-?link|cookie\w*|nosearch)(?:$|[\s_-])",
    re.IGNORECASE,
)
_CONSENT_NAMES = re.compile(
    r"(?:cookies?|consent|gdpr|cookie[-_]?consent)[-_]?(?:banner|bar|notice|popup|modal|overlay|dialog|law|hint)"
    r"|cookie[-_]?consent",
    re.IGNORECASE,
)
"""Whole names of what asks whether cookies may be set, as sites call it, and now and then what says which are set."""
_CONSENT_PROGRAMS = re.compile(
    r"onetrust-(?:consent-sdk|banner-sdk)|cybotcookiebotdialog|usercentrics-root|didomi-host|iubenda-cs-banner"
    r"|borlabs-?cookie(?:box)?|cmplz-cookiebanner|cc-window",
    re.IGNORECASE,
)
"""Whole names that the usual programs for it use."""
_UNFOLD = re.compile(r"Click here to expand\W*", re.IGNORECASE)
_HIDDEN_STYLE = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|text-decoration[\w-]*\s*:[^;]*line-through", re.IGNORECASE
)
_STRUCK_OUT = words("del s strike")
"""What no longer holds, such as the price before."""
_LINK_SHARE_OF_A_MENU = 0.5
DEEPEST = 600
"""Elements within one another; most kinds cannot be read from fewer on."""


def elements(html: str) -> "BeautifulSoup":
    """Return the elements of a page or a fragment."""
    from bs4 import BeautifulSoup

    with warnings.catch_warnings():  # "looks like XML", "looks like a file name": it is a page all the same
        warnings.simplefilter("ignore")
        soup = BeautifulSoup(html, "lxml")
    if " | " in html:
        _mark_pipes(soup)
    return soup


def _mark_pipes(soup: "BeautifulSoup") -> None:
    """Tell the pipes of commands that stand in a sentence or a cell from the lines between cells."""
    for code in soup.find_all(_CODE):
        for text in code.find_all(string=lambda text: bool(text and " | " in text)):
            text.replace_with(str(text).replace(" | ", f" {PIPE} "))


def check_depth(soup: "BeautifulSoup") -> None:
    """Go once over all elements, before each is asked for all that is in it.

    Raises:
        RecursionError: some lie in more than `DEEPEST` others.
    """
    from bs4.element import Tag

    depths = {id(soup): 0}
    for element in soup.descendants:
        if isinstance(element, Tag):
            depth = depths[id(element.parent)] + 1
            if depth > DEEPEST:
                raise RecursionError
            depths[id(element)] = depth


def is_left_out(tag: "Tag") -> bool:
    """Say whether nothing inside the element is read: it is invisible, struck out, or a menu by role or name."""
    if is_never_read(tag.name, tag.attrs):
        return True
    if tag.name == "form" and len(tag.get_text(" ", strip=True)) < _KEPT_FORM_TEXT:
        return True
    if tag.name == "a" and tag.get_text(strip=True).rstrip(_VARIATIONS) in ("¶", "#", "§", "🔗", "↩"):
        return True
    attributes = tag.attrs
    if not attributes:
        return False
    each_name = (*(tag.get("class") or ()), str(tag.get("id") or ""))
    if "page-metadata" in each_name or ("pageSection" in each_name and tag.find(id="attachments") is not None):
        return True  # of Confluence: who made the page, and the names of what is attached to it
    if "footer-body" in each_name or ("expand-control" in each_name and _UNFOLD.fullmatch(tag.get_text().strip())):
        return True  # when it was exported, and what unfolds a part that has no title
    names = " ".join(each_name)
    if tag.name in _NEVER_A_MENU:
        return False
    if any(map(_CONSENT_PROGRAMS.fullmatch, each_name)):
        return True
    if any(map(_CONSENT_NAMES.fullmatch, each_name)) and _asks(tag):
        return True
    is_called_menu = tag.name == "aside" or bool(names.strip() and _MENU_NAMES.search(names))
    return is_called_menu and link_share(tag) >= _LINK_SHARE_OF_A_MENU


def is_never_read(name: str, attributes: Mapping[str, Any]) -> bool:
    """Say whether an element of this name and these attributes is not read, whatever stands in it."""
    if name in _DROPPED or name in _STRUCK_OUT:
        return name != "form"
    return bool(attributes) and (attributes.get("role") in _MENU_ROLES or is_hidden(attributes))


def is_hidden(attributes: Mapping[str, Any]) -> bool:
    """Say whether an element with these attributes is not shown, or struck out."""
    if "hidden" in attributes or attributes.get("aria-hidden") == "true":
        return True
    return bool(_HIDDEN_STYLE.search(str(attributes.get("style", ""))))


def _asks(tag: "Tag") -> bool:
    """Say whether something is to be pressed here, and it is not what the page itself is about."""
    return tag.find(["button", "input"]) is not None and tag.find_parent(["main", "article"]) is None


def link_share(tag: "Tag") -> float:
    """Return which share of an element's characters leads elsewhere; 1 where it has none."""
    length = len("".join(tag.get_text().split()))
    linked = sum(len("".join(link.get_text().split())) for link in tag.find_all("a"))
    return linked / length if length else 1.0


def raised_text(tag: "Tag", before: str) -> str:
    """Return what a raised element says behind `before`, its figures set apart from a number's."""
    if not before and tag.parent is not None and tag.parent.name in _INLINE:
        before = str(tag.find_previous(string=True) or "")
    return raised(visible_text(tag), before=before, after=str(tag.next_sibling or ""))


def visible_text(tag: "Tag") -> str:
    """Return all text inside that is read, each block and line break on a new line."""
    from bs4.element import NavigableString, PreformattedString, Tag

    parts: list[str] = []
    for child in tag.children:
        if isinstance(child, Tag):
            if child.name == "br":
                parts.append("\n")
            elif not is_left_out(child):
                text = raised_text(child, "".join(parts[-2:])) if child.name == "sup" else visible_text(child)
                parts.append(f"\n{text}\n" if child.name in _BREAKING else text)
        elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
            parts.append(str(child))
    return "".join(parts)
