"""What a page folds up until somebody presses a line: the answers of a FAQ, the tabs of a product.

    <button aria-expanded="false" aria-controls="a">Question?</button> … <div id="a" hidden>Answer</div>
    ->  <details id="a"><summary>Question?</summary>Answer</details>

Buttons say nothing and what is hidden is not read, but for these: a line that says in HTML that it unfolds or is a tab,
and names one part of the text below it, or that it unfolds (`aria-expanded`) where nothing is named and the part comes
next, hidden or behind a heading. A button that is all of a heading is its text. What else a page hides (messages,
dialogs, menus, forms) stays as it is.
"""

import re
from bisect import bisect_left
from typing import TYPE_CHECKING

from knowledge.loaders.html_menus import is_hidden, is_left_out, link_share, visible_text, words
from knowledge.loaders.lines import collapse

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import PageElement

_HEADINGS = words("h1 h2 h3 h4 h5 h6")
_ROLES = words("button tab")
_TARGETS = ("aria-controls", "data-bs-target", "data-target")
_TOGGLES = ("data-bs-toggle", "data-toggle")
_UNFOLDING = words("collapse tab pill")
"""What Bootstrap calls that which unfolds text; its others open dialogs and menus."""
_FOLDED = words("div section article p ul ol dl")
_LISTS = words("ul ol dl")
_ELSEWHERE = ["nav", "header", "footer", "form", "dialog", "table"]
_FIELDS = ["input", "select", "textarea"]
_MESSAGE_ROLES = words("alert alertdialog dialog status log tooltip")
_MESSAGE_NAMES = re.compile(
    r"cookie|consent|modal|popup|popover|dialog|drawer|offcanvas|overlay|lightbox|dropdown|tooltip|snackbar"
    r"|(?:^|[\s_-])(?:toast|alert|message|feedback|notification|cart|basket|menu)s?(?:$|[\s_-])",
    re.IGNORECASE,
)
_HIDING = re.compile(r"(?:display|visibility)\s*:[^;]*;?", re.IGNORECASE)
_LONGEST_LINE = 250
_LARGEST_SHARE_OF_LINKS = 0.5


def unfold(page: "BeautifulSoup") -> None:
    """Put what a page folds up into it, below the line that unfolds it."""
    lines = [line for line in page.find_all(True) if _may_unfold(line)]
    if lines:
        _Page(page).unfold(lines)
    for heading in page.find_all(_HEADINGS):
        buttons = heading.find_all("button", limit=2)
        if len(buttons) == 1 and _is_all_of(buttons[0], heading):
            buttons[0].name = "span"


class _Page:
    """A page, of which each element is judged once."""

    def __init__(self, page: "BeautifulSoup") -> None:
        self._page = page
        tags = page.find_all(True)
        self._order = {id(tag): number for number, tag in enumerate(tags)}
        self._by_id = {str(tag["id"]): tag for tag in reversed(tags) if tag.get("id")}
        self._headings = [tag for tag in tags if tag.name in _HEADINGS]
        self._said: dict[int, list[str]] = {}
        self._unread: dict[int, bool] = {}
        self._others: dict[int, bool] = {}

    def unfold(self, lines: list["Tag"]) -> None:
        pairs: dict[int, tuple[Tag, list[Tag]]] = {}
        for line in lines:
            if (panel := self._named_by(line)) is not None:
                pairs.setdefault(id(panel), (panel, []))[1].append(line)
        for panel, named in pairs.values():
            line = named[0]  # others say the same on small screens
            if len(set(map(_text, named))) > 1 or _is_in_sentence(line) or not self._is_right_of(line, panel):
                continue
            before = dict(panel.attrs)
            _show(panel)
            if is_left_out(panel) or not _is_text(panel):
                panel.attrs = before
                continue
            _put_above(self._page, line, panel, heading=self._heading_above(panel))

    def _named_by(self, line: "Tag") -> "Tag | None":
        named = next(filter(None, (str(line.get(name) or "").lstrip("#") for name in _TARGETS)), "")
        return self._by_id.get(named) if named else self._unfolded_beside(line)

    def _unfolded_beside(self, line: "Tag") -> "Tag | None":
        """Return the part that comes next behind a line that unfolds: hidden, or behind a heading that the line is."""
        if not line.get("aria-expanded"):
            return None
        heading = line.find_parent(_HEADINGS)
        if heading is not None:
            if id(heading) not in self._said:
                self._said[id(heading)] = heading.get_text().split()
            return _next_to(heading) if self._said[id(heading)] == line.get_text().split() else None
        panel = _next_to(line)
        return panel if panel is not None and is_hidden(panel.attrs) else None

    def _heading_above(self, panel: "Tag") -> "Tag | None":
        at = bisect_left(self._headings, self._order[id(panel)], key=lambda tag: self._order[id(tag)])
        return self._headings[at - 1] if at else None

    def _is_right_of(self, line: "Tag", panel: "Tag") -> bool:
        """Say whether both stand in text that is read, the panel below the line: "Show less" stands below its own."""
        if panel.name not in _FOLDED or self._order[id(line)] > self._order[id(panel)]:
            return False
        if any(each is line for each in panel.parents) or self._is_another(panel) or self._is_another(line):
            return False
        return not any(self._is_unread(each) for tag in (line, panel) for each in tag.parents)

    def _is_unread(self, tag: "Tag") -> bool:
        """Say whether what an element holds is not read, or not as text of the page."""
        if tag.parent is None:
            return False
        if id(tag) not in self._unread:
            self._unread[id(tag)] = tag.name in _ELSEWHERE or is_left_out(tag)
        return self._unread[id(tag)] or self._is_another(tag)

    def _is_another(self, tag: "Tag") -> bool:
        """Say whether an element holds a message, a dialog or a menu by its role or its name."""
        if id(tag) not in self._others:
            names = " ".join((*(tag.get("class") or ()), str(tag.get("id") or "")))
            is_named = tag.name not in ("html", "body") and bool(_MESSAGE_NAMES.search(names))
            self._others[id(tag)] = tag.get("role") in _MESSAGE_ROLES or bool(tag.get("aria-live")) or is_named
        return self._others[id(tag)]


def _may_unfold(tag: "Tag") -> bool:
    """Say whether an element is pressed and says of itself that it unfolds something or is a tab."""
    if (tag.name != "button" and tag.get("role") not in _ROLES) or tag.get("aria-haspopup") or is_hidden(tag.attrs):
        return False
    toggles = [str(tag[name]) for name in _TOGGLES if tag.get(name)]
    if not toggles and tag.get("role") != "tab" and not tag.get("aria-expanded"):
        return False
    return all(toggle in _UNFOLDING for toggle in toggles) and 0 < len(_text(tag)) <= _LONGEST_LINE


def _next_to(line: "Tag") -> "Tag | None":
    """Return the element that comes next, nothing said between."""
    from bs4.element import Tag

    behind = next(filter(_says_something, line.next_siblings), None)
    return behind if isinstance(behind, Tag) else None


def _says_something(node: "PageElement") -> bool:
    from bs4.element import Tag

    return isinstance(node, Tag) or bool(node.get_text().strip())


def _is_in_sentence(line: "Tag") -> bool:
    """Say whether other text stands beside a line and would lack it; buttons are not read there anyhow."""
    from bs4.element import NavigableString

    if line.name == "button":
        return False
    beside = (line.previous_sibling, line.next_sibling)
    paragraph = line.find_parent("p")
    is_in_text = paragraph is not None and paragraph.get_text().split() != line.get_text().split()
    return is_in_text or any(isinstance(each, NavigableString) and each.strip() for each in beside)


def _is_text(panel: "Tag") -> bool:
    """Say whether an element holds text to read, and neither a menu nor a form."""
    if panel.find(_FIELDS) is not None or link_share(panel) >= _LARGEST_SHARE_OF_LINKS:
        return False
    return bool(visible_text(panel).strip())


def _show(panel: "Tag") -> None:
    for name in ("hidden", "aria-hidden"):
        panel.attrs.pop(name, None)
    if style := str(panel.get("style") or ""):
        panel["style"] = _HIDING.sub("", style)


def _put_above(page: "BeautifulSoup", line: "Tag", panel: "Tag", *, heading: "Tag | None") -> None:
    """Let a line be read above what it unfolds: as the heading there where it is one, else as that of an accordion."""
    if heading is not None and (_is_all_of(line, heading) or any(each is line for each in heading.parents)):
        line.name, line.attrs = ("span" if line.find(_HEADINGS) is None else "div"), {}
        return
    summary = page.new_tag("summary", attrs={"id": str(line["id"])} if line.get("id") else {})
    summary.string = _text(line)
    if panel.name in _LISTS:
        panel = panel.wrap(page.new_tag("details"))
    panel.name = "details"
    panel.insert(0, summary)
    line.attrs = {"hidden": ""}  # it is read where its part is


def _is_all_of(line: "Tag", heading: "Tag") -> bool:
    """Say whether a line stands in a heading that says nothing else."""
    return any(each is heading for each in line.parents) and heading.get_text().split() == line.get_text().split()


def _text(tag: "Tag") -> str:
    return collapse(visible_text(tag))
