"""E-books (EPUB 3): each `##` of the source is a chapter of its own, with a table of contents."""

from pathlib import Path
from xml.sax.saxutils import escape

from making.archives import write_archive
from making.pieces import AUTHOR, CHANGED, Piece, is_chinese, read_pieces, title_of

CONTAINER = (
    '<?xml version="1.0"?>\n<container version="1.0" xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="book/package.opf" media-type="application/oebps-package+xml"/></rootfiles>'
    "</container>"
)
PAGE = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html>\n<html xmlns="http://www.w3.org/1999/xhtml" '
    'xmlns:epub="http://www.idpf.org/2007/ops" lang="{language}"><head><title>{title}</title></head>'
    "<body>\n{body}\n</body></html>\n"
)


def write_epub(source: Path, target: Path) -> Path:
    """Write an e-book; what stands before the first `##` is its first chapter."""
    chapters: list[list[Piece]] = [[]]
    for piece in read_pieces(source):
        if piece.kind == "heading" and piece.level == 2:
            chapters.append([])
        chapters[-1].append(piece)
    language = "zh-CN" if is_chinese(source) else "en"
    title = title_of(source)
    pages = {
        f"chapter-{number:02}.xhtml": PAGE.format(
            language=language, title=escape(pieces[0].text), body="\n".join(_element(piece) for piece in pieces)
        )
        for number, pieces in enumerate(chapters)
    }
    links = "\n".join(
        f'<li><a href="{name}">{escape(pieces[0].text)}</a></li>' for name, pieces in zip(pages, chapters, strict=True)
    )
    contents = PAGE.format(
        language=language, title=escape(title), body=f'<nav epub:type="toc"><ol>\n{links}\n</ol></nav>'
    )
    members = {
        "mimetype": "application/epub+zip",
        "META-INF/container.xml": CONTAINER,
        "book/package.opf": _package(title, language, list(pages)),
        "book/contents.xhtml": contents,
        **{f"book/{name}": page for name, page in pages.items()},
    }
    write_archive(target, members)
    return target


def _package(title: str, language: str, pages: list[str]) -> str:
    kind = 'media-type="application/xhtml+xml"'
    items = "".join(f'<item id="c{number}" href="{name}" {kind}/>' for number, name in enumerate(pages))
    spine = "".join(f'<itemref idref="c{number}"/>' for number in range(len(pages)))
    stamp = CHANGED.strftime("%Y-%m-%dT%H:%M:%SZ")
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<package xmlns="http://www.idpf.org/2007/opf" version="3.0" '
        'unique-identifier="id"><metadata xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f'<dc:identifier id="id">brindlemoor:{escape(title)}</dc:identifier><dc:title>{escape(title)}</dc:title>'
        f"<dc:creator>{AUTHOR}</dc:creator><dc:language>{language}</dc:language><dc:date>{stamp[:10]}</dc:date>"
        f'<meta property="dcterms:modified">{stamp}</meta></metadata>'
        f'<manifest><item id="contents" href="contents.xhtml" properties="nav" {kind}/>{items}</manifest>'
        f"<spine>{spine}</spine></package>\n"
    )


def _element(piece: Piece) -> str:
    text = escape(piece.text)
    if piece.kind == "heading":
        return f"<h{piece.level}>{text}</h{piece.level}>"
    if piece.kind == "table":
        head, *rows = piece.rows
        lines = [_row(head, "th"), *(_row(row, "td") for row in rows)]
        return f"<table>{''.join(lines)}</table>"
    return f"<ul><li>{text}</li></ul>" if piece.kind in ("item", "step") else f"<p>{text}</p>"


def _row(cells: list[str], tag: str) -> str:
    return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"
