"""Excel workbooks: the price list from its CSV, and any other from Markdown, where each `##` is a sheet."""

import csv
import re
from pathlib import Path
from typing import Any

from making.archives import fix_dates
from making.pieces import AUTHOR, BRASS, CHANGED, read_pieces, title_of

PRICE_LIST_HEADER = ("SKU", "Product", "Category", "Price (EUR)", "In stock", "Warranty (years)", "Parcel")
PRICE_LIST_NOTES = (
    ("Valid", "From 1 March 2026 until a newer list appears. Prices include value added tax."),
    ("Warranty", "For the lamp itself. Rechargeable batteries have 1 year, also when they are built in."),
    ("Made-to-order shade", "The price is for shades up to 30 cm across; every further 5 cm adds €9. Never in stock."),
    ("Parcel", "letter: may go as a tracked letter. standard: parcel rate. bulky: standard rate and bulky surcharge."),
    ("Last Light", "Sale prices are not in this list; they stand on the page of each product."),
)


def write_price_list(source: Path, target: Path) -> Path:
    """Write the price list: one sheet of products, one of notes."""
    import openpyxl
    from openpyxl.styles import Alignment

    workbook = openpyxl.Workbook()
    prices = workbook.active
    assert prices is not None
    prices.title = "Price list"
    prices.append(PRICE_LIST_HEADER)
    with source.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            prices.append(
                (
                    row["sku"],
                    row["name"],
                    row["category"],
                    float(row["price"]),
                    int(row["stock"]),
                    int(row["warranty_years"]),
                    row["parcel"],
                )
            )
    _paint_head(prices)
    for (cell,) in prices.iter_rows(min_row=2, min_col=4, max_col=4):
        cell.number_format = "0.00"
    for column, width in zip("ABCDEFG", (10, 42, 16, 12, 10, 17, 10), strict=True):
        prices.column_dimensions[column].width = width
    prices.freeze_panes = "A2"
    prices.auto_filter.ref = prices.dimensions

    notes = workbook.create_sheet("Notes")
    notes.append(("About", "Note"))
    for note in PRICE_LIST_NOTES:
        notes.append(note)
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 22, 80
    for (cell,) in notes.iter_rows(min_row=2, min_col=2, max_col=2):
        cell.alignment = Alignment(wrap_text=True)
    return _save(workbook, "Price list 2026", target)


def write_xlsx(source: Path, target: Path) -> Path:
    """Write a workbook: each `##` of the source starts a sheet, with its lines and then its table."""
    import openpyxl

    workbook = openpyxl.Workbook()
    workbook.remove(workbook.worksheets[0])
    sheet: Any = None
    for piece in read_pieces(source):
        if piece.kind == "heading" and piece.level == 2:
            sheet = workbook.create_sheet(piece.text)
        elif piece.kind == "table":
            for number, row in enumerate(piece.rows):
                sheet.append([_value(cell) for cell in row])
                if number == 0:
                    _paint_head(sheet)
            for column in "ABCDEFGHIJ"[: len(piece.rows[0])]:
                sheet.column_dimensions[column].width = 24
        elif piece.kind in ("paragraph", "item") and sheet is not None:
            sheet.append([piece.text])
    return _save(workbook, title_of(source), target)


def _value(cell: str) -> str | int | float:
    """Return a plain number as one, and all else as text."""
    if re.fullmatch(r"[1-9]\d{0,5}|0", cell):
        return int(cell)
    return float(cell) if re.fullmatch(r"\d{1,5}\.\d\d?", cell) else cell


def _paint_head(sheet: Any) -> None:
    from openpyxl.styles import Font, PatternFill

    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True, color="FFFFFF")
        cell.fill = PatternFill("solid", start_color=BRASS)


def _save(workbook: Any, title: str, target: Path) -> Path:
    workbook.properties.creator = AUTHOR
    workbook.properties.title = title
    workbook.properties.created = CHANGED.replace(tzinfo=None)
    target.parent.mkdir(parents=True, exist_ok=True)
    workbook.save(target)
    fix_dates(target)
    return target
