"""PowerPoint."""

import datetime

import pytest
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from knowledge.chunking import split
from knowledge.errors import UnreadableFile
from knowledge.loaders import load


@pytest.fixture
def deck():
    presentation = Presentation()
    presentation.core_properties.modified = datetime.datetime(2026, 3, 4)
    return presentation


@pytest.fixture
def read(tmp_path, deck):
    def read():
        deck.save(tmp_path / "a.pptx")
        (document,) = load(tmp_path / "a.pptx")
        return document

    return read


def add_slide(deck, layout=6):
    return deck.slides.add_slide(deck.slide_layouts[layout])


def add_box(shapes, text, left, top):
    shapes.add_textbox(Inches(left), Inches(top), Inches(2), Inches(1)).text_frame.text = text


def test_each_slide_is_a_page_in_reading_order(deck, read, blocks):
    first = add_slide(deck, 1)
    first.shapes.title.text = "Returns"
    first.placeholders[1].text_frame.text = "within 30 days"
    more = first.placeholders[1].text_frame.add_paragraph()
    more.text, more.level = "unworn", 1
    first.notes_slide.notes_text_frame.text = "Say it slowly.\nTwice."
    second = add_slide(deck)
    add_box(second.shapes, "below", 1, 4)
    add_box(second.shapes, "right", 5, 1.1)
    add_box(second.shapes, "left", 1, 1.2)
    group = second.shapes.add_group_shape()
    add_box(group.shapes, "in a group", 1, 6)
    hidden = add_slide(deck)
    add_box(hidden.shapes, "secret", 1, 1)
    hidden.element.set("show", "0")
    add_slide(deck)
    last = add_slide(deck)
    add_box(last.shapes, "last", 1, 1)
    document = read()
    assert document.paged
    assert (document.title, document.metadata) == ("Returns", {"date": "2026-03-04"})
    assert blocks(document) == [
        ("heading", 1, "Returns"),
        ("item", 1, "within 30 days"),
        ("item", 2, "unworn"),
        ("paragraph", 0, "Say it slowly."),
        ("paragraph", 0, "Twice."),
        ("heading", 1, ""),
        ("paragraph", 0, "left"),
        ("paragraph", 0, "right"),
        ("paragraph", 0, "below"),
        ("paragraph", 0, "in a group"),
        ("paragraph", 0, "last"),
    ]
    pages = document.text.split("\f")
    assert len(pages) == 5
    assert (pages[2], pages[3], pages[4]) == ("", "", "last")


def test_tables_and_charts_are_rows_that_name_their_columns(deck, read):
    slide = add_slide(deck)
    table = slide.shapes.add_table(3, 2, 0, 0, Inches(4), Inches(1)).table
    for row, line in enumerate([["Zone", "Price"], ["EU", "4"], ["", "5"]]):
        for column, text in enumerate(line):
            table.cell(row, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0))
    data = CategoryChartData()
    data.categories = ["2025", "2026"]
    data.add_series("Sold", (1.5, None))
    data.add_series("Returned", (1, 2))
    chart = slide.shapes.add_chart(XL_CHART_TYPE.LINE, 0, Inches(3), Inches(4), Inches(2), data).chart
    chart.has_title = True
    chart.chart_title.text_frame.text = "Sales"
    document = read()
    assert document.text == (
        "Zone: EU | Price: 4\nZone: EU | Price: 5\n\nSales\n\n2025 | Sold: 1.5 | Returned: 1\n2026 | Returned: 2"
    )
    assert document.blocks[0].header == "Zone | Price"


def test_where_a_link_leads_is_told(deck, read):
    frame = add_slide(deck).shapes.add_textbox(0, 0, Inches(4), Inches(1)).text_frame
    for text, address in (
        ("Our ", "https://shop.example/prices"),
        ("prices", "https://shop.example/prices"),
        (", https://shop.", "https://shop.example/all"),
        ("example/all", "https://shop.example/all"),
        (" or ask@shop.example", "mailto:ask@shop.example"),
    ):
        run = frame.paragraphs[0].add_run()
        run.text, run.hyperlink.address = text, address
    assert read().text == "Our prices (https://shop.example/prices), https://shop.example/all or ask@shop.example"


def test_a_slide_without_a_title_stands_below_no_other_slides(deck, read):
    titled = deck.slides.add_slide(deck.slide_layouts[5])
    titled.shapes.title.text = "Prices"
    for slide in (titled, add_slide(deck)):
        slide.shapes.add_textbox(0, Inches(3), Inches(4), Inches(1)).text_frame.text = "Two days."
    document = read()
    assert [(chunk.headings, chunk.page) for chunk in split(document)] == [(("Prices",), 1), ((), 2)]


def test_a_head_of_two_rows_with_merged_cells(deck, read):
    table = add_slide(deck).shapes.add_table(3, 3, 0, 0, Inches(4), Inches(1)).table
    for row, line in enumerate([["Device", "Price", ""], ["", "Net", "Gross"], ["Lamp", "40 €", "47.60 €"]]):
        for column, text in enumerate(line):
            table.cell(row, column).text = text
    table.cell(0, 1).merge(table.cell(0, 2))
    table.cell(0, 0).merge(table.cell(1, 0))
    assert read().text == "Device: Lamp | Price Net: 40 € | Price Gross: 47.60 €"


def test_what_is_struck_out_or_raised_makes_no_other_number(deck, read):
    slide = deck.slides.add_slide(deck.slide_layouts[6])
    box = slide.shapes.add_textbox(Inches(1), Inches(1), Inches(2), Inches(1)).text_frame.paragraphs[0]
    cell = slide.shapes.add_table(2, 2, Inches(1), Inches(3), Inches(4), Inches(1)).table.cell(1, 1)
    for paragraph in (box, cell.text_frame.paragraphs[0]):
        for text, attribute, value in (
            ("It costs ", "strike", "noStrike"),
            ("€99 ", "strike", "sngStrike"),
            ("€49", "baseline", "0"),
            ("1", "baseline", "30000"),
        ):
            run = paragraph.add_run()
            run.text = text
            run.font._element.set(attribute, value)
    assert read().text == "It costs €49^1\n\nIt costs €49^1"


def test_slides_without_text(deck, read):
    add_slide(deck)
    with pytest.raises(UnreadableFile, match="holds no text on its slides"):
        read()
