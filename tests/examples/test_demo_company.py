"""The demo company keeps its promises: formats, gold quotes, one truth in documents and shop, reproducible files."""

import csv
import html
import importlib.util
import json
import re
import sqlite3
import sys
import unicodedata
from collections import Counter
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import docx
import openpyxl
import pypdfium2
import pytest

from knowledge.loaders import load

COMPANY = Path(__file__).resolve().parents[2] / "examples" / "brindlemoor"
DOCUMENTS = COMPANY / "documents"
LOADED = {".odt", ".rtf", ".epub", ".pptx", ".eml", ".txt", ".yaml", ".json"}
"""Formats that are read with our own loaders, for want of a library that only reads them."""
LEAST = {"public": 30, "staff": 7, "chinese": 9, "formats": 10}
KINDS = {
    "plain": 24,
    "table": 28,
    "near_alike": 20,
    "version": 8,
    "follow_up": 20,
    "two_part": 10,
    "cross_lingual": 3,
    "staff": 10,
    "unanswerable": 34,
    "staff_leak": 6,
}
FIELDS = {"id", "question", "history", "lang", "answerable", "gold", "facts", "kind", "audience"}


def load_script(name: str) -> ModuleType:
    """Import a script of the demo company, which is no package."""
    specification = importlib.util.spec_from_file_location(f"brindlemoor_{name}", COMPANY / f"{name}.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


sys.path.insert(0, str(COMPANY))  # as it is when the script is run: it imports its package `making`
make_documents = load_script("make_documents")
sys.path.remove(str(COMPANY))
make_shop = load_script("make_shop")


def normalised(text: str) -> str:
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip()


def compact(text: str) -> str:
    """Return text as facts are compared: NFKC, casefold, letters and digits only."""
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def plain_text(source: str, *, markup: str) -> str:
    """Return Markdown or HTML as it reads, one block or cell a line."""
    if markup == ".html":
        source = re.sub(r"(?s)<(style|head)>.*?</\1>", "", source)
        return html.unescape(re.sub(r"<[^>]+>", "\n", source))
    source = re.sub(r"\[([^]]+)]\([^)]+\)", r"\1", source)
    return re.sub(r"\*\*|(?m:^(#+|-|\d+\.) )|\|", "\n", source)


@cache
def pages_of(folder: Path) -> dict[str, list[str]]:
    """Read a folder with the formats' own libraries: document identity → its pages (one, if it has none)."""
    pages: dict[str, list[str]] = {}
    for path in sorted(folder.iterdir()):
        match path.suffix:
            case ".md" | ".html":
                pages[path.name] = [plain_text(path.read_text(encoding="utf-8"), markup=path.suffix)]
            case ".csv":
                with path.open(encoding="utf-8", newline="") as lines:
                    table = list(csv.DictReader(lines))
                if "question" not in table[0]:
                    pages[path.name] = ["\n".join(value for row in table for value in row.values())]
                    continue
                for number, row in enumerate(table, start=1):
                    pages[f"{path.name}#{number}"] = [f"{row['question']}\n{row['answer']}"]
            case ".jsonl":
                for line in path.read_text(encoding="utf-8").splitlines():
                    row = json.loads(line)
                    pages[row["doc_id"]] = [f"{row['title']}\n{row['text']}"]
            case ".docx":
                document = docx.Document(str(path))
                cells = [cell.text for table in document.tables for row in table.rows for cell in row.cells]
                pages[path.name] = ["\n".join([*(paragraph.text for paragraph in document.paragraphs), *cells])]
            case ".xlsx":
                values = [value for row in sheet_rows(path) for value in row]
                pages[path.name] = ["\n".join(str(value) for value in values)]
            case ".pdf":
                pages[path.name] = pdf_pages(path)
            case suffix if suffix in LOADED:
                pages[path.name] = [document.text for document in load(path)]
            case suffix:
                raise AssertionError(f"no reader for {suffix}")
    return {name: [normalised(page) for page in texts] for name, texts in pages.items()}


def sheet_rows(path: Path) -> list[tuple[Any, ...]]:
    return [row for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows(values_only=True)]


def pdf_pages(path: Path) -> list[str]:
    document = pypdfium2.PdfDocument(path)
    try:
        return [page.get_textpage().get_text_range() for page in document]
    finally:
        document.close()


def read_questions() -> list[dict[str, Any]]:
    return [json.loads(line) for line in (COMPANY / "questions.jsonl").read_text(encoding="utf-8").splitlines()]


QUESTIONS = read_questions()
ANSWERABLE = [question for question in QUESTIONS if question["answerable"]]


def readable(question: dict[str, Any]) -> dict[str, list[str]]:
    """Return what the one who asks may read."""
    pages = pages_of(DOCUMENTS / "public")
    return pages | pages_of(DOCUMENTS / "staff") if question["audience"] == "staff" else pages


def test_documents_are_many_in_ten_formats() -> None:
    files = [path for path in DOCUMENTS.rglob("*") if path.is_file()]
    folders = Counter(path.parent.name for path in files)
    counts = {
        **folders,
        "chinese": sum(not path.name.isascii() for path in files),
        "formats": len({path.suffix for path in files}),
    }
    assert counts.keys() == LEAST.keys()
    assert all(counts[name] >= least for name, least in LEAST.items()), counts


def test_scanned_page_has_no_text_but_a_picture() -> None:
    document = pypdfium2.PdfDocument(DOCUMENTS / "public" / "shop-notices.pdf")
    try:
        page = document[1]
        assert page.get_textpage().get_text_range().strip() == ""
        assert sum(1 for _ in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])) == 1
    finally:
        document.close()


def test_identities_differ_between_audiences() -> None:
    assert not pages_of(DOCUMENTS / "public").keys() & pages_of(DOCUMENTS / "staff").keys()


def test_questions_are_of_every_kind() -> None:
    assert len(QUESTIONS) == sum(KINDS.values()) == len({question["id"] for question in QUESTIONS})
    assert Counter(question["lang"] for question in QUESTIONS) == {"en": 123, "zh": 40}
    assert Counter(question["kind"] for question in QUESTIONS) == KINDS
    assert Counter(question["answerable"] for question in QUESTIONS) == {True: 123, False: 40}
    assert sum(bool(question["history"]) for question in QUESTIONS) == 20
    assert Counter(question["audience"] for question in QUESTIONS) == {"public": 153, "staff": 10}


def test_readme_counts_the_kinds() -> None:
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \|", (COMPANY / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert {kind: int(count) for kind, count in rows} == KINDS


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question["id"])
def test_question_is_well_formed(question: dict[str, Any]) -> None:
    assert question.keys() == FIELDS
    assert all(turn.keys() == {"role", "content"} for turn in question["history"])
    assert bool(question["gold"]) == bool(question["facts"]) == question["answerable"]
    assert all(group and all(group) for group in question["facts"])
    assert question["answerable"] == (question["kind"] not in ("unanswerable", "staff_leak"))


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_gold_quotes_stand_once_in_their_document(question: dict[str, Any]) -> None:
    documents = readable(question)
    for gold in question["gold"]:
        pages = documents[gold["document"]]
        assert (gold["page"] is not None) == gold["document"].endswith(".pdf")
        text = pages[gold["page"] - 1] if gold["page"] else pages[0]
        assert text.count(normalised(gold["quote"])) == 1, gold


@pytest.mark.parametrize("question", ANSWERABLE, ids=lambda question: question["id"])
def test_facts_stand_in_the_gold_documents(question: dict[str, Any]) -> None:
    documents = readable(question)
    text = compact(" ".join(page for gold in question["gold"] for page in documents[gold["document"]]))
    for group in question["facts"]:
        assert any(compact(fact) in text for fact in group), group


def test_staff_facts_are_not_in_public_documents() -> None:
    public = compact(" ".join(page for pages in pages_of(DOCUMENTS / "public").values() for page in pages))
    for question in QUESTIONS:
        if question["audience"] == "staff":
            assert not any(compact(gold["quote"]) in public for gold in question["gold"])


def test_make_documents_gives_the_committed_documents(tmp_path: Path) -> None:
    written = make_documents.main(tmp_path)
    assert {path.suffix for path in written} == {".docx", ".epub", ".odt", ".pdf", ".pptx", ".rtf", ".xlsx"}
    for folder in ("public", "staff"):
        committed = pages_of(DOCUMENTS / folder)
        for name, pages in pages_of(tmp_path / folder).items():
            assert pages == committed[name], name


def test_make_documents_is_deterministic(tmp_path: Path) -> None:
    first, second = make_documents.main(tmp_path / "a"), make_documents.main(tmp_path / "b")
    assert [path.read_bytes() for path in first] == [path.read_bytes() for path in second]


def test_manual_has_four_numbered_pages() -> None:
    pages = pages_of(DOCUMENTS / "public")["moorlight-40-manual.pdf"]
    assert len(pages) == 4
    assert all(f"Page {number}" in page for number, page in enumerate(pages, start=1))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> sqlite3.Connection:
    path = tmp_path_factory.mktemp("shop") / "shop.sqlite3"
    make_shop.make_shop(path)
    return sqlite3.connect(path)


def test_shop_has_its_rows(shop: sqlite3.Connection) -> None:
    counts = {
        table: shop.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        for table in ("customers", "products", "orders", "order_items", "returns")
    }
    assert (counts["customers"], counts["products"], counts["orders"]) == (200, 60, 1000)
    assert counts["order_items"] > 1_400
    assert counts["returns"] >= 100
    first, last = shop.execute("SELECT min(ordered_on), max(ordered_on) FROM orders").fetchone()
    assert (first[:4], last) == ("2025", "2026-10-30")
    statuses = {status for (status,) in shop.execute("SELECT DISTINCT status FROM orders")}
    assert statuses == {"received", "packed", "dispatched", "delivered", "cancelled"}
    levels = {level for (level,) in shop.execute("SELECT DISTINCT club_level FROM customers")}
    assert levels == {None, "Spark", "Glow", "Beacon"}
    assert shop.execute("PRAGMA foreign_key_check").fetchall() == []


def test_shop_is_deterministic(tmp_path: Path, shop: sqlite3.Connection) -> None:
    make_shop.make_shop(tmp_path / "again.sqlite3")
    again = sqlite3.connect(tmp_path / "again.sqlite3")
    assert list(again.iterdump()) == list(shop.iterdump())
    again.close()


def test_shop_prices_are_those_of_the_price_list(shop: sqlite3.Connection) -> None:
    columns = "sku, name, category, price_cents, stock, warranty_years, parcel"
    listed = [row for row in sheet_rows(DOCUMENTS / "public" / "price-list.xlsx") if str(row[0]).startswith("BM-")]
    expected = [(*row[:3], round(row[3] * 100), *row[4:]) for row in listed]
    assert shop.execute(f"SELECT {columns} FROM products ORDER BY rowid").fetchall() == expected


def test_orders_add_up(shop: sqlite3.Connection) -> None:
    wrong = shop.execute(
        "SELECT order_number FROM orders WHERE goods_cents !="
        " (SELECT sum(quantity * unit_price_cents) FROM order_items WHERE order_number = orders.order_number)"
    ).fetchall()
    assert wrong == []


def test_shop_sends_no_lithium_and_nothing_bulky_to_zone_5(shop: sqlite3.Connection) -> None:
    sent = shop.execute(
        "SELECT sku FROM order_items JOIN orders USING (order_number) JOIN customers USING (customer_id)"
        " JOIN products p USING (sku) WHERE zone = 5 AND (parcel = 'bulky' OR p.name LIKE 'Moorlight%lantern'"
        " OR p.name LIKE 'Moorlight%battery%')"
    ).fetchall()
    assert sent == []


def delivery_table(name: str) -> list[list[str]]:
    """Return the amounts and day ranges in each row of a delivery table."""
    text = (DOCUMENTS / "public" / name).read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d .*", text, re.MULTILINE) or re.findall(r"<tr><td>第.*", text)
    return [re.findall(r"\d+\.\d\d|\d+–\d+|\b\d\d+\b", row) for row in rows]


def test_delivery_is_the_same_in_both_languages_and_in_the_shop() -> None:
    english = delivery_table("shipping.md")
    assert len(english) == 5
    assert english == delivery_table("配送说明.html")
    for row, zone in zip(english, make_shop.ZONES.values(), strict=True):
        assert row[:2] == [f"{zone.standard / 100:.2f}", "{}–{}".format(*zone.days)]
        if zone.express is not None:
            assert row[2] == f"{zone.express / 100:.2f}"
        if zone.free_from is not None:
            assert row[-1] == str(zone.free_from // 100)


def test_catalogue_prices_are_those_of_the_price_list() -> None:
    rows = sheet_rows(DOCUMENTS / "public" / "price-list.xlsx")
    prices = {row[0]: row[3] for row in rows if str(row[0]).startswith("BM-")}
    for line in (DOCUMENTS / "public" / "catalogue.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["doc_id"] == "made-to-order-shade":
            continue  # names the price of extras, too
        own = {prices[sku] for sku in re.findall(r"BM-\d+", row["title"])}
        assert {float(price) for price in re.findall(r"(\d+(?:\.\d+)?) euros", row["text"])} <= own, row["doc_id"]


def test_people_and_addresses_are_invented(shop: sqlite3.Connection) -> None:
    addresses = [email for (email,) in shop.execute("SELECT email FROM customers")]
    for folder in ("public", "staff"):
        for pages in pages_of(DOCUMENTS / folder).values():
            addresses += re.findall(r"[\w.]+@[\w.]+\w", " ".join(pages))
    assert len(addresses) > 40
    assert all(address.endswith("@example.com") for address in addresses)
