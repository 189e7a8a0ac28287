from dataclasses import replace
from typing import Any

import pytest

from agents.evaluation import JudgedAnswer
from agents.transcript import Answer, Citation, Searched
from agents.trials.failures import expected, failures
from agents.trials.measures import AnswerMeasures
from knowledge.questions import Gold, Question

CITATION = Citation(1, "default", "a.md", "A", None, 0, 8, "30 days.")
ANSWER = Answer("You have 30 days. [1]", (CITATION,), "answered", 0.9, "en", "none", 2.0, 0.5)
ASKED = Question("1", "How long?", gold=(Gold("a.md", quote="30 days"),), facts=(("30 days", "thirty days"), ("5",)))
READ = {"document": "a.md", "page": 1, "text": "You have 30 days."}


def judged(*passages: dict[str, Any], asked: Question = ASKED, **more: Any) -> JudgedAnswer:
    fields = {"strays": more.pop("strays", ()), "unsupported": more.pop("unsupported", ())}
    searches = (Searched("How long?", 0.9, passages, 0.01),)
    return JudgedAnswer(asked, ANSWER, AnswerMeasures(**more), searches=searches, **fields)


WRONG = judged(READ, facts_held=0.0, answered_when_answerable=1.0, citation_right=0.0)
CASES = (
    (judged(strays=("7",), facts_held=1.0), "stray", "what it cites does not hold: 7"),
    (judged(refused_when_unanswerable=0.0), "made_up", "answered, though the documents do not say it; evidence 0.90"),
    (WRONG, "wrong", "lacks 5; the right place was among the passages found"),
    (
        judged(answered_when_answerable=0.0, facts_held=0.0),
        "refused",
        "refused, though the documents say it; the right ",
    ),
    (judged(citation_right=0.0, facts_held=1.0), "elsewhere", "none of its citations lies where the answer stands"),
    (judged(unsupported=("Or more.",), citation_right=1.0), "unsupported", "does not support: Or more."),
)


@pytest.mark.parametrize(("case", "fault", "reason"), CASES)
def test_each_fault_has_its_reason(case: JudgedAnswer, fault: str, reason: str) -> None:
    (failure,) = failures([case])
    assert failure.fault == fault
    assert reason in failure.reason


def test_the_worst_come_first_and_the_surest_of_a_kind() -> None:
    surer = replace(WRONG, answer=replace(ANSWER, evidence=0.95))
    mixed = [case for case, _, _ in reversed(CASES)]
    found = failures([*mixed, surer])
    assert [failure.fault for failure in found] == [
        "stray",
        "made_up",
        "wrong",
        "wrong",
        *["refused", "elsewhere"],
        "unsupported",
    ]
    assert found[2].judged is surer


def test_what_is_right_is_no_failure() -> None:
    right = judged(facts_held=1.0, citation_right=1.0, answered_when_answerable=1.0, supported=1.0)
    assert failures([right, judged(refused_when_unanswerable=1.0)]) == ()


@pytest.mark.parametrize(
    ("passage", "gold", "words"),
    [
        (READ, Gold("a.md"), "was among the passages found"),
        (READ, Gold("a.md", page=1), "was among the passages found"),
        (READ, Gold("a.md", page=2), "the right document was found, but not this place in it"),
        (READ, Gold("a.md", quote="40 days"), "the right document was found, but not this place in it"),
        (READ, Gold("b.md", quote="30 days"), "the right document was not found"),
        (READ, Gold(""), "where the answer stands is not given"),
    ],
)
def test_a_reason_tells_whether_the_place_was_read(passage: dict[str, Any], gold: Gold, words: str) -> None:
    case = judged(passage, asked=replace(ASKED, gold=(gold,)), facts_held=0.0, answered_when_answerable=1.0)
    assert words in failures([case])[0].reason


def test_what_is_expected_is_said_in_words() -> None:
    assert expected(ASKED) == ("30 days or thirty days", "5")
    assert expected(replace(ASKED, facts=(), answers=("A month.",))) == ("A month.",)
    assert expected(replace(ASKED, answerable=False)) == ("a refusal: the documents do not say",)
