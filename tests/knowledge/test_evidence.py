import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from knowledge import evidence
from knowledge.passages import Passage, Signals

shares = st.floats(0, 1)
signals = st.builds(
    Signals,
    coverage=shares,
    sentence_coverage=shares,
    lead=st.floats(0, 8),
    cosine=st.none() | st.floats(-1, 1),
)
embedders = st.sampled_from(["hashing", *evidence.MEANING])
names = st.sampled_from(["coverage", "sentence_coverage", "lead", "cosine"])


def passage(text: str, *, title: str = "Shop", headings: tuple[str, ...] = (), header: str = "") -> Passage:
    return Passage("default", "a.md", title, headings, header, None, 0, len(text), text, "public", "en", 1.0)


@given(signals, embedders)
def test_evidence_is_between_0_and_1(found: Signals, embedder: str) -> None:
    assert 0 <= evidence.score(found, embedder=embedder) <= 1


@given(signals, names, shares, embedders)
def test_more_of_a_signal_is_never_less_evidence(found: Signals, name: str, more: float, embedder: str) -> None:
    if getattr(found, name) is None:
        return
    stronger = replace(found, **{name: getattr(found, name) + more})
    assert evidence.score(stronger, embedder=embedder) >= evidence.score(found, embedder=embedder)


@pytest.mark.parametrize("embedder", sorted(evidence.ANSWERS))
def test_how_near_the_nearest_statement_comes_is_evidence(embedder: str) -> None:
    found = Signals(coverage=0.5, sentence_coverage=0.4, lead=0.0, cosine=0.6)
    near, far = (evidence.score(replace(found, closest=closest), embedder=embedder) for closest in (0.7, 0.2))
    assert near > 0.5 > far
    assert evidence.score(replace(found, cosine=None, closest=0.7), embedder=embedder) == near, (
        "the search's own is not"
    )
    abroad = evidence.score(replace(found, closest=0.3), embedder=embedder, across=True)
    assert (abroad > 0.5) is (embedder in evidence.ANSWERS_ACROSS)


def test_an_embedder_without_a_curve_is_judged_by_words() -> None:
    found = Signals(coverage=0.5, sentence_coverage=0.5, lead=0.5, cosine=0.9)
    assert evidence.score(found, embedder="hashing") == evidence.WORDS.at(found)
    assert evidence.score(replace(found, cosine=None), embedder="all-MiniLM-L6-v2") == evidence.WORDS.at(found)
    assert evidence.score(found, embedder="all-MiniLM-L6-v2") != evidence.WORDS.at(found)


def test_rare_terms_weigh_more() -> None:
    weights = evidence.term_weights(["rare", "common", "absent"], {"rare": 1, "common": 90}, 100)
    assert weights["absent"] > weights["rare"] > weights["common"] > 0
    assert weights["rare"] == pytest.approx(math.log(1 + 99.5 / 1.5))


def test_an_absent_pair_of_chinese_characters_weighs_less_than_an_absent_word() -> None:
    weights = evidence.term_weights(["absent", "缺席"], {}, 100)
    assert weights["缺席"] == pytest.approx(evidence.UNKNOWN_PAIR_FACTOR * weights["absent"])


@pytest.mark.parametrize(("frequency", "total"), [(0, 0), (5, 0), (5, 3), (3, 3)])
def test_weights_are_never_negative(frequency: int, total: int) -> None:
    assert evidence.term_weights(["word"], {"word": frequency}, total)["word"] >= 0


def test_coverage_is_the_share_of_the_weight() -> None:
    weights = {"lamp": 3.0, "euro": 1.0}
    assert evidence.term_coverage("Two lamps.", weights) == 0.75
    assert evidence.term_coverage("Two lamps for a euro.", weights) == 1
    assert evidence.term_coverage("", weights) == 0
    assert evidence.term_coverage("lamps", {}) == 0


def test_signals_are_of_the_best_passage_and_sentence() -> None:
    weights = {"lamp": 1.0, "euro": 1.0}
    found = evidence.measure(
        [passage("A lamp stands there. It costs one euro."), passage("Nothing.")],
        weights,
        word_scores=[],
        cosines=[0.2, 0.4],
    )
    assert found == Signals(coverage=1.0, sentence_coverage=0.5, lead=0.0, cosine=0.4, cosine_lead=pytest.approx(0.2))


def test_the_place_of_a_passage_counts_as_its_text() -> None:
    weights = {"lamp": 1.0, "price": 1.0}
    found = evidence.measure(
        [passage("One euro.", title="Lamps", header="Price")], weights, word_scores=[], cosines=None
    )
    assert (found.coverage, found.sentence_coverage) == (1.0, 0.0)


def test_a_name_that_stands_over_other_passages_only_is_missed() -> None:
    """The silver card is known, and what is said of a late fee is said of the gold one."""
    weights = {"silver": 1.0, "late": 1.0, "fee": 1.0, "today": 1.0}
    gold = passage("It is 30 euros.", title="Gold card", headings=("Late fee",))
    silver = passage("It is grey.", title="Silver card")
    assert evidence.measure([gold, silver], weights, word_scores=[], cosines=None).unnamed == 0.25
    both = passage("It is 20 euros.", title="Silver card", headings=("Late fee",))
    assert evidence.measure([gold, silver, both], weights, word_scores=[], cosines=None).unnamed == 0
    said = passage("For silver ones it is 20 euros.", title="Cards in brief", headings=("Late fee",))
    assert evidence.measure([gold, silver, said], weights, word_scores=[], cosines=None).unnamed == 0
    assert evidence.measure([], weights, word_scores=[], cosines=None).unnamed == 0


def test_neither_a_question_nor_a_column_names_a_thing() -> None:
    """Who asks for the times of the sauna asks for nothing of a table of tours with its column "Time"."""
    sauna = passage("Closed on Wednesday.", title="Sauna guide")
    tours = passage("Tour: Bay | Time: 3 hours", title="Tours guide", header="Tour | Time")
    faq = passage("Often, yes.", title="Questions", headings=("At what time can I come?",))
    weights = {"sauna": 1.0, "time": 1.0, "wednesday": 1.0}
    assert evidence.measure([sauna, tours, faq], weights, word_scores=[], cosines=None).unnamed == 0


def test_the_number_of_a_chapter_names_nothing() -> None:
    """Whoever hires the hall for 3 hours asks for nothing of the third chapter."""
    hall = passage("The hall: 65 euros an hour.", title="Room hire")
    rules = passage("Whisper, please.", title="Room rules", headings=("3. Quiet",))
    weights = {"hire": 1.0, "3": 1.0, "hour": 1.0, "price": 1.0}
    assert evidence.measure([hall, rules], weights, word_scores=[], cosines=None).unnamed == 0
    windows = passage("Press the key.", title="Room windows 11. Installation")
    asked = {"hire": 1.0, "window": 1.0, "instal": 1.0, "price": 1.0}
    assert evidence.measure([hall, windows], asked, word_scores=[], cosines=None).unnamed == 0.25
    model = passage("It has a cable.", title="Room heron 3")
    assert evidence.measure([hall, model], weights, word_scores=[], cosines=None).unnamed == 0.25


def test_a_common_word_over_a_section_names_nothing() -> None:
    """No two titles tell things apart by it: who asks whether to pay a deposit asks of neither section alone."""
    weights = {"pay": 1.0, "deposit": 1.0}
    ways = passage("Cards and cash.", title="Terms", headings=("Ways to pay",))
    deposit = passage("A fifth of the price.", title="Terms", headings=("Deposit",))
    assert evidence.measure([deposit, ways], weights, word_scores=[], cosines=None).unnamed == 0
    hire = passage("A fifth of the price.", title="Hire", headings=("Deposit",))
    assert evidence.measure([hire, ways], weights, word_scores=[], cosines=None).unnamed == 0


def test_of_things_with_one_name_each_the_one_that_is_asked_for_counts() -> None:
    """The price is said of the Tarro alone; who asks for a deposit asks for neither."""
    lumo = passage("Five years.", title="Lumo", headings=("Warranty",))
    tarro = passage("The price is 80 euros.", title="Tarro", headings=("Price",))
    weights = {"price": 1.0, "lumo": 1.0}
    assert evidence.measure([lumo, tarro], weights, word_scores=[], cosines=None).unnamed == 0.5
    assert evidence.measure([lumo, tarro], {"price": 1.0, "lamp": 1.0}, word_scores=[], cosines=None).unnamed == 0


def test_a_heading_of_which_a_word_is_asked_for_names_nothing() -> None:
    returns = passage("A deposit is kept.", title="Return policy", headings=("Deposit",))
    shipping = passage("Cards and cash.", title="Shipping policy", headings=("Ways to pay",))
    weights = {"pay": 1.0, "deposit": 1.0, "return": 1.0}
    assert evidence.measure([returns, shipping], weights, word_scores=[], cosines=None).unnamed == 0


def test_a_question_of_a_faq_is_no_title_that_names_a_thing() -> None:
    faq = passage("Yes, write to us.", title="Can I pay by card?")
    other = passage("At the counter.", title="Can I return it?")
    weights = {"pay": 1.0, "return": 1.0}
    assert evidence.measure([faq, other], weights, word_scores=[], cosines=None).unnamed == 0


def test_a_missed_name_is_less_evidence() -> None:
    found = Signals(coverage=0.9, sentence_coverage=0.7, lead=0.0, cosine=0.6)
    for embedder, near in (("all-MiniLM-L6-v2", 0.6), ("multilingual-e5-small", 0.88)):
        there = evidence.score(replace(found, cosine=near), embedder=embedder)
        assert evidence.score(replace(found, cosine=near, unnamed=0.2), embedder=embedder) < there - 0.05


@pytest.mark.parametrize(
    ("scores", "lead"),
    [
        ([], 0),
        ([3.0], 0),
        ([0.0, 0.0], 0),
        ([2.0, 2.0, 2.0], 0),
        ([1.0, 4.0, 1.0], math.log(4.1 / 1.1)),
        ([2e-6, 1e-6], 0),
    ],
)
def test_lead_says_how_far_the_best_stands_out(scores: list[float], lead: float) -> None:
    found = evidence.measure([], {"lamp": 1.0}, word_scores=scores, cosines=None)
    assert found.lead == pytest.approx(lead, abs=1e-4)


@pytest.mark.parametrize(
    ("question", "text", "across"),
    [
        ("How long may I return a lamp?", "You may return a lamp within 30 days.", False),
        ("Wie lange kann ich eine Lampe zurückgeben?", "You may return a lamp within 30 days.", True),
        ("灯可以几天内退货？", "You may return a lamp within 30 days.", True),
        ("照明器具は何日以内に返品できますか", "未使用的台灯可以在收货后三十天内退回。", True),
        ("How long may I return a lamp?", "未使用的台灯可以在收货后三十天内退回。", True),
        ("Wie lange kann ich eine Lampe zurückgeben?", "Eine Lampe kann man dreißig Tage lang zurückgeben.", False),
        ("Moorlight 40 Heron", "You may return a lamp within 30 days.", False),
        ("램프를 반품할 수 있나요?", "未使用的台灯可以在收货后三十天内退回。", True),
        ("Сколько длится гарантия?", "You may return a lamp within 30 days.", True),
        ("Сколько длится гарантия?", "Eine Lampe kann man dreißig Tage lang zurückgeben.", True),
        ("Сколько длится гарантия?", "Гарантия на лампы составляет два года.", False),
        ("Сколько стоит Samsung Galaxy Ultra Tablet?", "Гарантия на лампы составляет два года.", False),
        ("MacBook Air Pro M3 수리하나요?", "화면 수리는 3일 걸립니다.", False),
        ("Galaxy Tab S9 Ultra 키보드 있나요?", "You may return a lamp within 30 days.", True),
        ("What colour is the Kumo lamp?", "The Kumo lamp (カメラ) of this series is sold in white.", False),
        ("What does the α, β and γ of the lamp mean?", "You may return a lamp within 30 days.", False),
        ("カメラ付きの照明はありますか", "ランプは三十日以内に返品できます。", False),
    ],
)
def test_a_question_in_another_language_is_told_from_the_best_passage(question: str, text: str, across: bool) -> None:
    assert evidence.is_across(question, [passage(text)]) is across
    assert not evidence.is_across(question, [])


def test_across_languages_meaning_decides_alone() -> None:
    found = Signals(coverage=0.0, sentence_coverage=0.0, lead=0.0, cosine=0.865, cosine_lead=0.01)
    e5 = "multilingual-e5-small"
    assert evidence.score(found, embedder=e5, across=True) > 0.9
    assert evidence.score(found, embedder=e5) < 0.5
    assert evidence.score(replace(found, cosine=0.77), embedder=e5, across=True) < 0.5
    level = evidence.score(replace(found, cosine_lead=0.0), embedder=e5, across=True)
    assert level < evidence.score(found, embedder=e5, across=True)
    same = evidence.score(found, embedder="all-MiniLM-L6-v2")
    assert evidence.score(found, embedder="all-MiniLM-L6-v2", across=True) == same
    assert evidence.score(replace(found, cosine=None), embedder=e5, across=True) == evidence.WORDS.at(found)


@pytest.mark.parametrize(
    ("cosines", "lead"), [([], 0), ([0.8], 0), ([0.7, 0.9, 0.8], 0.15), ([0.9, *[0.8] * 5, *[0.1] * 9], 0.1)]
)
def test_the_lead_of_the_nearest_is_over_the_five_that_follow(cosines: list[float], lead: float) -> None:
    found = evidence.measure([], {}, word_scores=[], cosines=cosines)
    assert found.cosine == max(cosines, default=0.0)
    assert found.cosine_lead == pytest.approx(lead)
