from datetime import date

import pytest

from agents.editions import without_past_notices
from knowledge.passages import Passage
from tests.agents.found_passages import passage

TODAY = date(2026, 11, 30)


def titled(*titles: str) -> list[Passage]:
    return [passage("…", f"{at}.txt", title=title) for at, title in enumerate(titles)]


def kept(question: str, *titles: str) -> list[str]:
    return [found.title for found in without_past_notices(question, titled(*titles), today=TODAY)]


@pytest.mark.parametrize(
    ("past", "later"),
    [
        ("2025年国庆节放假通知", "2026年国庆节放假通知"),
        ("2024 opening hours at Easter", "2026 opening hours at Easter"),
        ("2025年校历", "2027年校历"),
    ],
)
def test_a_notice_of_a_past_year_is_left_out_beside_a_later_one(past: str, later: str) -> None:
    assert kept("国庆放几天", past, later, "Prices") == [later, "Prices"]


@pytest.mark.parametrize("question", ["去年国庆放几天", "2025年国庆放几天", "when were you closed last year?"])
def test_who_asks_about_then_gets_it(question: str) -> None:
    assert len(kept(question, "2025年国庆节放假通知", "2026年国庆节放假通知")) == 2


@pytest.mark.parametrize(
    "titles",
    [
        ("2025年国庆节放假通知", "2026年春节放假通知"),
        ("2026年放假通知", "2027年放假通知"),
        ("Annual report 2024", "Annual report 2025"),
        ("2025年国庆节放假通知", "国庆节放假通知"),
        ("2025年国庆节放假通知",),
    ],
    ids=["another notice", "this year's", "a report", "of no year", "alone"],
)
def test_what_may_still_be_asked_about_stays(titles: tuple[str, ...]) -> None:
    assert kept("放几天", *titles) == list(titles)
