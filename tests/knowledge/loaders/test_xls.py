"""Excel before 2007."""

from types import SimpleNamespace

import pytest
import xlrd

from knowledge.errors import UnreadableFile
from knowledge.loaders import xls
from knowledge.loaders.cells import Hidden, Merged


@pytest.mark.parametrize("in_container", [True, False])
def test_sheets_are_headings_and_rows_name_their_columns(read_one, compound_file, workbook, in_container):
    data = workbook(
        {
            "Prices": [
                ["Our prices"],
                ["Zone", "Price", "VAT", "From"],
                ["EU", 4.0, (0.19, 1), (46024.0, 2)],
                ["中国", 12.5],
            ],
            "!Secret": [["hidden"]],
            "Hours": [["Day", "Open"], ["Monday", True]],
        }
    )
    document = read_one("p.xls", compound_file({"Workbook": data}) if in_container else data)
    assert document.title == "p"
    assert document.text == (
        "Prices\n\nOur prices\n\nZone: EU | Price: 4 | VAT: 19% | From: 2026-01-02\nZone: 中国 | Price: 12.5\n\n"
        "Hours\n\nDay: Monday | Open: TRUE"
    )
    assert document.blocks[2].header == "Zone | Price | VAT | From"


def test_a_workbook_without_a_value(read_one, compound_file, workbook):
    with pytest.raises(UnreadableFile, match="no visible cell with a value"):
        read_one("p.xls", compound_file({"Workbook": workbook({"Empty": []})}))


def test_a_damaged_workbook(read_one, compound_file, workbook):
    with pytest.raises(UnreadableFile, match=r"is not a \.xls file, or damaged"):
        read_one("p.xls", compound_file({"Workbook": workbook({"A": [["x", "y"]]})[:200]}))


def test_a_web_page_and_a_table_of_tabs_named_xls(read_one):
    page = read_one("export.xls", "<html><body><table><tr><th>Zone<th>Price<tr><td>EU<td>4</table>")
    assert page.text == "Zone: EU | Price: 4"
    fragment = read_one("export.xls", "<table><tr><th>Zone<th>Price<tr><td>EU<td>4</table>")
    assert fragment.text == "Zone: EU | Price: 4"
    table = read_one("export.xls", "Zone\tPrice\nEU\t4\n")
    assert table.text == "Zone: EU | Price: 4"


def test_spans_of_time_and_what_is_struck_out_are_known():
    formats = {0: SimpleNamespace(format_str="[h]:mm"), 1: SimpleNamespace(format_str="General")}
    looks = [SimpleNamespace(format_key=0, font_index=0), SimpleNamespace(format_key=1, font_index=1)]
    fonts = [SimpleNamespace(struck_out=0), SimpleNamespace(struck_out=1)]
    book = SimpleNamespace(format_map=formats, xf_list=looks, font_list=fonts, datemode=0)
    assert xls._cell(book, SimpleNamespace(ctype=xlrd.XL_CELL_DATE, value=1.5, xf_index=0)) == "36:00"
    assert xls._cell(book, SimpleNamespace(ctype=xlrd.XL_CELL_TEXT, value="59", xf_index=0)) == "59"
    assert xls._cell(book, SimpleNamespace(ctype=xlrd.XL_CELL_TEXT, value="59", xf_index=1)) == ""


def test_hidden_columns_and_rows_are_known():
    shown, hidden = SimpleNamespace(hidden=0), SimpleNamespace(hidden=1)
    sheet = SimpleNamespace(colinfo_map={0: shown, 2: hidden}, rowinfo_map={1: hidden, 3: shown})
    assert xls._hidden(SimpleNamespace(mem=b"\x9b\0\2\0"), sheet) == Hidden(frozenset({2}), frozenset({1}))
    assert xls._hidden(SimpleNamespace(mem=b"..\x9b\0\0\0.."), sheet) == Hidden(frozenset({2}))


def test_merged_cells_are_known():
    sheet = SimpleNamespace(merged_cells=[(0, 1, 1, 3), (0, 2, 0, 1)])
    assert xls._merged(sheet) == [Merged(0, 0, 1, 2), Merged(0, 1, 0, 0)]
