"""Word documents with real heading, list and table styles."""

from pathlib import Path
from typing import Any

from making.archives import fix_dates
from making.pieces import AUTHOR, CHANGED, read_pieces, title_of


def write_docx(source: Path, target: Path) -> Path:
    """Write a Word document."""
    import docx

    document = docx.Document()
    for piece in read_pieces(source):
        if piece.kind == "heading":
            document.add_heading(piece.text, level=piece.level - 1)
        elif piece.kind == "table":
            _add_table(document, piece.rows)
        elif piece.kind == "page":
            document.add_page_break()
        else:
            styles = {"item": "List Bullet", "step": "List Number"}
            document.add_paragraph(piece.text, style=styles.get(piece.kind, "Normal"))
    properties = document.core_properties
    properties.author = properties.last_modified_by = AUTHOR
    properties.title = title_of(source)
    properties.comments = ""
    properties.created = properties.modified = CHANGED.replace(tzinfo=None)
    target.parent.mkdir(parents=True, exist_ok=True)
    document.save(str(target))
    fix_dates(target)
    return target


def _add_table(document: Any, rows: list[list[str]]) -> None:
    table = document.add_table(rows=0, cols=len(rows[0]), style="Light Grid Accent 1")
    for row in rows:
        for cell, text in zip(table.add_row().cells, row, strict=True):
            cell.text = text
    document.add_paragraph()
