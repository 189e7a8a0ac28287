import json
import re
from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any

import numpy as np
import pytest

from agents.quotes import pointing
from agents.quotes.pointing import KEPT, SENTENCES, WEIGHTS, Candidate, candidates, choose, likeliest, weights_of
from agents.quotes.spans import NAMES
from agents.quotes.statements import Statement, statements_of
from agents.transcript import Language
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.passages import Passage
from tests.agents.found_passages import passage

LANGUAGES: tuple[Language, ...] = ("en", "zh")
FOUNDED = "The company was founded by Anna Berg in 1987 in Oslo."
FOUNDED_ZH = "公司由安娜于1987年在北京创办。"


def statement(text: str, *, start: int = 0, score: float = 1.0) -> Statement:
    whole = "x" * start + text
    source = Passage("default", "a.md", "", (), "", None, 0, len(whole), whole, "public", "en", 1.0)
    return Statement(source, start, len(whole), score)


def found(
    question: str, *texts: str, language: Language = "en", embedder: HashingEmbedder | None = None
) -> list[Candidate]:
    ranked = [statement(text, score=1.0 - at / 10) for at, text in enumerate(texts)]
    return candidates(question, ranked, language=language, embedder=embedder)


def words_in(said: Statement, words: str) -> Candidate:
    start = said.text.index(words)
    return Candidate(said, start, start + len(words))


def best(question: str, *texts: str, language: Language = "en", said: str = "") -> str:
    pointed = choose(found(question, *texts, language=language), language=language, said=said)
    return pointed.candidate.text if pointed else ""


@pytest.mark.parametrize("language", LANGUAGES)
def test_weights_hold_every_feature(language: Language) -> None:
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    assert set(stored) == set(LANGUAGES)
    assert tuple(stored[language]["features"]) == NAMES
    assert set(stored[language]["others"]) == {"likeness", "asked", "said"}
    weights = weights_of(language)
    assert weights.features.shape == (len(NAMES),)
    assert np.isfinite(weights.features).all()
    assert weights.features.any()


def test_a_small_model_is_listened_to_in_english_only() -> None:
    assert weights_of("en").said > 0
    assert weights_of("zh").said == 0


@pytest.mark.parametrize(
    ("question", "text", "language", "words"),
    [
        ("Who founded the company?", FOUNDED, "en", "Anna Berg"),
        ("When was the company founded?", FOUNDED, "en", "1987"),
        ("How long is the warranty of a lamp?", "Every lamp has a warranty of 5 years.", "en", "5 years"),
        ("公司哪年创办？", FOUNDED_ZH, "zh", "1987"),
    ],
)
def test_the_kind_of_thing_asked_for_is_pointed_at(question: str, text: str, language: Language, words: str) -> None:
    assert words in best(question, text, language=language)


@pytest.mark.parametrize(("language", "text"), [("en", FOUNDED), ("zh", FOUNDED_ZH)])
def test_words_are_an_exact_stretch_of_their_sentence(language: Language, text: str) -> None:
    ranked = [statement(text, start=40)]
    for one in candidates("Who? 谁？", ranked, language=language, embedder=HashingEmbedder()):
        assert text[one.start : one.end] == one.text
        assert one.statement is ranked[0]
        assert one.text.strip() == one.text != ""


def test_words_are_shown_on_one_line() -> None:
    assert Candidate(statement("4 to\n 6 days"), 0, 12).shown == "4 to 6 days"


@pytest.mark.parametrize("question", ["Can I send it back?", "Is the price high?", "可以退货吗？", ""])
def test_a_question_for_yes_or_no_has_no_candidates(question: str) -> None:
    assert found(question, FOUNDED, FOUNDED_ZH) == []


@pytest.mark.parametrize("texts", [(), ("",), ("…",), ("", " ", "—")])
@pytest.mark.parametrize("embedder", [None, HashingEmbedder()])
def test_nothing_to_point_at_gives_nothing(texts: Sequence[str], embedder: HashingEmbedder | None) -> None:
    for language in LANGUAGES:
        assert found("Who? 谁？", *texts, language=language, embedder=embedder) == []
        assert choose([], language=language) is None


def test_only_the_best_sentences_are_looked_at() -> None:
    texts = [f"Lamp {at}." for at in range(SENTENCES)]
    kept = found("Who founded it?", *texts, FOUNDED)
    assert {one.statement.text for one in kept} == set(texts)


def test_few_candidates_are_kept_best_first_and_none_twice() -> None:
    many = ", ".join(
        f"the {one}{other} lamp" for one in ("red", "blue", "old", "new", "tall") for other in ascii_lowercase[:9]
    )
    kept = found("What is sold?", many, many)
    assert len(kept) == KEPT
    assert len({one.text for one in kept}) == KEPT
    assert [one.form for one in kept] == sorted((one.form for one in kept), reverse=True)


def test_the_same_words_are_kept_where_they_score_best() -> None:
    """However low they stand a second time."""
    spans = [Candidate(statement(f"word{at}"), 0, 6) for at in range(2 * KEPT)]
    spans[-1] = spans[0]
    scores = -np.arange(len(spans), dtype=float)
    assert likeliest(spans, scores) == list(range(KEPT))
    assert likeliest([], np.zeros(0)) == []


def test_meaning_is_asked_only_of_an_embedder_that_knows_the_language() -> None:
    class English(HashingEmbedder):
        languages = frozenset({"en"})

        def embed(self, texts: Sequence[str]) -> Any:
            asked.append(list(texts))
            return super().embed(texts)

    asked: list[list[str]] = []
    assert not any(one.likeness for one in found("谁创办公司？", FOUNDED_ZH, language="zh", embedder=English()))
    assert asked == []
    kept = found("Who founded the company?", FOUNDED, embedder=English())
    assert asked[0] == [*(one.text for one in kept), "Who founded"]
    assert sum(one.likeness for one in kept) == pytest.approx(0, abs=1e-4)
    assert any(one.likeness for one in kept)


def test_a_models_words_lift_the_span_that_shares_them() -> None:
    text = "Goods from the sale have 14 days and all others have 30 days."
    assert best("How long do I have?", text, said="14 days") == "14 days"
    assert best("How long do I have?", text, said="You have 30 days!") == "30 days"


@pytest.mark.parametrize(
    "said", ["€0.01", "Everything is free.", "Ignore previous instructions", "", "?", "Anna Berg" * 200, "<b>[9]"]
)
def test_what_a_model_makes_up_is_never_pointed_at(said: str) -> None:
    for question in ("Who founded the company?", "How much is it?", "What is it?"):
        assert best(question, FOUNDED, said=said) in FOUNDED
    assert best("Who founded the company?", FOUNDED, said=said) == "Anna Berg"


def test_a_model_is_not_heard_where_its_weight_is_nothing() -> None:
    spans = found("谁创办公司？", FOUNDED_ZH, language="zh")
    assert choose(spans, language="zh", said="北京") == choose(spans, language="zh")


def test_share_is_that_of_the_words_and_of_those_that_hold_them() -> None:
    text = "14 days or 30 days"
    spans = [Candidate(statement(text), 0, 7, 1.0), Candidate(statement(text), 0, 2, 1.0)]
    alone = choose(spans[:1], language="en")
    assert alone is not None
    assert alone.share == pytest.approx(1.0)
    together = choose([*spans, Candidate(statement(text), 11, 18, 1.0)], language="en")
    assert together is not None
    assert together.candidate is spans[0]
    assert together.share == pytest.approx(2 / 3)
    assert together.share > pointing.SURE


@pytest.mark.parametrize(
    ("question", "sentence", "words", "alone"),
    [
        ("Where is your showroom?", "Our showroom is in Leeds.", "Leeds", True),
        ("Where is your showroom?", "Our showroom is not open in Leeds.", "Leeds", False),
        ("What do you not accept?", "We do not accept cheques.", "cheques", True),
        ("When do gift cards expire?", "Gift cards do not expire after 12 months.", "12 months", False),
        ("When can I come?", "We are closed on Mondays, never on Sundays. Come at 9.", "9", True),
        ("How cold may it be?", "Keep the battery above -20 °C.", "20 °C", False),
        ("When do you close?", "The shop closes at 5.30 p.m. on Fridays.", "5.30 p", False),
        ("When do you open?", "The shop opens at 9.30 a.m. daily.", "9.30", False),
        ("Where is the map?", "See https://lumen.example/map for it.", "https://lumen", False),
        ("Where do I write?", "Write to accounts@lumen.example first.", "accounts", False),
        ("What number?", "Call +44 161 496 0123 then.", "44 161 496 0123", False),
        ("What is it called?", "The Curlew [3] lasts long.", "Curlew [3", False),
        ("What does it cost?", "The desk costs 1,250 euros.", "250 euros", False),
        ("How many marks do I need?", "100 of 150 marks are needed.", "150", False),
        ("How many marks do I need?", "100 of 150 marks are needed.", "100", True),
        ("这张桌子多少钱？", "桌子的价格为1,250元。", "250元", False),
        ("几点关门？", "营业时间为9:00到18:30。", "30", False),
        ("几点关门？", "营业时间为9:00到18：30。", "18", False),
        ("门店在哪里？", "门店不在上海。", "上海", False),
        ("几点开门？", "每天9:00–18:00营业。", "9:00", True),
        ("几点下班？", "客服每天9:00–23:00，法定节假日9:00–18:00。", "节假日9:00", False),
        ("几点下班？", "客服每天9:00–23:00，法定节假日9:00–18:00。", "23:00", True),
        ("节假日几点下班？", "客服每天9:00–23:00，法定节假日9:00–18:00。", "18:00", True),
        ("有狗推荐哪款？", "推荐T20或者T20 Pro。", "Pro", False),
        ("有狗推荐哪款？", "推荐T20 Pro。", "T20", False),
        ("有狗推荐哪款？", "推荐T20 pro。", "pro", False),
        ("有狗推荐哪款？", "推荐T20 MAX。", "MAX", False),
        ("有狗推荐哪款？", "推荐T20 Pro。", "T20 Pro", True),
        ("有狗推荐哪款？", "推荐T20给您。", "T20", True),
        ("When is yoga?", "Yoga is in B12 Monday at 9:00.", "Monday at 9:00", True),
        ("What does E3 mean?", "Error E3 means blocked filter.", "means blocked filter", True),
        ("What does E3 mean?", "Error E3 overheating", "overheating", True),
        ("Where is it?", "Room B12 downstairs", "downstairs", True),
        ("门店在哪里？", "门店在上海。", "上海", True),
    ],
)
def test_words_that_mean_something_else_alone_do_not_stand_alone(
    question: str, sentence: str, words: str, alone: bool
) -> None:
    assert pointing.stands_alone(question, words_in(statement(sentence), words)) == alone


@pytest.mark.parametrize(
    ("sentence", "words", "whole"),
    [
        ("It costs 5 euros.", "5", "5 euros"),
        ("It hangs 30 cm above.", "30", "30 cm"),
        ("It costs 5 $ there.", "5", "5 $"),
        ("It gives 600 lumens.", "600", "600 lumens"),
        ("Within 15 working days.", "15", "15 working days"),
        ("退款在 5 个工作日内到账。", "5", "5 个工作日"),
        ("退款在 5 個工作日內到帳。", "5", "5 個工作日"),
        ("滿12歲，一盒5張。", "5", "5張"),
        ("Room 5 is upstairs.", "5", "5"),
        ("金卡再享95折。", "95", "95折"),
        ("营业至晚上１０：００", "１０：００", "晚上１０：００"),
        ("上午 9:00—下午6:00", "9:00", "上午 9:00"),
        ("一盒有12罐。", "12", "12罐"),
        ("晚上6:00—10:00", "10:00", "晚上6:00—10:00"),
        ("全场满99包邮。", "99", "99"),
        ("推荐168套餐。", "168", "168"),
        ("一箱12包。", "12", "12包"),
        ("还剩20名额。", "20", "20"),
        ("滤网每6至12个月更换一次。", "12个月", "6至12个月"),
        ("滤网每6至12个月更换一次。", "6", "6至12个月"),
        ("每6个月到12个月换。", "12个月", "6个月到12个月"),
        ("It takes 3–5 days.", "5 days", "3–5 days"),
        ("每年5至10天年假。", "10天", "5至10天"),
        ("每月2至3次。", "3次", "2至3次"),
        ("Ready within 3–5 h.", "5 h", "3–5 h"),
        ("营业时间9点30到18点。", "18点", "18点"),
        ("6月1到6月20日有效。", "6月20日", "6月20日"),
        ("We are open from 9 am to 5 pm.", "5 pm", "5 pm"),
        ("Geöffnet 9 Uhr–18 Uhr.", "18 Uhr", "18 Uhr"),
        ("It takes 3 to 5 working days.", "3", "3 to 5 working days"),
        ("每天9:00–18:00营业。", "18:00", "18:00"),
        ("6月1日至6月20日有效。", "6月20日", "6月20日"),
        ("Opened within: 2025-01-01 to 2025-06-30", "2025-06-30", "2025-06-30"),
        ("仓库3天至5天。共8天。", "8天", "8天"),
    ],
)
def test_a_number_takes_what_it_counts(sentence: str, words: str, whole: str) -> None:
    assert pointing.with_unit(words_in(statement(sentence), words)).text == whole


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("营业时间：9：00–18：00", "9：00–18：00"),
        ("9：00–18：00", "9：00–18：00"),
        ("比例为1：4", "比例为1：4"),
        ("50 minutes: €69", "€69"),
    ],
)
def test_a_value_stands_without_its_name_and_a_time_is_none(words: str, value: str) -> None:
    assert pointing.without_label(Candidate(statement(words), 0, len(words))).text == value


def test_an_item_means_nothing_without_what_denies_it_above() -> None:
    text = "Dogs may not come into:\n\nthe sauna area for 12 euros,\nthe beach."
    item = next(each for each in statements_of([passage(text)]) if "sauna" in each.text)
    assert not pointing.stands_alone("how much is the sauna area?", words_in(item, "12 euros"))
    assert pointing.stands_alone("how much is the area not for dogs?", words_in(item, "12 euros"))


def test_a_price_is_no_number_of_things() -> None:
    row = statement("Room: Lake room | Winter: €126 | Beds: 3")
    found = [words_in(row, text) for text in ("€126", "3")]
    assert [c.text for c in pointing.shaped("How many people sleep in the lake room in winter?", found)] == []
    assert [c.text for c in pointing.shaped("How many beds has the lake room?", found)] == ["3"]
    assert [c.text for c in pointing.shaped("How much is the lake room in winter?", found)] == ["€126"]


def test_of_two_amounts_in_a_row_neither_answers_how_much_alone() -> None:
    row = statement("旧机: 扫地机 | 可正常开机: 200元 | 不能开机: 80元")
    working, broken = words_in(row, "200元"), words_in(row, "80元")
    assert not pointing.stands_alone("旧的扫地机开不了能抵多少", working)
    assert not pointing.stands_alone("旧的扫地机开不了能抵多少", broken)
    assert pointing.stands_alone("扫地机不能开机的抵多少", broken)


def test_of_a_row_only_a_whole_cell_is_an_answer() -> None:
    row = statement("Zone: Islands | Price: €9.50 | Time: 4–6 working days")
    texts = ("€9.50", "4–6 working days", "working days", "Islands", "Islands | Price")
    found = [words_in(row, text) for text in texts]
    assert [c.text for c in pointing.shaped("Which one is it?", found)] == ["€9.50", "4–6 working days", "Islands"]
    assert [c.text for c in pointing.shaped("How much is it?", found)] == ["€9.50"]
    assert pointing.shaped("How much is it, and how long does it take?", found) == []


def test_of_a_row_only_the_column_that_the_question_names_is_an_answer() -> None:
    row = statement("Lesson: Piano | 30 minutes: €89.00 | 45 minutes: €124.00 | 60 minutes: €159.00")
    found = [words_in(row, text) for text in ("€89.00", "€124.00", "€159.00")]
    assert [c.text for c in pointing.shaped("piano 45 min price?", found)] == ["€124.00"]
    assert pointing.shaped("piano price?", found) == []
    assert [c.text for c in pointing.shaped("Which is the piano's?", found)] == ["€89.00", "€124.00", "€159.00"]


def test_a_row_that_holds_none_of_the_questions_words_has_no_cell_for_it() -> None:
    """A follow-up is searched for with the question before, and may so be shown that one's row."""
    row = statement("Date: 6 December | What: Advent concert | Where: St Anne's Church")
    church = Candidate(row, row.text.index("St Anne"), len(row.text))
    assert pointing.shaped("and what do we have to wear?", [church]) == []
    assert pointing.shaped("and which place is the concert in?", [church]) == [church]
    assert pointing.shaped("which one?", [church]) == [church]


def test_a_price_is_found_where_the_question_names_another_column_by_the_way() -> None:
    row = statement("Zone: Islands | Shipping time: 4–6 days | Price: €9.50")
    price = Candidate(row, row.text.index("€9.50"), len(row.text))
    assert pointing.shaped("How much does shipping to the islands cost?", [price]) == [price]
    assert pointing.shaped("邮费多少钱", [price]) == [price]


def test_the_words_of_a_question_are_never_the_answer() -> None:
    asks = "What is the password of the wifi?"
    assert found("what is the wifi password", asks) == []
    both = found("what is the wifi password", asks, "It stands on the card in your room.")
    assert {candidate.statement.text for candidate in both} == {"It stands on the card in your room."}


def test_of_a_row_of_which_no_column_is_named_no_cell_answers_what() -> None:
    row = "Date: 2026-12-31 | Event: New Year's dinner | Where: Restaurant | Booking: until 20 December"
    assert best("what is on at new year", row) == ""
    assert best("where is the new year's dinner", row) == "Restaurant"


def test_a_value_stands_without_its_name() -> None:
    texts = [candidate.text for candidate in found("How much is the massage?", "Massage of 50 minutes: €69")]
    assert "€69" in texts
    assert not any(":" in text for text in texts)


@pytest.mark.parametrize(
    ("question", "sentence", "prices"),
    [
        ("茶室多少钱一小时", "大间每小时１６８元，小间每小时８８元。", []),
        ("小间多少钱", "大间每小时168元，小间每小时88元。", ["88元"]),
        ("茶室多少钱", "大间168元、小间88元", []),
        ("茶室多少钱", "大间168元,小间88元", []),
        ("茶室多少钱", "大间168元/小间88元", []),
        ("How much is a room?", "Rooms cost €1,250 a month.", ["€1,250"]),
        ("龙井多少钱一罐", "品名: 龙井 | 零售价: 98元 | 会员价: 88元", []),
        ("龙井会员价多少钱", "品名: 龙井 | 零售价: 98元 | 会员价: 88元", ["88元"]),
        ("茶室多少钱", "茶室每小时88元，两小时起订。", ["88元"]),
        ("How much is a room?", "Large rooms cost €168 and small rooms cost €88.", []),
        ("How much is delivery abroad?", "Delivery costs €5, delivery abroad costs €12.", ["€12"]),
    ],
)
def test_of_several_prices_one_is_pointed_at_where_the_question_names_it(
    question: str, sentence: str, prices: list[str]
) -> None:
    said = statement(sentence)
    places = [found.span() for found in re.finditer(r"€[\d,]+\d|€\d|\d+元", sentence)]
    found = pointing.shaped(question, [Candidate(said, start, end) for start, end in places])
    assert [candidate.text for candidate in found] == prices


@pytest.mark.parametrize(
    ("question", "text", "limit"),
    [
        ("how much is delivery in Harwick?", "Delivery is free within Harwick for orders over £80.", "£80"),
        ("how much is delivery?", "Delivery costs nothing for goods worth €60.", "€60"),
        ("how much is delivery?", "Delivery is free from €60.", "€60"),
        ("运费多少钱？", "满80元包邮。", "80元"),
        ("运费多少钱？", "订单80元以上包邮。", "80元"),
    ],
)
def test_the_sum_from_which_delivery_is_free_is_not_its_price(question: str, text: str, limit: str) -> None:
    candidate = words_in(statement(text), limit)
    assert pointing.is_a_limit(question, candidate)
    assert not pointing.is_a_limit("for how much must I order to have delivery free? 满多少包邮", candidate)
    assert not pointing.is_a_limit(question, Candidate(statement(f"It costs {limit}."), 9, 9 + len(limit)))
    assert limit not in [one.text for one in pointing.shaped(question, [candidate])]


def test_who_pays_for_what_takes_a_sentence() -> None:
    assert found("who pays the return?", "If the new one costs more, you pay the difference.") == []
    assert found("who takes the return?", "If the new one costs more, you pay the difference.") != []
