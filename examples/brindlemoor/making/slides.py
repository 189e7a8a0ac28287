"""PowerPoint presentations: the `#` is the title slide, each `##` a slide with its lines and at most one table."""

from pathlib import Path
from typing import Any

from making.archives import fix_dates
from making.pieces import AUTHOR, CHANGED, Piece, read_pieces, title_of

TITLE, BULLETS, TITLE_ONLY = 0, 1, 5
"""Layouts of the library's own template."""


def write_pptx(source: Path, target: Path) -> Path:
    """Write a presentation."""
    import pptx

    presentation = pptx.Presentation()
    slides: list[list[Piece]] = []
    for piece in read_pieces(source):
        if piece.kind == "heading":
            slides.append([])
        slides[-1].append(piece)
    for number, pieces in enumerate(slides):
        _add_slide(presentation, pieces, first=number == 0)
    properties = presentation.core_properties
    properties.author = properties.last_modified_by = AUTHOR
    properties.title = title_of(source)
    properties.created = properties.modified = CHANGED.replace(tzinfo=None)
    target.parent.mkdir(parents=True, exist_ok=True)
    presentation.save(str(target))
    fix_dates(target)
    return target


def _add_slide(presentation: Any, pieces: list[Piece], *, first: bool) -> None:
    from pptx.util import Cm, Pt

    heading, *rest = pieces
    lines = [piece for piece in rest if piece.kind != "table"]
    tables = [piece for piece in rest if piece.kind == "table"]
    layout = TITLE if first else BULLETS if lines else TITLE_ONLY
    slide = presentation.slides.add_slide(presentation.slide_layouts[layout])
    slide.shapes.title.text = heading.text
    if lines:
        frame = slide.placeholders[1].text_frame
        frame.text = lines[0].text
        for line in lines[1:]:
            frame.add_paragraph().text = line.text
        for paragraph in frame.paragraphs:
            paragraph.font.size = Pt(18)
        if tables:
            slide.placeholders[1].left, slide.placeholders[1].top = Cm(1.3), Cm(12.6)
            slide.placeholders[1].width, slide.placeholders[1].height = Cm(22.8), Cm(5.4)
    for piece in tables:
        size = (len(piece.rows), len(piece.rows[0]))
        table = slide.shapes.add_table(*size, Cm(1.3), Cm(4.4), Cm(22.8), Cm(0.9 * size[0])).table
        for row, texts in zip(table.rows, piece.rows, strict=True):
            for cell, text in zip(row.cells, texts, strict=True):
                cell.text = text
                cell.text_frame.paragraphs[0].font.size = Pt(13)
