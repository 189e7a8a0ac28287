"""What the demo company sells is told alike everywhere: prices, warranties, figures, in every format and language."""

import csv
import json
import re
from pathlib import Path
from typing import Any

import docx
import openpyxl
import pytest
import yaml

from knowledge.loaders import load

COMPANY = Path(__file__).resolve().parents[2] / "examples" / "brindlemoor"
PUBLIC = COMPANY / "documents" / "public"


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


PRODUCTS = {row["sku"]: row for row in rows_of(COMPANY / "sources" / "products.csv")}


def price(sku: str) -> float:
    return float(PRODUCTS[sku]["price"])


def text_of(name: str) -> str:
    return "\n".join(document.text for document in load(PUBLIC / name))


def word_tables(name: str) -> list[list[list[str]]]:
    document = docx.Document(str(PUBLIC / name))
    return [[[cell.text for cell in row.cells] for row in table.rows] for table in document.tables]


def test_sixty_products_with_numbers_of_their_own() -> None:
    assert len(PRODUCTS) == len(rows_of(COMPANY / "sources" / "products.csv")) == 60
    assert len({row["name"] for row in PRODUCTS.values()}) == 60


def test_the_catalogue_names_every_product() -> None:
    lines = (PUBLIC / "catalogue.jsonl").read_text(encoding="utf-8").splitlines()
    titles = " ".join(json.loads(line)["title"] for line in lines)
    assert set(re.findall(r"BM-\d+", titles)) == PRODUCTS.keys()


def test_the_chinese_catalogue_has_every_product_with_its_price_and_warranty() -> None:
    rows = [row for table in word_tables("产品目录.docx") for row in table[1:]]
    warranties = {sku: f"{row['warranty_years']} 年".replace("0 年", "无") for sku, row in PRODUCTS.items()}
    assert len(rows) == 60
    assert {row[0]: (float(row[2]), row[3]) for row in rows} == {sku: (price(sku), warranties[sku]) for sku in PRODUCTS}


def test_data_sheets_agree_with_the_products() -> None:
    sheets = yaml.safe_load((PUBLIC / "data-sheets.yaml").read_text(encoding="utf-8"))["sheets"]
    assert len(sheets) == 17
    for sheet in sheets:
        product = PRODUCTS[sheet["sku"]]
        assert sheet["name"] == product["name"]
        assert sheet["price_eur"] == price(sheet["sku"])
        assert sheet["warranty_years"] == int(product["warranty_years"])


@pytest.mark.parametrize("name", ["bulbs-and-sockets.html", "灯泡与灯座.html"])
def test_bulbs_agree_with_the_products_and_their_labels(name: str) -> None:
    labels = json.loads((PUBLIC / "energy-labels.json").read_text(encoding="utf-8"))["light_sources"]
    lumens = {label["sku"]: label["lumens"] for label in labels}
    page = (PUBLIC / name).read_text(encoding="utf-8")
    rows = re.findall(r"<tr><td>(BM-\d+)</td>(.*)</tr>", page)
    assert len(rows) == 8
    for sku, line in rows:
        cells = re.findall(r"<td>([^<]*)</td>", line)
        assert int(cells[1].replace(",", "")) == lumens[sku]
        assert float(cells[-1].strip("€")) == price(sku)


def test_energy_labels_name_products() -> None:
    for label in json.loads((PUBLIC / "energy-labels.json").read_text(encoding="utf-8"))["light_sources"]:
        assert label["name"].startswith(PRODUCTS[label["sku"]]["name"])


def test_parts_sold_under_their_own_number_have_its_price() -> None:
    sheet = openpyxl.load_workbook(PUBLIC / "spare-parts.xlsx")["Sold under their own number"]
    rows = [row for row in sheet.iter_rows(values_only=True) if str(row[1]).startswith("BM-")]
    assert len(rows) == 7
    assert [row[3] for row in rows] == [price(str(row[1])) for row in rows]
    assert [row[0] for row in rows] == [PRODUCTS[str(row[1])]["name"] for row in rows]


def test_shades_to_measure_cost_nine_euros_for_every_five_centimetres() -> None:
    (prices, *_) = word_tables("made-to-order-shade-form.docx")
    white = [int(row[1].strip("€")) for row in prices[1:]]
    assert white == [int(price("BM-505")) + 9 * step for step in range(7)]
    assert [int(row[2].strip("€")) for row in prices[1:]] == [amount + 15 for amount in white]


def test_every_number_of_a_product_exists() -> None:
    for folder in ("public", "staff"):
        for path in sorted((COMPANY / "documents" / folder).iterdir()):
            named = {sku for document in load(path) for sku in re.findall(r"BM-\d{3}\b", document.text)}
            assert named <= PRODUCTS.keys(), path.name


def figures(text: str) -> set[str]:
    return set(re.findall(r"\d+(?:[.,]\d+)*", text))


@pytest.mark.parametrize(
    ("chinese", "english", "in_words_or_elsewhere"),
    [
        ("Moorlight 40 使用说明.pdf", "moorlight-40-manual.pdf", set()),
        ("材料与过敏.docx", "materials-and-allergies.docx", {"3", "5"}),
        ("保养与清洁.md", "care-by-material.md", set()),
        ("安全须知.txt", "safety-notes.md", {"6", "32.50"}),
    ],
)
def test_chinese_figures_stand_in_the_english_document(
    chinese: str, english: str, in_words_or_elsewhere: set[str]
) -> None:
    assert figures(text_of(chinese)) - figures(text_of(english)) == in_words_or_elsewhere


def test_measures_are_the_same_in_both_languages() -> None:
    english: dict[str, list[Any]] = {row[1]: row for table in word_tables("size-guide.docx")[:4] for row in table[1:]}
    workbook = openpyxl.load_workbook(PUBLIC / "尺寸指南.xlsx")
    for sheet, columns in (("台灯和壁灯", (2, 3, 5)), ("提灯", (2, 3))):
        rows = [row for row in workbook[sheet].iter_rows(values_only=True) if str(row[1]).startswith("BM-")]
        assert len(rows) >= 4
        for row in rows:
            assert [str(row[column]) for column in columns if isinstance(row[column], int)] == [
                english[str(row[1]).replace("、", ", ")][column] for column in columns if isinstance(row[column], int)
            ]


def test_the_old_manual_says_that_it_is_old() -> None:
    old, new = text_of("moorlight-40-manual-2024.pdf"), text_of("moorlight-40-manual.pdf")
    assert "Edition 3, March 2024" in old
    for change in ("IP44", "4,400 mAh", "20 seconds", "Torx T6"):
        assert change in old
        assert change not in new
