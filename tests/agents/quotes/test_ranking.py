import json
import math

import numpy as np
import pytest

from agents.quotes.quoting import citations
from agents.quotes.ranking import (
    AGAINST,
    EMBEDDED_AT_MOST,
    NAMES,
    SHARPNESS,
    WEIGHTS,
    Weighing,
    describe,
    rank,
    sharpness_of,
    weighing_with,
    weights_of,
    with_meaning,
)
from agents.transcript import Message
from knowledge.embedders.hashing import HashingEmbedder
from tests.agents.found_passages import TunedHashing, passage, retrieval

WEIGHINGS: tuple[Weighing, ...] = ("answers", "meaning", "words")
RETURNS = "We like lamps. You can return a lamp within 30 days of delivery. The shop opens at nine."


def test_best_sentence_comes_first_with_its_exact_span() -> None:
    source = passage(RETURNS, start=1000)
    best = rank(retrieval("return a lamp days", source), language="en", embedder=None)[0]
    assert best.text == "You can return a lamp within 30 days of delivery."
    assert RETURNS[best.start - 1000 : best.end - 1000] == best.text
    (citation,) = citations([best])
    assert (citation.number, citation.quote, citation.start, citation.end) == (1, best.text, best.start, best.end)


def test_every_sentence_of_every_passage_is_ranked_once() -> None:
    """Overlapping passages bring a sentence twice."""
    whole, part = passage(RETURNS), passage(RETURNS[:14])
    ranked = rank(retrieval("lamps", whole, part), language="en", embedder=HashingEmbedder())
    assert sorted((statement.start, statement.end) for statement in ranked) == [(0, 14), (15, 64), (65, 88)]
    scores = [statement.score for statement in ranked]
    assert scores == sorted(scores, reverse=True)


def test_sentence_in_another_language_loses() -> None:
    english = passage("The Heron weighs 3 kg.", "en.md")
    chinese = passage("Heron 台灯重 3 公斤。", "zh.md", language="zh")
    found = retrieval("Heron 3", chinese, english)
    assert rank(found, language="en", embedder=None)[0].passage is english
    assert rank(found, language="zh", embedder=None)[0].passage is chinese


def test_heading_that_is_the_question_counts_for_its_answer() -> None:
    asked = passage("Within 30 days.", "faq.md", headings=("How long may I return a lamp?",), score=0.8)
    other = passage("A lamp gives light.", "b.md")
    ranked = rank(retrieval("how long may I return a lamp", other, asked), language="en", embedder=None)
    assert ranked[0].passage is asked


def test_no_passages_give_no_statements() -> None:
    assert rank(retrieval("anything"), language="en", embedder=None) == []
    assert rank(retrieval("anything", passage(" \n ")), language="en", embedder=HashingEmbedder()) == []


def test_there_are_weights_for_every_feature() -> None:
    stored = json.loads(WEIGHTS.read_text(encoding="utf-8"))
    assert {key: set(weights) for key, weights in stored.items()} == {key: {*NAMES, SHARPNESS} for key in WEIGHINGS}
    for weighing in WEIGHINGS:
        signs = {name: weight for name, weight in zip(NAMES, weights_of(weighing), strict=True) if weight}
        assert all(bool(weight < 0) is (name in AGAINST) for name, weight in signs.items())
        assert bool(weights_of(weighing)[NAMES.index("meaning")] > 0) is (weighing != "words")


def test_likelihood_follows_the_score_and_is_1_for_the_best() -> None:
    best, *others = rank(retrieval("return a lamp", passage(RETURNS)), language="en", embedder=None)
    assert best.likelihood == 1
    for other in others:
        expected = math.exp(sharpness_of("words") * (other.score - best.score))
        assert 0 < other.likelihood < 1
        assert other.likelihood == pytest.approx(expected)


def test_of_products_alike_the_one_that_is_named_is_meant() -> None:
    """The other says the same, and was found first."""
    gold = passage("The late fee is 30 euros.", "gold.md", title="Gold card", score=1.0)
    silver = passage("The late fee is 20 euros.", "silver.md", title="Silver card", score=0.9)
    found = retrieval("late fee silver card", gold, silver)
    assert rank(found, language="en", embedder=None)[0].passage is silver
    features = describe(found).features
    assert features[0, NAMES.index("other_name")] > 0 == features[1, NAMES.index("other_name")]


def test_a_fact_in_the_sentence_after_is_found_by_what_stands_before_it() -> None:
    text = "We may change the price for existing customers. If so, we give 30 days notice. The shop is closed today."
    ranked = rank(retrieval("price change existing customers", passage(text)), language="en", embedder=None)
    assert [s.text for s in ranked[:2]] == [
        "We may change the price for existing customers.",
        "If so, we give 30 days notice.",
    ]


def test_the_kind_of_thing_asked_for_is_that_of_the_question_itself() -> None:
    """The question before asked for a price, and is part of what was searched for."""
    text = "The lamp costs 179 euros. The lamp is 6 kg."
    previous = "price of the lamp"
    found = retrieval(f"{previous} how much does it weigh", passage(text))
    features = describe(found, previous).features
    assert features[:, NAMES.index("kind")].tolist() == [0.0, 1.0]
    before = [Message("user", previous), Message("assistant", "179 euros.")]
    assert rank(found, language="en", embedder=None, history=before)[0].text == "The lamp is 6 kg."


def test_meaning_counts_from_the_least_likely_and_only_for_the_best_by_words() -> None:
    text = " ".join(f"Sentence number {number} is about lamps and light." for number in range(EMBEDDED_AT_MOST + 5))
    described = describe(retrieval("lamps", passage(text)))
    features = with_meaning("lamps", described, HashingEmbedder(), previous="", weighing="meaning")
    meaning = features[:, NAMES.index("meaning")]
    assert np.count_nonzero(meaning) < EMBEDDED_AT_MOST
    assert meaning.min() == 0
    assert meaning.max() <= 1
    assert np.all(described.features[:, NAMES.index("meaning")] == 0)


def test_an_embedder_tuned_for_answers_is_asked_about_all_statements() -> None:
    text = " ".join(f"Sentence number {number} is about lamps and light." for number in range(EMBEDDED_AT_MOST + 5))
    found = retrieval("lamps", passage(text))
    assert weighing_with(TunedHashing(), "en") == "answers"
    features = with_meaning("lamps", describe(found), TunedHashing(), previous="", weighing="answers")
    assert np.count_nonzero(features[:, NAMES.index("meaning")]) == EMBEDDED_AT_MOST + 5


@pytest.mark.parametrize(("languages", "weighing"), [(None, "answers"), ({"en"}, "answers"), ({"zh"}, "words")])
def test_an_embedder_is_asked_in_the_languages_that_it_knows(languages: set[str] | None, weighing: Weighing) -> None:
    assert weighing_with(TunedHashing(languages), "en") == weighing
    assert weighing_with(HashingEmbedder(), "en") == "meaning"
    assert weighing_with(None, "en") == "words"


def test_a_leaning_question_is_near_what_answers_it_and_not_only_the_one_before() -> None:
    previous, leaning = "return a lamp", "and hum"
    described = describe(retrieval(f"{previous} {leaning}", passage("Return a lamp. Lamps hum.")), previous)

    def near(before: str) -> float:
        asked = f"{previous} {leaning}"
        features = with_meaning(asked, described, TunedHashing(), previous=before, weighing="answers")
        return float(features[0, NAMES.index("meaning")])

    assert near(previous) < near("")


@pytest.mark.parametrize("count", [0, 1])
def test_features_are_shares(count: int) -> None:
    found = retrieval("return a lamp", *[passage(RETURNS, title="Returns", headings=("Lamps",))] * count)
    features = describe(found).features
    assert features.shape == (3 * count, len(NAMES))
    assert np.all((features >= 0) & (features <= 1))


def test_documents_of_one_name_in_two_collections_are_told_apart() -> None:
    asked = retrieval("Who lends lamps?", passage("We like it."), passage("A lamp hums", collection="other"))
    described = describe(asked)
    own = dict(zip([s.text for s in described.statements], described.features[:, NAMES.index("own")], strict=True))
    assert own["We like it."] == 0.0
    assert own["A lamp hums"] > 0.0


def test_the_season_that_holds_the_month_is_named_by_it() -> None:
    summer = passage("An inside cabin costs €45.", "a.md", headings=("May to September",), score=0.9)
    winter = passage("An inside cabin costs €30.", "a.md", headings=("October to April",), start=100)
    for question, first in (("inside cabin in july", summer), ("inside cabin in february", winter)):
        ranked = rank(retrieval(question, winter, summer), language="en", embedder=None)
        assert ranked[0].passage is first
    rows = passage("Season: 1 June to 31 August | Car: €78\nSeason: 1 November to 31 March | Car: €48")
    best, other = rank(retrieval("what does a car cost in february", rows), language="en", embedder=None)
    assert "€48" in best.text
    assert best.words > other.words, "rows alike would be quoted together"


def test_who_pays_is_answered_by_what_is_paid_for_not_by_who_pays_for_another_thing() -> None:
    found = passage("If the new one costs more, you pay the cost of it. The return is free everywhere. Return it soon.")
    ranked = rank(retrieval("who pays return? cost return", found), language="en", embedder=None)
    assert ranked[0].text == "The return is free everywhere."
    earlier = Message("user", "how long is the warranty of a return?")
    days = passage("A return takes 30 days. The return is free everywhere.")
    after = retrieval("who pays return?", days)
    assert rank(after, language="en", embedder=None, history=(earlier,))[0].text == "The return is free everywhere."
