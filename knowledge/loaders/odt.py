"""OpenDocument texts (ODT), read from their XML: headings, paragraphs, lists, tables, notes."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from knowledge.documents import Document, DocumentBuilder
from knowledge.errors import UnreadableFile
from knowledge.loaders.archives import PARSER_FAULTS, check_archive, damaged
from knowledge.loaders.cells import Merged, fill_merged
from knowledge.loaders.dates import dated
from knowledge.loaders.encoding import empty
from knowledge.loaders.html_menus import words
from knowledge.loaders.raised import joined
from knowledge.loaders.tables import add_grid
from knowledge.loaders.xml_trees import BrokenXml, UnsafeXml, local_name, parse

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_LINK = "{http://www.w3.org/1999/xlink}href"
_CONTENT, _META, _MANIFEST, _STYLES = "content.xml", "meta.xml", "META-INF/manifest.xml", "styles.xml"
_LEFT_OUT = words(
    "tracked-changes annotation annotation-end table-of-content illustration-index table-index user-index "
    "alphabetical-index bibliography forms sequence-decls variable-decls user-field-decls event-listeners "
    "note-citation desc title ruby-text"
)
_SHAPES = words("text-box custom-shape rect ellipse circle polygon path")
"""What text may stand in."""
_BLOCKS = _SHAPES | words("p h list table section frame g note")
_BULLET = re.compile(r"[•·‣◦▪■●○](?:\s+|$)")
_ABOVE = re.compile(r"super|(?!0+(?:\.0*)?%)\d")
"""Where characters stand above the line: `super 58%` or `33% 58%`, not `0% 100%`, `-33% 58%` or `sub 58%`."""
_WIDEST = 100
_LONGEST_HEADING = 300
_DEEPEST = 150


def load(path: Path) -> Iterator[Document]:
    """Yield the document; its title and date are those of its properties."""
    check_archive(path, needed=_CONTENT)
    try:
        with zipfile.ZipFile(path) as archive:
            if _MANIFEST in archive.namelist() and b"encryption-data" in archive.read(_MANIFEST):
                raise UnreadableFile(
                    f"{path}: is protected by a password. Open it in an office program and save it without one."
                )
            content = parse(archive.read(_CONTENT))
            styles = _styles([*_optional(archive, _STYLES), content])
            said = _said(_optional(archive, _META))
    except PARSER_FAULTS as error:
        raise damaged(path) from error
    reader = _Reader(styles)
    body = next((each for each in content.iter() if local_name(each) == "body"), None)
    if body is not None:
        reader.read(body, 0)
    title = said.get("title", "")
    document = reader.builder.build(title=title, metadata=dated(said.get("date") or said.get("creation-date", "")))
    if not document.blocks:
        raise empty(path, "holds no text")
    yield document


def _optional(archive: zipfile.ZipFile, name: str) -> "list[Element]":
    try:
        return [parse(archive.read(name))]
    except (KeyError, BrokenXml, UnsafeXml):
        return []


def _said(roots: "list[Element]") -> dict[str, str]:
    return {local_name(each): " ".join((each.text or "").split()) for root in roots for each in root.iter()}


@dataclass(frozen=True, slots=True)
class _Style:
    parent: str
    """The name of the style that it was derived from."""
    position: str
    """How its characters stand: `super 58%`, `33% 58%`, `sub 58%`; "" as its parent's do."""
    is_read: bool | None
    """Whether a reader sees them, and not as struck out; None as its parent's."""


_Styles = dict[tuple[str, str], _Style]
"""(family, name) -> style; a paragraph's and a text's may have one name."""


def _styles(roots: "list[Element]") -> _Styles:
    found: _Styles = {}
    for root in roots:
        for style in root.iter(f"{_STYLE}style"):
            looks = style.find(f"{_STYLE}text-properties")
            position = "" if looks is None else looks.get(f"{_STYLE}text-position", "")
            name = style.get(f"{_STYLE}family", "paragraph"), style.get(f"{_STYLE}name", "")
            is_read = None if looks is None else _is_shown(looks)
            found[name] = _Style(style.get(f"{_STYLE}parent-style-name", ""), position, is_read)
    return found


def _is_shown(looks: "Element") -> bool | None:
    """Say whether these properties show characters that still hold; None where they do not say."""
    display = looks.get(f"{_TEXT}display")
    line = looks.get(f"{_STYLE}text-line-through-style", looks.get(f"{_STYLE}text-line-through-type"))
    if display == "none" or line not in (None, "none"):
        return False
    return None if display is None and line is None else True


def _is_read(styles: _Styles, family: str, name: str) -> bool:
    """Say whether a style, or the one it was derived from, shows characters that still hold."""
    for _ in range(_DEEPEST):
        style = styles.get((family, name))
        if style is None or style.is_read is not None:
            return style is None or bool(style.is_read)
        name = style.parent
    return True


def _is_raised(styles: _Styles, name: str, *, otherwise: bool) -> bool:
    """Say whether a text style, or the one it was derived from, sets characters above the line."""
    for _ in range(_DEEPEST):
        style = styles.get(("text", name))
        if style is None:
            break
        if style.position:
            return _ABOVE.match(style.position) is not None
        name = style.parent
    return otherwise


class _Reader:
    """Walks the elements of the body and writes them into a builder."""

    def __init__(self, styles: _Styles) -> None:
        self.builder = DocumentBuilder()
        self._styles = styles

    def read(self, parent: "Element", depth: int, *, item: int = 0) -> None:
        """Add everything below `parent`; `item` is the depth of the list it stands in."""
        if depth > _DEEPEST:
            return
        for element in parent:
            name = local_name(element)
            if name in _LEFT_OUT or not name:
                continue
            if name in ("p", "h"):
                self._paragraph(element, depth, item)
            elif name == "table":
                self._table(element)
            elif name == "list":
                self.read(element, depth + 1, item=min(6, item + 1))
            else:
                self.read(element, depth + 1, item=item)

    def _paragraph(self, element: "Element", depth: int, item: int) -> None:
        text = "\n".join(" ".join(line.split()) for line in self._inline(element).strip().split("\n"))
        if local_name(element) == "h" and len(text) <= _LONGEST_HEADING:
            level = element.get(f"{_TEXT}outline-level", "1")
            marks = element.iter(f"{_TEXT}bookmark", f"{_TEXT}bookmark-start")
            anchor = next((mark.get(f"{_TEXT}name", "") for mark in marks), "")
            self.builder.add("heading", " ".join(text.split()), level=_bounded(level, 6), anchor=anchor)
        elif self._is_title(element) and 0 < len(text) <= _LONGEST_HEADING:
            self.builder.add("heading", " ".join(text.split()), level=1)
        elif item or _BULLET.match(text):
            self.builder.add("item", _BULLET.sub("", text, count=1), level=max(1, item))
        else:
            self.builder.add("paragraph", text)
        for child in element.iter():
            is_note = child.tag == f"{_TEXT}note-body"
            if (is_note or local_name(child) in _SHAPES) and _holder(child) is element:
                self.read(child, depth + 1)

    def _is_title(self, element: "Element") -> bool:
        name = element.get(f"{_TEXT}style-name", "")
        style = self._styles.get(("paragraph", name))
        return "Title" in (name, style.parent if style else "")

    def _table(self, table: "Element") -> None:
        rows: list[list[str]] = []
        merged: list[Merged] = []
        marked = 0
        for row in table.iter(f"{_TABLE}table-row"):
            if _nearest(row, "table") is table:
                parent = row.getparent()
                marked += parent is not None and local_name(parent) == "table-header-rows"
                rows.append(self._row(row, len(rows), merged))
        add_grid(self.builder, list(fill_merged(rows, merged)), marked=marked)

    def _row(self, row: "Element", number: int, merged: list[Merged]) -> list[str]:
        """Return a row's texts; its cells that were merged with others are put to `merged`."""
        cells: list[str] = []
        for cell in row:
            if local_name(cell) in ("table-cell", "covered-table-cell"):
                paragraphs = (each for each in cell.iter() if local_name(each) in ("p", "h"))
                text = " ".join(filter(None, (" ".join(self._inline(each).split()) for each in paragraphs)))
                times = _bounded(cell.get(f"{_TABLE}number-columns-repeated", "1"), _WIDEST)
                down = _bounded(cell.get(f"{_TABLE}number-rows-spanned", "1"), _WIDEST)
                across = _bounded(cell.get(f"{_TABLE}number-columns-spanned", "1"), _WIDEST)
                if max(down, across) > 1:
                    merged.append(Merged(number, number + down - 1, len(cells), len(cells) + across - 1))
                cells += [text] * times
        while cells and not cells[-1]:
            cells.pop()
        return cells

    def _inline(self, element: "Element") -> str:
        """Return a paragraph's own text, without that of the boxes and notes in it; "" where no reader sees it."""
        if not _is_read(self._styles, "paragraph", element.get(f"{_TEXT}style-name", "")):
            return ""
        return joined(self._pieces(element))

    def _pieces(self, element: "Element", *, is_raised: bool = False) -> Iterator[tuple[str, bool]]:
        """Yield the text piece by piece, each with whether it stands above the line."""
        yield element.text or "", is_raised
        for child in element:
            name = local_name(child)
            if name == "s":
                yield " " * _bounded(child.get(f"{_TEXT}c", "1"), _WIDEST), is_raised
            elif name == "tab":
                yield "\t", is_raised
            elif name == "line-break":
                yield "\n", is_raised
            elif name == "a":
                yield from self._link(child, is_raised=is_raised)
            elif name and name not in _LEFT_OUT and name not in _BLOCKS and self._is_read(child):
                up = _is_raised(self._styles, child.get(f"{_TEXT}style-name", ""), otherwise=is_raised)
                yield from self._pieces(child, is_raised=up)
            yield child.tail or "", is_raised

    def _is_read(self, inline: "Element") -> bool:
        """Say whether a stretch of text is there for a reader, and no "Click to enter text"."""
        asks = any(str(key).endswith("}showing-place-holder") and value == "true" for key, value in inline.items())
        return not asks and _is_read(self._styles, "text", inline.get(f"{_TEXT}style-name", ""))

    def _link(self, link: "Element", *, is_raised: bool) -> Iterator[tuple[str, bool]]:
        """Yield the link's text, and where it leads when its text does not say so."""
        pieces = list(self._pieces(link, is_raised=is_raised))
        yield from pieces
        text, target = joined(pieces), link.get(_LINK, "")
        shown = target.removeprefix("mailto:")
        if text and target.startswith(("http://", "https://", "mailto:")) and shown.rstrip("/") not in text:
            yield f" ({shown})", False


def _holder(element: "Element") -> "Element | None":
    """Return the paragraph that a box or a note hangs on."""
    return next((each for each in element.iterancestors() if local_name(each) in ("p", "h")), None)


def _nearest(element: "Element", name: str) -> "Element | None":
    return next((each for each in element.iterancestors() if local_name(each) == name), None)


def _bounded(number: str, most: int) -> int:
    return min(most, max(1, int(number))) if number.isdecimal() and len(number) < 7 else 1
