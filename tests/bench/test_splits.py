import pytest

from bench.companies import COMPANIES, HELD_OUT, LARGER, TAUGHT, WEIGHED, across, broad
from bench.splits import FOLDS, TEACHING_FOLDS, group_of, teaches
from knowledge.questions import Gold, Question


def test_questions_about_one_article_are_one_group() -> None:
    asked = [Question(str(n), "x", gold=(Gold(f"Town_{n}"),)) for n in range(5)]
    assert len({group_of(question, "xquad-en") for question in asked}) == 1
    assert len({teaches(question, "xquad-zh") for question in asked}) == 1
    assert group_of(Question("1", "x"), "policies") == "policies"
    assert group_of(Question("1", "x"), HELD_OUT[0]) == HELD_OUT[0]
    assert {group_of(Question("1", "x"), name) for name in across(HELD_OUT)} <= {*HELD_OUT}


def test_some_articles_teach_and_most_do_not() -> None:
    asked = [Question(str(n), "x", gold=(Gold(f"{chr(65 + n)}own"),)) for n in range(26)]
    assert 0 < sum(teaches(question, "xquad-en") for question in asked) < 26
    assert 0 < TEACHING_FOLDS < FOLDS


@pytest.mark.parametrize(
    ("names", "taught"),
    [
        ((*TAUGHT, *across(TAUGHT), *broad(TAUGHT)), True),
        ((*WEIGHED, *across(WEIGHED), *broad(WEIGHED)), False),
        ((*HELD_OUT, *across(HELD_OUT), *LARGER, *broad((*HELD_OUT, *LARGER))), False),
        (COMPANIES, False),
    ],
)
def test_what_weighs_and_measures_teaches_nothing(names: tuple[str, ...], taught: bool) -> None:
    assert {teaches(Question("1", "x"), name) for name in names} == {taught}
