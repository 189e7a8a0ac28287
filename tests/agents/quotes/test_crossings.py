from dataclasses import replace

import pytest

from agents.quotes.crossings import compared, crossing, narrowed, without_other_spans
from agents.quotes.quoting import line
from agents.quotes.statements import statements_of
from knowledge.passages import Passage
from tests.agents.found_passages import passage

HOURS = passage(
    "Breakfast | Friday: 7:00–10:00 | Saturday: 7:30–11:00 | Sunday: 8:00–11:30\n"
    "Dinner | Friday: 18:00–21:00 | Saturday: 18:00–21:30 | Sunday: closed\n"
    "On 25 December only breakfast is served."
)
HIRE = passage(
    "Bicycle: City bike | Half day (4 h): €12 | Day: €18 | 3 days: €45\n"
    "Bicycle: Tandem | Half day (4 h): €24 | Day: €35 | 3 days: €90"
)

ROOMS = passage(
    "Room: Lake room | April: €126 | May: €178 | June: €190\nRoom: Single room | April: €74 | May: €96 | June: €99"
)
CHINESE = passage("餐: 早餐 | 周六: 7:30–11:00 | 周日: 8:00–11:30", language="zh")


def crossed(question: str, source: Passage = HOURS, whole: str = "") -> str | None:
    ranked = [replace(statement, score=1.0, words=1.0) for statement in statements_of([source])]
    found = crossing(question, ranked, whole=whole)
    return found.text if found else None


GARAGE = passage("Price | Single: €5 | Double: €9", title="Room service", headings=("Garage",))


def test_a_row_that_is_called_as_a_kind_of_thing_is_named_by_no_question_for_one() -> None:
    """The price of a double garage is no double room's."""
    ranked = [replace(s, score=0.5, words=0.2) for s in statements_of([GARAGE])]
    best = statements_of([passage("A double room costs more in July.")])[0]
    assert crossing("How much does a double room cost?", [replace(best, score=1.0, words=0.9), *ranked]) is None


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("when is breakfast on sunday", "8:00–11:30"),
        ("can we have dinner on sundays", "closed"),
        ("breakfast?", None),
        ("sunday?", None),
        ("breakfast on saturday and sunday", None),
        ("is breakfast or dinner later on sunday", None),
        ("breakfast on a day other than sunday", None),
        ("breakfast for 2 on sunday", None),
    ],
)
def test_the_cell_where_row_and_column_cross(question: str, cell: str | None) -> None:
    assert crossed(question) == cell


def test_of_names_that_share_a_word_the_one_that_is_named_in_full() -> None:
    assert crossed("a tandem for a day", HIRE) == "€35"
    assert crossed("tandem for 3 days", HIRE) == "€90"
    assert crossed("tandem, half a day", HIRE) == "€24"
    assert crossed("tandem for 2 days", HIRE) is None
    assert crossed("tandem for three days", HIRE) == "€90"
    assert crossed("how much is a tandem for two days", HIRE) is None
    assert crossed("tandem for a couple of days", HIRE) is None


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("how much is a tandem by day", "€35"),
        ("what is the price of a tandem by day", "€35"),
        ("does the tandem have lights by day", None),
        ("when is the tandem back by day", None),
        ("how many people ride the tandem by day", None),
    ],
)
def test_a_cell_has_the_kind_asked_for_and_beside_it_all_that_is_asked(question: str, cell: str | None) -> None:
    assert crossed(question, HIRE) == cell


def test_a_sum_of_money_is_no_code_that_a_question_must_repeat() -> None:
    vouchers = passage("Voucher: EUR20 voucher | Price: 18\nVoucher: EUR50 voucher | Price: 45")
    assert crossed("price of the 20 EUR voucher", vouchers) == "18"


def test_the_kind_asked_for_is_that_of_the_cell() -> None:
    assert crossed("how much is breakfast on sunday") is None
    assert crossed("早餐周日几点", CHINESE) == "8:00–11:30"
    assert crossed("周日早餐多少钱", CHINESE) is None


@pytest.mark.parametrize(
    "question", ["湖景房週末價格", "湖景房的週末價格是多少", "湖景房週末多少錢", "湖景房周末多少钱"]
)
def test_a_traditional_table_is_read_as_a_simplified_one(question: str) -> None:
    rooms = "房型: 湖景房 | 週末價格: 200元 | 平日價格: 150元\n房型: 山景房 | 週末價格: 180元 | 平日價格: 120元"
    assert crossed(question, passage(rooms, language="zh")) == "200元"


def test_what_the_question_lacks_stands_in_the_one_before_it() -> None:
    whole = "when is breakfast on sunday and on saturdays?"
    assert crossed("and on saturdays?", whole=whole) == "7:30–11:00"
    assert crossed("and dinner?", whole="when is breakfast on saturday and dinner?") == "18:00–21:30"
    assert crossed("and on saturdays?") is None


@pytest.mark.parametrize(
    ("question", "cell"),
    [
        ("and in may?", "€178"),
        ("and the single room?", "€74"),
        ("and the single room in may?", "€96"),
        ("and in autumn?", None),
        ("and the single room in autumn?", None),
        ("and how many beds?", None),
        ("may I take it?", None),
    ],
)
def test_one_of_row_and_column_stands_in_the_question_itself(question: str, cell: str | None) -> None:
    assert crossed(question, ROOMS, whole=f"how much is the lake room in april? {question}") == cell
    assert crossed(question, ROOMS, whole=f"is the lake room noisy in april? {question}") is None


def test_may_is_a_month_where_it_surely_is_one() -> None:
    assert crossed("how much is the lake room in may", ROOMS) == "€178"
    assert crossed("how much is the lake room in april or may", ROOMS) is None
    assert crossed("may I have the lake room?", ROOMS) is None


def test_a_row_that_holds_less_of_the_question_is_not_taken() -> None:
    row, *others = (replace(s, score=1.0, words=0.4) for s in statements_of([HOURS]))
    best = replace(others[-1], words=0.9)
    assert crossing("when is breakfast on sunday", [best, row]) is None
    assert crossing("when is breakfast on sunday", [replace(best, words=0.4), row]) is not None
    assert crossing("when is breakfast on sunday", [replace(best, words=0.4, score=2.0), row]) is None


def test_rows_that_a_question_compares_stand_together() -> None:
    ranked = [replace(s, score=1.0 - s.start / 1000, words=0.5) for s in statements_of([HOURS])]
    assert compared("is dinner or breakfast longer", ranked) == ranked[:2]
    assert compared("is breakfast long", ranked) == []
    assert compared("is dinner or breakfast longer", ranked[2:]) == []


@pytest.mark.parametrize(("score", "words", "is_shown"), [(0.9, 0.5, True), (0.6, 0.5, False), (0.9, 0.2, False)])
def test_rows_that_a_question_compares_may_stand_behind_a_row_of_another_table(
    score: float, words: float, is_shown: bool
) -> None:
    models = statements_of([passage("型号: T10 | 吸力: 4000\n型号: T10 Lite | 吸力: 2700\n型号: T20 | 吸力: 8000")])
    best = statements_of([passage("最大吸力 | 8000 | 12000", "manual.pdf")])[0]
    behind = [replace(s, score=score, words=words) for s in models]
    assert compared("T20高度多少，床底10 cm", behind) == []
    assert len(compared("compare T 10 and T 20", models)) == 2
    found = compared("T10和T20哪个吸力大", [replace(best, score=1.0, words=0.4), *behind])
    assert found == ([behind[0], behind[2]] if is_shown else [])


def test_wide_rows_that_a_question_compares_have_its_column_alone() -> None:
    rows = statements_of(
        [passage("型号: T10 | 吸力/Pa: 4000 | 水箱/mL: 200\n型号: T20 | 吸力/Pa: 8000 | 水箱/mL: 280")]
    )
    found = narrowed("T10和T20哪个吸力大", rows)
    assert [line(row, number=1) for row in found] == ["T10 – 吸力/Pa: 4000 [1]", "T20 – 吸力/Pa: 8000 [1]"]
    assert [row.text for row in found] == [row.text for row in rows]
    assert narrowed("T10和T20哪个好", rows) == rows
    assert narrowed("T10和T20的吸力和水箱", rows) == rows


def test_a_row_whose_name_is_part_of_that_of_another_is_not_compared_with_it() -> None:
    towels = passage("Item: Towel | Day: €2 | Week: €9\nItem: Bath towel | Day: €3 | Week: €12")
    ranked = [replace(s, score=1.0, words=0.5) for s in statements_of([towels])]
    assert compared("how much is a bath towel", ranked[::-1]) == []


SEASONS = passage(
    "Room: Double | Low season (Nov–Mar): €80 | Shoulder season (April, May, September, October): €95"
    " | High season (June–August): €120\n"
    "Room: Single | Low season (Nov–Mar): €60 | Shoulder season (April, May, September, October): €75"
    " | High season (June–August): €90"
)
SAILINGS = passage(
    "Days: Mon–Fri | Morning: 7:15 | Evening: 18:45\nDays: Saturday | Morning: 8:00 | Evening: 19:30",
    title="Timetable",
)
CARS = passage(
    "Season: Car, June–August | One way: €78 | Return: €140\n"
    "Season: Car, September–May | One way: €48 | Return: €88\n"
    "Season: Van, June–August | One way: €99 | Return: €180"
)


@pytest.mark.parametrize(
    ("question", "source", "cell"),
    [
        ("what does a double cost in july?", SEASONS, "€120"),
        ("what does a single cost in december?", SEASONS, "€60"),
        ("how much is a double in may?", SEASONS, "€95"),
        ("how much is a double on 3 august?", SEASONS, "€120"),
        ("what does a double cost in summer?", SEASONS, None),
        ("what does a double cost in march or april?", SEASONS, None),
        ("morning on wednesday", SAILINGS, "7:15"),
        ("evening on saturday", SAILINGS, "19:30"),
        ("evening on sunday", SAILINGS, None),
        ("car return in july", CARS, "€140"),
        ("car return in april", CARS, "€88"),
        ("van return in april", CARS, None),
        (
            "双人房七月多少钱",
            passage("房型: 双人房 | 淡季（11月至次年3月）: 80 欧元 | 旺季（六月至八月）: 120 欧元", language="zh"),
            "120 欧元",
        ),
    ],
)
def test_a_month_or_a_day_chooses_its_season(question: str, source: Passage, cell: str | None) -> None:
    assert crossed(question, source) == cell


def test_the_next_question_names_another_month() -> None:
    assert crossed("and in january?", SEASONS, whole="what does a double cost in july? and in january?") == "€80"


def test_the_rows_of_other_seasons_are_left_out_where_one_is_named() -> None:
    ranked = [replace(s, score=1.0, words=1.0) for s in statements_of([CARS, SAILINGS])]

    def kept(question: str, whole: str = "") -> list[str]:
        return [s.text.split(" | ")[0] for s in without_other_spans(question, ranked, whole=whole)]

    summer = ["Season: Car, June–August", "Season: Van, June–August"]
    days = ["Days: Mon–Fri", "Days: Saturday"]
    assert kept("what does it cost in july?") == [*summer, *days]
    assert kept("and the van?", whole="what does it cost in july? and the van?") == [*summer, *days]
    assert kept("when is it on wednesday in july?") == [*summer, "Days: Mon–Fri"]
    everything = [s.text.split(" | ")[0] for s in ranked]
    assert kept("what does it cost?") == kept("when is it not so dear as in july?") == everything
    assert kept("when is it on sunday?") == everything, "no row is of that day"
    assert kept("in july and in october") == everything


def test_a_season_that_the_question_names_is_meant_and_not_the_day_of_the_one_before() -> None:
    rooms = passage(
        "Season: High season (June–August) | Single: €90 | Double: €120\n"
        "Season: Low season (November–March) | Single: €60 | Double: €80",
        headings=("Low and high season",),
    )
    high, low = ranked = [replace(s, score=1.0, words=1.0) for s in statements_of([rooms])]
    july = "what does a double cost in july?"
    assert without_other_spans(july, ranked) == [high]
    for question in ("and in the low season?", "and in the low season, what does a double cost?"):
        assert without_other_spans(question, ranked, whole=f"{july} {question}") == [low, high]
        assert crossed(question, rooms, whole=f"{july} {question}") is None
    assert without_other_spans("and a single?", ranked, whole=f"{july} and a single?") == [high]
    assert without_other_spans("is a double in july the low season?", ranked) == [high, low]
    assert crossed("and a single?", rooms, whole=f"{july} and a single?") == "€90"


def test_rows_of_another_season_are_left_out_where_one_of_those_meant_has_all_that_is_asked() -> None:
    vans = passage(f"{CARS.text}\nSeason: Van, September–May | One way: €60 | Return: €99")
    ranked = [replace(s, score=1.0, words=1.0) for s in statements_of([vans])]
    found = without_other_spans("and the van?", ranked, whole="what does it cost in july? and the van?")
    assert found == [ranked[0], ranked[2]]


NOTICE = passage(
    "Length of service: Less than 2 years | Notice: 1 week\n"
    "Length of service: 2 to 5 years | Notice: 1 month\n"
    "Length of service: More than 5 years | Notice: 3 months"
)
COURSES = passage(
    "You pay | 14 days or more: nothing | 7 to 13 days: half the price | less than 7 days: the full price"
)
DELIVERY = passage("- 订单不满99元：运费10元\n- 订单满99元：包邮\n", language="zh")


@pytest.mark.parametrize(
    ("question", "source", "said"),
    [
        ("I quit after 3 years, how much notice?", NOTICE, ["2 to 5 years – Notice: 1 month [1]"]),
        ("I quit, how much notice?", NOTICE, ["", "", ""]),
        ("notice with 3 lamps", NOTICE, ["", "", ""]),
        ("what do I pay 10 days before", COURSES, ["You pay – 7 to 13 days: half the price [1]"]),
        ("订单150元运费多少", DELIVERY, ["订单满99元：包邮 [1]"]),
    ],
)
def test_an_amount_chooses_the_row_column_or_item_whose_range_holds_it(
    question: str, source: Passage, said: list[str]
) -> None:
    ranked = [replace(statement, score=1.0) for statement in statements_of([source])]
    found = [line(one, number=1) for one in without_other_spans(question, ranked)]
    assert len(found) == len(said)
    assert all(wanted in one for wanted, one in zip(said, found, strict=True)), found


def test_options_with_names_of_their_own_all_stay_and_an_amount_before_leaves_none_out() -> None:
    options = passage("- Express (1-2 days): €9\n- Standard (3-5 days): €4\n- Economy (6-9 days): €2\n")
    ranked = [replace(statement, score=1.0) for statement in statements_of([options])]
    assert len(without_other_spans("I ordered 3 days ago. Which options are there?", ranked)) == 3
    notice = [replace(statement, score=1.0) for statement in statements_of([NOTICE])]
    asked = "which notices are there?"
    assert len(without_other_spans(asked, notice, whole=f"I have been here for 3 years, {asked}")) == 3


def test_an_amount_names_the_row_of_a_crossing() -> None:
    assert crossed("how long is the notice after 3 years", NOTICE) == "1 month"
