"""Ruled tables with little room between their columns."""

import re

import pytest
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.pdfbase.pdfmetrics import registerFont, stringWidth
from reportlab.pdfgen.canvas import Canvas

from knowledge.loaders import load, pdf_page, pdf_rules
from knowledge.loaders.pdf_rules import Rules

ROWS = (
    ("Lamp", "Price", "Weight"),
    ("Ada table lamp", "19.00", "1.2 kg"),
    ("Bo floor lamp", "129.00", "11.4 kg"),
    ("Cy wall lamp", "", "0.8 kg"),
)
WIDTHS = (82, 38, 44)
TABLE = (
    "Lamp: Ada table lamp | Price: 19.00 | Weight: 1.2 kg\n"
    "Lamp: Bo floor lamp | Price: 129.00 | Weight: 11.4 kg\n"
    "Lamp: Cy wall lamp | Weight: 0.8 kg"
)


def frames(canvas, x, y):
    for row in range(len(ROWS)):
        for column, width in enumerate(WIDTHS):
            canvas.rect(x + sum(WIDTHS[:column]), y - 14 * row - 3, width, 14)


def strokes(canvas, x, y):
    for column in range(1, len(WIDTHS)):
        at = x + sum(WIDTHS[:column])
        canvas.line(at, y + 11, at, y - 14 * len(ROWS) + 11)


def filled_boxes(canvas, x, y):
    for column in range(1, len(WIDTHS)):
        canvas.rect(x + sum(WIDTHS[:column]), y - 14 * len(ROWS) + 11, 0.8, 14 * len(ROWS), stroke=0, fill=1)


def shades(canvas, x, y):
    canvas.setFillGray(0.9)
    for column, width in enumerate(WIDTHS):
        canvas.rect(x + sum(WIDTHS[:column]), y - 14 * len(ROWS) + 11, width, 14 * len(ROWS), stroke=0, fill=1)
    canvas.setFillGray(0)


@pytest.fixture
def read(tmp_path):
    def read(draw):
        canvas = Canvas(str(tmp_path / "a.pdf"))
        draw(canvas)
        canvas.save()
        (document,) = load(tmp_path / "a.pdf")
        return document.text

    return read


def table(canvas, rules, *, x, y):
    rules(canvas, x, y)
    for number, row in enumerate(ROWS):
        for column, text in enumerate(row):
            canvas.drawString(x + sum(WIDTHS[:column]) + 1.5, y - 14 * number, text)


@pytest.mark.parametrize("rules", [frames, strokes, filled_boxes])
def test_a_rule_parts_what_stands_close(read, rules):
    assert read(lambda canvas: table(canvas, rules, x=72, y=700)) == TABLE


def test_a_ruled_table_printed_sideways(read):
    def draw(canvas):
        canvas.rotate(90)
        table(canvas, strokes, x=100, y=-100)

    assert read(draw) == TABLE


def test_the_edges_of_shaded_areas_are_no_rules(read):
    assert "19.00 1.2 kg" in read(lambda canvas: table(canvas, shades, x=72, y=700))


def test_a_box_around_a_word_is_no_rule(read):
    def draw(canvas):
        for y in (700, 684, 668):
            x = 72 + stringWidth("Press ", "Helvetica", 12)
            canvas.drawString(72, y, "Press Enter twice to send it.")
            canvas.rect(x - 1.5, y - 3, stringWidth("Enter", "Helvetica", 12) + 3, 13)

    assert read(draw) == " ".join(["Press Enter twice to send it."] * 3)


def test_a_drawing_is_not_searched_for_rules(read, monkeypatch):
    monkeypatch.setattr(pdf_rules, "_MOST_POINTS", 3)
    assert "19.00 1.2 kg" in read(lambda canvas: table(canvas, strokes, x=72, y=700))


def test_strokes_that_go_on_are_one_rule():
    rules = Rules([(100, 700, 710), (100.2, 711, 720), (100, 400, 410)])
    assert rules.part(99, 101, bottom=704, top=713)
    assert not rules.part(99, 101, bottom=400, top=409)
    assert not rules.part(101, 103, bottom=704, top=713)
    assert not rules.part(101, 99, bottom=704, top=713)


TALL_ROWS = (
    (("Lamp",), ("Price",), ("Light (1 m)",)),
    (("Ada table", "lamp"), ("19.00 €",), ("warm",)),
    (("Bo floor", "lamp"), ("129.00 €", "with bulb"), ("cold",)),
    (("Cy",), ("9.00 €",), ("cold", "or warm")),
)


def tall_table(canvas, *, ruled):
    """Draw cell after cell, as word processors do, rows touching one another."""
    top = 700
    for row in TALL_ROWS:
        height = 12 * max(map(len, row))
        for column, lines in enumerate(row):
            if ruled:
                canvas.rect(72 + 90 * column, top - height, 90, height)
            for number, text in enumerate(lines):
                canvas.drawString(75 + 90 * column, top - 10 - 12 * number, text)
        top -= height


def test_a_row_ends_at_the_rule_below_it(read):
    assert read(lambda canvas: tall_table(canvas, ruled=True)) == (
        "Lamp: Ada table lamp | Price: 19.00 € | Light (1 m): warm\n"
        "Lamp: Bo floor lamp | Price: 129.00 € with bulb | Light (1 m): cold\n"
        "Lamp: Cy | Price: 9.00 € | Light (1 m): cold or warm"
    )


CENTRED_ROWS = (
    (("Lamp",), ("Price", "in shops"), ("Light",)),
    (("Ada",), ("19.00 €", "with bulb"), ("warm",)),
    (("Bo",), ("129.00 €", "with bulb"), ("cold",)),
)


def centred_table(canvas):
    """Draw each cell in the middle of its row's height, so that hardly two begin on one line."""
    for at, row in enumerate(CENTRED_ROWS):
        top = 700 - 28 * at
        for column, lines in enumerate(row):
            canvas.rect(72 + 90 * column, top - 28, 90, 28)
            for number, text in enumerate(lines):
                canvas.drawString(75 + 90 * column, top - 18 + 6 * (len(lines) - 1) - 12 * number, text)


def test_the_cells_between_two_rules_are_a_row_wherever_they_stand_there(read):
    assert read(centred_table) == (
        "Lamp: Ada | Price in shops: 19.00 € with bulb | Light: warm\n"
        "Lamp: Bo | Price in shops: 129.00 € with bulb | Light: cold"
    )


def test_a_cell_stands_in_the_column_between_its_rules_though_nearer_to_anothers_name(read):
    def draw(canvas):
        for number, (code, cause) in enumerate((("Code", "Cause"), ("E1", "wet inside"), ("E2", "dry"))):
            is_head = number == 0
            canvas.rect(72, 690 - 16 * number, 50, 16)
            canvas.rect(122, 690 - 16 * number, 200, 16)
            canvas.drawString(82 if is_head else 75, 694 - 16 * number, code)
            canvas.drawString(205 if is_head else 125, 694 - 16 * number, cause)

    assert read(draw).splitlines() == ["Code: E1 | Cause: wet inside", "Code: E2 | Cause: dry"]


def test_rows_that_no_rule_parts_stay_rows(read):
    def draw(canvas):
        canvas.rect(72, 640, 90, 60)
        canvas.rect(162, 640, 90, 60)
        for number, (name, price) in enumerate((("Ada", "19.00"), ("Bo", "129.00"), ("Cy", "9.00"))):
            canvas.drawString(75, 688 - 14 * number, name)
            canvas.drawString(165, 688 - 14 * number, price)

    assert read(draw) == "Ada | 19.00\nBo | 129.00\nCy | 9.00"


@pytest.mark.parametrize(("first_size", "size", "count"), [(10, 10, 10), (12, 9.5, 4)])
def test_a_row_may_have_a_cell_of_many_lines_and_a_first_cell_of_another_size(read, first_size, size, count):
    def draw(canvas):
        top = 780
        for name in ("Ada", "Bo"):
            height = 14 * count + 6
            canvas.rect(72, top - height, 90, height)
            canvas.rect(162, top - height, 300, height)
            canvas.setFont("Helvetica", first_size)
            canvas.drawString(75, top - height / 2 - 1, name)
            canvas.setFont("Helvetica", size)
            for number in range(count):
                canvas.drawString(165, top - 13 - 14 * number, f"line {number}")
            top -= height

    lines = " ".join(f"line {number}" for number in range(count))
    assert read(draw) == f"Ada | {lines}\nBo | {lines}"


@pytest.mark.parametrize(("heading", "lines"), [(16, 6), (10, 40), (10, 15)])
def test_a_framed_page_with_a_sidebar_is_no_row(read, heading, lines):
    def draw(canvas):
        canvas.rect(40, 40, 515, 760)
        canvas.line(197, 40, 197, 800)
        canvas.setFont("Helvetica", 10)
        canvas.drawString(50, 747, "Contact")
        canvas.drawString(50, 727, "shop@lamps.example")
        canvas.setFont("Helvetica", heading)
        canvas.drawString(210, 770, "Returns")
        canvas.setFont("Helvetica", 10)
        for number in range(lines):
            canvas.drawString(210, 740 - 14 * number, f"Lamps of kind {number} may be returned within a month.")

    assert "Contact" in read(draw).splitlines()


LISTING = ("NAME      SIZE  PLACE", "lamp      120   /usr", "shade     80    /usr/share", "=" * 24, "done")


def framed(font, *, rules=()):
    """Return what draws a listing in a frame, each of its gaps as wide as on a typewriter."""

    def draw(canvas):
        canvas.setFont(font, 10)
        canvas.rect(60, 690, 300, 90)
        for at in rules:
            canvas.line(60, at, 360, at)
        for number, row in enumerate(LISTING):
            for found in re.finditer(r"\S+", row):
                canvas.drawString(70 + 6 * found.start(), 760 - 14 * number, found.group())

    return draw


@pytest.mark.parametrize("font", ["Courier", "Courier-Bold"])
def test_the_lines_of_a_framed_listing_stay_as_they_are(read, font):
    assert read(framed(font)).splitlines() == [" ".join(row.split()) for row in LISTING]


@pytest.mark.parametrize(("font", "rules"), [("Helvetica", ()), ("Courier", (756, 742, 728, 714))])
def test_columns_of_a_framed_table_are_told(read, font, rules):
    assert "lamp | " in read(framed(font, rules=rules)).replace("NAME: ", "")


PRICES = (("Service", "Member", "Guest"), ("Cleaning", "10", "15"), ("Repair", "30", "45"), ("Pick-up", "5", "9"))
PRICES_ZH = (("服务", "会员", "客人"), ("清洁", "10元", "15元"), ("维修", "30元", "45元"), ("取件", "5元", "9元"))


@pytest.mark.parametrize(("font", "rows"), [("Courier", PRICES), ("STSong-Light", PRICES_ZH)])
def test_a_framed_table_of_typed_letters_keeps_its_columns(read, font, rows, monkeypatch):
    """Fonts for Chinese say that they are of one width."""
    monkeypatch.setattr("knowledge.loaders.pdf_page._TYPED", re.compile(rb"courier|song", re.IGNORECASE))
    registerFont(UnicodeCIDFont("STSong-Light"))

    def draw(canvas):
        canvas.setFont(font, 10)
        canvas.rect(60, 600, 400, 180)
        for number, row in enumerate(rows):
            for left, text in zip((70, 220, 340), row, strict=True):
                canvas.drawString(left, 760 - 14 * number, text)

    names, first, *_ = rows
    assert " | ".join(f"{name}: {said}" for name, said in zip(names, first, strict=True)) in read(draw)


def test_a_framed_paragraph_of_typed_letters_is_one(read):
    lines = ("Refunds are paid within fourteen days of the day", "on which we have the lamp back, to the card that")

    def draw(canvas):
        canvas.setFont("Courier", 10)
        canvas.rect(60, 600, 400, 180)
        for number, text in enumerate((*lines, "was charged.")):
            canvas.drawString(70, 760 - 14 * number, text)

    assert read(draw) == " ".join((*lines, "was charged."))


@pytest.mark.parametrize(("name", "is_typed"), [(b"DejaVuSansMono", True), (b"MonotypeCorsiva", False)])
def test_letters_of_one_width_are_told_by_the_name_of_their_font(name, is_typed):
    assert (pdf_page._TYPED.search(name) is not None) is is_typed


def test_a_column_is_called_by_the_rule_to_its_left():
    rules = Rules([(50, 600, 700), (150, 600, 700), (250, 600, 640)])
    assert rules.column(60, 90, middle=650) == 50
    assert rules.column(160, 190, middle=620) == 150
    assert rules.column(160, 190, middle=650) is None
    assert rules.column(10, 40, middle=650) is None


def test_a_rule_above_reaches_over_a_text_and_an_underline_does_not():
    rules = Rules((), [(700, 72, 162), (690, 75, 100), (650, 72, 162)])
    assert rules.above(75, 100, middle=680) == 700
    assert rules.above(75, 100, middle=640) == 650
    assert rules.above(75, 170, middle=680) is None
    assert rules.above(75, 100, middle=710) is None
    assert rules.below(75, 100, middle=695) == 650
    assert rules.below(75, 100, middle=640) is None
