import pytest

from knowledge.codes import codes, compares, names_those_between, without_those_of_its_kind
from tests.growth import grows_gently


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("T20pro 报E3", {("t", "20"), ("e", "3")}),
        ("Ｔ２０", {("t", "20")}),
        ("滤网FY-A5P", {("a", "5")}),
        ("PM2.5，2.4GHz，10 cm，COVID19，LL10293", set()),
        ("Returns policy V2, rev3, IP65, RMB200, EUR-50, No5", set()),
        ("V12 V10-Pro", {("v", "12"), ("v", "10")}),
        ("V2，policy V12，version v10，政策V12，V12版", set()),
        ("VX60", {("vx", "60")}),
        ("E_1042", {("e", "1042")}),
    ],
)
def test_a_code_is_a_letter_or_few_with_a_number(text: str, found: set[tuple[str, str]]) -> None:
    assert codes(text) == found


@pytest.mark.parametrize(
    ("text", "says_so"),
    [
        ("E1到E9", True),
        ("E1–9", True),
        ("E1 to E9", True),
        ("A-1 to A-5", True),
        ("E1和E9", False),
        ("A-1, A-5", False),
    ],
)
def test_codes_from_one_to_another(text: str, says_so: bool) -> None:
    assert names_those_between(text) is says_so


@pytest.mark.parametrize(
    ("text", "question", "left"),
    [
        ("T10 Lite吸力多少", "那T20呢", " 吸力多少"),
        ("t10pro报E3", "那T20呢", " 报E3"),
        ("How loud is the T10 in silent mode?", "and the T20?", "How loud is the   in silent mode?"),
        ("T10吸力多少", "那A5呢", "T10吸力多少"),
        ("T10吸力多少", "那水箱呢", "T10吸力多少"),
        ("T10的水箱多大", "比T20大吗", "T10的水箱多大"),
        ("T10的水箱多大", "它和T20哪個大", "T10的水箱多大"),
        ("How loud is the T10?", "is that louder than the T20?", "How loud is the T10?"),
        ("How loud is the T10?", "which is louder, that or the T20?", "How loud is the T10?"),
        ("How loud is the T10?", "is it the same as the T20?", "How loud is the T10?"),
        ("How loud is the T10?", "can the T20 be delivered the same day?", "How loud is the  ?"),
        ("How loud is the T10?", "is the T20 more than 300 euros?", "How loud is the  ?"),
        ("How loud is the T10?", "which is the price of the T20?", "How loud is the  ?"),
        ("How loud is the T10?", "does the T20 come in a different colour?", "How loud is the  ?"),
        ("T10吵吗", "T20比较吵吗", " 吵吗"),
        ("T10吵吗", "T20性价比怎么样", " 吵吗"),
        ("T10吵吗", "T20哪个颜色好看", " 吵吗"),
        ("T10吸力多少", "和T20比较", "T10吸力多少"),
        ("T10吸力多少", "跟T20比较一下呢", "T10吸力多少"),
        ("T10吸力多少", "哪个更好，T20？", "T10吸力多少"),
        ("T10吸力多少", "哪个好，T10还是T20", "T10吸力多少"),
        ("T10吸力多少", "which is better, T20?", "T10吸力多少"),
        ("T10吸力多少", "或者T20哪个好", "T10吸力多少"),
        ("T10吸力多少", "T20和扫地机哪个好", "T10吸力多少"),
        ("T10吸力多少", "和你们的T20哪个好", "T10吸力多少"),
        ("T10吸力多少", "和家人一起用T20哪个模式好", " 吸力多少"),
        ("T10吸力多少", "T20哪个模式和家人一起用好", " 吸力多少"),
    ],
)
def test_the_next_questions_code_takes_the_place_of_one_of_its_kind(text: str, question: str, left: str) -> None:
    assert without_those_of_its_kind(text, question) == left


@pytest.mark.parametrize("said", ["哪个", "和T", "which is ", "和T哪个", "which is better "])
def test_whether_things_are_compared_is_read_in_a_short_time_in_a_long_message(said: str) -> None:
    assert grows_gently(compares, said, 64_000)
