"""E-books."""

import zipfile

import pytest

from knowledge.errors import UnreadableFile
from knowledge.loaders import load

CONTAINER = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container"><rootfiles>
<rootfile full-path="OPS/book.opf"/></rootfiles></container>"""
PACKAGE = """<package xmlns="http://www.idpf.org/2007/opf" xmlns:dc="http://purl.org/dc/elements/1.1/">
<metadata><dc:title>Lamp care</dc:title><dc:creator>Ann Lee</dc:creator><dc:date>2025-01-02</dc:date>
<meta property="dcterms:modified">2026-03-04T05:06:07Z</meta></metadata>
<manifest><item id="two" href="text/two%20b.xhtml" media-type="application/xhtml+xml"/>
<item id="one" href="text/one.xhtml" media-type="application/xhtml+xml"/>
<item id="gone" href="text/gone.xhtml" media-type="application/xhtml+xml"/>
<item id="unread" href="text/unread.xhtml" media-type="application/xhtml+xml"/>
<item id="picture" href="a.png" media-type="image/png"/>
<item id="ncx" href="toc.ncx" media-type="application/x-dtbncx+xml"/></manifest>
<spine toc="ncx"><itemref idref="one"/><itemref idref="two"/>
<itemref idref="gone"/><itemref idref="picture"/></spine></package>"""
CONTENTS = """<ncx xmlns="http://www.daisy.org/z3986/2005/ncx/"><navMap><navPoint><navLabel><text>Cleaning</text></navLabel>
<content src="text/two%20b.xhtml#x"/></navPoint></navMap></ncx>"""
MEMBERS = {
    "mimetype": "application/epub+zip",
    "META-INF/container.xml": CONTAINER,
    "OPS/book.opf": PACKAGE,
    "OPS/toc.ncx": CONTENTS,
    "OPS/text/one.xhtml": "<html><head><title>t</title></head><body><h1>Bulbs</h1><p>One&nbsp;watt.</p>"
    "<h2 id='c'>Kinds</h2><p>Two.</p></body></html>",
    "OPS/text/two b.xhtml": "<html><body><p>With a cloth.</p></body></html>",
    "OPS/text/unread.xhtml": "<p>not in the book</p>",
}


@pytest.fixture
def read(tmp_path):
    def read(**changed):
        path = tmp_path / "a.epub"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in {**MEMBERS, **changed}.items():
                if content is not None:
                    archive.writestr(name, content)
        (document,) = load(path)
        return document

    return read


def test_pages_in_the_books_order_with_anchors(read, blocks):
    document = read()
    assert document.title == "Lamp care"
    assert document.metadata == {"date": "2026-03-04", "author": "Ann Lee"}
    assert blocks(document) == [
        ("heading", 1, "Bulbs"),
        ("paragraph", 0, "One watt."),
        ("heading", 2, "Kinds"),
        ("paragraph", 0, "Two."),
        ("heading", 1, "Cleaning"),
        ("paragraph", 0, "With a cloth."),
    ]
    anchors = [block.anchor for block in document.blocks if block.kind == "heading"]
    assert anchors == ["one.xhtml", "one.xhtml#c", "two b.xhtml"]


def encryption(method):
    return f'<e><EncryptedData><EncryptionMethod Algorithm="{method}"/></EncryptedData></e>'


def test_hidden_fonts_are_no_protection(read):
    assert read(**{"META-INF/encryption.xml": encryption("http://www.idpf.org/2008/embedding")}).text


@pytest.mark.parametrize(
    ("changed", "cause"),
    [
        ({"META-INF/encryption.xml": encryption("http://www.w3.org/2001/04/xmlenc#aes256-cbc")}, "DRM"),
        ({"META-INF/container.xml": None}, r"is not a \.epub file, or damaged"),
        ({"META-INF/container.xml": "<x/>"}, r"is not a \.epub file, or damaged"),
        ({"OPS/book.opf": "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"}, r"is not a \.epub file, or damaged"),
        ({"OPS/text/one.xhtml": None, "OPS/text/two b.xhtml": ""}, "no text on its pages"),
    ],
)
def test_what_cannot_be_read(read, changed, cause):
    with pytest.raises(UnreadableFile, match=cause):
        read(**changed)
