"""What names say about versions."""

import datetime

import pytest

from knowledge.versions import is_newer, replaces, version_of


@pytest.mark.parametrize(
    ("name", "family", "is_old", "date", "number"),
    [
        ("returns.md", "returns", False, (), ()),
        ("2023/returns.md", "returns", False, (2023,), ()),
        ("returns-2024-05.md", "returns", False, (2024, 5), ()),
        ("minutes 2024-05-31.md", "minutes 2024 05 31", False, (), ()),
        ("faq-20240115.csv", "faq 20240115", False, (), ()),
        ("通知2024年5月31日.md", "通知 2024年5月31日", False, (), ()),
        ("旧金山店.md", "旧金山店", False, (), ()),
        ("以旧换新.md", "以旧换新", False, (), ()),
        ("old-town-store.md", "old town store", False, (), ()),
        ("old/terms.md", "terms", True, (), ()),
        ("Terms (old).md", "terms", True, (), ()),
        ("archive of letters.md", "archive of letters", False, (), ()),
        ("退货政策-旧.docx", "退货政策", True, (), ()),
        ("Terms of Service, version 3.1", "terms of service", False, (), (3, 1)),
        ("policies/returns-v2.pdf", "policies returns", False, (), (2,)),
        ("archive/terms.md", "terms", True, (), ()),
        ("terms_old.md", "terms", True, (), ()),
        ("退货政策（2023年修订版）.docx", "退货政策", False, (2023,), ()),
        ("运费规则（2026年3月起执行）.docx", "运费规则", False, (2026, 3), ()),
        ("运费规则2026年11月版.docx", "运费规则", False, (2026, 11), ()),
        ("运费规则（2026年3月15日起执行）.docx", "运费规则", False, (2026, 3, 15), ()),
        ("运费规则（自2026年3月1日起施行）", "运费规则", False, (2026, 3, 1), ()),
        ("运费规则（自2026年3月起施行）", "运费规则", False, (2026, 3), ()),
        ("通知2026年3月15日起床号.md", "通知 起床号 2026年3月15日", False, (), ()),
        ("运费规则 2025年起.docx", "运费规则", False, (2025,), ()),
        ("2026年3月起床公约.md", "起床公约", False, (2026, 3), ()),
        ("退货政策 第2版.docx", "退货政策", False, (), (2,)),
        ("退货政策（旧版）.docx", "退货政策", True, (), ()),
        ("chapter 12.md", "chapter 12", False, (), ()),
        ("goldfish.md", "goldfish", False, (), ()),
        ("article-19851.md", "article 19851", False, (), ()),
    ],
)
def test_marks_in_names(name: str, family: str, is_old: bool, date: tuple[int, ...], number: tuple[int, ...]) -> None:
    version = version_of(name)
    assert (version.family, version.is_old, version.date, version.number) == (family, is_old, date, number)


@pytest.mark.parametrize(
    ("left", "right", "newer"),
    [
        ("returns-2024.md", "returns-2023.md", True),
        ("returns-v2.md", "returns-v10.md", False),
        ("returns.md", "old/returns.md", True),
        ("returns-2023.md", "shipping-2024.md", None),
        ("germany/returns.md", "france/returns.md", None),
        ("returns.md", "returns.md", None),
        ("returns-2024.md", "returns-2024.html", None),
    ],
)
def test_which_is_newer(left: str, right: str, newer: bool | None) -> None:
    assert is_newer(version_of(left), version_of(right), left_dated="", right_dated="") is newer
    mirrored = None if newer is None else not newer
    assert is_newer(version_of(right), version_of(left), left_dated="", right_dated="") is mirrored


def test_dates_of_documents_decide_where_one_name_is_silent() -> None:
    marked, silent = version_of("returns-2023.md"), version_of("returns.md")
    assert is_newer(silent, marked, left_dated="2024-01-05", right_dated="2023-02-01") is True
    assert is_newer(silent, marked, left_dated="2024-01-05", right_dated="2024-01-05") is None
    assert is_newer(silent, silent, left_dated="2024-01-05", right_dated="2023-02-01") is None


def test_a_name_counts_more_than_the_day_its_file_was_copied() -> None:
    old, new = version_of("returns-2023.md"), version_of("returns-2024.md")
    assert is_newer(old, new, left_dated="2025-09-09", right_dated="2024-01-01") is False


@pytest.mark.parametrize(
    ("left", "right", "newer"),
    [
        ("prices-2027.xlsx", "prices-2026.xlsx", None),
        ("prices-2027-01.xlsx", "prices-2026-11.xlsx", None),
        ("prices-2026-11.xlsx", "prices-2026-10.xlsx", True),
        ("prices-2026.xlsx", "prices-2025.xlsx", True),
        ("价格2027年.xlsx", "价格2026年.xlsx", None),
        ("prices-v3.xlsx", "prices-v2.xlsx", True),
    ],
)
def test_what_is_to_come_takes_no_place_yet(left: str, right: str, newer: bool | None) -> None:
    one, other, today = version_of(left), version_of(right), datetime.date(2026, 11, 28)
    assert is_newer(one, other, left_dated="", right_dated="", today=today) is newer
    mirrored = None if newer is None else not newer
    assert is_newer(other, one, left_dated="", right_dated="", today=today) is mirrored


def test_a_document_of_a_day_to_come_takes_no_place_yet() -> None:
    marked, silent = version_of("terms-2024.md"), version_of("terms.md")
    today = datetime.date(2026, 11, 28)
    assert is_newer(silent, marked, left_dated="2027-01-01", right_dated="2024-02-01", today=today) is None
    assert is_newer(silent, marked, left_dated="2026-11-28", right_dated="2024-02-01", today=today) is True


@pytest.mark.parametrize(
    ("new", "old", "replaced"),
    [
        ("运费规则（2026年3月起执行）.docx", "运费规则（2025年）.docx", True),
        ("运费及发货规则（2026年）.docx", "运费规则（2025年）.docx", True),
        ("运费规则（2026年）.docx", "运费及发货规则（2025年）.docx", False),  # half of what it said may hold
        ("积分兑换规则2026.md", "积分规则2025.md", False),
        ("退货及换货政策2026.md", "退货政策2025.md", True),
        ("returns and exchanges policy 2026.md", "returns policy 2025.md", True),
        ("shipping terms 2026.md", "shipping terms 2025.md", False),
        ("school terms 2026.md", "school terms 2025.md", False),
        ("prices 2026.md", "prices 2025.md", False),
        ("terms of sale 2026.md", "terms of sale 2025.md", True),
        ("price list 2026.md", "price list 2025.md", True),
        ("运费规则（2026年3月15日起执行）.docx", "运费规则（2025年）.docx", True),
        ("运费规则（自2026年11月1日起施行）.docx", "运费规则（2025年）.docx", True),
        ("运费规则（自2026年11月2日起施行）.docx", "运费规则（2025年）.docx", False),  # has not come
        ("newsletter 2026.md", "newsletter 2025.md", False),
        ("年报2026.md", "年报2025.md", False),
        ("价格表2027.md", "价格表2026.md", False),  # has not come
        ("价格表2026-03.md", "价格表2026.md", False),
        ("价格表2026-03.md", "价格表2026-01.md", True),
        ("价格表2026.md", "价格表.md", False),
    ],
)
def test_rules_of_a_later_date_take_the_place_of_earlier_ones(new: str, old: str, replaced: bool) -> None:
    today = datetime.date(2026, 11, 1)
    assert replaces(version_of(new), version_of(old), today=today) is replaced
    assert not replaces(version_of(old), version_of(new), today=today)
