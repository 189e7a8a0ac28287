import pytest

from agents.quotes.choosing import Choice, choose, choose_for_all
from agents.transcript import Message
from knowledge.passages import Passage
from tests.agents.found_passages import passage, retrieval

PLANTING = passage(
    "The planting service includes:\n\ndigging the hole,\na bag of compost.\n\n"
    "Not included:\n\nstakes and ties,\nscaffolding.",
    headings=("Planting service",),
)
TICKETS = passage(
    "Tickets at the door:\n\nFamily (2 adults, 3 children): €20\nAdults: €7.50\nChildren: €4",
    headings=("Butterfly house",),
)


def chosen(question: str, *passages: Passage, before: str = "") -> Choice:
    return choose(
        question,
        retrieval(question, *passages),
        (Message("user", before), Message("assistant", "…")) if before else (),
        model=None,
        language="en",
        embedder=None,
        refuse_below=0.5,
    )


def test_what_is_not_included_is_not_answered_by_the_list_of_what_is() -> None:
    assert chosen("does the planting service include stakes?", PLANTING).ranked[0].text == "stakes and ties,"
    assert "includes" in chosen("what does the planting service include?", PLANTING).ranked[0].text


def test_the_label_that_is_named_in_full_has_the_price() -> None:
    choice = chosen("how much is a ticket for an adult?", TICKETS)
    assert choice.pointed is not None
    assert choice.pointed.text == "€7.50"
    family = chosen("how much is a ticket for a family?", TICKETS)
    assert family.pointed is None, "its label says more than the question"


def test_a_label_below_a_line_on_surcharges_is_not_taken_for_the_price() -> None:
    surcharges = passage("The surcharge for delivery comes on top:\n\nMainland: €15\nIslands: €29")
    assert chosen("how much is delivery to the islands?", surcharges).pointed is None
    asked = chosen("how much is the surcharge for delivery to the islands?", surcharges)
    assert asked.pointed is not None
    assert asked.pointed.text == "€29"


def test_whether_a_thing_is_included_is_not_told_by_what_it_costs() -> None:
    cabins = passage("An inside cabin costs €45 on top of the fare.", "b.md", headings=("Cabins",))
    fare = passage("The fare does not include:\n\nmeals,\na cabin.", headings=("Cars",), score=0.2)
    assert chosen("does the fare include a cabin?", cabins, fare).ranked[0].text == "a cabin."
    assert chosen("how much is an inside cabin?", cabins, fare).ranked[0].passage is cabins


MODELS = passage("Model: T10 | Tank: 200 ml\nModel: T20 | Tank: 300 ml", "models.md", title="Models")
MANUAL = passage("The tank of the T10 is 200 ml big.", "t10.md", title="T10 manual")


def test_the_next_best_answers_where_the_best_is_of_another_code() -> None:
    choice = chosen("how big is the tank of the t20?", MANUAL, MODELS)
    assert choice.found
    assert [s.text for s in choice.ranked] == ["Model: T20 | Tank: 300 ml"]
    assert not chosen("how big is the tank of the t30?", MANUAL, MODELS).found


def test_a_question_that_compares_is_about_what_was_named_before_too() -> None:
    asked = "is its tank larger than that of the t20?"
    both = chosen(asked, MANUAL, MODELS, before="how big is the tank of the T10?")
    assert {s.text for s in both.of_the_same} == {MANUAL.text, *MODELS.text.split("\n")}
    assert [s.text for s in chosen("and the tank of the t20?", MANUAL, MODELS, before="and the T10?").of_the_same] == [
        "Model: T20 | Tank: 300 ml"
    ]


@pytest.mark.parametrize(("before", "found"), [("how big is the tank of the T10?", True), ("hello", False)])
def test_a_part_of_a_message_that_compares_may_be_about_what_was_named_before(before: str, found: bool) -> None:
    whole, part = "is it larger than that of the t20, and how big is the tank?", "how big is the tank?"
    *_, last = choose_for_all(
        whole,
        retrieval(whole, MANUAL, MODELS),
        (Message("user", before), Message("assistant", "…")),
        [(part, retrieval(part, MANUAL))],
        model=None,
        language="en",
        embedder=None,
        refuse_below=0.5,
        stop=None,
    )
    assert last.found is found


def test_a_holiday_that_no_document_names_is_not_answered_by_another() -> None:
    notice = passage("寒假班1月18日至29日上课。", "寒假.txt", language="zh")
    assert not chosen("暑假班几号上课", notice).found
    assert chosen("寒假班几号上课", notice).found
