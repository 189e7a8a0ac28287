import pytest

from agents.checks.stated_dates import stated_dates


def days(text: str) -> list[list[str]]:
    return [sorted(found.days) for found in stated_dates(text)]


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-04",
        "2026/3/4",
        "4 March 2026",
        "4th of March 2026",
        "04-Mar-2026",
        "March 4, 2026",
        "Mar. 4th 2026",
        "2026年3月4日",
        "2026 年 3 月 4 日",
    ],
)
def test_a_date_is_read_however_it_is_written(text: str) -> None:
    assert days(f"until {text}, please") == [["2026-03-04"]]


def test_a_date_in_figures_may_have_two_readings() -> None:
    assert days("04/03/2026") == [["2026-03-04", "2026-04-03"]]
    assert days("25.03.26") == [["2026-03-25"]]


def test_a_day_without_a_year_takes_the_text_s() -> None:
    assert days("Mail of 14 November 2026: by 3 December")[1] == ["2026-12-03"]
    assert "2027-01-12" in days("Mail of 14 November 2026: by 12 January")[1]
    assert "2026-12-28" in days("2026年11月27日：12月28日 交货")[1]
    assert days("by 3 December") == []


@pytest.mark.parametrize("text", ["31 February 2026", "2026-13-40", "next Tuesday", "week 48", "12.50 euros", "1.2.3"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert days(text) == []
