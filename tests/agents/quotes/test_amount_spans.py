import pytest

from agents.quotes.amount_spans import besides, held_among, named, speaks_of
from tests.growth import grows_gently

SERVICE = ("Less than 2 years", "2 to 5 years", "More than 5 years")
BEFORE = ("14 days or more", "7 to 13 days", "less than 7 days")
SERVICE_ZH = ("不足3年", "满3年不满10年", "10年以上")
RETURNED = ("7天内", "8-15天", "15天以上")
PARCELS = ("up to 2 kg", "up to 5 kg", "up to 10 kg")
ORDERS = ("Orders under €50", "€50 to €100", "Orders over €100")
ENTRY = ("Children 3–11", "Adults", "Seniors 65+")
GROUPS = ("1–9 people", "Groups of 10 or more")


@pytest.mark.parametrize(
    ("question", "texts", "held"),
    [
        ("I quit after 3 years, how much notice?", SERVICE, "2 to 5 years"),
        ("after eighteen months", SERVICE, "Less than 2 years"),
        ("after a year", SERVICE, "Less than 2 years"),
        ("after half a year", SERVICE, "Less than 2 years"),
        ("I have worked here for over 5 years", SERVICE, "More than 5 years"),
        ("if I cancel 10 days before", BEFORE, "7 to 13 days"),
        ("two weeks before", BEFORE, "14 days or more"),
        ("less than 7 days before", BEFORE, "less than 7 days"),
        ("我工作满十年", SERVICE_ZH, "10年以上"),
        ("工作三年了", SERVICE_ZH, "满3年不满10年"),
        ("买了10天还能退吗", RETURNED, "8-15天"),
        ("買了兩週還能退嗎", RETURNED, "8-15天"),
        ("a parcel of 3 kg", PARCELS, "up to 5 kg"),
        ("1500 g", PARCELS, "up to 2 kg"),
        ("3公斤的包裹", PARCELS, "up to 5 kg"),
        ("an order of 70 euros", ORDERS, "€50 to €100"),
        ("orders over €100", ORDERS, "Orders over €100"),
        ("订单60欧元", ORDERS, "€50 to €100"),
        ("my 5-year-old", ENTRY, "Children 3–11"),
        ("I'm 70", ENTRY, "Seniors 65+"),
        ("tickets for over 65s", ENTRY, "Seniors 65+"),
        ("孩子6岁", ("儿童：3-11岁", "成人"), "儿童：3-11岁"),
        ("a party of 12", GROUPS, "Groups of 10 or more"),
        ("a 7 kg parcel", ("Weight (kg): 0–5", "Weight (kg): 5–10"), "Weight (kg): 5–10"),
    ],
)
def test_the_range_that_holds_what_is_named(question: str, texts: tuple[str, ...], held: str) -> None:
    amounts = named(question)
    assert [text for text, terms in zip(texts, held_among(texts, amounts), strict=True) if terms] == [held]


@pytest.mark.parametrize(
    ("question", "texts"),
    [
        ("how much are 3 lamps", SERVICE),
        ("a lamp of 3 kg", SERVICE),
        ("I have 3 years of experience", PARCELS),
        ("the notice of 30 days", SERVICE),
        ("within €5", PARCELS),
        ("at 10:30 on 3/4", BEFORE),
        ("12 kg", PARCELS),
        ("a lamp T3", SERVICE),
        ("I have 2 children", ENTRY),
        ("第3章", SERVICE_ZH),
        ("第3天", RETURNED),
        ("第三天", RETURNED),
        ("我12月5日的课", RETURNED),
        ("十二月五日的课", RETURNED),
        ("12月5日至8日的课", RETURNED),
        ("我2024年买的灯", SERVICE_ZH),
        ("2020-2024年买的灯", SERVICE_ZH),
        ("an order of €1.500", ORDERS),
        ("an order of 1 500 €", ORDERS),
        ("an order of 1'500 €", ORDERS),
        ("2.500 g", PARCELS),
        ("I have an iPhone 5s", ENTRY),
        ("concert of the 1990s", ENTRY),
    ],
)
def test_a_number_in_no_unit_of_a_range_chooses_none(question: str, texts: tuple[str, ...]) -> None:
    assert not any(held_among(texts, named(question)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Length of service: Less than 2 years", {"length", "servic"}),
        ("14 days or more", set()),
        ("满3年不满10年", set()),
        ("Express (1-2 days)", {"express"}),
    ],
)
def test_what_a_text_says_beside_its_amounts(text: str, said: set[str]) -> None:
    assert besides(text) == said


def test_a_bound_of_two_ranges_is_in_both() -> None:
    assert [bool(terms) for terms in held_among(("1 to 2 years", "2 to 5 years"), named("after 2 years"))] == [True] * 2


def test_a_text_speaks_of_amounts_of_the_same_kind_alone() -> None:
    assert speaks_of("more than 5 years", named("after 3 years"))
    assert not speaks_of("more than 5 kg", named("after 3 years"))
    assert not speaks_of("Adults", named("I'm 70"))


@pytest.mark.parametrize("piece", ["1", "1 ", "1-", "12,", "from ", "满", "between 1 and ", "€", "less than "])
def test_long_questions_take_no_time(piece: str) -> None:
    assert grows_gently(named, piece, 4_000)
