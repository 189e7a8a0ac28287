"""PDF documents with page numbers and a coloured head; a page after `[scan]` is a picture without text."""

import io
from pathlib import Path
from typing import Any

from making.pieces import AUTHOR, BRASS, CHANGED, SAND, Piece, is_chinese, read_pieces, read_settings, title_of
from making.scan import draw_page

MARGIN_MM = 16
FIXED_DAY = b"(D:20000101"
"""What the library writes for the day, so that its files are always the same."""
CHINESE_FONT = "STSong-Light"
"""Every PDF reader has its own."""


def write_pdf(source: Path, target: Path) -> Path:
    """Write a paged document; a `[footer TEXT]` is put after its title, `[paper A4]` is the page instead of A5."""
    from reportlab.lib import pagesizes
    from reportlab.lib.units import mm
    from reportlab.lib.utils import ImageReader
    from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

    target.parent.mkdir(parents=True, exist_ok=True)
    pieces = list(read_pieces(source))
    said = read_settings(source)
    title = title_of(source)
    chinese = is_chinese(source)
    font = _chinese_font() if chinese else "Helvetica"
    footer = " · ".join(("Brindlemoor", title, said["footer"]) if "footer" in said else ("Brindlemoor", title))
    size = pagesizes.A4 if said.get("paper") == "A4" else pagesizes.A5
    margin = MARGIN_MM * mm
    scanned = next((pieces[place + 1 :] for place, piece in enumerate(pieces) if piece.kind == "scan"), [])
    picture = draw_page(scanned) if scanned else b""

    def decorate(canvas: Any, _template: Any) -> None:
        canvas.saveState()
        canvas.setFont(font, 7.5)
        canvas.setFillGray(0.4)
        canvas.drawString(margin, 9 * mm, footer)
        canvas.drawRightString(size[0] - margin, 9 * mm, f"Page {canvas.getPageNumber()}")
        canvas.restoreState()

    def paste(canvas: Any, _template: Any) -> None:
        canvas.drawImage(ImageReader(io.BytesIO(picture)), 0, 0, *size)

    room = (size[0] - 2 * margin, size[1] - 15 * mm - margin)
    template = BaseDocTemplate(
        str(target), pagesize=size, title=title, author=AUTHOR, lang="zh-CN" if chinese else "en", invariant=1
    )
    template.addPageTemplates(
        [
            PageTemplate("text", [Frame(margin, margin, *room)], onPage=decorate),
            PageTemplate("scan", [Frame(margin, margin, *room)], onPage=paste),
        ]
    )
    template.build(_story(pieces, font, room[0] - 10))
    day = said.get("date", f"{CHANGED:%Y-%m-%d}").replace("-", "").encode()
    target.write_bytes(target.read_bytes().replace(FIXED_DAY, b"(D:" + day))
    return target


def _chinese_font() -> str:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont(CHINESE_FONT))
    return CHINESE_FONT


def _story(pieces: list[Piece], font: str, width: float) -> list[Any]:
    from reportlab.lib import colors
    from reportlab.lib.styles import ParagraphStyle
    from reportlab.platypus import KeepTogether, NextPageTemplate, PageBreak, Paragraph, Spacer, Table, TableStyle

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
    for piece in pieces:
        step = step + 1 if piece.kind == "step" else 0
        if piece.kind == "heading":
            story.append(Paragraph(piece.text, headings[piece.level]))
        elif piece.kind == "page":
            story.append(PageBreak())
        elif piece.kind == "scan":
            story += [NextPageTemplate("scan"), PageBreak(), Spacer(0, 1)]
            break
        elif piece.kind == "table":
            cells = [[Paragraph(text, cell if i else head) for text in row] for i, row in enumerate(piece.rows)]
            story.append(KeepTogether([Table(cells, colWidths=width / len(cells[0]), style=lines), Spacer(0, 5)]))
        elif piece.kind in ("item", "step"):
            story.append(Paragraph(piece.text, listed, bulletText="•" if piece.kind == "item" else f"{step}."))
        elif piece.kind == "paragraph":
            story.append(Paragraph(piece.text, body))
    return story
