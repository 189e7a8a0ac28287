"""PowerPoint presentations: each slide a page, its title a heading, its texts in reading order, then its notes.

A hidden slide keeps its number and shows nothing, as in the show.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from knowledge.documents import Document, DocumentBuilder
from knowledge.loaders.archives import PARSER_FAULTS, check_archive, damaged
from knowledge.loaders.cells import Merged, fill_merged
from knowledge.loaders.dates import dated
from knowledge.loaders.encoding import empty
from knowledge.loaders.markup import told_target
from knowledge.loaders.office_properties import core_properties
from knowledge.loaders.raised import raised
from knowledge.loaders.tables import add_grid, add_table

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_DIAGRAM_DATA = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/diagramData"
_FURNITURE = frozenset(("SLIDE_NUMBER", "DATE", "FOOTER", "HEADER"))
_LONGEST_HEADING = 300
_MOST_POINTS = 1_000
_DEEPEST = 50
_LINE_SHARE = 20
"""Shapes whose tops differ by less than this part of the slide's height stand on one line."""


def load(path: Path) -> Iterator[Document]:
    """Yield the presentation; its title is the one in its properties, else the first slide's."""
    from lxml.etree import LxmlError
    from pptx import Presentation
    from pptx.exc import PythonPptxError

    check_archive(path, needed="[Content_Types].xml")
    builder = DocumentBuilder()
    try:
        with path.open("rb") as stream:
            presentation = Presentation(stream)
        height = int(presentation.slide_height or 6_858_000)
        for slide in presentation.slides:
            builder.start_page()
            builder.end_section(level=1)  # a slide without a title does not stand below the last one's
            if slide.element.get("show") not in ("0", "false"):
                _Slide(slide, builder, height).read()
    except (PythonPptxError, LxmlError, *PARSER_FAULTS) as error:
        raise damaged(path) from error
    title, day = core_properties(path)
    document = builder.build(title=title, metadata=dated(day))
    if not document.blocks:
        raise empty(path, "holds no text on its slides")
    yield document


class _Slide:
    """Writes one slide into a builder."""

    def __init__(self, slide: Any, builder: DocumentBuilder, height: int) -> None:
        self._slide = slide
        self._builder = builder
        self._line = max(1, height // _LINE_SHARE)

    def read(self) -> None:
        title = self._slide.shapes.title
        if title is not None and title.has_text_frame:
            text = " ".join(title.text_frame.text.split())
            if len(text) <= _LONGEST_HEADING:
                self._builder.add("heading", text, level=1)
            else:
                self._builder.add("paragraph", text)
        taken = None if title is None else title.shape_id
        self._shapes((shape for shape in self._slide.shapes if shape.shape_id != taken), 0)
        if self._slide.has_notes_slide:
            frame = self._slide.notes_slide.notes_text_frame
            for paragraph in frame.text.split("\n") if frame is not None else ():
                self._builder.add("paragraph", " ".join(paragraph.split()))

    def _shapes(self, shapes: Iterable[Any], depth: int) -> None:
        for shape in self._in_reading_order(shapes):
            kind = shape.placeholder_format.type if shape.is_placeholder else None
            if kind is not None and kind.name in _FURNITURE:
                continue
            if hasattr(shape, "shapes") and depth < _DEEPEST:
                self._shapes(shape.shapes, depth + 1)
            elif getattr(shape, "has_table", False):
                _add_table(self._builder, shape.table)
            elif getattr(shape, "has_chart", False):
                _add_chart(self._builder, shape.chart)
            elif getattr(shape, "has_text_frame", False):
                self._text(shape)
            else:
                self._diagram(shape)

    def _in_reading_order(self, shapes: Iterable[Any]) -> Iterator[Any]:
        """Yield shapes line by line, and in a line from the left."""
        line: list[Any] = []
        for shape in sorted(shapes, key=_top):
            if line and _top(shape) - _top(line[0]) > self._line:
                yield from sorted(line, key=_left)
                line = []
            line.append(shape)
        yield from sorted(line, key=_left)

    def _text(self, shape: Any) -> None:
        paragraphs = [(each, _said(each)) for each in shape.text_frame.paragraphs]
        filled = [(paragraph, text) for paragraph, text in paragraphs if text]
        in_list = shape.is_placeholder and len(filled) > 1
        for paragraph, text in filled:
            if in_list or paragraph.level or _has_bullet(paragraph):
                self._builder.add("item", text, level=min(6, paragraph.level + 1))
            else:
                self._builder.add("paragraph", text)

    def _diagram(self, shape: Any) -> None:
        """Add the texts of a drawing of boxes and arrows, which lie in a part of their own."""
        for reference in shape._element.iter():
            for key, value in reference.attrib.items():
                if str(key).endswith("}dm") and value in self._slide.part.rels:
                    relation = self._slide.part.rels[value]
                    if relation.reltype == _DIAGRAM_DATA and not relation.is_external:
                        _add_texts(self._builder, relation.target_part.blob)


def _said(paragraph: Any) -> str:
    """Return a paragraph's text on one line, without what is struck out, raised figures set apart."""
    parts: list[str] = []
    target = linked = ""
    for child in paragraph._p.iterchildren():
        text = child.findtext(f"{_A}t") or ""
        style = child.find(f"{_A}rPr")
        if child.tag == f"{_A}br":
            parts.append("\n")
            continue
        if (leads_to := _target(paragraph, child)) != target:
            parts.append(told_target(target, text=linked.strip()))
            target, linked = leads_to, ""
        if style is None or style.get("strike", "noStrike") == "noStrike":
            is_raised = style is not None and int(style.get("baseline", "0").rstrip("%") or 0) > 0
            parts.append(raised(text, before="".join(parts[-2:])) if is_raised else text)
            linked += text
    parts.append(told_target(target, text=linked.strip()))
    return " ".join("".join(parts).split())


def _target(paragraph: Any, run: "Element") -> str:
    """Return where a run leads, out of the presentation; "" for nowhere."""
    link = run.find(f"{_A}rPr/{_A}hlinkClick")
    relation = None if link is None else paragraph.part.rels.get(link.get(f"{_R}id", ""))
    return str(relation.target_ref) if relation is not None and relation.is_external else ""


def _top(shape: Any) -> int:
    return int(shape.top or 0)


def _left(shape: Any) -> int:
    return int(shape.left or 0)


def _has_bullet(paragraph: Any) -> bool:
    properties = paragraph._p.find(f"{_A}pPr")
    return properties is not None and any(
        properties.find(f"{_A}{name}") is not None for name in ("buChar", "buAutoNum")
    )


def _add_table(builder: DocumentBuilder, table: Any) -> None:
    rows: list[list[str]] = []
    merged: list[Merged] = []
    for number, row in enumerate(table.rows):
        line: list[str] = []
        for column, cell in enumerate(row.cells):
            line.append("" if cell.is_spanned else " ".join(filter(None, map(_said, cell.text_frame.paragraphs))))
            if cell.is_merge_origin:
                last_row, last_column = number + cell.span_height - 1, column + cell.span_width - 1
                merged.append(Merged(number, last_row, column, last_column))
        rows.append(line)
    add_grid(builder, list(fill_merged(rows, merged)), marked=int(bool(table.first_row)))


def _add_chart(builder: DocumentBuilder, chart: Any) -> None:
    """Add a chart as the table that it draws."""
    if chart.has_title and chart.chart_title.has_text_frame:
        builder.add("paragraph", " ".join(chart.chart_title.text_frame.text.split()))
    for plot in chart.plots:
        categories = [str(each) for each in plot.categories][:_MOST_POINTS]
        series = [(str(each.name), list(each.values)[:_MOST_POINTS]) for each in plot.series]
        rows = [
            [category, *("" if at >= len(values) or values[at] is None else f"{values[at]:g}" for _, values in series)]
            for at, category in enumerate(categories)
        ]
        add_table(builder, ["", *(name for name, _ in series)], rows)


def _add_texts(builder: DocumentBuilder, data: bytes) -> None:
    from knowledge.loaders.xml_trees import BrokenXml, parse

    try:
        root: Element = parse(data)
    except BrokenXml:
        return  # the slide's other texts stand without it
    for paragraph in root.iter(f"{_A}p"):
        builder.add("item", " ".join("".join(each.text or "" for each in paragraph.iter(f"{_A}t")).split()), level=1)
