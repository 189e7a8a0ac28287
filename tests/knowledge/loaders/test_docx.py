"""Word documents, as Word writes them."""

import docx
import pytest
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from knowledge.loaders import load

MATHS = 'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'


@pytest.fixture
def source():
    return docx.Document()


@pytest.fixture
def read(tmp_path, source):
    def read():
        source.save(str(tmp_path / "a.docx"))
        (document,) = load(tmp_path / "a.docx")
        return document

    return read


def fill(table, rows):
    for row, texts in zip(table.rows, rows, strict=True):
        for cell, text in zip(row.cells, texts, strict=True):
            cell.text = text


def test_a_head_of_two_rows_with_merged_cells(source, read):
    table = source.add_table(rows=4, cols=5)
    prices = [["Inland", "4.90", "3", "9.90", "1"], ["EU", "7.90", "5", "", ""]]
    fill(table, [["Zone", "Standard", "", "Express", ""], ["", "Price", "Days", "Price", "Days"], *prices])
    for first, last in (((0, 0), (1, 0)), ((0, 1), (0, 2)), ((0, 3), (0, 4)), ((3, 3), (3, 4))):
        table.cell(*first).merge(table.cell(*last))
    document = read()
    assert document.text == (
        "Zone: Inland | Standard Price: 4.90 | Standard Days: 3 | Express Price: 9.90 | Express Days: 1\n"
        "Zone: EU | Standard Price: 7.90 | Standard Days: 5"
    )
    assert document.blocks[0].header == "Zone | Standard Price | Standard Days | Express Price | Express Days"


def test_rows_that_are_repeated_on_each_page_name_the_columns(source, read):
    table = source.add_table(rows=2, cols=2)
    fill(table, [["Model", "100 W"], ["Aurora", "49 EUR"]])
    table.rows[0]._tr.get_or_add_trPr().append(parse_xml(f"<w:tblHeader {nsdecls('w')}/>"))
    assert read().text == "Model: Aurora | 100 W: 49 EUR"


def paragraph(source, *elements):
    """Add a paragraph of runs: texts, or elements as Word writes them."""
    added = source.add_paragraph()
    names = f"{nsdecls('w')} {MATHS}"
    for element in elements:
        inner = element if element.startswith("<") else f'<w:r><w:t xml:space="preserve">{element}</w:t></w:r>'
        for child in parse_xml(f"<w:p {names}>{inner}</w:p>"):
            added._p.append(child)


def test_the_table_of_contents_and_what_asks_to_be_filled_in_are_not_read(source, read):
    contents = "<w:docPartObj><w:docPartGallery w:val='Table of Contents'/></w:docPartObj>"
    link = "<w:hyperlink w:anchor='_Toc1'><w:r><w:t>Costs</w:t></w:r></w:hyperlink>"
    field = "<w:r><w:instrText>PAGEREF _Toc2</w:instrText></w:r><w:r><w:t>Returns 17</w:t></w:r>"
    typed = "<w:r><w:t>Free from 50 EUR.</w:t></w:r>"
    entry = "".join(f"<w:p>{each}</w:p>" for each in ("<w:r><w:t>Contents</w:t></w:r>", link, field, typed))
    block = f"<w:sdt {nsdecls('w')}><w:sdtPr>{contents}</w:sdtPr><w:sdtContent>{entry}</w:sdtContent></w:sdt>"
    source.element.body.insert(0, parse_xml(block))
    asked = "<w:sdt><w:sdtPr><w:showingPlcHdr/></w:sdtPr><w:sdtContent>{}</w:sdtContent></w:sdt>"
    paragraph(source, "Name: ", asked.format("<w:r><w:t>Click or tap here to enter text.</w:t></w:r>"))
    paragraph(source, "Room: ", asked.format("<w:r><w:t>12</w:t></w:r>").replace("<w:showingPlcHdr/>", ""))
    assert read().text == "Free from 50 EUR.\n\nName:\n\nRoom: 12"


def test_the_name_of_the_contents_is_not_read_where_they_are_plain_paragraphs(source, read):
    for name, text in (("TOC Heading", "Contents"), ("toc 1", "Returns 17"), ("Normal", "Two days.")):
        if name not in source.styles:
            source.styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
        source.add_paragraph(text, style=name)
    assert read().text == "Two days."


def test_signs_and_formulas_are_read(source, read):
    paragraph(source, "Keep at ", '<w:r><w:sym w:font="Symbol" w:char="F0A3"/></w:r>', " 40 °C.")
    paragraph(source, '<w:r><w:sym w:font="Wingdings" w:char="F04A"/></w:r>', "Smile.")
    unit = "<m:sSup><m:e><m:r><m:t>m</m:t></m:r></m:e><m:sup><m:r><m:t>2</m:t></m:r></m:sup></m:sSup>"
    fraction = f"<m:f><m:num><m:r><m:t>U-1</m:t></m:r></m:num><m:den>{unit}</m:den></m:f>"
    paragraph(source, "Heat is ", f"<m:oMath><m:r><m:t>q=</m:t></m:r>{fraction}</m:oMath>", ".")
    assert read().text == "Keep at ≤ 40 °C.\n\nSmile.\n\nHeat is q=(U-1)/(m^2)."


def test_how_a_word_is_said_is_not_read(source, read):
    said = "<w:rt><w:r><w:t>běi</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>北</w:t></w:r></w:rubyBase>"
    paragraph(source, "在", f"<w:r><w:ruby>{said}</w:ruby></w:r>", "京。")
    assert read().text == "在北京。"


def test_numbers_that_word_counts_stand_before_their_paragraphs(source, read, blocks):
    for text, style in (("Unplug it.", "List Number"), ("Wait.", "List Number"), ("A bullet.", "List Bullet")):
        source.add_paragraph(text, style=style)
    gone = source.add_paragraph(style="List Number")
    gone._p.get_or_add_pPr().append(parse_xml(f"<w:rPr {nsdecls('w')}><w:del w:id='1' w:author='A'/></w:rPr>"))
    source.add_paragraph("Open it.", style="List Number")
    unlisted = source.add_paragraph("No step.", style="List Number")
    unlisted.style = source.styles["Normal"]
    none = parse_xml(f"<w:numPr {nsdecls('w')}><w:numId w:val='0'/></w:numPr>")
    unlisted._p.get_or_add_pPr().append(none)
    assert blocks(read()) == [
        ("item", 1, "1. Unplug it."),
        ("item", 1, "2. Wait."),
        ("item", 1, "A bullet."),
        ("item", 1, "3. Open it."),
        ("paragraph", 0, "No step."),
    ]


def test_a_table_in_a_cell_is_read_row_by_row_within_its_own(source, read):
    table = source.add_table(rows=2, cols=2)
    fill(table, [["Country", "Fees"], ["Germany", "By weight:"]])
    fill(table.cell(1, 1).add_table(rows=3, cols=2), [["Up to", "Fee"], ["5 kg", "4.90 €"], ["10 kg", "9.90 €"]])
    assert read().text == "Country: Germany | Fees: By weight: Up to: 5 kg, Fee: 4.90 €; Up to: 10 kg, Fee: 9.90 €"


def test_a_table_that_only_places_things_is_read_cell_by_cell(source, read, blocks):
    first, second = source.add_table(rows=1, cols=2).rows[0].cells
    first.text = "Open"
    first.paragraphs[0].style = "Heading 2"
    first.add_paragraph("Mon to Fri 9-18")
    fill(second.add_table(rows=2, cols=2), [["Zone", "Price"], ["EU", "9 €"]])
    assert blocks(read()) == [
        ("heading", 2, "Open"),
        ("paragraph", 0, "Mon to Fri 9-18"),
        ("row", 0, "Zone: EU | Price: 9 €"),
    ]


def test_a_box_of_text_in_a_cell_is_read_once(source, read):
    table = source.add_table(rows=2, cols=2)
    fill(table, [["Item", "Note"], ["Candle", "See:"]])
    box = "<w:txbxContent><w:p><w:r><w:t>Unopened only.</w:t></w:r></w:p></w:txbxContent>"
    names = 'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006"'
    both = f"<mc:Choice>{box}</mc:Choice><mc:Fallback>{box}</mc:Fallback>"
    run = f"<w:r {nsdecls('w')} {names}><mc:AlternateContent>{both}</mc:AlternateContent></w:r>"
    table.cell(1, 1).paragraphs[0]._p.append(parse_xml(run))
    assert read().text == "Item: Candle | Note: See: Unopened only."


@pytest.mark.parametrize(
    ("style", "is_row"),
    [("Normal", True), ("List Bullet", False), ("Heading 2", False)],
    ids=["row", "list", "heading"],
)
def test_a_row_of_values_stays_a_row_though_one_has_two_lines(source, read, style, is_row):
    name, address = source.add_table(rows=1, cols=2).rows[0].cells
    name.text, address.text = "Post", "Ring 4"
    address.add_paragraph("3000 Bern").style = style
    assert (read().text == "Post | Ring 4 3000 Bern") is is_row


def test_a_value_in_the_style_of_a_heading_stays_a_value(source, read):
    name, address = source.add_table(rows=1, cols=2).rows[0].cells
    name.text, address.text = "Post", "Ring 4"
    address.paragraphs[0].style = "Heading 2"
    assert read().text == "Post | Ring 4"


def test_a_table_beside_a_text_is_read_row_by_row(source, read, blocks):
    first, second = source.add_table(rows=1, cols=2).rows[0].cells
    first.text = "Aside."
    fill(second.add_table(rows=2, cols=2), [["Zone", "Price"], ["EU", "9 €"]])
    assert blocks(read()) == [("paragraph", 0, "Aside."), ("row", 0, "Zone: EU | Price: 9 €")]


def test_long_prose_in_one_row_is_read_cell_by_cell(source, read, blocks):
    first, second = source.add_table(rows=1, cols=2).rows[0].cells
    first.text, second.text = "Aside.", "Long. " * 110
    second.add_paragraph("End.")
    assert [text for _, _, text in blocks(read())] == ["Aside.", ("Long. " * 110).strip(), "End."]
