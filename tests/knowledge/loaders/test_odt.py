"""OpenDocument texts."""

import zipfile

import pytest

from knowledge.errors import UnreadableFile
from knowledge.loaders import load

NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{kind}:1.0"'
    for name, kind in {
        "office": "office", "text": "text", "table": "table", "style": "style", "draw": "drawing", "meta": "meta"
    }.items()
)  # fmt: skip
OTHER_NAMES = 'xmlns:xlink="http://www.w3.org/1999/xlink" xmlns:dc="http://purl.org/dc/elements/1.1/"'


@pytest.fixture
def read(tmp_path):
    def read(body, *, meta="", manifest="<x/>", styles="", name="a.odt"):
        path = tmp_path / name
        start = f'<?xml version="1.0"?><office:document-content {NAMES} {OTHER_NAMES}>'
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("mimetype", "application/vnd.oasis.opendocument.text")
            archive.writestr(
                "content.xml",
                f"{start}{styles}<office:body><office:text>{body}</office:text></office:body></office:document-content>",
            )
            archive.writestr("meta.xml", f"{start}{meta}</office:document-content>")
            archive.writestr("META-INF/manifest.xml", manifest)
        (document,) = load(path)
        return document

    return read


BODY = """
<text:tracked-changes><text:changed-region>
<text:deletion><text:p>deleted</text:p></text:deletion></text:changed-region></text:tracked-changes>
<text:table-of-content><text:index-body><text:p>Returns 1</text:p></text:index-body></text:table-of-content>
<text:p text:style-name="P1">Shop help</text:p>
<text:h text:outline-level="2"><text:bookmark-start text:name="ret"/>Returns</text:h>
<text:p>Within <text:span>30</text:span><text:s text:c="2"/>days<text:line-break/>or
  <text:a xlink:href="https://example.com/form">ask</text:a>.<text:note><text:note-citation>1</text:note-citation>
  <text:note-body><text:p>Not gift cards.</text:p></text:note-body></text:note>
  <office:annotation><text:p>draft</text:p></office:annotation></text:p>
<text:list><text:list-item><text:p>one</text:p>
<text:list><text:list-item><text:p>nested</text:p></text:list-item></text:list></text:list-item></text:list>
<text:section><text:p>In a section</text:p></text:section>
<table:table><table:table-header-rows><table:table-row><table:table-cell><text:p>Zone</text:p></table:table-cell>
<table:table-cell><text:p>Price</text:p></table:table-cell></table:table-row></table:table-header-rows>
<table:table-row><table:table-cell><text:p>EU</text:p><text:p>all</text:p></table:table-cell>
<table:table-cell><text:p>4.90</text:p></table:table-cell>
<table:table-cell table:number-columns-repeated="16000"/></table:table-row></table:table>
<text:p><draw:frame><draw:text-box><text:p>In a box</text:p></draw:text-box></draw:frame></text:p>
"""
STYLES = (
    '<office:automatic-styles><style:style style:name="P1" style:parent-style-name="Title"/></office:automatic-styles>'
)


def test_headings_lists_tables_notes_and_boxes(read, blocks):
    document = read(BODY, meta="<dc:title>Help</dc:title><dc:date>2026-03-04T05:06:07</dc:date>", styles=STYLES)
    assert (document.title, document.metadata) == ("Help", {"date": "2026-03-04"})
    assert blocks(document) == [
        ("heading", 1, "Shop help"),
        ("heading", 2, "Returns"),
        ("paragraph", 0, "Within 30 days\nor\nask (https://example.com/form)."),
        ("paragraph", 0, "Not gift cards."),
        ("item", 1, "one"),
        ("item", 2, "nested"),
        ("paragraph", 0, "In a section"),
        ("row", 0, "Zone: EU all | Price: 4.90"),
        ("paragraph", 0, "In a box"),
    ]
    assert document.blocks[1].anchor == "ret"
    assert document.blocks[7].header == "Zone | Price"


def span(text, style):
    return f'<text:span text:style-name="{style}">{text}</text:span>'


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (f"It costs £1500{span('5', 'Up')}.", "It costs £1500^5."),
        (f"It costs £1500{span('5', 'Super')}.", "It costs £1500^5."),
        (f"It costs £1500{span('5', 'Derived')}.", "It costs £1500^5."),
        (f"{span('£1500', 'Bold')}{span(span('5', 'Bold'), 'Up')}.", "£1500^5."),
        (f"From €9{span('9', 'Up')}{span('9', 'Super')} on", "From €9.99 on"),
        (f"It weighs 15{span('00', 'Bold')}{span('5', 'Level')} kg, H{span('2', 'Down')}O 1{span('2', 'Sub')}.",
         "It weighs 15005 kg, H2O 12."),
    ],
)  # fmt: skip
def test_raised_figures_make_no_other_number(read, body, text):
    styles = "".join(
        f'<style:style style:name="{name}" style:family="text"{more}><style:text-properties {looks}/></style:style>'
        for name, more, looks in [
            ("Up", "", 'style:text-position="33% 58%"'),
            ("Super", "", 'style:text-position="super 58%"'),
            ("Derived", ' style:parent-style-name="Super"', 'style:font-name="Serif"'),
            ("Level", ' style:parent-style-name="Super"', 'style:text-position="0% 100%"'),
            ("Bold", "", 'style:font-name="Sans"'),
            ("Down", "", 'style:text-position="-33% 58%"'),
            ("Sub", "", 'style:text-position="sub 58%"'),
        ]
    )
    styles = f"<office:automatic-styles>{styles}</office:automatic-styles>"
    assert read(f"<text:p>{body}</text:p>", styles=styles).text == text


def test_what_no_reader_sees_is_not_read_and_what_stands_in_shapes_is(read, blocks):
    styles = "".join(
        f'<style:style style:name="{name}" style:family="{family}"{more}><style:text-properties {looks}/></style:style>'
        for name, family, more, looks in [
            ("Hidden", "text", "", 'text:display="none"'),
            ("Derived", "text", ' style:parent-style-name="Hidden"', 'style:font-name="Serif"'),
            ("Struck", "text", "", 'style:text-line-through-style="solid"'),
            ("Plain", "text", ' style:parent-style-name="Struck"', 'style:text-line-through-style="none"'),
            ("Away", "paragraph", "", 'text:display="none"'),
        ]
    )
    said = "<text:ruby><text:ruby-base>北</text:ruby-base><text:ruby-text>běi</text:ruby-text></text:ruby>"
    asks = '<x:content-control xmlns:x="urn:x" x:showing-place-holder="true">Click here</x:content-control>'
    shape = "<draw:custom-shape><text:p>Keys cost 12 €.</text:p><draw:enhanced-geometry/></draw:custom-shape>"
    body = (
        f"<text:p>{span('At 3 €. ', 'Derived')}Price: {span('59', 'Struck')} {span('49', 'Plain')} €.{asks}</text:p>"
        f'<text:p text:style-name="Away">Ask nobody.</text:p><text:p>在{said}京。{shape}</text:p>'
    )
    document = read(body, styles=f"<office:automatic-styles>{styles}</office:automatic-styles>")
    assert blocks(document) == [
        ("paragraph", 0, "Price: 49 €."),
        ("paragraph", 0, "在北京。"),
        ("paragraph", 0, "Keys cost 12 €."),
    ]


def test_a_head_of_two_rows_with_merged_cells(read):
    def row(*cells):
        return f"<table:table-row>{''.join(cells)}</table:table-row>"

    def cell(text, spans=""):
        return f"<table:table-cell {spans}><text:p>{text}</text:p></table:table-cell>"

    covered = "<table:covered-table-cell/>"
    wide = 'table:number-columns-spanned="2"'
    head = row(cell("Zone", 'table:number-rows-spanned="2"'), cell("Standard", wide), covered, cell("Express", wide))
    names = row(covered, *(cell(name) for name in ("Price", "Days", "Price", "Days")))
    prices = row(*(cell(text) for text in ("EU", "4.90", "3", "9.90", "1")))
    assert read(f"<table:table>{head}{names}{prices}</table:table>").text == (
        "Zone: EU | Standard Price: 4.90 | Standard Days: 3 | Express Price: 9.90 | Express Days: 1"
    )


def test_raised_figures_in_a_table(read):
    styles = (
        '<office:automatic-styles><style:style style:name="Up" style:family="text">'
        '<style:text-properties style:text-position="super 58%"/></style:style></office:automatic-styles>'
    )
    cells = [
        f"<table:table-cell><text:p>{text}</text:p></table:table-cell>" for text in ("Net", f"£15{span('2', 'Up')}")
    ]
    table = f"<table:table><table:table-row>{''.join(cells)}</table:table-row></table:table>"
    assert read(table, styles=styles).text == "Net | £15^2"


def test_under_another_name(read):
    assert read("<text:p>Text</text:p>", name="a.docx").text == "Text"


def test_a_password_and_no_text_and_entities(read):
    with pytest.raises(UnreadableFile, match="protected by a password"):
        read("<text:p>x</text:p>", manifest="<m:encryption-data/>")
    with pytest.raises(UnreadableFile, match="holds no text"):
        read("<text:p/>")
    with pytest.raises(UnreadableFile, match=r"is not a \.odt file, or damaged"):
        read("<text:p>&nothing;")
