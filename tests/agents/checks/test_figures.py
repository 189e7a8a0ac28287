import pytest

from agents.checks.figures import clause_number, exact_parts, same_amounts
from tests.growth import grows_gently


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("It costs €9.50 or 1,200.00.", {"9.5", "1200"}),
        ("4–6 days, 4-6, 12:00–16:00", {"4", "6", "12:00", "16:00"}),
        ("on 2024-05-01 at 9:30.", {"2024-05-01", "9:30"}),
        ("３０天，三十元", {"30"}),
        ("€49¹ a month, 12 m², 1½ hours", {"49", "1", "12", "2"}),
        ("See https://a.example/b/; or http://a.example/b!", {"a.example/b"}),
        ("访问https://a.example。谢谢", {"a.example"}),
        ("www.a.example and shop.a.example/x", {"www.a.example", "shop.a.example/x"}),
        ("Mail A.b@c.example.", {"a.b@c.example"}),
        ("请写信到a.b@c.example谢谢", {"a.b@c.example"}),
        ("e.g. this, i.e. that, Dr. Li", set()),
        ("Yes [1]. No [2, 3]. Maybe 【4】", set()),
        ("a. [7]www.b.example", {"www.b.example"}),
        ("within thirty days, ninety-five, a hundred", {"30", "95", "100"}),
        ("two thousand five hundred; one hundred and twenty; two or three", {"2500", "120", "2", "3"}),
        ("one year, this one, no one", {"1"}),
        ("三十天、六十天、一百二十元、两年", {"30", "60", "120", "2"}),
        ("一般来说，一样，十分好，万一", set()),
        ("百分之三十，十分钟", {"30", "10"}),
        ("收到後兩天內，兩個月，一兩樣", {"2"}),
        ("每週三，十二個月", {"wednesday", "12"}),
        ("Mondays to Fri, 周日", {"monday", "friday", "sunday"}),
        ("二〇二四年十一月五日", {"2024", "november", "5"}),
        ("5 Nov 2024", {"5", "november", "2024"}),
        ("You may go in May, after 6 个月", {"mai", "6"}),
        ("https://a.example/monday-three", {"a.example/monday-three"}),
        ("", set()),
    ],
)
def test_exact_parts_have_one_spelling(text: str, parts: set[str]) -> None:
    assert exact_parts(text) == parts


@pytest.mark.parametrize(
    ("text", "quoted", "place", "same"),
    [
        ("€9.50", "It costs 9.5 euros.", "", True),
        ("15 per cent", "15 %", "", True),
        ("7 euros", "€19.00 in 7 days", "", False),
        ("$19", "€19.00 in 7 days", "", False),
        ("€89", "89.00", "Price (EUR)", True),
        ("€89", "89.00", "Price", False),
        ("89", "€89", "", True),
        ("nothing", "€89", "", True),
        ("7元", "7天内退货", "", False),
        ("¥7", "within 7 days", "", False),
        ("7 yuan", "7 days", "", False),
        ("89元", "价格：¥89.00", "", True),
        ("RMB 89", "89 元", "", True),
        ("89元", "89美元", "", False),
        ("89元", "89.00", "价格（元）", True),
        ("89元", "89.00", "单元", False),
        ("EUR89", "€89", "", True),
        ("3 单元", "第 3 单元", "", True),
    ],
)
def test_amounts_keep_their_sign(text: str, quoted: str, place: str, same: bool) -> None:
    assert same_amounts(text, quoted, place) is same


@pytest.mark.parametrize(
    ("text", "beside", "number"),
    [
        ("5.3 Five days are given.", "5.2 Who is ill tells Ada.", "5.3 "),
        ("5.3.1 Five days are given.", "   5.3.2 Each is paid.", "5.3.1 "),
        ("§ 4.10 Fünf Tage.", "", "§ 4.10 "),
        ("5.3 Five days are given.", "See 5.2 Who is ill.", ""),
        ("5.3 Five days are given.", "6.3 Who is ill tells Ada.", ""),
        ("12.50 EUR is the ticket for adults.", "11.50 EUR For children.", ""),
        ("9.00 AM is when we open.", "9.30 Doors\n10.00 Talks", ""),
        ("8.30 Uhr", "9.30 Uhr", ""),
        ("1.5 Liter", "1.4 Liter\n1.6 Liter", ""),
        ("2.4 GHz", "5.0 GHz", ""),
        ("24.12. Geschlossen", "24.13. Offen\n25.12. Offen", ""),
        ("1.5. Tag der Arbeit", "1.6. Kindertag", ""),
        ("1.5 hours", "1.4 Early", ""),
    ],
)
def test_the_number_of_a_clause_is_told_from_an_amount(text: str, beside: str, number: str) -> None:
    for around in (f"{text}\n{beside}", f"{beside}\n{text}"):
        assert text[: clause_number(text, around)] == number


@pytest.mark.parametrize("piece", ["a", "a.", "a-", "1", "x@"])
def test_a_text_of_any_length_takes_no_time(piece: str) -> None:
    assert grows_gently(exact_parts, piece, 60_000)
