import json

import pytest

from agents.prompts import NOT_FOUND
from finetune.evaluation import Report, compare, judge, macro_f1, marks_of, paired_marks, read_call
from finetune.examples import Example, Task
from finetune.judging.predicting import Prediction, expected_of
from knowledge.scores import mcnemar, paired


def example(reply: str, task: Task = "intent") -> Example:
    return Example(({"role": "user", "content": "?"}, {"role": "assistant", "content": reply}), task, "", "")


def marks(task: Task, expected: str, said: str) -> dict[str, float]:
    return marks_of(example(expected, task), Prediction(0, expected, said))


def report(expected: str, said: str, model: str = "m") -> Report:
    """Return a report on one-letter labels."""
    predictions = [Prediction(at, *pair) for at, pair in enumerate(zip(expected, said, strict=True))]
    return judge(model, [example(label) for label in expected], predictions)


def test_macro_f1_counts_every_label_alike() -> None:
    # a: 2 right, 1 wanted missed, 0 too many -> 4/5; b: 1 right, 1 too many -> 2/3
    assert macro_f1("aaab", "aabb") == pytest.approx((4 / 5 + 2 / 3) / 2)
    assert macro_f1("ab", "cc") == 0.0


def test_intents_are_scored_with_intervals() -> None:
    scores = report("aaaabbbb", "aaabbbbb").tasks["intent"].measures

    assert scores["exact_match"].value == 0.875
    for score in scores.values():
        assert score.low is not None
        assert score.value is not None
        assert score.high is not None
        assert score.n == 8
        assert 0 <= score.low <= score.value <= score.high <= 1


def test_a_difference_needs_enough_cases_to_be_shown() -> None:
    few = compare(report("aaab", "aaab"), report("aaab", "aaba"))
    many = compare(report("ab" * 20, "ab" * 20, "new"), report("ab" * 20, "ba" * 20, "old"))

    assert {one.measure: one.better for one in few} == {"exact_match": None, "macro_f1": None}
    assert {one.measure: one.better for one in many} == {"exact_match": True, "macro_f1": True}
    assert next(one for one in few if one.measure == "exact_match").score.p == 0.5  # two of two: 2 · ½²


def test_equal_replies_are_no_difference() -> None:
    [exact, macro] = compare(report("aabb", "aabb"), report("aabb", "aabb"))

    assert (exact.score.difference, exact.score.p, exact.better) == (0.0, 1.0, None)
    assert (macro.score.difference, macro.score.p, macro.better) == (0.0, 1.0, None)


@pytest.mark.parametrize(
    ("expected", "said", "wanted"),
    [
        ("30 days [1].", "You have thirty days [1].", {"facts": 1.0, "citations": 1.0, "strays": 0.0, "refusal": 1.0}),
        ("30 days [1].", "You have 14 days [2].", {"facts": 0.0, "citations": 0.0, "strays": 1.0, "refusal": 1.0}),
        ("30 days [1].", NOT_FOUND, {"facts": 0.0, "citations": 0.0, "refusal": 0.0}),
        (NOT_FOUND, NOT_FOUND, {"refusal": 1.0, "exact_match": 1.0}),
        ("not stated", "30 days", {"refusal": 0.0}),
        ("未说明", "未说明。", {"refusal": 1.0}),
        ("30 days", "Not stated", {"refusal": 0.0, "facts": 0.0}),
        (NOT_FOUND, "30 days [1].", {"refusal": 0.0, "exact_match": 0.0}),
        ("三十天内可以退货[1]。", "30 天内可以退货[1]。", {"facts": 1.0, "citations": 1.0}),
    ],
)
def test_answers_are_held_against_facts_citations_and_refusals(
    expected: str, said: str, wanted: dict[str, float]
) -> None:
    found = marks("answer", expected, said)
    assert {name: found[name] for name in wanted} == wanted


CALL = json.dumps({"thought": "", "tool": "find", "arguments": {"order": "B1", "n": 1}})


@pytest.mark.parametrize(
    ("said", "tool", "arguments"),
    [
        ('{"tool": "find", "arguments": {"n": 1, "order": "B1"}}', 1.0, 1.0),
        ('<tool_call>\n{"name": "find", "arguments": {"order": "B1", "n": 1}}\n</tool_call>', 1.0, 1.0),
        ('{"tool": "find", "arguments": {"order": "B1", "n": 1.0}}', 1.0, 0.0),
        ('{"tool": "cancel", "arguments": {"order": "B1", "n": 1}}', 0.0, 0.0),
        ('{"thought": "", "answer": "done"}', 0.0, 0.0),
        ("no JSON", 0.0, 0.0),
    ],
)
def test_calls_are_read_in_either_form(said: str, tool: float, arguments: float) -> None:
    found = marks("agent", CALL, said)
    assert (found["tool"], found["arguments"]) == (tool, arguments)


def test_an_answer_where_one_is_due_is_no_call() -> None:
    answer = json.dumps({"thought": "", "answer": "done"})

    assert marks("agent", answer, answer)["tool"] == 1.0
    assert marks("agent", answer, CALL)["tool"] == 0.0
    assert read_call(answer) is None


def test_native_calls_are_expected_as_a_step() -> None:
    function = {"name": "find", "arguments": '{"order": "B1"}'}
    messages = (
        {"role": "user", "content": "?"},
        {"role": "assistant", "content": "", "tool_calls": [{"id": "1", "type": "function", "function": function}]},
    )

    assert read_call(expected_of(Example(messages, "agent", "", ""))) == ("find", {"order": "B1"})


def test_fields_are_compared_after_normalisation() -> None:
    expected = json.dumps({"order": "B-1", "total": 10, "lines": [{"article": "Shade"}], "note": None})

    assert marks("extract", expected, '{"order": "b-1", "total": 10, "lines": [{"article": "shade"}]}')["fields"] == 1
    assert marks("extract", expected, '{"order": "B-2", "total": 10}')["fields"] == pytest.approx(2 / 5)
    assert marks("extract", expected, "none") == {"exact_match": 0.0, "valid": 0.0, "fields": 0.0}


@pytest.mark.parametrize(
    ("expected", "said", "fields"),
    [
        ([["A", 10], ["B", 99]], [["A", 99], ["B", 10]], 1 / 2),  # prices swapped
        ([["A", 10], ["B", 99]], [["B", 99], ["A", 10]], 1),  # a list of rows has no order
        ([["A", 10], ["A", 10]], [["A", 10]], 2 / 3),  # one of two equal rows is missing
        ([["A", 10]], [["A", 10], ["A", 10], ["A", 10]], 1 / 2),  # said three times
        ([["A", 10]], [["A", 10.0]], 1),
    ],
)
def test_fields_of_a_row_count_together(expected: list[list[object]], said: list[list[object]], fields: float) -> None:
    def text(rows: list[list[object]]) -> str:
        return json.dumps({"lines": [{"article": article, "price": price} for article, price in rows]})

    assert marks("extract", text(expected), text(said))["fields"] == pytest.approx(fields)


def test_what_a_model_may_write_instead_of_a_field_is_wrong_and_no_error() -> None:
    expected = json.dumps({"total": 10, "lines": [{"article": "A"}], "paid": True})

    said = [f'{{"total": {10**400}, "lines": "A", "paid": 1}}', '{"total": {"a": [1]}, "lines": {}, "paid": "yes"}']
    assert [marks("extract", expected, one)["fields"] for one in said] == [0.0, 0.0]
    assert marks("extract", expected, expected)["fields"] == 1.0


def test_marks_between_nought_and_one_are_tested_by_their_size() -> None:
    """160 of 300 cases a quarter better, 140 by 0.15 worse: that their count is even says nothing."""
    left, right = [0.6] * 160 + [0.5] * 140, [0.35] * 160 + [0.65] * 140

    score = paired_marks(left, right)
    assert score == paired(left, right)
    assert score.p is not None
    assert score.p < 0.001
    assert score.is_shown


def test_marks_that_are_right_or_wrong_are_tested_exactly() -> None:
    left, right = [1.0] * 9 + [0.0] + [None], [0.0] * 9 + [1.0, 1.0]

    assert paired_marks(left, right).p == mcnemar(9, 1)
    assert paired_marks([None], [1.0]).p is None


def test_style_is_measured_where_a_voice_is_known() -> None:
    found = marks_of(example("Hello!", "voice"), Prediction(0, "Hello!", "Hi"), style=lambda text: float(len(text)))

    assert found["style_distance"] == 2.0
