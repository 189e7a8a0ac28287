"""Files whose suffix lies."""

import tracemalloc
import zipfile

import docx
import openpyxl
import pytest

from knowledge.errors import UnreadableFile
from knowledge.loaders import load
from knowledge.loaders.sniffing import true_suffix


def suffix(tmp_path, data, *, named):
    path = tmp_path / f"a{named}"
    path.write_bytes(data)
    return true_suffix(path, suffix=named)


@pytest.mark.parametrize(
    ("data", "named", "found"),
    [
        (b"%PDF-1.7\n", ".txt", ".pdf"),
        (b"%PDF-1.7\n", ".pdf", ""),
        (b"{\\rtf1 x}", ".doc", ".rtf"),
        (b"<!DOCTYPE html><html>", ".txt", ".html"),
        (b"\n<!-- saved --><HTML lang=en>", ".doc", ".html"),
        ("<html>".encode("utf-16"), ".xls", ".html"),
        (b"<html> is the first element", ".md", ""),
        (b"<?xml version='1.0'?><Workbook/>", ".xls", ".xml"),
        (b"<p> begins a paragraph", ".txt", ""),
        (b"a\tb\n1\t2\n", ".xls", ".tsv"),
        (b"Dear all", ".doc", ".txt"),
        (b"MIME-Version: 1.0\n", ".doc", ".eml"),
        (b"From: me\n", ".txt", ""),
        (b"x", ".mp4", ""),
        (b"PK\x03\x04 broken", ".docx", ""),
    ],
)
def test_by_first_bytes(tmp_path, data, named, found):
    assert suffix(tmp_path, data, named=named) == found


@pytest.mark.parametrize(
    ("stream", "found"),
    [("WordDocument", ".doc"), ("Workbook", ".xls"), ("Book", ".xls"), ("__properties_version1.0", ".msg")],
)
def test_by_what_an_old_office_file_holds(tmp_path, compound_file, stream, found):
    assert suffix(tmp_path, compound_file({stream: b"x"}), named=".docx") == found
    assert suffix(tmp_path, compound_file({"EncryptedPackage": b"x"}), named=".docx") == ""


def test_office_files_under_other_names(tmp_path):
    docx.Document().save(tmp_path / "a.docx")
    openpyxl.Workbook().save(tmp_path / "a.xlsx")
    for real in (".docx", ".xlsx"):
        data = (tmp_path / f"a{real}").read_bytes()
        for named in (".doc", ".xls", ".zip", ".docm", ".unknown", ""):
            assert suffix(tmp_path, data, named=named) == real


def test_no_more_than_the_start_of_a_member_is_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", b" " * 100_000_000)
    tracemalloc.start()
    try:
        assert true_suffix(tmp_path / "a.zip", suffix=".zip") == ""
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 10_000_000


def test_an_archive_of_files_stays_one(tmp_path):
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("a.txt", "x")
    data = (tmp_path / "b.zip").read_bytes()
    assert suffix(tmp_path, data, named=".zip") == ""
    assert suffix(tmp_path, data, named=".jar") == ""


def test_an_old_presentation_is_refused_by_its_name(tmp_path, compound_file):
    (tmp_path / "a.pptx").write_bytes(compound_file({"PowerPoint Document": b"x"}))
    with pytest.raises(UnreadableFile, match=r"a\.pptx: no loader for \.ppt, which it is by its content.*Convert"):
        list(load(tmp_path / "a.pptx"))
