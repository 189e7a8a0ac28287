import pytest

from agents.quotes.occasions import is_of_another_occasion
from agents.quotes.statements import statements_of
from tests.agents.found_passages import passage


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("端午放假吗", "国庆节10月1日至10月6日放假。"),
        ("暑假班几号开始", "寒假班1月18日开始。"),
        ("過年開門嗎", "元旦当天不营业。"),
        ("are you open at Easter?", "At Christmas we are closed."),
        ("when is the summer camp?", "The winter camp begins on 18 January."),
    ],
)
def test_another_holiday_is_not_the_one_that_is_asked_about(question: str, said: str) -> None:
    page = passage(said)
    assert is_of_another_occasion(question, statements_of([page])[0], [page])


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("国庆放几天", "国庆节10月1日至10月6日放假。"),
        ("春节开门吗", "除夕至初六休息。"),
        ("is the shop open on National Day?", "国庆节休息。"),
        ("端午放假吗", "节假日照常营业，国庆除外。"),
        ("are you open at Easter?", "We are open every day, but at Christmas and on all other holidays from ten."),
        ("端午放假吗", "每天9点开门。"),
        ("几点开门", "国庆节10点开门。"),
        ("国庆节照常营业吗", "五一、十一黄金周照常营业。"),
        ("Are you open on Labor Day?", "We are open every day except Christmas Day, from 9:00 to 18:00."),
        ("劳动节开门吗", "国庆节除外，每周一至周日9点开门。"),
    ],
)
def test_the_same_all_and_none_are_no_other(question: str, said: str) -> None:
    page = passage(said)
    assert not is_of_another_occasion(question, statements_of([page])[0], [page])


@pytest.mark.parametrize(
    "said",
    [
        "星期五一般九点开门。",
        "周五一直营业到九点。",
        "所有人五一起算。",
        "超過年齡的不收。",
        "须通过年检，超过年限的不收。",
        "请加大年卡的字号。",
        "可以跨年级上课。",
        "我们在国庆路8号。",
        "农历二十一放假。",
    ],
)
def test_a_holidays_signs_within_other_words_name_none(said: str) -> None:
    page = passage(said)
    assert not is_of_another_occasion("端午放假吗", statements_of([page])[0], [page])


def test_a_holiday_that_another_passage_names_is_known() -> None:
    first, second = passage("国庆节放假。"), passage("端午节放假一天。", "b.md")
    assert not is_of_another_occasion("端午放假吗", statements_of([first])[0], [first, second])
