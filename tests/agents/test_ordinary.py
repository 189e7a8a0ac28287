from dataclasses import replace

import pytest

from agents.ordinary import ordinary_first
from agents.statements import Statement, statements_of
from tests.agents.found_passages import passage

HOLIDAY = "春节期间营业时间为10:00–16:00。"
ORDINARY = "每天9:00–21:00营业，法定节假日10:00开门。"
PAYMENT = "可以用微信付款。"


def ranked(*texts: str, score: float = 0.9, heading: str = "") -> list[Statement]:
    found = [statements_of([passage(text, f"{at}.md", title=heading or "店")])[0] for at, text in enumerate(texts)]
    return [replace(statement, score=score if at else 1.0) for at, statement in enumerate(found)]


def first(question: str, statements: list[Statement]) -> str:
    found = ordinary_first(question, statements)
    assert sorted(s.text for s in found) == sorted(s.text for s in statements)
    return found[0].text


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("你们几点开门", ORDINARY),
        ("你們幾點開門", ORDINARY),
        ("春节几点开门", HOLIDAY),
        ("可以刷卡吗", HOLIDAY),  # no time is asked for
    ],
)
def test_a_holidays_hours_stand_behind_ordinary_ones(question: str, expected: str) -> None:
    assert first(question, ranked(HOLIDAY, PAYMENT, ORDINARY)) == expected


def test_what_is_far_from_an_answer_stays_behind() -> None:
    assert first("你们几点开门", ranked(HOLIDAY, ORDINARY, score=0.5)) == HOLIDAY


def test_ordinary_hours_that_name_holidays_behind_stay_first() -> None:
    assert first("你们几点开门", ranked(ORDINARY, "周一10:00开门。")) == ORDINARY


def test_a_heading_says_of_which_days_hours_are() -> None:
    below = statements_of([passage("10:00–16:00营业。", "notice.md", title="国庆通知")])[0]
    assert first("你们几点开门", [replace(below, score=1.0), *ranked(ORDINARY)]) == ORDINARY


def test_english_holidays() -> None:
    hours = ranked("On public holidays we open at 10:00.", "We open at 9:00 on all other days.")
    assert first("When do you open?", hours) == hours[1].text
    assert first("When do you open on holidays?", hours) == hours[0].text
