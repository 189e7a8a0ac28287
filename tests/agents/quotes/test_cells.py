import pytest

from agents.quotes import cells
from agents.quotes.statements import Statement
from tests.agents.found_passages import passage

LESSON = "Lesson: Piano | 30 minutes: €89.00 | 45 minutes: €124.00 | 60 minutes: €159.00"
RENT = "Instrument: Cello | Size: 4/4 | Rent per month: €32.00 | Deposit: €300.00 | Price if you buy it: €1,450.00"


@pytest.mark.parametrize(
    ("question", "row", "values"),
    [
        ("piano 45 min price?", LESSON, ["€124.00"]),
        ("How much is the deposit for a cello?", RENT, ["€300.00"]),
        ("What does a cello cost to buy?", RENT, ["€1,450.00"]),
        ("rent and deposit for a cello?", RENT, ["€32.00", "€300.00"]),
        ("Which teacher is in room 6 on Monday?", "Teacher: Zhang | Days: Mon | Room: 6", ["Zhang"]),
        ("Who is in room 6?", "Teacher: Zhang | Days: Mon | Room: 6", ["Zhang", "Mon", "6"]),
        ("exam fee grade 5", "Grade: Grades 3 to 5 | Fee: 62 € | Pieces: 3", ["62 €"]),
        ("What do you have?", RENT, ["Cello", "4/4", "€32.00", "€300.00", "€1,450.00"]),
        ("45分钟多少钱", "课程: 钢琴 | 30分钟（每月）: 89欧元 | 45分钟（每月）: 124欧元", ["124欧元"]),
        ("How much?", "It costs €5.", []),
        (
            "How much does shipping to the islands cost?",
            "Zone: Islands | Shipping time: 4–6 days | Price: €9.50",
            ["Islands", "4–6 days", "€9.50"],
        ),
    ],
)
def test_a_question_asks_for_the_cells_whose_columns_it_names(question: str, row: str, values: list[str]) -> None:
    asked = cells.asked_for(question, row)
    assert [cell.value for cell in asked] == values
    assert [row[cell.start : cell.end] for cell in asked] == values


def test_where_several_columns_are_named_none_stands_for_the_answer() -> None:
    assert cells.alone_asked_for("rent and deposit for a cello?", RENT) == []
    assert cells.alone_asked_for("What does it cost to buy the cello that I rent?", RENT) == []
    assert [cell.value for cell in cells.alone_asked_for("deposit?", RENT)] == ["€300.00"]
    assert cells.alone_asked_for("a cello?", RENT) == cells.cells_of(RENT)


def rows(*texts: str, document: str = "fees.xlsx") -> list[Statement]:
    return [Statement(passage(text, document), 0, len(text), 1.0) for text in texts]


def test_of_two_rows_the_one_that_holds_more_of_the_question_is_meant() -> None:
    violin, piano = rows("课程: 小提琴 | 45分钟: 129欧元", "课程: 钢琴 | 45分钟: 124欧元")
    assert cells.named_more("钢琴课45分钟多少钱", violin, [violin, piano]) is piano
    assert cells.named_more("钢琴课45分钟多少钱", piano, [violin, piano]) is None
    assert cells.named_more("小提琴和钢琴多少钱", violin, [violin, piano]) is None
    (elsewhere,) = rows("课程: 钢琴 | 45分钟: 99欧元", document="old.xlsx")
    assert cells.named_more("钢琴课45分钟多少钱", violin, [violin, elsewhere]) is None
    (prose,) = rows("我们教钢琴。")
    assert cells.named_more("钢琴多少钱", prose, [prose, piano]) is None


def test_a_row_of_another_table_is_not_meant() -> None:
    texts = ("Course: Violin | 45 minutes: €129", "Course: Piano, lessons | 45 minutes: €124")
    violin, piano = (Statement(passage(text, header="Course | 45 minutes"), 0, len(text), 1.0) for text in texts)
    (sheets,) = (Statement(passage(texts[1], header="Course | Sheets"), 0, len(texts[1]), 1.0),)
    assert cells.named_more("How much are piano lessons?", violin, [violin, piano]) is piano
    assert cells.named_more("How much are piano lessons?", violin, [violin, sheets]) is None


def test_rows_below_a_value_that_they_share_are_of_its_table() -> None:
    texts = ("Zone: EU | Weight: up to 1 kg | Price: 4 euros", "Weight: up to 5 kg | Price: 9 euros")
    first, below = (Statement(passage(text, header="Zone | Weight | Price"), 0, len(text), 1.0) for text in texts)
    assert cells.table_of(first) == cells.table_of(below)
    assert cells.table_of(rows(texts[0])[0]) != cells.table_of(rows(texts[1])[0])


def test_a_number_in_a_row_beside_makes_no_row_wrong() -> None:
    three, six = rows("Grade: Grades 3 to 5 | Fee: 62 € | Pieces: 3", "Grade: Grades 6 to 8 | Fee: 79 € | Pieces: 4")
    assert cells.named_more("exam fee for grade 4", three, [three, six]) is None
    eu, uk = rows("Zone: EU | up to: 5 kg | Price: €9", "Zone: UK | up to: 2 kg | Price: €5")
    assert cells.named_more("2 kg parcel to Germany", eu, [eu, uk]) is None
    light, heavy = rows("Parcel: up to 5 kg | Price: €9", "Parcel: over 2 kg | Price: €5")
    assert cells.named_more("2 kg parcel", light, [light, heavy]) is None


def test_of_several_rows_named_better_none_is_picked_nor_one_that_is_not_wanted() -> None:
    violin, first, second = rows("Lesson: Violin | Fee: €9", "Lesson: Piano A | Fee: €8", "Lesson: Piano B | Fee: €7")
    assert cells.named_more("fee for piano", violin, [violin, first, second]) is None
    assert cells.named_more("fee for anything other than piano", violin, [violin, first]) is None
    assert cells.named_more("fee for piano", violin, [violin, first]) is first


@pytest.mark.parametrize(
    ("question", "row", "nothing"),
    [
        ("and what do we have to wear?", "Date: 6 December | Event: Advent concert", True),
        ("and when is the concert?", "Date: 6 December | Event: Advent concert", False),
        ("那停车呢", "课程: 钢琴 | 价格: 89欧元", True),
        ("邮费多少钱", "Zone: Islands | Price: €9.50", False),
        ("What does it cost to post?", "地区: 海岛 | 价格: 9.50欧元", False),
        ("Wie lange dauert der Versand?", "Zone: Islands | Shipping time: 4–6 days", False),
        ("Was kostet der Versand?", "Zone: Islands | Price: €9.50", False),
    ],
)
def test_a_question_in_another_language_shares_no_words_with_any_row(question: str, row: str, nothing: bool) -> None:
    assert cells.shares_nothing(question, *rows(row)) is nothing


def test_a_day_asks_for_the_cell_of_its_days() -> None:
    row = "Season: November to February | Mon–Fri: 9:00–16:30 | Saturday: 9:00–16:00"
    assert [cell.value for cell in cells.asked_for("when do you close on a wednesday in december", row)] == [
        "9:00–16:30"
    ]
    months = "Room: Double | April: €80 | May: €90"
    assert [cell.value for cell in cells.asked_for("how much is it in may", months)] == ["€90"]


def test_the_season_that_the_question_names_a_day_of_is_not_asked_for() -> None:
    row = "日期: 周二至周五 | 时间: 9:00–17:00"
    assert [cell.value for cell in cells.asked_for("周四几点开放？", row)] == ["9:00–17:00"]
    assert [cell.value for cell in cells.asked_for("几点开放？", row)] == ["周二至周五", "9:00–17:00"]
