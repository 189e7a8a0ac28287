import pytest

from knowledge.wordings import day_terms, terms, written


@pytest.mark.parametrize(
    ("question", "put"),
    [
        ("你们几点开门", "你们营业时间"),
        ("滨江店周日几点关门？", "滨江店周日营业时间？"),
        ("星期天什么时候打烊", "星期天营业时间"),
        ("周六营业到几点", "周六营业时间"),
        ("你們幾點開門", "你們营业时间"),
    ],
)
def test_hours_are_asked_for_as_documents_call_them(question: str, put: str) -> None:
    assert written(question) == put


@pytest.mark.parametrize("question", ["", "几点开课", "什么时候开始营销", "门打不开", "when do you open?", "营业时间"])
def test_other_questions_stay_as_they_are(question: str) -> None:
    assert written(question) == question


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("星期六几点", ["周六", "期六", "拜六"]),
        (
            "周末和周一呢",
            ["周六", "期六", "拜六", "周日", "周天", "期日", "期天", "拜日", "拜天", "周一", "期一", "拜一"],
        ),
        ("一周几天", []),
        ("on Sunday?", []),
    ],
)
def test_weekdays_have_several_names(question: str, terms: list[str]) -> None:
    assert day_terms(question) == terms


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("有没有月饼", ["月饼"]),
        ("能不能寄月饼", ["寄月", "月饼"]),
        ("可不可以退", ["退"]),
        ("没有发票", ["没有", "有发", "发票"]),
    ],
)
def test_how_yes_or_no_is_asked_for_is_not_searched_for(question: str, found: list[str]) -> None:
    assert terms(question) == found
