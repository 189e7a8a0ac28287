from dataclasses import replace

import pytest

from agents.evaluation import JudgedAnswer
from agents.transcript import Answer
from agents.trials.measures import AnswerMeasures
from bench.companies import ACROSS, HELD_OUT, LARGER, across
from bench.invented import is_right, known
from knowledge.questions import Question


@pytest.mark.parametrize(
    ("pointed", "facts", "right"),
    [("£45 a day", (("£45", "45 pounds"),), True), ("£54", (("£45",),), False), ("£45", (), False)],
)
def test_few_words_are_right_where_they_hold_a_fact_and_never_for_a_near_miss(
    pointed: str, facts: tuple[tuple[str, ...], ...], right: bool
) -> None:
    answer = Answer("", (), "answered", 0.5, "en", "none", 0.0, None)
    judged = JudgedAnswer(Question("1", "How much?", facts=facts), replace(answer, pointed=pointed), AnswerMeasures())
    assert is_right(judged) is right


def test_an_embedder_is_asked_about_companies_whose_language_it_knows() -> None:
    names = (*HELD_OUT, *LARGER, *across(HELD_OUT))
    assert known("multilingual", names) == names
    assert {"rail-tours", "instruments"} <= set(known("embedded", names))
    assert not any("-zh" in name or name in ACROSS for name in known("embedded", names))
