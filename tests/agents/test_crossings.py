from dataclasses import replace

import pytest

from agents.crossings import compared, crossing
from agents.statements import statements_of
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


def crossed(question: str, source: Passage = HOURS, whole: str = "") -> str | None:
    ranked = [replace(statement, score=1.0, words=1.0) for statement in statements_of([source])]
    found = crossing(question, ranked, whole=whole)
    return found.text if found else None


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


def test_what_the_question_lacks_stands_in_the_one_before_it() -> None:
    whole = "when is breakfast on sunday and on saturdays?"
    assert crossed("and on saturdays?", whole=whole) == "7:30–11:00"
    assert crossed("and dinner?", whole="when is breakfast on sunday and dinner?") == "closed"
    assert crossed("and on saturdays?") is None


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
