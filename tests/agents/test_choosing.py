from agents.choosing import Choice, choose
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


def chosen(question: str, *passages: Passage) -> Choice:
    return choose(
        question,
        retrieval(question, *passages),
        (),
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
