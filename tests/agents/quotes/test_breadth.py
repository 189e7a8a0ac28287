import numpy as np
import pytest

from agents.quotes.breadth import FIRST, ROW, SECTION, SHARPNESS, breadth, held_for_all
from agents.quotes.ranking import rank
from agents.quotes.statements import statements_of
from agents.transcript import Message
from tests.agents.found_passages import TunedHashing, passage, retrieval

RATES = "Zone: 1 Mainland | Standard: €4.90\nZone: 2 Islands | Standard: €9.50"
PALLET = "Ask us for a quote. From €1,500 the delivery of a pallet is free."


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How much is delivery?", 1.0),
        ("when are you open", 1.0),
        ("运费多少钱", 1.0),
        ("How much is express delivery of two floor lamps to Norway?", 0.0),
        ("Where is order 1234?", 0.0),
        ("What?", 0.0),
        ("我上个月买的落地灯灯罩裂了，过了七天还能免费换一个吗？", 0.0),
    ],
)
def test_few_terms_name_no_special_case(question: str, wanted: float) -> None:
    assert breadth(question) == wanted


def test_each_further_term_makes_a_question_less_broad() -> None:
    shares = [breadth(" ".join(["delivery", "cost", "express", "Norway", "lamp"][:count])) for count in range(1, 6)]
    assert shares == sorted(shares, reverse=True)
    assert 0 < shares[2] < 1


def test_a_row_the_first_of_its_section_and_a_near_section_hold_for_all() -> None:
    rates = passage(RATES, "rates.md", headings=("Rates",))
    pallet = passage(PALLET, "business.md", headings=("Business",))
    said = held_for_all(statements_of([rates, pallet]), np.array([0.2, 0.1, 0.0, 0.5]))
    sections = SECTION * np.array([0.2, 0.2, 0.5, 0.5])
    assert said - sections == pytest.approx([ROW + FIRST, ROW, FIRST, 0.0])


def test_the_first_of_a_section_is_so_in_whatever_order_its_parts_are_found() -> None:
    text = "Is it dear? Delivery costs €4.90. It takes two days. Pallets are €90. Pianos are €200."
    half = text.index("Pallets")
    begins = passage(text[:half], "rates.md", headings=("Delivery",))
    goes_on = passage(text[half:], "rates.md", headings=("Delivery",), start=half)
    statements = statements_of([goes_on, begins])
    said = dict(zip((each.text for each in statements), held_for_all(statements, np.zeros(5)), strict=True))
    assert {text for text, added in said.items() if added} == {"Delivery costs €4.90."}


def test_a_broad_question_finds_the_table_and_one_about_a_case_its_sentence() -> None:
    rates = passage(RATES, "rates.md", headings=("Delivery",), score=0.9)
    pallet = passage(PALLET, "business.md", headings=("Business",))

    def first(question: str) -> str:
        return rank(retrieval(question, pallet, rates), language="en", embedder=TunedHashing())[0].text

    assert first("How much is delivery?").startswith("Zone: 1 Mainland")
    assert first("From how many euros is the delivery of a pallet free of charge for a quote?") == PALLET[20:]


def test_a_question_that_leans_on_another_is_not_broad() -> None:
    rates = passage(RATES, "rates.md", headings=("Delivery",))
    norway = passage("We send to most of Europe. Delivery to Norway costs €20.", "norway.md", headings=("Norway",))
    before = "How much is delivery?"
    found = retrieval(f"{before} To Norway?", rates, norway)
    alone = rank(found, language="en", embedder=TunedHashing())
    leaning = rank(found, language="en", embedder=TunedHashing(), history=[Message("user", before)])
    assert "Norway costs" in leaning[0].text
    assert max(each.score for each in leaning) < max(each.score for each in alone)


def test_which_statement_of_a_broad_question_answers_is_less_sure() -> None:
    rates = passage(RATES, "rates.md", headings=("Delivery",))
    first, second, *_ = rank(retrieval("How much is delivery?", rates), language="en", embedder=TunedHashing())
    assert second.likelihood == pytest.approx(np.exp(SHARPNESS * (second.score - first.score)))
