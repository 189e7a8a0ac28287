"""Workbooks: cells that lead somewhere say where to."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink


def book(path: Path, links: dict[str, Hyperlink | str]) -> Path:
    workbook = Workbook()
    sheet = workbook.active
    for row in (["Lamp", "Guide"], ["Aurora", "Manual"], ["Borealis", "Manual"], ["Corona", None]):
        sheet.append(row)
    for cell, link in links.items():
        sheet[cell].hyperlink = link
    workbook.save(path)
    return path


@pytest.mark.parametrize(
    ("links", "row"),
    [
        (
            {"B2": "https://shop.example/aurora?a=1&b=2"},
            "Lamp: Aurora | Guide: Manual (https://shop.example/aurora?a=1&b=2)",
        ),
        ({"A2": "mailto:help@example.com"}, "Lamp: Aurora (help@example.com) | Guide: Manual"),
        ({"B2": Hyperlink(ref="B2", location="Other!A1")}, "Lamp: Aurora | Guide: Manual"),
        ({"B2": "guide.pdf"}, "Lamp: Aurora | Guide: Manual"),
        ({"B4": "https://shop.example/nothing"}, "Lamp: Aurora | Guide: Manual"),
        ({}, "Lamp: Aurora | Guide: Manual"),
    ],
)
def test_a_cell_that_leads_somewhere_says_where_to(tmp_path, load_blocks, links, row):
    assert row in load_blocks(book(tmp_path / "a.xlsx", links))


def test_a_link_over_many_cells_is_told_by_each(tmp_path, load_blocks):
    written = book(tmp_path / "a.xlsx", {"B2": "https://shop.example/manual"})
    with ZipFile(written) as old, ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b'ref="B2"', b'ref="B2:B1048576"'))
    read = load_blocks(tmp_path / "b.xlsx")
    assert [text.endswith("(https://shop.example/manual)") for text in read if "Manual" in text] == [True, True]


def test_an_address_that_is_shown_is_not_told_again(tmp_path, load_blocks):
    workbook = Workbook()
    workbook.active.append(["shop.example"])
    workbook.active["A1"].hyperlink = "https://shop.example/"
    workbook.save(tmp_path / "a.xlsx")
    assert "shop.example" in load_blocks(tmp_path / "a.xlsx")


@pytest.fixture
def load_blocks():
    from knowledge.loaders.xlsx import load

    def read(path: Path) -> list[str]:
        (document,) = load(path)
        return [document.text[block.start : block.end] for block in document.blocks]

    return read
