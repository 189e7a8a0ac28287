"""HTML pages: headings with their anchors, paragraphs, lists, definition lists, tables, preformatted text.

    page -> without scripts, menus and what is hidden -> blocks

Markdown comes here too, rendered. What a reader does not read (navigation, footers, breadcrumbs) is left out, since it
stands on every page and answers nothing.
"""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeGuard

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders import NO_OPTIONS, LoadOptions
from knowledge.loaders.dates import dated, iso_day
from knowledge.loaders.encoding import empty, read_bytes, read_text
from knowledge.loaders.html_apart import set_apart
from knowledge.loaders.html_folded import unfold
from knowledge.loaders.html_menus import check_depth, elements, is_left_out, raised_text, visible_text, words
from knowledge.loaders.html_questions import add_questions, not_in, unshown
from knowledge.loaders.html_tables import add_html_table, beside_cells, is_layout_table, short_line
from knowledge.loaders.html_ways import only_leads, titles_in
from knowledge.loaders.lines import collapse
from knowledge.loaders.markup import told_target
from knowledge.loaders.repeated import leave_out
from knowledge.text import sentences

if TYPE_CHECKING:
    from bs4 import BeautifulSoup, Tag
    from bs4.element import PageElement

DECLARED = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_BLOCKS = words(
    "address article aside blockquote body center details div dd dl dt fieldset figcaption figure form header hgroup "
    "html legend li main ol p section summary ul table caption tr td th pre hr h1 h2 h3 h4 h5 h6"
)
_HEADINGS = words("h1 h2 h3 h4 h5 h6")
_LISTS = ["ul", "ol", "dl"]
_SECTIONS = words("a article body div header hgroup main section")
_ANCHOR_ANCESTORS = 3
_DATE_NAMES = (
    "article:modified_time",
    "og:updated_time",
    "datemodified",
    "dcterms.modified",
    "dc.date.modified",
    "last-modified",
    "revised",
    "article:published_time",
    "datepublished",
    "dcterms.created",
    "dcterms.date",
    "dc.date.issued",
    "dc.date",
    "date",
    "pubdate",
)
"""Names of meta elements that say when a page was changed, else when it was written."""
_LINE_BREAK = "\v"
_WORTHY_ALT_WORDS = 3
_LONGEST_QUESTION = 250
_LONGEST_NAME = 60


@dataclass(frozen=True, slots=True)
class Page:
    """What a page says of itself."""

    title: str
    """"" when it has none."""
    date: str
    """The day on which it was last changed or published; "" when it does not say."""


def load(path: Path, *, options: LoadOptions = NO_OPTIONS) -> Iterator[Document]:
    """Yield the page as one document."""
    declared = DECLARED.search(read_bytes(path)[:4096])
    builder = DocumentBuilder()
    html = read_text(path, declared=declared[1].decode("ascii") if declared else "")
    page = add_html(builder, html, path=path, repeated=options.repeated)
    document = builder.build(title=page.title, metadata=dated(page.date))
    if not document.blocks:
        raise empty(path, "shows no text without its scripts and menus")
    yield document


def add_html(
    builder: DocumentBuilder, html: str, *, path: Path, place: str = "", repeated: Collection[str] = (), below: int = 0
) -> Page:
    """Add a page's or a fragment's content to the builder and return what it says of itself.

    Args:
        builder: Where the content goes.
        html: The page, or a part of one.
        path: The file, for the error.
        place: The page's name within a book; its headings are then anchored as `place#id`.
        repeated: Parts that are left to another page of its site, by their hashes.
        below: The level of the heading that all of it stands under.
    """
    soup = elements(html)
    try:
        check_depth(soup)
        set_apart(soup)
        page = Page(collapse(soup.title.get_text()) if soup.title else "", _date(soup))
        questions = unshown(soup, repeated=repeated)  # what is left to another page is shown too
        leave_out(soup, repeated)
        unfold(soup)
        _Reader(builder, place, below).read(soup)
        add_questions(builder, not_in(soup, questions))
    except RecursionError as error:
        raise UnreadableFile(
            f"{path}: its elements are nested too deeply. Save the page again as plain text."
        ) from error
    return page


class _Reader:
    """Walks the tree; collects inline text and writes it out as a block where one ends."""

    def __init__(self, builder: DocumentBuilder, place: str, below: int) -> None:
        self._builder = builder
        self._place = place
        self._below = below
        self._inline: list[str] = []
        self._depth = 0
        self._heading_level = below
        self._kind: Literal["paragraph", "item"] = "paragraph"
        self._prefix = ""
        self._titles: frozenset[str] = frozenset()

    def read(self, soup: "BeautifulSoup") -> None:
        self._titles = titles_in(soup)
        self._children(soup.children)
        self._flush()

    def _children(self, nodes: "Iterable[PageElement]") -> None:
        from bs4.element import NavigableString, PreformattedString, Tag

        for child in nodes:
            if isinstance(child, Tag):
                is_above = child.name == "p" and not self._builder.holds_text and not "".join(self._inline).strip()
                if not is_left_out(child) and not only_leads(child, self._titles, is_above=is_above):
                    self._tag(child)
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                self._inline.append(str(child))

    def _tag(self, tag: "Tag") -> None:
        name = tag.name
        if name not in _BLOCKS:
            self._inline_tag(tag)
            return
        self._flush()
        if name in _HEADINGS:
            if text := collapse(visible_text(tag)):
                self._heading_level = min(6, self._below + int(name[1]))
                self._builder.add("heading", text, level=self._heading_level, anchor=self._anchor(tag))
        elif name == "pre":
            self._builder.add("code", visible_text(tag).strip("\n"))
        elif name == "table" and not is_layout_table(tag):
            self._table(tag)
        elif name in ("ul", "ol"):
            self._list(tag)
        elif name == "dl":
            self._definitions(tag)
        elif name == "details" or "expand-container" in (tag.get("class") or ()):
            self._accordion(tag)
        elif (name in ("p", "div") and _is_bold_question(tag)) or _names_an_accordion(tag):
            self._question(tag)
        elif name == "tr" and (line := short_line(tag)):
            self._builder.add("row", line)
        else:
            self._children(tag.children)
            if name == "p" and _names_code(tag):
                self._inline.append(":")  # so that the code is read with it
            self._flush()

    def _question(self, tag: "Tag") -> None:
        level = min(6, self._heading_level + 1)
        self._builder.add("heading", collapse(visible_text(tag)), level=level, anchor=self._anchor(tag))
        if _is_line_of_accordion(tag):  # what stands below it in bold is one level deeper
            self._heading_level = level

    def _table(self, tag: "Tag") -> None:
        for nodes in beside_cells(tag):  # browsers show it above the table, too
            self._children(nodes)
            self._flush()
        add_html_table(self._builder, tag)

    def _accordion(self, tag: "Tag") -> None:
        """Read what is folded up; what follows it stands under none of its headings."""
        around = self._heading_level
        self._children(tag.children)
        self._flush()
        self._builder.end_section(level=min(6, around + 1))
        self._heading_level = around

    def _anchor(self, tag: "Tag") -> str:
        anchor = _anchor(tag)
        return f"{self._place}#{anchor}" if self._place and anchor else self._place or anchor

    def _inline_tag(self, tag: "Tag") -> None:
        if tag.name == "br":
            self._inline.append(_LINE_BREAK)
        elif tag.name == "img":
            alternative = str(tag.get("alt") or "")
            if len(alternative.split()) >= _WORTHY_ALT_WORDS:
                self._inline.append(f" {alternative} ")
        elif tag.name == "sup":
            self._inline.append(raised_text(tag, "".join(self._inline[-2:])))
        elif tag.name == "a":
            self._children(tag.children)
            self._inline.append(told_target(str(tag.get("href") or "").strip(), text=collapse(tag.get_text())))
        else:
            self._children(tag.children)

    def _list(self, tag: "Tag") -> None:
        number = _number(tag.get("start"), 1)
        for child in _entries(tag, ["li"]):
            if not _is_block(child) and not _is_custom(child):
                self._children([child])  # what stands between the items belongs to none of them
                continue
            self._flush()
            with _Inside(self, "item"):
                if child.name == "li" and not is_left_out(child):
                    if tag.name == "ol":
                        number = _number(child.get("value"), number)
                        self._prefix = f"{number}. "
                        number += 1
                    self._children(child.children)
                    self._flush()
                    self._prefix = ""
                elif child.name != "li" and not is_left_out(child):
                    self._tag(child)  # a list directly inside a list, as old editors wrote it
                    self._flush()
        self._flush()

    def _definitions(self, tag: "Tag") -> None:
        for child in _entries(tag, ["dt", "dd"]):
            if not _is_block(child) or child.name not in ("dt", "dd"):
                self._children([child])
                continue
            self._flush()
            if is_left_out(child):
                continue
            if child.name == "dt":
                self._end_term()
                term = collapse(visible_text(child)).rstrip(":")
                # A question and its answer are two sentences: with a colon the answer would begin with one.
                self._prefix = (f"{term} " if term.endswith(("?", "？")) else f"{term}: ") if term else ""
            else:
                with _Inside(self, "item"):
                    self._children(child.children)
                    self._flush()
        self._flush()
        self._end_term()

    def _end_term(self) -> None:
        """Write a term that nothing defines."""
        if self._prefix:
            self._builder.add("item", self._prefix.rstrip(": "), level=min(6, self._depth + 1))
        self._prefix = ""

    def _flush(self) -> None:
        lines = [collapse(line) for line in "".join(self._inline).split(_LINE_BREAK)]
        self._inline.clear()
        text = "\n".join(line for line in lines if line)
        if text:
            self._builder.add(self._kind, self._prefix + text, level=self._depth)
            self._prefix = ""


class _Inside:
    """One list level deeper, for the length of a `with`."""

    def __init__(self, reader: _Reader, kind: Literal["item"]) -> None:
        self._reader = reader
        self._before = (reader._kind, reader._depth)
        reader._kind, reader._depth = kind, min(6, reader._depth + 1)

    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None:
        self._reader._kind, self._reader._depth = self._before


def _is_block(node: "PageElement") -> "TypeGuard[Tag]":
    return getattr(node, "name", None) in _BLOCKS


def _is_custom(node: "PageElement") -> "TypeGuard[Tag]":
    """Say whether an element is one that a site has made up, which it may have in place of an item."""
    return "-" in (getattr(node, "name", None) or "")


def _entries(tag: "Tag", names: list[str]) -> "Iterator[PageElement]":
    """Yield what stands in a list; what stands in an element around some entries of these names, in its place."""
    around = tag if tag.name in _LISTS else tag.find_parent(_LISTS)
    for child in tag.children:
        if not _holds_entries(child, names, around):
            yield child
        elif not is_left_out(child):
            yield from _entries(child, names)


def _holds_entries(node: "PageElement", names: list[str], around: "Tag | None") -> "TypeGuard[Tag]":
    from bs4.element import Tag

    if not isinstance(node, Tag) or node.name in (*names, *_LISTS, "table", "details"):
        return False
    entry = node.find(names)
    return entry is not None and entry.find_parent(_LISTS) is around


def _is_bold_question(tag: "Tag") -> bool:
    """Say whether a paragraph is a question in bold, which is how many FAQs write their headings."""
    bold = tag.find(["b", "strong"], recursive=False)
    if bold is None:
        return False
    text = collapse(tag.get_text())
    return len(text) <= _LONGEST_QUESTION and text.endswith(("?", "？")) and collapse(bold.get_text()) == text


def _names_code(tag: "Tag") -> bool:
    """Say whether a paragraph in bold only names the code right below it, "Before (v1)"."""
    below, text = tag.find_next_sibling(), collapse(tag.get_text())
    bold = tag.find(["b", "strong"], recursive=False)
    is_name = bold is not None and collapse(bold.get_text()) == text and len(text) <= _LONGEST_NAME
    is_above = below is not None and below.name == "pre"
    return is_name and is_above and (text[-1:].isalnum() or text.endswith((")", "）")))


def _names_an_accordion(tag: "Tag") -> bool:
    """Say whether an element is the line that is left of what is folded up, which is how many FAQs write questions.

    A sentence that says something is no heading, for no heading is quoted.
    """
    if not _is_line_of_accordion(tag) or tag.find([*_HEADINGS]) is not None:
        return False
    text = collapse(visible_text(tag))
    asks = [text[start:end].endswith(("?", "？")) for start, end in sentences(text)]
    if all(asks):
        return 0 < len(text) <= _LONGEST_QUESTION
    return len(asks) == 1 and len(text) <= _LONGEST_NAME and not text.endswith((".", "!", "。", "！"))


def _is_line_of_accordion(tag: "Tag") -> bool:
    """Say whether what is folded up stands below an element, in HTML or as Confluence exports it."""
    return tag.name == "summary" or "expand-control" in (tag.get("class") or ())


def _anchor(tag: "Tag") -> str:
    """Return the id or name that leads to a heading: its own, one in it, one just before it, one that it begins."""
    inner = tag.find(["a", "span"], id=True) or tag.find("a", attrs={"name": True})
    before = tag.find_previous_sibling()
    if before is not None and before.name == "p":
        before = before.find("a", recursive=False) if not before.get_text(strip=True) else None
    named = before if before is not None and before.name == "a" and not before.get_text(strip=True) else None
    for candidate in (tag, inner, named, *islice(_begun_by(tag), _ANCHOR_ANCESTORS)):
        if candidate is not None:
            anchor = candidate.get("id") or (candidate.get("name") if candidate.name == "a" else None)
            if anchor:
                return str(anchor)
    return ""


def _begun_by(tag: "Tag") -> "Iterator[Tag]":
    """Yield the elements around a heading whose first heading it is: those that the one before does not stand in."""
    around_both: set[int] | None = None
    for outer in tag.parents:
        if outer.name not in _SECTIONS:
            return
        if around_both is None:  # not before it is needed: it may mean to go over the whole page
            before = tag.find_previous([*_HEADINGS])
            around_both = set(map(id, before.parents)) if before is not None else set()
        if id(outer) in around_both:
            return
        yield outer


def _date(soup: "BeautifulSoup") -> str:
    """Return the day that the page's meta elements give, of the last change before the first."""
    said: dict[str, str] = {}
    for meta in soup.find_all("meta"):
        for key in ("property", "name", "itemprop", "http-equiv"):
            if name := str(meta.get(key) or "").casefold():
                said.setdefault(name, str(meta.get("content") or ""))
    days = (iso_day(said.get(name)) for name in _DATE_NAMES)
    return next((day for day in days if day), "")


def _number(value: object, otherwise: int) -> int:
    text = str(value or "").strip()
    return int(text) if text.isdecimal() and len(text) < 7 else otherwise
