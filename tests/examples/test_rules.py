"""What the demo company promises is the same in every document, in both languages, and in its shop."""

import re

from tests.examples.test_demo_company import (
    COMPANY,
    DOCUMENTS,
    make_documents,
    make_shop,
    normalised,
    pages_of,
    sheet_rows,
)


def text_of(name: str, *, folder: str = "public") -> str:
    return " ".join(pages_of(DOCUMENTS / folder)[name])


def assert_says(name: str, *patterns: str) -> None:
    """Assert that a document holds every pattern; blanks and cell borders may lie between its words."""
    text = text_of(name)
    for pattern in map(normalised, patterns):
        assert re.search(pattern, text), (name, pattern)


def test_return_periods_are_the_same_everywhere() -> None:
    glow, beacon = make_shop.RETURN_DAYS["Glow"], make_shop.RETURN_DAYS["Beacon"]
    assert_says(
        "returns.md", rf"Glow member\D+{glow} days", rf"Beacon member\D+{beacon} days", r"sale range.\s*14 days"
    )
    assert_says("退货政策.md", rf"Glow 会员.\s*{glow} 天", rf"Beacon 会员.\s*{beacon} 天", r"Last Light.\s*14 天")
    periods = rf"30\D+{glow}\D+{beacon}"
    assert_says("lamplighter-club-handbook.epub", rf"Return period, normal goods\D+{periods}")
    assert_says("点灯人俱乐部.md", rf"正价商品退货期\D+{periods}")
    assert_says("brindlemoor-for-business.pdf", rf"The 30, {glow} and {beacon} days")


def test_old_policy_has_other_periods_in_both_languages() -> None:
    assert_says(
        "returns-2024.pdf", r"Goods at the normal price 21 days", r"Lamplighter Club 28 days", "Last Light 7 days"
    )
    assert_says("退货政策2024（旧版）.txt", "正价商品：21 天", "点灯人俱乐部会员：28 天", "特价商品：7 天")
    charges = ("5.90", "9.90", "35")
    for name in ("returns-2024.pdf", "退货政策2024（旧版）.txt"):
        assert all(charge in text_of(name) for charge in charges), name


def test_club_levels_are_the_same_everywhere() -> None:
    (_, beacon), (_, glow), _ = make_shop.LEVELS
    sums = rf"(?s){glow // 100}\D.*?(?<!\d){beacon // 100}\D"
    for name in ("account-club-and-privacy.docx", "lamplighter-club-handbook.epub", "点灯人俱乐部.md"):
        assert re.search(sums, text_of(name)), name
    free = make_shop.FREE_FROM_IN_CLUB["Glow"] // 100
    assert_says("shipping.md", rf"from €{free} as Glow")
    assert_says("lamplighter-club-handbook.epub", rf"mainland\D+60\D+{free}\D+always")
    assert_says("点灯人俱乐部.md", rf"免标准运费\D+60\D+{free}\D+不限")


def test_return_charges_are_those_of_the_shop() -> None:
    for number, words, chinese in ((1, "Mainland", "本国大陆地区"), (2, "Home islands", "本国海岛")):
        charge = f"{make_shop.ZONES[number].return_fee / 100:.2f}"
        assert_says("returns.md", rf"{words}: €{charge} per return")
        assert_says("退货政策.md", rf"{chinese}：每次退货从退款中扣除 {charge} 欧元")


def test_repair_prices_are_the_same_in_all_three_lists() -> None:
    rows = sheet_rows(DOCUMENTS / "public" / "repair-prices.xlsx")
    prices = {row[0]: row[1] for row in rows if isinstance(row[1], int)}
    short = dict(re.findall(r"<tr><td>([^<]+)</td><td>€(\d+)</td>", page_source("warranty.html")))
    assert len(short) == 6
    names = {"Rewiring with textile cable": "Rewiring with textile cable, up to 3 m"}
    assert {name: prices[names.get(name, name)] for name in short} == {
        name: int(price) for name, price in short.items()
    }
    assert_says("保修与维修.docx", *(rf"(?<!\d){price}(?!\d)" for price in short.values()))


def page_source(name: str) -> str:
    return (DOCUMENTS / "public" / name).read_text(encoding="utf-8")


def test_opening_hours_are_the_same_everywhere() -> None:
    english = sheet_rows(DOCUMENTS / "public" / "opening-hours.xlsx")
    chinese = sheet_rows(DOCUMENTS / "public" / "门店营业时间.xlsx")
    partners = [row[1:4] for row in english if row[0] in ("Monday", "Saturday", "Sunday")]
    translated = [tuple(str(cell).replace("休息", "closed") for cell in row[1:4]) for row in chinese]
    assert len(partners) == 3
    assert all(row in translated for row in partners)
    for row in partners:
        assert re.search("".join(rf"<td>{cell}</td>" for cell in row), page_source("partner-shops.html")), row


def test_gift_cards_are_the_same_in_both_languages() -> None:
    numbers = [sorted(set(re.findall(r"\d+(?:\.\d+)?", text_of(name)))) for name in ("gift-cards.html", "礼品卡.html")]
    english, chinese = map(set, numbers)
    assert chinese <= english | {"2", "3", "4", "8", "1"}


def test_readme_names_every_document_of_the_rules() -> None:
    section = (
        (COMPANY / "README.md")
        .read_text(encoding="utf-8")
        .partition("### The rules")[2]
        .partition("## The questions")[0]
    )
    named = set(re.findall(r"`([^`]+\.\w+)`", section))
    files = {path.name for path in DOCUMENTS.rglob("*") if path.is_file()}
    assert named <= files, named - files
    made = {document.partition("/")[2] for _, document in make_documents.RULES}
    assert made <= named, made - named
