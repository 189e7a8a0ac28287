"""What a page folds up until somebody presses a line: the answers of a FAQ, the tabs of a product.

    <button aria-controls="a">Question?</button> … <div id="a" hidden>Answer</div>
    ->  <details><summary>Question?</summary><div id="a">Answer</div></details>

Buttons say nothing and what is hidden is not read, but for these: what they unfold is the text of the page. What holds
links or fields instead is a menu or a form and stays as it is.
"""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from knowledge.loaders.html_menus import is_hidden, is_left_out, link_share, visible_text, words

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag

_HEADINGS = words("h1 h2 h3 h4 h5 h6")
_ROLES = words("button tab")
_TARGETS = ("aria-controls", "data-bs-target", "data-target")
_NAMED = re.compile(r"(?:^|[-_])(?:accordion|faq|collaps\w*|toggle|expand\w*|question)(?:$|[-_])", re.IGNORECASE)
_FOLDED = words("div section p ul ol dl article")
_ELSEWHERE = ["nav", "header", "footer", "form", "dialog"]
_FIELDS = ["input", "select", "textarea"]
_HIDING = re.compile(r"(?:display|visibility)\s*:[^;]*;?", re.IGNORECASE)
_LONGEST_LINE = 250
_LARGEST_SHARE_OF_LINKS = 0.5


class _Places:
    """Where the elements of a page stand, found once for all lines."""

    def __init__(self, page: "BeautifulSoup") -> None:
        tags = page.find_all(True)
        self.order = {id(tag): number for number, tag in enumerate(tags)}
        self.by_id = {str(tag["id"]): tag for tag in reversed(tags) if tag.get("id")}
        panels = (tag for tag in tags if tag.get("role") == "tabpanel")
        self.labelled = {str(tag["aria-labelledby"]): tag for tag in panels if tag.get("aria-labelledby")}


def unfold(page: "BeautifulSoup") -> None:
    """Put what a page folds up into it, below the line that unfolds it."""
    lines = list(_lines(page))
    places = _Places(page) if lines else None
    for line in lines:
        panel = _panel(line, places) if places else None
        if places and panel is not None and _is_text(panel) and not any(each is panel for each in line.parents):
            _show(panel)
            if places.order[id(line)] < places.order[id(panel)]:  # "Show less" stands below
                _put_above(page, line, panel)
    for panel in page.find_all(_FOLDED):
        if is_hidden(panel.attrs) and _answers(panel) and _is_text(panel):
            _show(panel)


def _lines(page: "BeautifulSoup") -> "Iterator[Tag]":
    """Yield what is pressed and may unfold something."""
    for tag in page.find_all(lambda tag: tag.name == "button" or tag.get("role") in _ROLES):
        if not tag.get("aria-haspopup") and 0 < len(_text(tag)) <= _LONGEST_LINE and not tag.find_parent(_ELSEWHERE):
            yield tag


def _panel(line: "Tag", places: _Places) -> "Tag | None":
    """Return what a line unfolds: the element that it names, else what stands next to a line that asks."""
    for name in _TARGETS:
        if target := str(line.get(name) or "").lstrip("#"):
            return places.by_id.get(target)
    named = places.labelled.get(str(line.get("id") or ""))
    if named is not None or line.get("role") == "tab":
        return named
    is_called = any(map(_NAMED.search, line.get("class") or ()))
    outer: Tag | None = line
    while outer is not None and (is_called or _text(line).endswith(("?", "？"))) and _text(outer) == _text(line):
        below = outer.find_next_sibling()
        if below is not None:
            return below if below.name in _FOLDED else None
        outer = outer.parent
    return None


def _is_text(panel: "Tag") -> bool:
    """Say whether text to read is folded up, and neither a menu nor a form."""
    if (
        panel.name in _ELSEWHERE
        or panel.find_parent(_ELSEWHERE)
        or panel.find(_FIELDS) is not None
        or link_share(panel) >= _LARGEST_SHARE_OF_LINKS
    ):
        return False
    if not visible_text(panel).strip():  # the next button
        return False
    return not any(is_hidden(each.attrs) or is_left_out(each) for each in panel.parents if each.parent is not None)


def _answers(panel: "Tag") -> bool:
    """Say whether what is hidden stands right below a question that is shown."""
    above = panel.find_previous_sibling()
    if above is None or is_left_out(above):
        return False
    text = _text(above)
    return len(text) <= _LONGEST_LINE and text.endswith(("?", "？"))


def _show(panel: "Tag") -> None:
    for name in ("hidden", "aria-hidden"):
        panel.attrs.pop(name, None)
    if style := str(panel.get("style") or ""):
        panel["style"] = _HIDING.sub("", style)


def _put_above(page: "BeautifulSoup", line: "Tag", panel: "Tag") -> None:
    """Let a line be read above what it unfolds: as a heading where it is in one, else as that of an accordion."""
    if line.find_parent(_HEADINGS) is not None:
        line.name, line.attrs = "span", {}
        return
    folded, summary = page.new_tag("details"), page.new_tag("summary")
    summary.string = _text(line)
    if line.get("id"):
        summary["id"] = line["id"]
    panel.wrap(folded).insert(0, summary)
    line.decompose()


def _text(tag: "Tag") -> str:
    return " ".join(tag.get_text(" ").split())
