import time
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from knowledge.loaders.pdf_layout import add_pages
from knowledge.loaders.pdf_lines import SOFT_HYPHEN, Cell, Line
from knowledge.loaders.printed import PrintedBuilder

HEIGHT = 800.0


def line(*cells, top, size=10.0, bold=False):
    """Each cell: its text and how far from the left it begins; a character is half the size wide."""
    return Line(
        tuple(Cell(text, left, left + len(text) * size / 2) for text, left in cells),
        top,
        top - size,
        size,
        bold,
        HEIGHT,
    )


def texts(*pages):
    builder = PrintedBuilder()
    add_pages(builder, pages)
    document = builder.build()
    return [(block.kind, document.text[block.start : block.end]) for block in document.blocks]


def test_lines_flow_and_hyphenated_words_join():
    first = "This paragraph fills the whole line of its page and goes on with an inter"
    page = [line((first + SOFT_HYPHEN, 50), top=600), line(("ruption in the next.", 50), top=588)]
    assert texts(page) == [("paragraph", first + "ruption in the next.")]


def test_cells_of_two_lines_belong_to_their_row():
    page = [
        line(("Ring", 50), ("Meaning", 200), top=600, bold=True),
        line(("One red flash", 50), top=580),
        line(("every minute", 50), top=568),
        line(("nearly empty", 200), top=574),
        line(("Green", 50), ("full", 200), top=548),
        line(("Prose that follows below the table.", 50), top=520),
    ]
    assert texts(page) == [
        ("row", "Ring: One red flash every minute | Meaning: nearly empty"),
        ("row", "Ring: Green | Meaning: full"),
        ("paragraph", "Prose that follows below the table."),
    ]


def test_a_row_below_one_whose_last_cell_is_short_is_of_the_same_table():
    """Printed cell by cell, the line before is that of a cell which ends above its row's first one."""
    page = [
        line(("When", 50), ("Where", 250), ("Entry", 350), top=620, bold=True),
        line(("Saturday, 30 January", 50), top=600),
        line(("2027, 10 am to 1 pm", 50), top=588),
        line(("In the school", 250), ("free", 350), top=600),
        line(("Friday, 12 March 2027, 6", 50), top=570),
        line(("pm", 50), top=558),
        line(("Hall", 250), ("3 euros", 350), top=570),
        line(("Prose that follows below the table and is much longer than its columns.", 50), top=525),
    ]
    assert texts(page) == [
        ("row", "When: Saturday, 30 January 2027, 10 am to 1 pm | Where: In the school | Entry: free"),
        ("row", "When: Friday, 12 March 2027, 6 pm | Where: Hall | Entry: 3 euros"),
        ("paragraph", "Prose that follows below the table and is much longer than its columns."),
    ]


def test_wide_gaps_of_justified_text_are_no_columns():
    page = [
        line(("Standard", 50), ("clauses", 130), ("apply", 230), top=600),
        line(("and", 50), ("nothing", 100), ("else", 190), top=588),
    ]
    assert [kind for kind, _ in texts(page)] == ["paragraph"]


def test_lines_stretched_to_the_width_of_those_around_them_are_no_rows():
    words = ["warranty", "covers", "every", "new", "heater", "here"]
    plain = [(word, 50 + 5 * len("".join(words[:at])) + 8 * at) for at, word in enumerate(words)]
    first, last = "It is forty letters wide from 50 to 250.", "as is this line, and so nothing is a row"
    page = [
        line((first[:-1] + ",", 50), top=600),
        line(*plain, top=588),
        line(*plain, top=576),
        line((last, 50), top=564),
    ]
    assert page[0].right == page[1].right == page[3].right
    assert texts(page) == [("paragraph", " ".join([first[:-1] + ",", *words, *words, last]))]
    assert [kind for kind, _ in texts(page[1:3])] == ["row", "row"]


def test_a_line_across_the_page_does_not_make_the_lines_of_columns_below_it_short():
    """How far the lines of a column reach is told by what stands beside it, also where the column there ends first."""
    wide = "A head of some ninety letters that goes over both of the columns below it, from left to right."
    left = [
        "Ten double rooms look over the wide, wide water",
        "of the lake and have a balcony, a bath with tubs,",
        "fans.",
    ]
    right = ["All prices include breakfast, the sauna and the", "wireless internet."]
    page = [line((wide, 50), top=700)]
    page += [line((text, 50), top=670 - 12 * at) for at, text in enumerate(left)]
    page += [line((text, 320), top=670 - 12 * at) for at, text in enumerate(right)]
    assert texts(page) == [("paragraph", wide), ("paragraph", " ".join(left)), ("paragraph", " ".join(right))]


def test_names_centred_above_their_columns_name_them():
    """Browsers print heads so; here the first cell below them takes two lines."""
    page = [
        line(("Destination", 78), ("Standard", 190), ("Time", 330), top=600, bold=True),
        line(("Germany, but no islands", 50), top=580),
        line(("nor mountain huts", 50), ("4.90", 210), ("next day", 250), top=569),
        line(("Austria", 50), ("12.90", 205), ("two to three days, or even more", 250), top=545),
        line(("EU", 50), ("14.90", 205), ("one week", 250), top=525),
    ]
    assert texts(page) == [
        ("row", "Destination: Germany, but no islands nor mountain huts | Standard: 4.90 | Time: next day"),
        ("row", "Destination: Austria | Standard: 12.90 | Time: two to three days, or even more"),
        ("row", "Destination: EU | Standard: 14.90 | Time: one week"),
    ]


def test_a_caption_close_below_a_table_is_in_none_of_its_cells():
    rows = [("Model", "Price"), ("Aurora", "49.00"), ("Brindle", "59.00")]
    page = [line((a, 50), (b, 300), top=600 - 12 * at) for at, (a, b) in enumerate(rows)]
    page.append(line(("All prices with VAT.", 60), top=564))
    assert texts(page)[-2:] == [("row", "Model: Brindle | Price: 59.00"), ("paragraph", "All prices with VAT.")]


def test_names_of_columns_printed_on_two_lines_name_them():
    """A season and its days stand in one cell of the head, drawn cell by cell, the first one between the two lines."""
    page = [
        line(("What follows is the table of our prices.", 50), top=640),
        line(("Room", 50), ("Winter", 150), top=606, bold=True),
        line(("1 Nov - 31 Mar", 150), top=600, bold=True),
        line(("Summer", 250), top=612, bold=True),
        line(("1 Apr - 31 Oct", 250), top=600, bold=True),
        line(("Single room", 50), ("€74", 150), ("€96", 250), top=580),
        line(("Lake room", 50), ("€126", 150), ("€178", 250), top=562),
    ]
    assert texts(page) == [
        ("paragraph", "What follows is the table of our prices."),
        ("row", "Room: Single room | Winter 1 Nov - 31 Mar: €74 | Summer 1 Apr - 31 Oct: €96"),
        ("row", "Room: Lake room | Winter 1 Nov - 31 Mar: €126 | Summer 1 Apr - 31 Oct: €178"),
    ]


def test_bold_names_of_columns_may_hold_digits_and_the_first_be_missing():
    page = [
        line(("2 hours", 150), ("Day", 250), top=600, bold=True),
        line(("City bike", 50), ("€8", 150), ("€18", 250), top=580),
        line(("Tandem", 50), ("€15", 150), ("€35", 250), top=562),
    ]
    assert texts(page) == [
        ("row", "City bike | 2 hours: €8 | Day: €18"),
        ("row", "Tandem | 2 hours: €15 | Day: €35"),
    ]


def test_a_first_row_in_bold_that_holds_what_the_others_do_names_no_columns():
    page = [
        line(("Suite", 50), ("€220", 150), ("€260", 250), top=600, bold=True),
        line(("Single room", 50), ("€74", 150), ("€96", 250), top=580),
        line(("Lake room", 50), ("€126", 150), ("€178", 250), top=562),
    ]
    assert texts(page)[0] == ("row", "Suite | €220 | €260")
    page[0] = line(("Guests", 50), ("2024", 150), ("2025", 250), top=600, bold=True)
    page[1:] = [line((name, 50), ("1,740", 150), ("96", 250), top=top) for name, top in (("Lake", 580), ("Sea", 562))]
    assert texts(page)[0] == ("row", "Guests: Lake | 2024: 1,740 | 2025: 96")


def test_a_table_whose_first_row_is_bold_has_its_names_there_and_not_above():
    page = [
        line(("Our rates", 50), top=625, bold=True),
        line(("per night", 250), top=613, bold=True),
        line(("Room", 50), ("Winter", 150), ("Summer", 250), top=598, bold=True),
        line(("Single room", 50), ("€74", 150), ("€96", 250), top=580),
        line(("Lake room", 50), ("€126", 150), ("€178", 250), top=562),
    ]
    assert texts(page)[-2:] == [
        ("row", "Room: Single room | Winter: €74 | Summer: €96"),
        ("row", "Room: Lake room | Winter: €126 | Summer: €178"),
    ]


@pytest.mark.parametrize(("foot", "goes"), [("清禾电器 · 1", True), ("清禾电器 · 2", False), ("Lamps for 1", False)])
def test_a_foot_with_the_pages_own_number_goes_where_no_other_page_repeats_it(foot: str, goes: bool) -> None:
    found = texts([line(("Only page.", 50), top=600), line((foot, 50), top=30)])
    assert (foot not in [text for _, text in found]) is goes


def test_a_line_at_the_bottom_that_goes_on_is_no_foot() -> None:
    found = texts([line(("Chapter 1 and", 50), top=42), line(("part – 1", 50), top=30)])
    assert any("part" in text for _, text in found)


def test_columns_may_be_called_by_codes() -> None:
    rows = [("项目", "T20", "T20 Pro"), ("额定功率", "45W", "55W"), ("最大吸力", "8000Pa", "12000Pa")]
    page = [
        line(*((text, 50 + 150 * at) for at, text in enumerate(row)), top=600 - 20 * number)
        for number, row in enumerate(rows)
    ]
    assert texts(page)[0] == ("row", "项目: 额定功率 | T20: 45W | T20 Pro: 55W")
    assert texts([replace(each, cells=each.cells[:2]) for each in page])[0] == ("row", "项目 | T20")


def test_running_heads_go_and_so_do_heads_that_change():
    pages = [
        [
            line((f"CHAPTER {number}. {name}", 50), top=780),
            line((f"Body text of page {number} begins here.", 50), top=650),
            line((str(number), 300), top=40),
        ]
        for number, name in enumerate(("ALPHA", "BETA", "GAMMA", "DELTA", "EPSILON"), start=1)
    ]
    assert [text for _, text in texts(*pages)] == [f"Body text of page {number} begins here." for number in range(1, 6)]


@pytest.mark.parametrize(("text_top", "stay"), [(750, False), (780, True)])
def test_heads_of_some_pages_go_where_no_text_stands_so_high(text_top, stay):
    """Chapters begin without one, and a page's picture may leave it none."""
    heads = {3: "2. CARE", 5: "3. BULBS", 8: "4. REPAIR"}
    pages = []
    for number in range(10):
        top = 650 if number in heads else text_top
        body = [line((f"Body text of page {number}.", 50), top=top), line(("It goes on.", 50), top=top - 12)]
        pages.append([*(line((heads[at], 50), top=780) for at in heads if at == number), *body])
    found = [text for _, text in texts(*pages)]
    assert [any(head in text for text in found) for head in heads.values()] == [stay] * 3


def test_bold_titles_of_some_pages_stay_where_the_text_is_not_bold():
    heads = {3: "Care", 5: "Bulbs", 8: "Repair"}
    pages = []
    for number in range(10):
        body = [line((f"{word} text of page {number}.", 50), top=top) for word, top in (("Body", 740), ("More", 700))]
        pages.append([*(line((heads[at], 50), top=780, bold=True) for at in heads if at == number), *body])
    found = [text for _, text in texts(*pages)]
    assert all(any(head in text for text in found) for head in heads.values())


def test_large_titles_at_the_top_of_each_page_stay():
    for titles in (["Step 1", "Step 2", "Step 3"], ["Unpack", "Mount", "Connect"], ["Care"] * 3):
        pages = [
            [
                line((title, 50), top=780, size=20),
                line((f"Body text of page {number} begins here.", 50), top=650),
                line(("and goes on for a while.", 50), top=638),
            ]
            for number, title in enumerate(titles)
        ]
        found = [text for kind, text in texts(*pages) if kind == "heading"]
        assert found == (titles if len(set(titles)) > 1 else [])


@pytest.mark.parametrize("size", [12, 14, 18])
@pytest.mark.parametrize("counted", ["AeroBoil 300 – {}", "AeroBoil 300 - {}", "{} – AeroBoil 300"])
def test_a_name_of_two_words_with_the_pages_number_is_no_title(counted, size):
    heads = [counted.format(number) for number in range(1, 6)]
    assert not {text for _, text in texts(*pages_below(heads, size=size))} & set(heads)


@pytest.mark.parametrize("size", [12, 14])
@pytest.mark.parametrize(
    ("heads", "stay"),
    [
        ([f"AeroBoil 300 Manual - Page {number}" for number in range(1, 6)], []),
        ([f"AeroBoil 300 | {number}" for number in range(1, 6)], []),
        ([f"使用手册 第 {number} 页" for number in range(1, 6)], []),
        ([f"使用手册 第{number}/5页" for number in range(1, 6)], []),
        (["Safety", "Safety", "Installation", "Installation", "Care"], ["Safety", "Installation", "Care"]),
        (["Prices", "Prices", "Line 1 of page 3.", "Line 1 of page 3.", "Care"], ["Prices", "Care"]),
        (names := ["Prices", "Prices", "Returns", "Care", "Contact"], names),
    ],
)
def test_heads_that_are_a_little_larger_than_the_text_are_said_once(heads, stay, size):
    assert [text for _, text in texts(*pages_below(heads, size=size)) if text in heads] == stay


def test_a_number_in_a_margin_with_much_space_behind_is_read_in_a_short_time():
    began = time.process_time()
    texts([line((f"1{' ' * 600}/{' ' * 600}x", 50), top=780), line(("Text.", 50), top=600)])
    assert time.process_time() - began < 1.0


LESSONS = ("Driving lesson – {}", "{} - Your first day at work")


@pytest.mark.parametrize("size", [12, 14, 18, 24])
@pytest.mark.parametrize("counted", ["Model {}", "第{}步", "第 {} 章 保修", "Schritt - {}", *LESSONS])
def test_heads_that_count_are_titles(counted, size):
    heads = [counted.format(number) for number in range(1, 6)]
    assert [text for _, text in texts(*pages_below(heads, size=size)) if text in heads] == heads


def pages_below(heads, *, size):
    return [
        [
            line((head, 50), top=780, size=size),
            *(line((f"Line {at} of page {number}.", 50), top=650 - 12 * at) for at in range(9)),
        ]
        for number, head in enumerate(heads, start=1)
    ]


def test_tables_of_contents_go():
    contents = [line((f"{number}.1 Subject {'. ' * 20}{number}", 50), top=700 - 12 * number) for number in range(1, 8)]
    body = [[line((f"Text {number}.", 50), top=600)] for number in range(8)]
    assert len(texts(contents, *body)) == 8


WORDS = st.text(alphabet="abcdefgh", min_size=1, max_size=12)
LINES = st.lists(
    st.tuples(
        st.lists(st.tuples(WORDS, st.sampled_from([50.0, 150.0, 250.0, 400.0])), min_size=1, max_size=4),
        st.sampled_from([0, 6, 12, 30]),
        st.sampled_from([10.0, 10.0, 14.0]),
        st.booleans(),
    ),
    min_size=1,
    max_size=20,
)


@settings(max_examples=200, deadline=None)
@given(LINES)
@example(
    [
        ([("a", 50.0), ("aa", 250.0)], 0, 10.0, True),
        ([("a", 50.0), ("a", 150.0)], 6, 10.0, False),
        ([("a", 50.0), ("a", 150.0)], 6, 10.0, False),
    ]
)
def test_no_word_is_lost(drawn):
    top = 650.0
    page = []
    expected = 0
    taken: set[tuple[float, float]] = set()
    for cells, step, size, bold in drawn:
        top -= step
        placed = sorted({left: text for text, left in cells if (top, left) not in taken}.items())
        taken |= {(top, left) for left, _ in placed}  # what is printed twice in one place is read once
        if not placed:
            continue
        expected += sum(len(text) for _, text in placed)
        page.append(line(*[(text, left) for left, text in placed], top=top, size=size, bold=bold))
    builder = PrintedBuilder()
    add_pages(builder, [page])
    document = builder.build()
    names = {block.header for block in document.blocks}
    found = sum(character in "abcdefgh" for character in document.text)
    in_names = sum(character in "abcdefgh" for name in names for character in name)  # of a column without a cell, too
    assert found + in_names >= expected if names != {""} else found == expected
