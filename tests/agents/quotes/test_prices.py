from dataclasses import replace

import pytest

from agents.quotes.prices import is_of_another, may_stand_alone, stepped_back
from agents.quotes.statements import Statement, statements_of
from knowledge.passages import Passage
from tests.agents.found_passages import passage

ISLANDS = "how much is delivery to the islands?"
SURCHARGES = passage(
    "The bulky surcharge comes on top of delivery, once per order:\n\nMainland: €15\nIslands: €29",
    headings=("Shipping and delivery", "Bulky goods"),
)
DELIVERY = passage("Delivery to the islands costs €9.50.", "b.md")
TICKETS = passage(
    "Tickets at the door:\n\nAdults: €7.50\nFamily (2 adults, 3 children): €20", headings=("Butterfly house",)
)
DEPOSIT = passage("Lawn roller: €40\nRotavator: €150", headings=("Hire", "Deposits"))
METRES = passage("Longer vehicles pay on top of the fare:\n\ntrailers, each metre: €10\nracks: €6")
PARKING = passage("Cars: €5\nCampers: €12", "c.md", headings=("Parking",))
RETURNS = passage("A return by post costs €4.95.", headings=("Refunds",))
CARDS = passage("A replacement card costs £10.\nIt is sent by post.", headings=("Lost cards",))
CHANGES = passage("Change: €25\nNew name: €30", headings=("Changes and cancellations",))
CHINESE = passage("超长车辆在车票之外另收：\n\n每超过1米：12 欧元\n拖车每米：10 欧元", language="zh")


def said(text: str, source: Passage) -> Statement:
    return next(replace(s, score=1.0) for s in statements_of([source]) if s.text.startswith(text))


@pytest.mark.parametrize(
    ("question", "text", "source", "another"),
    [
        (ISLANDS, "Islands", SURCHARGES, True),
        ("how much is the surcharge for the islands?", "Islands", SURCHARGES, False),
        ("what comes on top for the islands, how much is it?", "Islands", SURCHARGES, True),
        (ISLANDS, "Delivery", DELIVERY, False),
        ("what does it cost to hire a lawn roller?", "Lawn", DEPOSIT, True),
        ("how much is the deposit for a lawn roller?", "Lawn", DEPOSIT, False),
        ("how much is a trailer per metre?", "trailers", METRES, False),
        ("how much is a van with a trailer per metre?", "trailers", METRES, True),
        ("拖车每米多少钱？", "拖车", CHINESE, False),
        ("带拖车的车票多少钱？", "拖车", CHINESE, True),
        ("where are the islands?", "Islands", SURCHARGES, False),
        ("how much is a return of a lamp?", "A return", RETURNS, False),
        ("how much is a replacement of a membership card?", "A replacement", CARDS, False),
        (
            "成人办年卡多少钱？",
            "成人年卡",
            passage("成人年卡：60 元\n儿童年卡：30 元", headings=("票价与优惠",)),
            False,
        ),
        ("成人办年卡多少钱？", "成人年卡", passage("成人年卡：60 元\n儿童年卡：30 元", headings=("押金",)), True),
        ("成人押金多少钱？", "成人年卡", passage("成人年卡：60 元\n儿童年卡：30 元", headings=("押金与赔偿",)), False),
        ("how much is a change of date?", "Change", CHANGES, False),
        ("how much is a date in june?", "June", passage("June: €25\nJuly: €30", headings=("Discounts",)), True),
    ],
)
def test_what_announces_a_sum_says_whether_it_is_the_price(
    question: str, text: str, source: Passage, another: bool
) -> None:
    assert is_of_another(question, said(text, source)) is another


@pytest.mark.parametrize(
    ("question", "text", "source", "alone"),
    [
        (ISLANDS, "Islands", SURCHARGES, False),
        ("how much is the bulky surcharge for the islands?", "Islands", SURCHARGES, True),
        ("how much is a ticket for an adult?", "Adults", TICKETS, True),
        ("how much is a ticket for an adult?", "Family", TICKETS, False),
        ("how much is a parking ticket for an adult?", "Adults", TICKETS, False),
        ("how much is a cheap ticket for an adult?", "Adults", TICKETS, True),
        (
            "how much is it for my EcoCard?",
            "Entry",
            passage("Entry (Bronze Card, EcoCard): €15\nMid (Green): €5"),
            True,
        ),
        ("how much is delivery to the islands", "Delivery", DELIVERY, True),
        ("when is a ticket for an adult sold?", "Family", TICKETS, True),
        (
            "how much is a cabin in july?",
            "May",
            passage("A cabin costs:\n\nMay to September: €45\nOctober to April: €30"),
            True,
        ),
        (
            "how much is it to collect a lamp?",
            "Floor",
            passage("Floor lamps: collection of a lamp costs €25\nLamps: €9"),
            False,
        ),
    ],
)
def test_a_price_stands_alone_where_nothing_that_is_asked_stands_beside_another(
    question: str, text: str, source: Passage, alone: bool
) -> None:
    ranked = [said(text, source), *statements_of([source, PARKING])]
    assert may_stand_alone(question, ranked[0], ranked) is alone


def test_the_price_of_another_thing_steps_back_behind_one_that_is_near() -> None:
    surcharge, price = said("Islands", SURCHARGES), replace(said("Delivery", DELIVERY), score=0.9)
    assert stepped_back(ISLANDS, [surcharge, price]) == [price, surcharge]
    far = replace(price, score=0.3)
    assert stepped_back(ISLANDS, [surcharge, far]) == [surcharge, far]
    words = replace(said("Ask", passage("Ask us about delivery to the islands.")), score=0.9)
    assert stepped_back(ISLANDS, [surcharge, words]) == [surcharge, words]
    assert stepped_back("how much is the surcharge?", [surcharge, price]) == [surcharge, price]
    assert stepped_back(ISLANDS, []) == []


@pytest.mark.parametrize(
    ("heading", "another"),
    [
        ("Fines and penalties", True),
        ("Deposits & fines", True),
        ("Surcharges for islands and remote areas", True),
        ("Deposits for tools and machines", True),
        ("Surcharges (weekends, holidays)", True),
        ("Cancellation and no-show fees", True),
        ("Lost or damaged card fees", True),
        ("押金与赔偿", True),
        ("On top of the fare", True),
        ("Returns and refunds", False),
        ("Prices and deposits", False),
        ("Changes and cancellations", False),
        ("Lost and damaged cards", False),
        ("For islands and refunds", False),
        ("票价与优惠", False),
    ],
)
def test_a_heading_of_several_sums_is_of_none_that_is_a_price(heading: str, another: bool) -> None:
    source = passage("Islands: €29\nHighlands: €19", headings=(heading,))
    assert is_of_another("how much is delivery to the islands?", said("Islands", source)) is another
