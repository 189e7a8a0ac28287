from collections.abc import Iterator

import pytest

from agents.quotes import naming
from agents.quotes.naming import is_of_another, is_under_another_code, without_another_code
from agents.quotes.statements import Statement, statements_of
from knowledge.passages import Passage
from tests.agents.found_passages import passage, retrieval

GOLD = passage("The grace period is 25 days.", "gold.md", title="Gold Card: dates")
SILVER = passage("The annual fee is 40 euros.", "silver.md", title="Silver Card: fees")
GENERAL = passage("A lost card is replaced within 5 days.", "all.md", title="Replacement")
WALL_LAMP = passage("保修期为五年。", "a.md", title="苍鹭壁灯", language="zh")
TABLE_LAMP = passage("价格为89元。", "b.md", title="苍鹭台灯", language="zh")


def of_another(question: str, cited: Passage, *others: Passage) -> bool:
    found = retrieval(question, cited, *others)
    statement = Statement(cited, cited.start, cited.end, 1.0)
    return is_of_another(question, statement, found.passages, weights=found.weights)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("How long is the grace period of the Silver Card?", True),
        ("how long is the grace period of the silver card", True),
        ("How long is the grace period of the Gold Card?", False),
        ("How long is the grace period?", False),
        ("How long is the grace period of the Copper Card?", False),  # no document is about one
        ("I paid in silver. How long is the grace period of my card?", False),  # the words are no name here
    ],
)
def test_what_is_said_of_a_thing_of_like_name_is_told_from_what_is_asked(question: str, expected: bool) -> None:
    assert of_another(question, GOLD, SILVER) is expected


def test_what_is_said_of_all_things_holds_for_each() -> None:
    assert not of_another("How long until a lost Silver Card is replaced?", GENERAL, SILVER)


def test_a_passage_that_names_the_thing_itself_is_about_it_too() -> None:
    both = passage("Gold: 25 days. Silver: 20 days.", "gold.md", title="Gold Card: dates")
    assert not of_another("How long is the grace period of the Silver Card?", both, SILVER)


def test_a_title_in_another_language_names_nothing() -> None:
    chinese = passage("年费四十元。", "silver.md", title="Silver Card 年费", language="zh")
    assert not of_another("How long is the grace period of the Silver Card?", GOLD, chinese)


@pytest.mark.parametrize(("question", "expected"), [("苍鹭台灯保修几年？", True), ("苍鹭壁灯保修几年？", False)])
def test_names_in_chinese(question: str, expected: bool) -> None:
    assert of_another(question, WALL_LAMP, TABLE_LAMP) is expected


def test_the_document_itself_is_no_other() -> None:
    again = passage("Silver pays 3 %.", "gold.md", title="Silver Card: fees", start=500)
    assert not of_another("How long is the grace period of the Silver Card?", GOLD, again)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The cable is 2 m long.", True),  # a number that is a measure is no name
        ("Unlike the Heron 2 it can be dimmed.", False),
        ("The cable is long.", True),
    ],
)
def test_a_number_names_beside_the_words_that_it_belongs_to(text: str, expected: bool) -> None:
    older = passage(text, "heron.md", title="Heron desk lamp")
    newer = passage("Warranty 5 years.", "heron-2.md", title="Heron 2 desk lamp")
    assert of_another("How long is the cable of the Heron 2 desk lamp?", older, newer) is expected


MODELS = passage(
    "型号: T10 | 吸力: 4000\n型号: T20 Pro | 吸力: 12000\n含义: E9 | 处理: 换水箱\n型号: T10–T18 | 吸力: 3000",
    "models.xlsx",
    title="参数表",
    language="zh",
)
MANUAL = passage("滤网半年一换。", "a5.md", title="A5 Pro 说明书", language="zh")
BOTH = passage("A5 Pro 和 A3 的滤网半年一换。", "a5.md", title="A5 Pro 说明书", language="zh")


@pytest.mark.parametrize(
    ("question", "row", "expected"),
    [
        ("T30什么时候上市", 0, True),
        ("t30 吸力多少", 0, True),
        ("T10和T20哪个吸力大", 0, False),
        ("T20pro吸力多少", 1, False),
        ("T20报E3咋整", 2, True),
        ("E1到E10都是什么", 2, False),
        ("吸力多少", 0, False),
        ("PM2.5多少", 0, False),
        ("A3吸力多少", 0, False),  # other letters: no other of the same kind
        ("T15吸力多少", 3, False),
    ],
)
def test_a_row_that_is_called_by_another_code_is_of_another(question: str, row: int, expected: bool) -> None:
    start = MODELS.text.index(MODELS.text.split("\n")[row])
    statement = Statement(MODELS, start, start + len(MODELS.text.split("\n")[row]), 1.0)
    assert is_under_another_code(question, statement, [MODELS]) is expected


SMALL = passage("滤网一年一换。", "a3.md", title="A3 说明书", language="zh")


@pytest.mark.parametrize(
    ("question", "cited", "expected"),
    [
        ("A3的滤网多久换", MANUAL, True),
        ("A5的滤网多久换", MANUAL, False),
        ("滤网多久换", MANUAL, False),
        ("A3的滤网多久换", BOTH, False),
        ("A3的滤网多久换", passage("滤网半年一换。", "a.md", title="A5–A9 说明书", language="zh"), False),
    ],
)
def test_a_document_that_is_called_by_another_code_is_of_another(question: str, cited: Passage, expected: bool) -> None:
    assert is_under_another_code(question, statements_of([cited])[0], [cited, SMALL]) is expected


def test_a_title_s_code_counts_where_another_is_told_of_or_it_is_repeated() -> None:
    """Who says that an old A3 is broken asks about an A5 where nothing is called A3."""
    question = "我的A3坏了，滤网多久换"
    repeated = passage("A5 Pro 的滤网半年一换。", "a5.md", title="A5 Pro 说明书", language="zh")
    row = passage("型号: A3 | 滤网: 一年", "models.xlsx", title="参数表", language="zh")
    assert not is_under_another_code(question, statements_of([MANUAL])[0], [MANUAL])
    assert is_under_another_code(question, statements_of([repeated])[0], [repeated])
    assert is_under_another_code(question, statements_of([MANUAL])[0], [MANUAL, row])


@pytest.mark.parametrize(
    ("text", "score", "known", "left"),
    [
        ("秋天上市。", 0.8, "T30", 1),
        ("秋天上市。", 0.8, "T40", 0),
        ("秋天上市。", 0.5, "T30", 0),
        ("T30秋天上市。", 0.5, "T40", 1),
    ],
)
def test_what_is_left_answers_where_it_tells_of_the_code_or_is_near(
    text: str, score: float, known: str, left: int
) -> None:
    best = Statement(MODELS, 0, MODELS.text.index("\n"), 1.0)
    other = passage(text, "other.md", language="zh")
    ranked = [best, Statement(other, 0, other.end, score)]
    passages = [MODELS, other, passage(f"{known}是白色的。", "more.md")]
    assert len(without_another_code("T30什么时候上市", ranked, passages)) == left
    assert without_another_code("T10什么时候上市", ranked, passages) == ranked


ROW = passage("代码: E9 | 处理: 换水箱", "t20.md", title="T20 说明书", language="zh")
FILTER = passage("滤网半年换一次。", "t20.md", title="T20 说明书", language="zh")


def of_order(*scored: tuple[Passage, float]) -> list[Statement]:
    return [Statement(each, 0, each.end, score) for each, score in scored]


def test_what_tells_nothing_of_an_unknown_code_is_no_answer_though_its_title_has_another_that_is_asked_for() -> None:
    ranked = of_order((ROW, 1.0), (FILTER, 0.9))
    assert without_another_code("T20报E3怎么处理", ranked, [ROW, FILTER]) == []
    known = passage("E3为水箱缺水。", "more.md", language="zh")
    assert without_another_code("T20报E3怎么处理", ranked, [ROW, FILTER, known]) == ranked[1:]


def test_of_two_that_are_asked_for_the_one_that_is_told_of_answers() -> None:
    rows = [passage(f"型号: {name} | 吸力: 4000", f"{name}.md", language="zh") for name in ("T10", "T20")]
    ranked = of_order((rows[0], 1.0), (rows[1], 0.9))
    assert without_another_code("T20和T30哪个吸力大", ranked, rows) == ranked[1:]


def test_a_title_s_code_alone_and_a_code_far_from_the_best_are_no_answer() -> None:
    tank = passage("型号: T10 | 水箱: 200 ml", "models.md", title="参数表", language="zh")
    box = passage("尘盒每次清扫后倒掉。", "t20.md", title="T20 Pro 说明书", language="zh")
    far = passage("T20今年上市。", "news.md", language="zh")
    ranked = of_order((tank, 1.0), (box, 0.6), (far, 0.2))
    assert without_another_code("T20的水箱多大", ranked, [tank, box, far]) == []
    nearer = of_order((tank, 1.0), (box, 0.8), (far, 0.6))
    assert without_another_code("T20的水箱多大", nearer, [tank, box, far]) == nearer[1:]


def test_what_documents_are_called_is_gathered_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of forty passages with as many statements, each would be looked through for each."""
    passages = [passage("滤网半年一换。\n" * 9, f"{at}.md", title="T10 说明书") for at in range(9)]
    looked: list[Passage] = []
    names = naming._names

    def looking(each: Passage) -> Iterator[str]:
        looked.append(each)
        return names(each)

    monkeypatch.setattr(naming, "_names", looking)
    ranked = [Statement(each, 0, 7, 1.0) for each in passages for _ in range(9)]
    assert without_another_code("T20的滤网多久换", ranked, passages) == ranked
    assert looked == passages
