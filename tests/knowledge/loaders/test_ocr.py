"""Text recognised in scans and pictures; most of it with the real tesseract."""

import io
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import EpsImagePlugin, Image, ImageDraw, ImageFont
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from knowledge.errors import PartlyUnreadable, UnreadableFile
from knowledge.loaders import LoadOptions, load, ocr
from tests.conftest import missing

ENGLISH = [
    "Returns are accepted within thirty days after delivery.",
    "Please keep the original packaging and invoice 48213.",
    "Gift cards and opened seed packets cannot be returned.",
]
CHINESE = [
    "商品自签收之日起三十天内可以退货，须保持原包装完好。",
    "请把商品寄回我们的仓库，运费由买家承担。",
    "定制商品和礼品卡不能退货。",
]
MOST_ERRORS = 0.05
"""Character error rate: edits over characters, white space left out."""
FONT_SIZE = 46


@pytest.fixture(scope="session")
def tesseract() -> str:
    found = shutil.which("tesseract")
    if not found:
        missing("tesseract")
    languages = subprocess.run([str(found), "--list-langs"], capture_output=True, text=True, check=True).stdout.split()
    if not {"eng", "chi_sim"} <= set(languages):
        missing("tesseract's English or Chinese")
    return str(found)


@pytest.fixture(scope="session")
def font() -> ImageFont.FreeTypeFont:
    found = sorted(Path("/usr/share/fonts").glob("*/noto/NotoSansCJK-Regular.ttc"))
    if not found:
        missing("the font Noto Sans CJK")
    return ImageFont.truetype(str(found[0]), FONT_SIZE, index=2)


@pytest.fixture
def without_tesseract(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))


def picture(lines, font, *, size=(2480, 1500), top=150, step=90):
    """Return an A4 page, or its upper part, as scanned at 300 dpi."""
    image = Image.new("L", size, 255)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((250, top + number * step), line, font=font, fill=0)
    return image


def scan(path, *images, stamp=""):
    canvas = Canvas(str(path))
    for image in images:
        width, height = image.width * 72 / 300, image.height * 72 / 300
        canvas.setPageSize((width, height))
        canvas.drawImage(ImageReader(image), 0, 0, width, height)
        canvas.drawString(40, height - 20, stamp)
        canvas.showPage()
    canvas.save()
    return path


def error_rate(found, wanted):
    """Levenshtein's distance over the length of what was wanted, white space left out."""
    found, wanted = "".join(found.split()), "".join(wanted.split())
    row = list(range(len(wanted) + 1))
    for number, character in enumerate(found, start=1):
        before, row[0] = row[0], number
        for index, other in enumerate(wanted, start=1):
            before, row[index] = row[index], min(row[index] + 1, row[index - 1] + 1, before + (character != other))
    return row[-1] / len(wanted)


def test_the_error_rate_counts_edits():
    assert error_rate("kitten", "sitting") == pytest.approx(3 / 7)
    assert error_rate("a b", "ab") == 0


@pytest.mark.parametrize("lines", [ENGLISH, CHINESE], ids=["english", "chinese"])
def test_a_scan_is_read_with_its_places(tesseract, font, tmp_path, lines):
    path = scan(tmp_path / "scan.pdf", picture(lines, font), picture(lines[::-1], font))
    (document,) = load(path)
    assert document.paged
    pages = document.text.split("\f")
    assert error_rate(pages[0], "".join(lines)) <= MOST_ERRORS
    assert error_rate(pages[1], "".join(lines[::-1])) <= MOST_ERRORS
    boxes = [box for box in document.layout if box.page == 1]
    assert len(boxes) == len(lines)
    for number, (box, line) in enumerate(zip(boxes, lines, strict=True)):
        text = document.text[box.start : box.end]
        assert error_rate(text, line) <= 0.15
        assert len(box.edges) == len(text) + 1
        assert list(box.edges) == sorted(box.edges)
        top, bottom = (150 + number * 90) / 1500, (150 + number * 90 + 1.5 * FONT_SIZE) / 1500
        assert top - 0.01 < box.top < box.bottom < bottom + 0.01
        assert box.edges[0] * 2480 == pytest.approx(250, abs=12)
        assert box.edges[-1] * 2480 == pytest.approx(250 + font.getlength(line), abs=40)


def test_chinese_has_no_spaces_between_its_characters(tesseract, font, tmp_path):
    (document,) = load(scan(tmp_path / "scan.pdf", picture(CHINESE, font)))
    assert " " not in document.text


def test_a_stamp_does_not_hide_the_scan_below_it(tesseract, font, tmp_path):
    path = scan(tmp_path / "stamped.pdf", picture(ENGLISH, font), stamp="RECEIVED 4 MAY")
    (document,) = load(path)
    assert document.text.startswith("RECEIVED 4 MAY")
    assert document.text.count("RECEIVED") == 1
    assert error_rate(document.text.removeprefix("RECEIVED 4 MAY"), "".join(ENGLISH)) <= MOST_ERRORS


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".bmp"])
def test_pictures_are_documents(tesseract, font, tmp_path, suffix):
    path = tmp_path / f"page{suffix}"
    picture(ENGLISH, font).save(path)
    (document,) = load(path)
    assert error_rate(document.text, "".join(ENGLISH)) <= MOST_ERRORS
    assert len(document.layout) == len(ENGLISH)


def test_pages_of_a_fax_and_pictures_on_their_side(tesseract, font, tmp_path):
    first, second = picture(ENGLISH, font), picture(ENGLISH[::-1], font)
    first.save(tmp_path / "fax.tiff", save_all=True, append_images=[second])
    (document,) = load(tmp_path / "fax.tiff")
    pages = document.text.split("\f")
    assert error_rate(pages[1], "".join(ENGLISH[::-1])) <= MOST_ERRORS

    said = Image.Exif()
    said[0x0112] = 6  # to be shown turned a quarter clockwise
    first.rotate(90, expand=True).save(tmp_path / "photo.jpg", exif=said)
    (document,) = load(tmp_path / "photo.jpg")
    assert error_rate(document.text, "".join(ENGLISH)) <= MOST_ERRORS


def test_letters_on_glass_and_small_ones(tesseract, font, tmp_path):
    solid = picture(ENGLISH, font)
    clear = Image.new("RGBA", solid.size, (0, 0, 0, 0))
    clear.paste((0, 0, 0, 255), mask=solid.point(lambda value: 255 - value))
    clear.save(tmp_path / "clear.png")
    (document,) = load(tmp_path / "clear.png")
    assert error_rate(document.text, "".join(ENGLISH)) <= MOST_ERRORS

    small = solid.resize((900, 900 * solid.height // solid.width), Image.Resampling.LANCZOS)
    small.save(tmp_path / "screen.png")
    (document,) = load(tmp_path / "screen.png")
    assert error_rate(document.text, "".join(ENGLISH)) <= MOST_ERRORS


def test_without_tesseract_a_scan_is_refused_with_the_way_to_install_it(without_tesseract, tmp_path):
    path = scan(tmp_path / "scan.pdf", Image.new("L", (2480, 1500), 200))
    says = r"no text layer.*apt install tesseract-ocr tesseract-ocr-chi-sim.*brew install.*winget install"
    with pytest.raises(UnreadableFile, match=says):
        list(load(path))
    Image.new("L", (500, 500), 200).save(tmp_path / "page.png")
    with pytest.raises(UnreadableFile, match=r"is a picture; .*apt install"):
        list(load(tmp_path / "page.png"))


def test_without_tesseract_a_scanned_page_among_others_is_left_out_and_said(without_tesseract, tmp_path):
    canvas = Canvas(str(tmp_path / "mixed.pdf"))
    for number in range(3):
        canvas.drawString(72, 700, f"Page {number} has text.")
        canvas.showPage()
    canvas.drawImage(ImageReader(Image.new("L", (800, 800), 200)), 0, 0, 500, 500)
    canvas.save()
    documents = load(tmp_path / "mixed.pdf")
    assert "Page 2 has text." in next(documents).text
    with pytest.raises(PartlyUnreadable, match=r"pages without text layer are left out \(4\).*apt install") as caught:
        next(documents)
    assert [name for name, _ in caught.value.failures] == [""]


def test_languages_that_are_not_installed(tesseract, font, tmp_path):
    path = scan(tmp_path / "scan.pdf", picture(ENGLISH, font))
    with pytest.raises(UnreadableFile, match=r"none of the languages 'xyz_abc'.*apt install tesseract-ocr-xyz-abc"):
        list(load(path, options=LoadOptions(ocr_languages="xyz_abc")))
    (document,) = load(path, options=LoadOptions(ocr_languages="xyz_abc+eng"))
    assert "Returns are accepted" in document.text


def test_a_page_that_takes_too_long(tesseract, font, tmp_path, monkeypatch):
    monkeypatch.setattr(ocr, "PAGE_SECONDS", 0.01)
    ocr._installed_languages.cache_clear()
    monkeypatch.setattr(ocr, "_installed", lambda languages: languages)
    with pytest.raises(UnreadableFile, match=r"took over 0.01 s for a page"):
        list(load(scan(tmp_path / "scan.pdf", picture(ENGLISH, font))))


def test_tesseract_that_fails(font, tmp_path, monkeypatch):
    program = tmp_path / "tesseract"
    program.write_text("#!/bin/sh\ncase $1 in --list-langs) echo List; echo eng;; *) echo broken >&2; exit 1;; esac\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(UnreadableFile, match=r"tesseract failed \(broken\)"):
        list(load(scan(tmp_path / "scan.pdf", picture(ENGLISH, font))))


def test_a_picture_without_a_word(tesseract, tmp_path):
    Image.new("L", (400, 300), 255).save(tmp_path / "white.png")
    with pytest.raises(UnreadableFile, match="no text can be recognised"):
        list(load(tmp_path / "white.png"))


def test_a_damaged_picture_and_one_that_is_too_large(tmp_path):
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\nnothing")
    with pytest.raises(UnreadableFile, match="not a picture, damaged"):
        list(load(tmp_path / "a.png"))
    stream = io.BytesIO()
    Image.new("1", (10_000, 9_000)).save(stream, "TIFF", compression="group4")
    (tmp_path / "a.tif").write_bytes(stream.getvalue())
    with pytest.raises(UnreadableFile, match=r"too large|too much"):
        list(load(tmp_path / "a.tif"))


def test_no_program_is_run_on_what_calls_itself_a_picture(tmp_path, monkeypatch):
    def run(*_):
        raise AssertionError("Ghostscript is run")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", run)
    (tmp_path / "logo.png").write_bytes(
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n%%EOF\n"
    )
    with pytest.raises(UnreadableFile, match="not a picture, damaged"):
        list(load(tmp_path / "logo.png"))


@given(st.text(max_size=200))
def test_whatever_tesseract_writes_is_words_or_nothing(said):
    head = "level\tpage_num\tblock_num\tpar_num\tline_num\tword_num\tleft\ttop\twidth\theight\tconf\ttext\n"
    safe = said.replace("\t", " ").replace("\n", " ").replace("\r", " ")
    for words in ocr._words(f"{head}5\t1\t1\t1\t1\t1\t10\t20\t30\t40\t90.5\t{safe}\n"):
        assert [word.text for word in words] == [safe.strip()]
