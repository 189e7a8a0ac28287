import pytest

from agents import cells
from agents.statements import Statement
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
