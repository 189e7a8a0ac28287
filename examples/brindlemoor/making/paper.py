"""PDF documents with page numbers and a coloured head; a page after `[scan]` is a picture without text."""

import io
from pathlib import Path
from typing import Any

from making.pieces import AUTHOR, BRASS, SAND, Piece, is_chinese, read_pieces, title_of
from making.scan import draw_page

MARGIN_MM = 16
CHINESE_FONT = "STSong-Light"
"""Every PDF reader has its own."""


def write_pdf(source: Path, target: Path) -> Path:
    """Write a paged document; a `[footer TEXT]` is put after its title, `[paper A4]` is the page instead of A5."""
    from reportlab.lib import pagesizes
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    target.parent.mkdir(parents=True, exist_ok=True)
    pieces = list(read_pieces(source))
    title = title_of(source)
    chinese = is_chinese(source)
    font = _chinese_font() if chinese else "Helvetica"
    footer = " · ".join(("Brindlemoor", title, *(piece.text for piece in pieces if piece.kind == "footer")))
    size = pagesizes.A4 if any(piece.kind == "paper" and piece.text == "A4" for piece in pieces) else pagesizes.A5
    margin = MARGIN_MM * mm

    def decorate(canvas: Any, _template: Any) -> None:
        canvas.saveState()
        canvas.setFont(font, 7.5)
        canvas.setFillGray(0.4)
        canvas.drawString(margin, 9 * mm, footer)
        canvas.drawRightString(size[0] - margin, 9 * mm, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()

    margins = {"leftMargin": margin, "rightMargin": margin, "topMargin": 15 * mm, "bottomMargin": margin}
    language = "zh-CN" if chinese else "en"
    template = SimpleDocTemplate(
        str(target), pagesize=size, title=title, author=AUTHOR, lang=language, invariant=1, **margins
    )
    room = (size[0] - 2 * margin - 12, size[1] - 15 * mm - margin - 12)
    template.build(_story(pieces, font, room), onFirstPage=decorate, onLaterPages=decorate)
    return target


def _chinese_font() -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE_FONT))
    return CHINESE_FONT


def _story(pieces: list[Piece], font: str, room: tuple[float, float]) -> list[Any]:
    from reportlab.lib import colors
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import Image, KeepTogether, PageBreak, Paragraph, Spacer, Table, TableStyle

    bold, slanted = (font, font) if font == CHINESE_FONT else (f"{font}-Bold", f"{font}-BoldOblique")
    brass = colors.HexColor(f"#{BRASS}")
    body = ParagraphStyle("body", fontName=font, fontSize=9.2, leading=12.6, spaceAfter=4)
    body.wordWrap = "CJK" if font == CHINESE_FONT else None
    cell = ParagraphStyle("cell", parent=body, fontSize=8.6, leading=11, spaceAfter=0)
    head = ParagraphStyle("head", parent=cell, fontName=bold, textColor=colors.white)
    listed = ParagraphStyle("listed", parent=body, leftIndent=13, bulletIndent=3, spaceAfter=2)
    headings = {
        1: ParagraphStyle("h1", parent=body, fontName=bold, fontSize=18, leading=22, textColor=brass),
        2: ParagraphStyle("h2", parent=body, fontName=bold, fontSize=12, leading=15, spaceBefore=9),
        3: ParagraphStyle("h3", parent=body, fontName=slanted, fontSize=10, leading=13, spaceBefore=6),
    }
    lines = TableStyle(
        [
            ("BACKGROUND", (0, 0), (-1, 0), brass),
            ("ROWBACKGROUNDS", (0, 1), (-1, -1), [colors.white, colors.HexColor(f"#{SAND}")]),
            ("LINEBELOW", (0, 0), (-1, -1), 0.4, brass),
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ]
    )
    story: list[Any] = []
    step = 0
    for place, piece in enumerate(pieces):
        step = step + 1 if piece.kind == "step" else 0
        if piece.kind == "heading":
            story.append(Paragraph(piece.text, headings[piece.level]))
        elif piece.kind == "page":
            story.append(PageBreak())
        elif piece.kind == "scan":
            picture = io.BytesIO(draw_page(pieces[place + 1 :]))
            story += [PageBreak(), Image(picture, width=room[0], height=room[1], kind="proportional")]
            break
        elif piece.kind == "table":
            cells = [[Paragraph(text, cell if i else head) for text in row] for i, row in enumerate(piece.rows)]
            width = (room[0] + 2) / len(cells[0])
            story.append(KeepTogether([Table(cells, colWidths=width, style=lines), Spacer(0, 5)]))
        elif piece.kind in ("item", "step"):
            story.append(Paragraph(piece.text, listed, bulletText="•" if piece.kind == "item" else f"{step}."))
        elif piece.kind == "paragraph":
            story.append(Paragraph(piece.text, body))
    return story
