import time
from itertools import pairwise

import numpy as np
import pytest

from agents.quotes.spans import (
    ASKED,
    CROSSED,
    LONGEST,
    NAMES,
    Spans,
    asked_for,
    asking_phrase,
    is_yes_or_no,
    only_repeats,
    spans,
    words_of,
)
from agents.transcript import Language

FOUNDED = "The company was founded by Anna Berg in 1987 in Oslo."


def of(question: str, text: str, language: Language = "en") -> Spans:
    return spans(question, text, language=language, rank=0, behind=0.0)


def feature(found: Spans, text: str, words: str, name: str) -> float:
    """Return a feature of the span with these words."""
    place = next(at for at, (start, end) in enumerate(found.places) if text[start:end] == words)
    return float(found.features[place, NAMES.index(name)])


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Who founded the company?", "who"),
        ("In what year was it founded?", "when"),
        ("Which city is it in?", "where"),
        ("How long does delivery take?", "how many"),
        ("What is the price of the Heron?", "how many"),
        ("Why does the lamp flicker?", "why"),
        ("How are lamps sent back?", "how"),
        ("Which lamp is the brightest?", "which"),
        ("What is excluded?", "what"),
        ("Can you tell me when you open?", "when"),
        ("公司是谁创办的？", "who"),
        ("什么时候发货？", "when"),
        ("啥时候发货", "when"),
        ("这个咋用", "how"),
        ("还有啥颜色", "what"),
        ("车间在哪里？", "where"),
        ("运费多少？", "how many"),
        ("为什么灯会闪？", "why"),
        ("如何退货？", "how"),
        ("你知道什么时候发货吗？", "when"),
        ("多少钱嘛", "how many"),
        ("几点开门嘛", "when"),
        ("灯为什么时不时闪", "why"),
        ("为什么动不动就跳闸", "why"),
        ("几号出发", "when"),
        ("遥控器用几号电池", "how many"),
        ("在几号登机口", "how many"),
    ],
)
def test_what_is_asked_for(question: str, kind: str) -> None:
    assert asked_for(question) == kind


@pytest.mark.parametrize(
    "question",
    [
        "Can I send a lamp back?",
        "Does it cost anything?",
        "Is the price negotiable?",
        "  is there a workshop",
        "Tell me about lamps.",
        "",
        "?!",
        "可以退货吗？",
        "多少有點優惠嗎",
        "两个人有什么优惠么",
        "几天后还能退不",
        "拆开多少还行不行",
        "有任何费用吗？",
        "运费能不能退？",
        "价格是否含税？",
        "任务",
    ],
)
def test_a_question_for_yes_or_no_asks_for_no_short_answer(question: str) -> None:
    assert asked_for(question) is None


@pytest.mark.parametrize(
    "question", ["买这个干嘛", "多少钱嘛", "灯时不时闪怎么办", "为什么动不动就跳闸", "什么颜色好看嘛"]
)
def test_what_only_sounds_like_a_question_for_yes_or_no(question: str) -> None:
    assert not is_yes_or_no(question)


@pytest.mark.parametrize("question", ["能退嘛", "有货么", "可不可以退", "周日开不开门", "几天后还能退吗"])
def test_yes_or_no_is_asked_for_in_many_ways(question: str) -> None:
    assert is_yes_or_no(question)


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("It costs €9.50, or 15 %.", "en", ["It", "costs", "€9.50", ",", "or", "15 %", "."]),
        ("The U.S. customer's lamp", "en", ["The", "U.S.", "customer's", "lamp"]),
        ("4–6 working days", "en", ["4–6", "working", "days"]),
        ("台灯在北京维修。", "zh", ["台灯", "在", "北京", "维修", "。"]),
        ("Heron 台灯", "en", ["Heron", "台灯"]),
        ("", "en", []),
        (" \n\t", "zh", []),
    ],
)
def test_words_of_a_sentence(text: str, language: Language, words: list[str]) -> None:
    assert [word.text for word in words_of(text, language)] == words


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize(
    "text",
    [FOUNDED, "台灯 ３０ 天内\n退回。", "Heron 台灯\x00 30 天", "😀台灯\ud800 5 元 😀", "a\u0301 b", "１９８５年"],
)
def test_every_word_stands_where_it_says(text: str, language: Language) -> None:
    found = words_of(text, language)
    assert found
    assert all(text[word.start : word.end] == word.text for word in found)
    assert all(one.end <= other.start for one, other in pairwise(found))


@pytest.mark.parametrize(
    ("text", "word", "kind"),
    [
        (FOUNDED, "Anna", "name"),
        (FOUNDED, "The", "function"),
        (FOUNDED, "1987", "number"),
        (FOUNDED, "founded", "word"),
        (FOUNDED, ".", "mark"),
        ("Lamps glow.", "Lamps", "word"),
        ("LED bulbs", "LED", "name"),
        ("台灯在北京维修。", "北京", "name"),
        ("台灯在北京维修。", "在", "function"),
        ("台灯在北京维修。", "台灯", "noun"),
        ("台灯在北京维修。", "维修", "verb"),
        ("台灯在北京维修。", "。", "mark"),
        ("需要 30 天", "30", "number"),
        ("需要 ３０ 天", "３０", "number"),
    ],
)
def test_kinds_of_words(text: str, word: str, kind: str) -> None:
    assert {found.text: found.kind for found in words_of(text, "en")}[word] == kind


@pytest.mark.parametrize(
    ("question", "text", "language"),
    [
        ("Who founded it?", FOUNDED, "en"),
        ("公司是谁创办的？", "公司由安娜于1987年在奥斯陆创办。", "zh"),
        ("谁？", FOUNDED, "zh"),
        ("Who?", "公司由安娜于1987年在奥斯陆创办。", "en"),
        ("", "Anna", "en"),
    ],
)
def test_every_span_has_every_feature_and_begins_and_ends_at_a_word(
    question: str, text: str, language: Language
) -> None:
    found = of(question, text, language)
    assert found.features.shape == (len(found.places), len(NAMES))
    assert found.features.dtype == np.float32
    assert np.isfinite(found.features).all()
    assert found.places
    starts, ends = {word.start for word in words_of(text, language)}, {word.end for word in words_of(text, language)}
    assert all(start in starts and end in ends for start, end in found.places)
    assert len(set(found.places)) == len(found.places)


@pytest.mark.parametrize("text", ["", " ", "…", "—!?。", "| | |", "the of and", "的了是"])
def test_a_sentence_that_says_nothing_has_no_spans(text: str) -> None:
    found = of("Who founded it?", text)
    assert found.places == ()
    assert found.features.shape == (0, len(NAMES))


def test_spans_do_not_cross_sentences_or_cells_and_hold_no_loose_ends() -> None:
    text = "Zone: Islands | Price: €19.00; Days: 7. Open!"
    shown = {text[start:end] for start, end in of("How much?", text).places}
    assert {"€19.00", "Islands", "7"} <= shown
    assert not any(mark in words for words in shown for mark in "|;!")
    said = {FOUNDED[start:end] for start, end in of("Who?", FOUNDED).places}
    assert {"Anna Berg", "The company", "Anna Berg in 1987"} <= said
    assert not {"Anna Berg in", "by Anna Berg", "was founded"} & said


def test_the_number_of_a_clause_is_no_part_of_an_answer() -> None:
    text = "6.6 Five days are given."
    found = spans("How many days are given?", text, language="en", rank=0, behind=0.0, begins=4)
    words = [text[start:end] for start, end in found.places]
    assert "Five days" in words
    assert not any("6" in each for each in words)


def test_names_of_features_are_named_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert set(CROSSED) <= set(NAMES)
    assert {f"{asked}: {name}" for asked, _ in ASKED for name in CROSSED} <= set(NAMES)


def test_features_say_how_a_span_stands() -> None:
    found = of("Who founded the company?", FOUNDED)

    def says(words: str, name: str) -> float:
        return feature(found, FOUNDED, words, name)

    assert says("Anna Berg", "after by") == says("Anna Berg", "all names") == says("Anna Berg", "name share") == 1.0
    assert says("Anna Berg", "who: all names") == 1.0
    assert says("Anna Berg", "when: all names") == 0.0
    assert says("Anna", "names go on") == 1.0
    assert says("Anna Berg", "names go on") == 0.0
    assert says("1987", "number") == says("1987", "time") == says("1987", "after place") == 1.0
    assert says("Oslo", "closes") == 1.0
    assert says("Oslo", "opens") == 0.0
    assert says("founded", "question's share") == 1.0
    assert says("Anna Berg", "question's share") == 0.0
    assert says("Anna Berg", "left") == pytest.approx(2 / 5), "two words after founded"
    assert says("Anna Berg", "right") == pytest.approx(12 / 5), "no word of the question after it"


def test_a_question_names_what_stands_before_or_ends_the_answer() -> None:
    text = "The lamp has seven colours and twelve months of warranty."
    found = of("How many colours does the lamp have?", text)
    assert feature(found, text, "seven", "before head") == 1.0
    assert feature(found, text, "seven colours", "ends with head") == 1.0
    assert feature(found, text, "twelve", "before head") == 0.0


def test_rank_and_distance_are_passed_on() -> None:
    best = spans("Who?", "Anna", language="en", rank=0, behind=0.0).features[0]
    other = spans("Who?", "Anna", language="en", rank=2, behind=-0.25).features[0]
    place = NAMES.index("best sentence")
    assert (best[place], best[place + 1]) == (1.0, 0.0)
    assert (other[place], other[place + 1]) == (0.0, -0.25)


@pytest.mark.parametrize(
    ("unit", "language"), [("a lamp is sold ", "en"), ("Anna ", "en"), ("台灯在北京维修", "zh"), ("x1-", "en")]
)
def test_a_long_sentence_stays_cheap(unit: str, language: Language) -> None:
    text = (unit * 2000)[:2000]
    began = time.process_time()
    found = of("Who sold a lamp? 谁在北京维修？", text, language)
    assert time.process_time() - began < 5
    assert len(found.places) <= LONGEST * len(words_of(text, language))
    assert max(end - start for start, end in found.places) <= 2000


@pytest.mark.parametrize(
    ("question", "phrase"),
    [
        ("Which country signed the treaty?", "Which country signed"),
        ("What was it?", "What"),
        ("How many days does it take?", "How many days"),
        ("In what year of the war?", "what year of"),
        ("Where?", "Where"),
        ("公司是谁创办的？", "公司是谁创办的？"),
        ("", ""),
    ],
)
def test_the_phrase_that_names_what_is_asked_for(question: str, phrase: str) -> None:
    assert asking_phrase(question) == phrase


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("你們幾點開門", "when"),
        ("誰負責", "who"),
        ("有甚麼顏色", "what"),
        ("為什麼不能退", "why"),
        ("可以退貨嗎", None),
    ],
)
def test_what_is_asked_for_in_traditional_signs(question: str, kind: str | None) -> None:
    assert asked_for(question) == kind


def test_words_in_traditional_signs_are_those_in_simplified_ones_and_stand_in_their_places() -> None:
    assert words_of("退貨期限為三十個工作日。", "zh") == words_of("退货期限为三十个工作日。", "zh")
    mixed, simplified = (of("退货期限多少天", text, "zh") for text in ("退貨期限為三十天。", "退货期限为三十天。"))
    assert mixed.places == simplified.places
    assert np.array_equal(mixed.features, simplified.features)


@pytest.mark.parametrize(
    ("question", "span", "repeats"),
    [
        ("Which port serves the metrics?", "port 9464", False),
        ("Which port serves the metrics?", "the port", True),
        ("Which port serves the metrics, 8080 or port 9464?", "8080", False),
        ("Which scope do I need?", "the scope", True),
        ("Is it the port or the path?", "the path", False),
    ],
)
def test_what_only_repeats_what_is_asked_for_is_no_answer(question: str, span: str, repeats: bool) -> None:
    assert only_repeats(question, span) is repeats
