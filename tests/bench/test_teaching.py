import pytest

from bench.companies import HELD_OUT, LARGER, WEIGHED
from bench.teaching import Marked, number_of_steps, steps_of, taught
from tests.bench.tiny_embedder import CASES


def test_long_texts_keep_their_end() -> None:
    marked = Marked(lambda texts: [[1, *range(100), 9]], before_question="query: ")
    question, statement = marked("x", asks=True), marked("x", asks=False)
    assert (question[-1], statement[-1]) == (9, 9)
    assert len(question) < len(statement) < 102


@pytest.mark.parametrize("embedder", ["embedded", "multilingual"])
def test_no_company_teaches_that_weighs_or_measures(embedder: str) -> None:
    assert not {*taught(embedder)} & {*WEIGHED, *HELD_OUT, *LARGER}
    assert any("-zh" in name for name in taught(embedder)) is (embedder == "multilingual")


def test_each_step_compares_right_and_wrong_statements_of_some_questions() -> None:
    steps = list(steps_of(CASES, epochs=8))
    assert len(steps) == number_of_steps(CASES, epochs=8) == 6
    assert {case.question for step in steps for case, _ in step} == {case.question for case in CASES}
    assert all({*places} <= {0, 1} for step in steps for _, places in step)
