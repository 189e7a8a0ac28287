"""When a document says it was written."""

import datetime

import docx
import openpyxl
import pytest

from knowledge.loaders import load
from knowledge.loaders.dates import iso_day


@pytest.mark.parametrize(
    ("said", "day"),
    [
        ("2026-03-04", "2026-03-04"),
        ("2026-03-04T23:59:59+02:00", "2026-03-04"),
        ("20260304", "2026-03-04"),
        ("2026/3/4", "2026-03-04"),
        ("2026年3月4日", "2026-03-04"),
        ("March 4, 2026", "2026-03-04"),
        ("4 Mar 2026", "2026-03-04"),
        ("04.03.2026", "2026-03-04"),
        ("Wed, 04 Mar 2026 10:00:00 -0500", "2026-03-04"),
        (datetime.datetime(2026, 3, 4, 5), "2026-03-04"),
        ("03/04/2026", ""),
        ("2026-02-30", ""),
        ("0001-01-01", ""),
        ("2026", ""),
        ("soon", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_days(said, day):
    assert iso_day(said) == day


def test_of_office_files(tmp_path):
    moment = datetime.datetime(2026, 3, 4, 5)
    text = docx.Document()
    text.add_paragraph("x")
    text.core_properties.modified = moment
    text.core_properties.title = "Terms"
    text.save(tmp_path / "a.docx")
    book = openpyxl.Workbook()
    book.active["A1"] = "x"
    book.properties.title = "Prices"
    book.save(tmp_path / "a.xlsx")
    (document,) = load(tmp_path / "a.docx")
    assert (document.title, document.metadata) == ("Terms", {"date": "2026-03-04"})
    (document,) = load(tmp_path / "a.xlsx")
    assert document.title == "Prices"
    assert document.metadata["date"] >= datetime.date.today().replace(day=1).isoformat()[:4]


def test_of_pages_and_front_matter(read_one):
    page = read_one(
        "a.html",
        '<meta name="date" content="2025-01-02">'
        '<meta property="article:modified_time" content="2026-03-04T05:06Z"><p>x',
    )
    assert page.metadata == {"date": "2026-03-04"}
    assert read_one("a.html", '<meta name="date" content="soon"><p>x').metadata == {}
    assert read_one("a.md", "---\ndate: March 4, 2026\n---\nx").metadata == {"date": "2026-03-04"}
    updated = read_one("a.md", "---\ndate: 2025-01-02\nlast_updated: 2026-03-04\n---\nx")
    assert updated.metadata == {"date": "2026-03-04", "last_updated": "2026-03-04"}
