import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from agents.quotes.ranking import AGAINST, NAMES, describe, weights_of
from bench.ranking import Case, cases_of, fit, fitted_sharpness, is_right, place_of
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.library import Library, LibraryOptions
from knowledge.questions import Gold, Question, Spoken

FEE = "The late fee is 20 euros."


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("cards")
    source = folder / "source"
    source.mkdir()
    for name, fee in (("Silver", 20), ("Gold", 30)):
        text = f"# {name} card\n\nThe late fee is {fee} euros. It is a card.\n"
        (source / f"{name.lower()}.md").write_text(text, encoding="utf-8")
    library = Library(LibraryOptions(folder / "home"), embedder=HashingEmbedder())
    assert not library.ingest([source]).failed
    yield library
    library.close()


def asked(text: str, *, quote: str = FEE, document: str = "silver.md", history: tuple[Spoken, ...] = ()) -> Question:
    return Question("1", text, history=history, gold=(Gold(document, quote=quote),), facts=(("20 euros",),))


def case(rows: list[list[float]], right: list[bool]) -> Case:
    features = np.zeros((len(rows), len(NAMES)))
    features[:, : len(rows[0])] = rows
    return Case(features, np.array(right), "meaning", "a")


def test_what_tells_the_right_statement_gets_the_weight() -> None:
    cases = [case([[1.0, 0.5], [0.4, 0.5], [0.2, 0.5]], [True, False, False]) for _ in range(5)]
    weights = fit(cases)
    assert weights[0] == 1
    assert weights[1] == pytest.approx(0, abs=1e-3)
    assert place_of(cases[0], weights) == 0


def test_no_feature_counts_the_wrong_way_round() -> None:
    at = NAMES.index(AGAINST[0])
    rows = [[1.0, *[0.0] * (at - 1), 1.0], [0.5, *[0.0] * (at - 1), 0.0]]
    assert fit([case(rows, [True, False])] * 5)[at] == 0
    assert fit([case([[1.0, 0.0], [0.5, 1.0]], [True, False])] * 5)[1] == 0


def test_a_case_is_what_an_assistant_finds_by_each_way_of_weighing(cards: Library) -> None:
    by_meaning, by_words = cases_of(asked("what is the late fee of the silver card"), cards, "bank")
    assert (by_meaning.weighing, by_words.weighing) == ("meaning", "words")
    at = NAMES.index("meaning")
    assert by_meaning.features[:, at].any()
    assert not by_words.features[:, at].any()
    for found in (by_meaning, by_words):
        assert found.features.shape == (4, len(NAMES))
        assert found.right.sum() == 1
        assert found.group == "bank"
        assert place_of(found, fit([found])) == 0
        assert place_of(found, -fit([found])) > 0


def test_right_is_what_stands_at_the_quote_and_holds_a_fact(cards: Library) -> None:
    question = asked("late fee silver card")
    statements = describe(cards.search("late fee silver card")).statements
    assert [s.text for s in statements if is_right(question, s)] == [FEE]
    assert not any(is_right(asked("x", quote="It is a card."), s) for s in statements)
    assert [s.text for s in statements if is_right(asked("x", quote=""), s)] == [FEE]


def test_what_never_was_found_is_beyond_the_last_place() -> None:
    nothing = case([[1.0, 0.5], [0.4, 0.5]], [False, False])
    assert place_of(nothing, np.ones(len(NAMES))) == 2


def test_sharpness_is_that_under_which_the_right_ones_are_as_likely_as_they_are_often_first() -> None:
    """Of ten questions with two statements that are 0.2 apart, the better one is right in eight."""
    cases = [case([[0.6], [0.4]], [at < 8, at >= 8]) for at in range(10)]
    apart = 0.2 * weights_of("meaning")[0]
    odds = math.exp(fitted_sharpness(cases) * apart)
    assert odds / (1 + odds) == pytest.approx(0.8, abs=0.03)
    assert fitted_sharpness([replace(one, right=one.right[::-1].copy()) for one in cases]) < 1.1, (
        "no sharper than chance"
    )
