"""Workbooks: cells that lead somewhere say where to."""

from pathlib import Path
from zipfile import ZipFile

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.hyperlink import Hyperlink

from tests.growth import grows_gently


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
        ({"B1": "https://shop.example/guides"}, "Lamp: Aurora | Guide: Manual"),
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


def test_a_link_over_a_column_takes_none_from_other_cells(tmp_path, load_blocks):
    written = book(tmp_path / "a.xlsx", {"A2": "https://shop.example/lamps", "B3": "https://shop.example/borealis"})
    with ZipFile(written) as old, ZipFile(tmp_path / "b.xlsx", "w") as new:
        for name in old.namelist():
            data = old.read(name).replace(b'ref="A2"', b'ref="A2:A1048576"')
            new.writestr(name, data.replace(b'ref="B3"', b'ref="B3" location="a&amp;b"'))
    read = load_blocks(tmp_path / "b.xlsx")
    told = "Lamp: Borealis (https://shop.example/lamps) | Guide: Manual (https://shop.example/borealis#a&b)"
    assert told in read


def test_a_number_that_leads_somewhere_is_a_number_still(tmp_path, load_blocks):
    def read(link: str) -> list[str]:
        workbook = Workbook()
        for row in (["Order", "Lamp"], [1042, "Aurora"], [], ["Corona", "Lux"]):
            workbook.active.append(row)
        workbook.active["A2"].hyperlink = link or None
        workbook.save(tmp_path / "a.xlsx")
        return load_blocks(tmp_path / "a.xlsx")

    linked = read("https://shop.example/1042")
    assert "Order: 1042 (https://shop.example/1042) | Lamp: Aurora" in linked
    assert [text.replace(" (https://shop.example/1042)", "") for text in linked] == read("")


@pytest.mark.parametrize("piece", ["<hyperlink ", "<col "])
def test_what_looks_like_links_takes_no_time(tmp_path, load_blocks, piece):
    written = book(tmp_path / "a.xlsx", {})
    with ZipFile(written) as old:
        parts = {name: old.read(name) for name in old.namelist()}

    def read(text: str) -> None:
        with ZipFile(tmp_path / "b.xlsx", "w") as new:
            for name, data in parts.items():
                told = b"<!--" + text.encode() + b"-->" if name.startswith("xl/worksheets/") else b""
                new.writestr(name, data.replace(b"</worksheet>", told + b"</worksheet>"))
        load_blocks(tmp_path / "b.xlsx")

    assert grows_gently(read, piece, 80_000)


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
