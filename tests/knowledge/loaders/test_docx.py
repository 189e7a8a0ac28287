"""Word documents, as Word writes them."""

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from knowledge.loaders import load


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
