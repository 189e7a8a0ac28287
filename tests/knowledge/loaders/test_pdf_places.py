"""Where the lines of a PDF stand, against what was drawn."""

import io
import re
from itertools import pairwise

import pypdfium2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdfium2 import raw
from reportlab.lib.utils import simpleSplit
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

from knowledge.layout import pack, unpack
from knowledge.loaders import load

WIDTH, HEIGHT = 600, 800
FONT, SIZE = "Helvetica", 12
NEAR = 1.5
"""Points."""


def boxes(document):
    """Each box as its text, page, and its left, right, top and bottom in shares."""
    return [
        (document.text[box.start : box.end], box.page, box.edges[0], box.edges[-1], box.top, box.bottom)
        for box in document.layout
    ]


def check(document, drawn, *, width=WIDTH, height=HEIGHT):
    """Every drawn (text, page, x, y) has a box where it was drawn, and every box is exact."""
    check_spans(document)
    found = {(text, page): rest for text, page, *rest in boxes(document)}
    for text, page, x, y in drawn:
        assert (text, page) in found, f"{text!r} has no box of its own"
        left, right, top, bottom = found[text, page]
        assert left * width == pytest.approx(x, abs=NEAR)
        assert right * width == pytest.approx(x + stringWidth(text, FONT, SIZE), abs=NEAR)
        baseline = height - y
        assert top * height < baseline - 0.7 * SIZE
        assert baseline < bottom * height < baseline + 0.5 * SIZE


def check_spans(document):
    for box in document.layout:
        assert len(box.edges) == box.end - box.start + 1
        text = document.text[box.start : box.end]
        assert text == text.strip() != ""
        assert "\n" not in text
        assert 0 <= box.top < box.bottom <= 1
        assert box.page == document.text.count("\f", 0, box.start) + 1
    spans = [(box.start, box.end) for box in document.layout]
    assert all(before[1] <= after[0] for before, after in pairwise(spans))


def read(tmp_path, data):
    path = tmp_path / "a.pdf"
    path.write_bytes(data)
    (document,) = load(path)
    return document


def drawn_pdf(drawn, *, prepare=lambda canvas: None, font=FONT):
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(WIDTH, HEIGHT))
    page = 1
    for text, number, x, y in drawn:
        while page < number:
            canvas.showPage()
            page += 1
        canvas.saveState()
        prepare(canvas)
        canvas.setFont(font, SIZE)
        canvas.drawString(x, y, text)
        canvas.restoreState()
    canvas.save()
    return stream.getvalue()


LINES = [
    ("Returns are free within thirty days of delivery", 1, 72, 700),
    ("Send the parcel back to our warehouse in Leeds.", 1, 72, 640),
    ("Postage is paid by us, always.", 2, 90, 500),
]


def test_lines_stand_where_they_were_drawn(tmp_path):
    document = read(tmp_path, drawn_pdf(LINES))
    check(document, LINES)
    word = document.text.index("warehouse")
    box = next(box for box in document.layout if box.start <= word < box.end)
    x = 72 + stringWidth("Send the parcel back to our ", FONT, SIZE)
    assert box.edges[word - box.start] * WIDTH == pytest.approx(x, abs=NEAR)
    assert box.edges[word - box.start + 9] * WIDTH == pytest.approx(x + stringWidth("warehouse", FONT, SIZE), abs=NEAR)
    assert [box.start for box in unpack(pack(document.layout))] == [box.start for box in document.layout]


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_rotated_pages_read_like_upright_ones(tmp_path, rotation):
    """The page is turned by /Rotate, and the text drawn so that it is upright again."""

    def turn(canvas):
        shift = {90: (0, 0), 180: (WIDTH, HEIGHT), 270: (0, 0)}[rotation]
        canvas.translate(*shift)
        if rotation == 90:
            canvas.translate(HEIGHT, 0)
        if rotation == 270:
            canvas.translate(0, WIDTH)
        canvas.rotate(rotation)

    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(HEIGHT, WIDTH) if rotation != 180 else (WIDTH, HEIGHT))
    for page in (1, 2):
        canvas.saveState()
        turn(canvas)
        canvas.setFont(FONT, SIZE)
        for text, number, x, y in LINES:
            if number == page:
                canvas.drawString(x, y, text)
        canvas.restoreState()
        canvas.showPage()
    canvas.save()
    document = read(tmp_path, edited(stream.getvalue(), rotation=rotation))
    check(document, LINES)
    assert document.text == read(tmp_path, drawn_pdf(LINES)).text


def edited(data, *, rotation=0, crop=None):
    source = pypdfium2.PdfDocument(data)
    for page in source:
        page.set_rotation(rotation)
        if crop:
            page.set_cropbox(*crop)
    stream = io.BytesIO()
    source.save(stream)
    source.close()
    return stream.getvalue()


def test_a_crop_box_moves_the_page(tmp_path):
    data = edited(drawn_pdf(LINES), crop=(50, 100, 550, 780))
    moved = [(text, page, x - 50, y - 100) for text, page, x, y in LINES]
    check(read(tmp_path, data), moved, width=500, height=680)


@pytest.mark.parametrize("direction", [90, 270])
def test_a_table_printed_sideways_is_read(tmp_path, direction):
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(WIDTH, HEIGHT))
    canvas.translate(*((WIDTH, 0) if direction == 90 else (0, HEIGHT)))
    canvas.rotate(direction)
    canvas.setFont(FONT, SIZE)
    rows = [("Zone", "Price"), ("EU", "4.90"), ("US", "12.00"), ("UK", "7.10")]
    for number, (zone, price) in enumerate(rows):
        canvas.drawString(100, 400 - 20 * number, zone)
        canvas.drawString(300, 400 - 20 * number, price)
    canvas.save()
    document = read(tmp_path, stream.getvalue())
    assert document.text == "Zone: EU | Price: 4.90\nZone: US | Price: 12.00\nZone: UK | Price: 7.10"
    check_spans(document)
    placed = "".join(document.text[box.start : box.end] for box in document.layout)
    assert placed == "EU4.90US12.00UK7.10"
    along = 300 / HEIGHT if direction == 270 else 1 - 300 / HEIGHT
    digit = next(box for box in document.layout if document.text[box.start] == "4")
    assert digit.top - 0.02 < along < digit.bottom + 0.02


def test_cells_of_a_table_and_items_have_their_places(tmp_path):
    drawn = [("Zone", 1, 72, 700), ("Price", 1, 300, 700)]
    drawn += [
        (text, 1, x, 680 - 20 * row)
        for row, pair in enumerate([("EU", "4.90"), ("US", "12.00")])
        for text, x in zip(pair, (72, 300), strict=True)
    ]
    document = read(tmp_path, drawn_pdf([*drawn, ("• gift cards", 1, 72, 500), ("• underwear", 1, 72, 480)]))
    assert "Zone: EU | Price: 4.90" in document.text
    bullet = stringWidth("• ", FONT, SIZE)
    check(document, [*drawn[2:], ("gift cards", 1, 72 + bullet, 500), ("underwear", 1, 72 + bullet, 480)])


def test_hyphens_at_line_ends_go_and_places_stay(tmp_path):
    first = "This paragraph fills the whole line of its page and goes on with an inter-"
    second = "ruption of the word that began there and then it goes on for quite a while."
    document = read(tmp_path, drawn_pdf([(first, 1, 72, 700), (second, 1, 72, 686)]))
    assert "an interruption of the word" in document.text
    check_spans(document)
    assert [text for text, *_ in boxes(document)] == [first[:-1], second]
    assert [round(top * HEIGHT) for *_, top, _ in boxes(document)] == [89, 103]


def test_the_hyphens_of_browsers_go_too(tmp_path):
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    lines = ["It fills the line of its page and goes on with an inter\u2010", "ruption of the word in E\u201017."]
    drawn = [(text, 1, 72, 700 - 16 * n) for n, text in enumerate(lines)]
    document = read(tmp_path, drawn_pdf(drawn, font="STSong-Light"))
    assert document.text == "It fills the line of its page and goes on with an interruption of the word in E\u201017."
    check_spans(document)


def test_two_columns(tmp_path):
    sentence = "{} column number {} holds a text that is long enough to be broken into lines, one below another. "
    prose = "".join(sentence.format("The left", number) for number in range(100, 103))
    other = "".join(sentence.format("Beside it the right", number) for number in range(200, 203))
    drawn = []
    for text, x in ((prose, 50), (other, 330)):
        drawn += [(line, 1, x, 700 - 14 * n) for n, line in enumerate(simpleSplit(text, FONT, SIZE, 220))]
    document = read(tmp_path, drawn_pdf(drawn))
    texts = [text for text, *_ in drawn]
    once = [line for line in drawn if texts.count(line[0]) == 1]
    assert len(once) > 8
    check(document, once)
    assert document.text.index("number 102") < document.text.index("number 200")


def test_chinese_and_ligatures(tmp_path):
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    lines = ["商品自签收之日起三十天内可以退货，须保持原包装完", "好。定制商品不能退货。"]
    drawn = [(text, 1, 72, 700 - 16 * n) for n, text in enumerate(lines)]
    document = read(tmp_path, drawn_pdf(drawn, font="STSong-Light"))
    assert document.text == "".join(lines)
    found = boxes(document)
    assert [text for text, *_ in found] == lines
    assert found[0][3] * WIDTH == pytest.approx(72 + SIZE * len(lines[0]), abs=NEAR)


WORD = st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=2, max_size=9)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.lists(WORD, min_size=1, max_size=7), st.integers(40, 120)), min_size=1, max_size=12))
def test_every_drawn_word_is_boxed_where_it_stands(tmp_path_factory, rows):
    drawn = [(" ".join(words), 1, x, 700 - 30 * number) for number, (words, x) in enumerate(rows)]
    document = read(tmp_path_factory.mktemp("drawn"), drawn_pdf(drawn))
    check_spans(document)
    places = set()
    for box in document.layout:
        for match in re.finditer(r"[a-z]+", document.text[box.start : box.end]):
            left = box.edges[match.start()] * WIDTH
            places.add((match[0], round(left / 3), round((box.top + box.bottom) / 2 * HEIGHT / 10)))
    for text, _, x, y in drawn:
        for match in re.finditer(r"[a-z]+", text):
            left = x + stringWidth(text[: match.start()], FONT, SIZE)
            middle = HEIGHT - y - 0.3 * SIZE
            near = {(match[0], round(left / 3) + i, round(middle / 10) + j) for i in (-1, 0, 1) for j in (-1, 0, 1)}
            assert near & places, match[0]


def test_pdfium_still_counts_angles_clockwise(tmp_path):
    """What `pdf_page` is built on, should the library change it."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(WIDTH, HEIGHT))
    canvas.translate(100, 100)
    canvas.rotate(90)
    canvas.drawString(0, 0, "up")
    canvas.save()
    source = pypdfium2.PdfDocument(stream.getvalue())
    text_page = source[0].get_textpage()
    assert raw.FPDFText_GetCharAngle(text_page, 0) == pytest.approx(4.712, abs=0.01)


def test_what_stands_beside_the_page_is_not_read(tmp_path):
    document = read(tmp_path, drawn_pdf([*LINES, ("Printer's mark", 1, 700, 400), ("Bleed", 1, 20, 900)]))
    assert document.text == read(tmp_path, drawn_pdf(LINES)).text


def test_a_tiny_window_on_a_large_page(tmp_path):
    data = edited(drawn_pdf(LINES), crop=(60, 690, 500, 715))
    check(read(tmp_path, data), [(LINES[0][0], 1, 12, 10)], width=440, height=25)


@pytest.mark.parametrize(
    ("before", "figures", "text"), [("£1500", "5", "£1500^5 a month"), ("£8", "50", "£8.50 a month")]
)
def test_raised_figures_make_no_other_number(tmp_path, before, figures, text):
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(WIDTH, HEIGHT))
    line = canvas.beginText(100, 700)
    line.setFont(FONT, SIZE)
    line.textOut(before)
    line.setFont(FONT, 0.6 * SIZE)
    line.setRise(0.35 * SIZE)
    line.textOut(figures)
    line.setFont(FONT, SIZE)
    line.setRise(0)
    line.textOut(" a month")
    canvas.drawText(line)
    canvas.save()
    document = read(tmp_path, stream.getvalue())
    assert document.text == text
    check_spans(document)
