"""OpenDocument texts, written by hand: headings, paragraphs, lists, tables."""

from pathlib import Path
from xml.sax.saxutils import escape

from making.archives import write_archive
from making.pieces import AUTHOR, CHANGED, Piece, read_pieces, title_of

KIND = "application/vnd.oasis.opendocument.text"
NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{long}:1.0"'
    for short, long in (("office", "office"), ("text", "text"), ("table", "table"), ("meta", "meta"))
)
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


def write_odt(source: Path, target: Path) -> Path:
    """Write an OpenDocument text."""
    body = "\n".join(_element(piece) for piece in read_pieces(source))
    content = (
        f'{DECLARATION}<office:document-content {NAMES} office:version="1.3">'
        f"<office:body><office:text>\n{body}\n</office:text></office:body></office:document-content>"
    )
    stamp = CHANGED.strftime("%Y-%m-%dT%H:%M:%S")
    meta = (
        f'{DECLARATION}<office:document-meta {NAMES} xmlns:dc="http://purl.org/dc/elements/1.1/" '
        f'office:version="1.3"><office:meta><dc:title>{escape(title_of(source))}</dc:title>'
        f"<dc:creator>{AUTHOR}</dc:creator><dc:date>{stamp}</dc:date></office:meta></office:document-meta>"
    )
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{path}" manifest:media-type="{kind}"/>'
        for path, kind in (("/", KIND), ("content.xml", "text/xml"), ("meta.xml", "text/xml"))
    )
    manifest = (
        f'{DECLARATION}<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0" '
        f'manifest:version="1.3">{entries}</manifest:manifest>'
    )
    members = {"mimetype": KIND, "content.xml": content, "meta.xml": meta, "META-INF/manifest.xml": manifest}
    write_archive(target, members)
    return target


def _element(piece: Piece) -> str:
    text = escape(piece.text)
    if piece.kind == "heading":
        return f'<text:h text:outline-level="{piece.level}">{text}</text:h>'
    if piece.kind == "table":
        return _table(piece.rows)
    if piece.kind in ("item", "step"):
        return f"<text:list><text:list-item><text:p>{text}</text:p></text:list-item></text:list>"
    return f"<text:p>{text}</text:p>"


def _table(rows: list[list[str]]) -> str:
    lines = [
        "".join(f"<table:table-cell><text:p>{escape(cell)}</text:p></table:table-cell>" for cell in row) for row in rows
    ]
    head, *others = [f"<table:table-row>{line}</table:table-row>" for line in lines]
    columns = f'<table:table-column table:number-columns-repeated="{len(rows[0])}"/>'
    heading = f"<table:table-header-rows>{head}</table:table-header-rows>"
    return f"<table:table>{columns}{heading}{''.join(others)}</table:table>"
