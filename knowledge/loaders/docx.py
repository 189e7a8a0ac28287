"""Word documents: headings, paragraphs, lists and tables in the order of the page.

Read from the XML elements, because python-docx's own `paragraph.text` leaves out inserted text under review and
content controls. Headers, footers and deleted text are left out.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from knowledge.documents import Document, DocumentBuilder
from knowledge.loaders.archives import PARSER_FAULTS, check_archive, damaged
from knowledge.loaders.dates import dated
from knowledge.loaders.docx_numbers import Numbers
from knowledge.loaders.docx_signs import formula, is_formula, sign
from knowledge.loaders.encoding import empty
from knowledge.loaders.office_properties import core_properties
from knowledge.loaders.raised import raised
from knowledge.loaders.tables import SEPARATOR, Spread, add_grid
from knowledge.loaders.xml_trees import BrokenXml, UnsafeXml, parse

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_HEADING_STYLE = re.compile(r"(?:heading|überschrift|titre|标题|標題)\s*([1-9])", re.IGNORECASE)
_LIST_STYLE = re.compile(r"list(?! paragraph)|bullet|列表", re.IGNORECASE)
_CONTENTS_STYLE = re.compile(r"(?:toc|contents) (?:\d|heading)|table of figures", re.IGNORECASE)
_BULLET = re.compile(r"\s*[•·‣◦▪■●○]\s*")
_BREAKS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}
_SKIPPED = frozenset({f"{_W}del", f"{_W}moveFrom", f"{_W}txbxContent", f"{_W}instrText", f"{_W}rt", _FALLBACK})
_HOLDERS = (f"{_W}sdt", f"{_W}ins", f"{_W}customXml", f"{_W}sdtContent")
_CONTENTS_FIELD = re.compile(r"\b(?:TOC|PAGEREF)\b")
_CONTENTS = "Table of Contents"
"""What Word calls a block that it fills with the headings and their pages."""
_LONGEST_HEADING = 300
_PROSE_CHARACTERS = 600
_UNREAD = ("vanish", "strike", "dstrike")
"""Properties of a run that no reader sees, or that is struck out and so no longer holds."""


def load(path: Path) -> Iterator[Document]:
    """Yield the document; its title is the one in its properties, else its title line or first heading."""
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from lxml.etree import LxmlError

    check_archive(path, needed="[Content_Types].xml")
    try:
        with path.open("rb") as stream:
            source = docx.Document(stream)
        reader = _Reader(source)
        reader.read(source.element.body)
    except (PackageNotFoundError, LxmlError, *PARSER_FAULTS) as error:
        raise damaged(path) from error
    title, day = core_properties(path)
    document = reader.builder.build(title=title, metadata=dated(day))
    if not document.blocks:
        raise empty(path, "holds no text")
    yield document


class _Style(NamedTuple):
    """What a paragraph's style says, what it inherits included."""

    name: str
    outline: int
    """Of a heading, from 1; 0 for none."""
    place: tuple[str, int] | None
    """The list that it puts paragraphs into and how deep, from 0."""


class _Reader:
    """Writes the elements of a Word document's body into a builder."""

    def __init__(self, source: Any) -> None:
        self.builder = DocumentBuilder()
        self._links: dict[str, str] = {
            key: relation.target_ref for key, relation in source.part.rels.items() if relation.is_external
        }
        self._styles = _styles(source)
        self._numbers = Numbers(source)
        self._notes = {kind: _notes(source, kind) for kind in ("footnote", "endnote")}

    def read(self, parent: "Element") -> None:
        """Add everything below `parent`, in order."""
        for element in parent.iterchildren():
            self._element(element)

    def _element(self, element: "Element") -> None:
        if element.tag == f"{_W}p":
            self._paragraph(element)
            self._add_notes(element)
        elif element.tag == f"{_W}tbl" and self._only_places(element):
            for cell in _cells(element):
                self.read(cell)
        elif element.tag == f"{_W}tbl":
            self._table(element)
            self._add_notes(element)
        elif element.tag in _HOLDERS and not _is_filler(element):
            for part in _typed(element):
                self._element(part)

    def _paragraph(self, element: "Element") -> None:
        text = "\n".join(" ".join(line.split()) for line in self._text(element).strip().split("\n"))
        name, outline, _ = self._style(element)
        outline = _outline(element) or outline
        place = self._place_in_list(element)
        text = self._numbered(element, text)
        if _CONTENTS_STYLE.match(name):
            text = ""
        if outline and len(text) <= _LONGEST_HEADING:
            self.builder.add("heading", " ".join(text.split()), level=min(6, outline))
        elif name.casefold() == "title" and len(text) <= _LONGEST_HEADING:
            self.builder.add("heading", " ".join(text.split()), level=1)
        elif place is not None or _LIST_STYLE.match(name):
            self.builder.add("item", text, level=min(6, place[1] + 1 if place else 1))
        elif _BULLET.match(text):
            self.builder.add("item", _BULLET.sub("", text, count=1), level=1)
        else:
            self.builder.add("paragraph", text)
        for box in element.iter(f"{_W}txbxContent"):
            if not _is_copy(box):
                self.read(box)

    def _style(self, element: "Element") -> _Style:
        style = element.find(f"{_W}pPr/{_W}pStyle")
        return self._styles.get("" if style is None else style.get(f"{_W}val", ""), _Style("", 0, None))

    def _place_in_list(self, element: "Element") -> tuple[str, int] | None:
        """Return in which list a paragraph stands and how deep, from 0; None in none."""
        own, styled = _numbering(element), self._style(element).place
        key = own[0] or (styled[0] if styled else "")
        depth = own[1] if own[1] is not None else styled[1] if styled else 0
        return (key, max(0, depth)) if key not in ("", "0") else None

    def _numbered(self, element: "Element", text: str) -> str:
        """Return a paragraph's text behind the number that Word shows; to be asked for once, in order."""
        place = self._place_in_list(element)
        is_deleted = not text and element.find(f"{_W}pPr/{_W}rPr/{_W}del") is not None
        number = self._numbers.next(*place) if place and not is_deleted else ""
        if not number or not text:
            return text
        return f"{number}{text}" if number[-1] in "、．）】" else f"{number} {text}"

    def _add_notes(self, element: "Element") -> None:
        """Add the notes that hang on a paragraph or a table, below it."""
        for kind, notes in self._notes.items():
            for reference in element.iter(f"{_W}{kind}Reference"):
                for paragraph in notes.get(reference.get(f"{_W}id", ""), ()):
                    self.builder.add("paragraph", " ".join(self._text(paragraph).split()))

    def _text(self, element: "Element") -> str:
        parts: list[str] = []
        for child in element.iterchildren():
            if child.tag == f"{_W}t":
                parts.append(child.text or "")
            elif child.tag == f"{_W}sym":
                parts.append(sign(child))
            elif is_formula(child) and (written := formula(child, self._text)) is not None:
                parts.append(written)
            elif child.tag in _BREAKS:
                parts.append(_BREAKS[child.tag])
            elif child.tag == f"{_W}hyperlink":
                text = self._text(child)
                target = self._links.get(child.get(f"{_R}id", ""), "")
                shown = target.removeprefix("mailto:")
                leaves = re.match(r"https?://|mailto:", target) and shown.rstrip("/") not in text
                parts.append(f"{text} ({shown})" if leaves and text else text)
            elif child.tag == f"{_W}r":
                parts.append(self._run(child, "".join(parts[-2:])))
            elif isinstance(child.tag, str) and child.tag not in _SKIPPED and not _is_filler(child):
                parts.append(self._text(child))
        return "".join(parts)

    def _run(self, run: "Element", before: str) -> str:
        """Return a run's text: nothing where it is hidden or struck out, raised figures set apart."""
        if any(_is_on(run.find(f"{_W}rPr/{_W}{name}")) for name in _UNREAD):
            return ""
        text = self._text(run)
        place = run.find(f"{_W}rPr/{_W}vertAlign")
        is_raised = place is not None and place.get(f"{_W}val") == "superscript"
        return raised(text, before=before) if is_raised else text

    def _table(self, table: "Element") -> None:
        rows: list[list[str]] = []
        marked = 0
        for row in table.iterchildren(f"{_W}tr"):
            line: list[str] = []
            for cell in _cells(table, row):
                merged = cell.find(f"{_W}tcPr/{_W}vMerge")
                continued = merged is not None and merged.get(f"{_W}val", "continue") == "continue"
                text = rows[-1][len(line)] if continued and rows and len(line) < len(rows[-1]) else self._cell(cell)
                span = cell.find(f"{_W}tcPr/{_W}gridSpan")
                width = 1 if span is None else min(100, int(span.get(f"{_W}val", "1")))
                line.extend([text, *[Spread(text)] * (width - 1)])
            is_marked = marked == len(rows) and _is_on(row.find(f"{_W}trPr/{_W}tblHeader"))
            marked += is_marked
            rows.append(line)
        add_grid(self.builder, rows, marked=marked)

    def _cell(self, cell: "Element") -> str:
        table = next(cell.iterancestors(f"{_W}tbl"))
        texts: list[str] = []
        for each in cell.iter(f"{_W}p", f"{_W}tbl"):
            if next(each.iterancestors(f"{_W}tbl")) is not table or _is_copy(each):
                continue
            is_table = each.tag == f"{_W}tbl"
            texts.append(self._rows(each) if is_table else self._numbered(each, " ".join(self._text(each).split())))
        return " ".join(filter(None, texts))

    def _only_places(self, table: "Element") -> bool:
        """Say whether a table only places things on the page: one row or one column, and cells that are no values."""
        rows = list(table.iterchildren(f"{_W}tr"))
        if len(rows) != 1 and any(len(list(_cells(table, row))) != 1 for row in rows):
            return False
        return any(self._is_page(cell) for cell in _cells(table))

    def _is_page(self, cell: "Element") -> bool:
        """Say whether a cell holds what a page does: a table, a heading, a list or long prose."""
        if cell.find(f"{_W}tbl") is not None:
            return True
        filled = [each for each in cell.iterchildren(f"{_W}p") if self._text(each).strip()]
        if len(filled) < 2:
            return False
        is_built = any(_outline(each) or self._style(each).outline or self._place_in_list(each) for each in filled)
        return is_built or sum(len(self._text(each)) for each in filled) > _PROSE_CHARACTERS

    def _rows(self, table: "Element") -> str:
        """Return a table that stands in a cell as a text, for the row around it has to be read alone."""
        around, self.builder = self.builder, DocumentBuilder()
        self._table(table)
        within, self.builder = self.builder.build(), around
        rows = (within.text[block.start : block.end] for block in within.blocks)
        return "; ".join(" ".join(row.replace(SEPARATOR, ", ").split()) for row in rows)


def _cells(table: "Element", row: "Element | None" = None) -> "Iterator[Element]":
    """Yield the cells of a table, or of a row of it, and not those of tables within."""
    for cell in (table if row is None else row).iter(f"{_W}tc"):
        if next(cell.iterancestors(f"{_W}tbl")) is table:
            yield cell


def _is_copy(element: "Element") -> bool:
    """Say whether an element is what Word writes a second time for programs of before 2010."""
    return any(parent.tag == _FALLBACK for parent in element.iterancestors())


def _is_filler(element: "Element") -> bool:
    """Say whether an element says nothing of its writer's: properties, "Click to enter text"."""
    is_prompt = element.tag == f"{_W}sdt" and _is_on(element.find(f"{_W}sdtPr/{_W}showingPlcHdr"))
    return is_prompt or element.tag.endswith("}pPr")


def _typed(holder: "Element") -> "list[Element]":
    """Return what stands in an element; of a table of contents, what someone typed below its title and entries."""
    gallery = holder.find(f"{_W}sdtPr/{_W}docPartObj/{_W}docPartGallery")
    if gallery is None or gallery.get(f"{_W}val") != _CONTENTS:
        return list(holder)
    return [each for each in holder.findall(f"{_W}sdtContent/*")[1:] if not _is_entry(each)]


def _is_entry(element: "Element") -> bool:
    """Say whether Word wrote a paragraph into a table of contents, rather than someone below it."""
    leads = any(link.get(f"{_W}anchor", "").startswith("_Toc") for link in element.iter(f"{_W}hyperlink"))
    return leads or any(_CONTENTS_FIELD.search(each.text or "") for each in element.iter(f"{_W}instrText"))


def _styles(source: Any) -> dict[str, _Style]:
    """Return each style by its id."""
    found: dict[str, _Style] = {}
    own = {style.get(f"{_W}styleId", ""): style for style in source.styles.element.iter(f"{_W}style")}
    for style_id, style in own.items():
        name, outline = "", 0
        key, depth = "", None
        seen: set[str] = set()
        current, at = style, style_id
        while current is not None and at not in seen:
            seen.add(at)
            label = current.find(f"{_W}name")
            text = "" if label is None else label.get(f"{_W}val", "")
            heading = _HEADING_STYLE.fullmatch(text.strip())
            name = name or text
            outline = outline or (int(heading[1]) if heading else 0) or _outline(current)
            numbering = _numbering(current)
            key, depth = key or numbering[0], numbering[1] if depth is None else depth
            based = current.find(f"{_W}basedOn")
            at = "" if based is None else based.get(f"{_W}val", "")
            current = own.get(at)
        found[style_id] = _Style(name, outline, (key, depth or 0) if key else None)
    return found


def _numbering(element: "Element") -> tuple[str, int | None]:
    """Return which list a paragraph or a style names, "" for none, and how deep."""
    numbering = element.find(f"{_W}pPr/{_W}numPr")
    number, depth = (None, None) if numbering is None else map(numbering.find, (f"{_W}numId", f"{_W}ilvl"))
    key = "" if number is None else number.get(f"{_W}val", "")
    return key, None if depth is None else int(depth.get(f"{_W}val", "0"))


def _is_on(setting: "Element | None") -> bool:
    return setting is not None and setting.get(f"{_W}val", "true") not in ("0", "false", "off", "none")


def _outline(element: "Element") -> int:
    level = element.find(f"{_W}pPr/{_W}outlineLvl")
    value = -1 if level is None else int(level.get(f"{_W}val", "9"))
    return value + 1 if 0 <= value <= 5 else 0


def _notes(source: Any, kind: str) -> "dict[str, list[Element]]":
    """Return the paragraphs of each footnote or endnote by its number; {} where there are none or they are damaged."""
    part = next(
        (each.target_part for each in source.part.rels.values() if each.reltype.endswith(f"/{kind}s")),
        None,
    )
    if part is None:
        return {}
    try:
        root = parse(part.blob)
    except (BrokenXml, UnsafeXml):
        return {}
    return {note.get(f"{_W}id", ""): list(note.iter(f"{_W}p")) for note in root.iter(f"{_W}{kind}")}
