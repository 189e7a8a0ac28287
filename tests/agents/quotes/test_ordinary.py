from dataclasses import replace

import pytest

from agents.quotes.ordinary import ordinary_first
from agents.quotes.statements import Statement, statements_of
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
        ("过年几点开门", HOLIDAY),
        ("大年初一几点开门", HOLIDAY),
        ("法定假日几点开门", HOLIDAY),
        ("1月29日几点开门", HOLIDAY),
        ("周日几点开门", ORDINARY),
        ("1月几点开门", ORDINARY),
        ("晚上十一点开门吗，几点关门", ORDINARY),
        ("五一广场店几点开门", ORDINARY),
        ("五一路店几点关门", ORDINARY),
        ("活动中心几点开门", ORDINARY),
        ("1月29日下的单，客服几点上班", ORDINARY),
        ("1月29号在网上买的，几点开门", ORDINARY),
        ("1月29日买票几点开门", HOLIDAY),
        ("五一广州店几点开门", HOLIDAY),
        ("五一大酬宾客服几点下班", HOLIDAY),
        ("五一大道店几点下班", ORDINARY),
        ("活动中客服几点下班", HOLIDAY),
        ("10月1日订的房几点入住", HOLIDAY),
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


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("五一几点开门", "劳动节10:00–16:00营业。"),
        ("十一几点开门", "国庆10:00–16:00营业。"),
        ("活动什么时候结束", "活动期间为6月1日至6月18日，18日24:00结束。"),
    ],
)
def test_what_the_question_calls_by_another_name_stays_first(question: str, text: str) -> None:
    assert first(question, ranked(text, ORDINARY)) == text


@pytest.mark.parametrize("day", ["on Xmas eve", "on the 24th of December", "on 24 December", "on Boxing Day"])
def test_a_date_may_be_a_holiday(day: str) -> None:
    hours = ranked("At Christmas we open at 10:00.", "We open at 9:00.")
    assert first(f"When do you open {day}?", hours) == hours[0].text
    assert first("When do you open?", hours) == hours[1].text


@pytest.mark.parametrize("title", ["Holiday flat Seeblick", "Easter Egg Museum"])
def test_what_a_document_is_called_is_no_holiday(title: str) -> None:
    below = replace(ranked("You can check in from 15:00.", heading=title)[0], score=1.0)
    assert first("When can I check in?", [below, *ranked("Breakfast is from 7:00.")]) == below.text
    named = statements_of([passage("You can check in to your holiday flat from 15:00.")])[0]
    assert first("When can I check in?", [replace(named, score=1.0), *ranked("Breakfast is at 7:00.")]) == named.text


def test_a_title_that_is_a_holiday_s_name_tells() -> None:
    below = replace(ranked("We open at 10:00.", heading="Christmas 2026")[0], score=1.0)
    assert first("When do you open?", [below, *ranked("We open at 9:00.")]) == "We open at 9:00."


def test_english_holidays() -> None:
    hours = ranked("On public holidays we open at 10:00.", "We open at 9:00 on all other days.")
    assert first("When do you open?", hours) == hours[1].text
    assert first("When do you open on holidays?", hours) == hours[0].text
