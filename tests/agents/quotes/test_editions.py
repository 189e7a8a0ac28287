from datetime import date

import pytest

from agents.quotes.editions import without_past_notices
from knowledge.passages import Passage
from tests.agents.found_passages import passage

TODAY = date(2026, 11, 30)


def titled(*titles: str) -> list[Passage]:
    return [passage("…", f"{at}.txt", title=title) for at, title in enumerate(titles)]


def kept(question: str, *titles: str, today: date = TODAY) -> list[str]:
    return [found.title for found in without_past_notices(question, titled(*titles), today=today)]


@pytest.mark.parametrize(
    ("past", "later"),
    [
        ("2025年国庆节放假通知", "2026年国庆节放假通知"),
        ("2024 opening hours at Easter", "2026 opening hours at Easter"),
        ("2025年校历", "2026年校历"),
        ("2024-2025学年校历", "2026-2027学年校历"),
    ],
)
def test_a_notice_of_a_past_year_is_left_out_beside_a_later_one(past: str, later: str) -> None:
    assert kept("国庆放几天", past, later, "Prices") == [later, "Prices"]


@pytest.mark.parametrize("question", ["2026年国庆放几天", "2000元以上的课国庆上吗"])
def test_another_year_than_the_notices_does_not_ask_for_it(question: str) -> None:
    assert kept(question, "2025年国庆节放假通知", "2026年国庆节放假通知") == ["2026年国庆节放假通知"]


@pytest.mark.parametrize("form", ["School calendar {}-{}", "{}-{}学年校历", "Term dates {}/{}"])
def test_the_school_year_that_is_still_in_force_stays(form: str) -> None:
    titles = [form.format(year, year + 1) for year in (2024, 2025, 2026)]
    assert kept("when is term over?", *titles, today=date(2026, 3, 1)) == titles[1:]
    assert kept("when is term over?", *titles, today=date(2027, 3, 1)) == titles[2:]
    assert kept("when was term over in 2025?", *titles, today=date(2027, 3, 1)) == titles


@pytest.mark.parametrize("question", ["去年国庆放几天", "2025年国庆放几天", "when were you closed last year?"])
def test_who_asks_about_then_gets_it(question: str) -> None:
    assert len(kept(question, "2025年国庆节放假通知", "2026年国庆节放假通知")) == 2


@pytest.mark.parametrize(
    "titles",
    [
        ("2025年国庆节放假通知", "2026年春节放假通知"),
        ("2026年放假通知", "2027年放假通知"),
        ("2025年放假通知", "2027年放假通知"),
        ("Annual report 2024", "Annual report 2025"),
        ("2025年国庆节放假通知", "国庆节放假通知"),
        ("2025年国庆节放假通知",),
    ],
    ids=["another notice", "this year's", "the next has not come", "a report", "of no year", "alone"],
)
def test_what_may_still_be_asked_about_stays(titles: tuple[str, ...]) -> None:
    assert kept("放几天", *titles) == list(titles)
