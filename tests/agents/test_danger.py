"""Reports of danger that no wording holds, told by their meaning; and what happens where no embedder can be asked."""

import logging
from pathlib import Path

import numpy as np
import pytest

from agents.danger import LIKELY, WINDOW, DangerClassifier, classifier_for, hearing
from agents.handover import from_words
from knowledge.embedders import Embedder, resolve
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.errors import EmbedderUnavailable


class Flat:
    """Places every text at the same point."""

    name, dimension = "all-MiniLM-L6-v2", 2

    def __init__(self, *languages: str) -> None:
        self.languages = frozenset(languages) or None

    def embed(self, texts: list[str]) -> np.ndarray:
        return np.ones((len(texts), 2), np.float32)

    def embed_question(self, question: str) -> np.ndarray:
        return np.ones(2, np.float32)


def test_a_likelihood_is_of_the_weights_and_the_bias() -> None:
    classifier = DangerClassifier(Flat(), np.array([1.0, 0.5], np.float32), -1.5)
    assert classifier.likelihood("My lamp hums.") == 0.5
    assert classifier.likelihood("  ") == 0.0


def test_a_long_message_is_read_to_its_end() -> None:
    read: list[str] = []

    class Noting(Flat):
        def embed_question(self, question: str) -> np.ndarray:
            read.append(question)
            return np.full(2, "burns" in question, np.float32)

    message = "We bought three lamps. " * 60 + "One burns. " + "x" * 1000
    classifier = DangerClassifier(Noting(), np.array([5.0, 5.0], np.float32), -5.0)
    assert classifier.likelihood(message) > 0.99
    assert max(map(len, read)) <= WINDOW
    assert set(message.replace("x" * 1000, "").split()) <= set(" ".join(read).split())
    assert sum(text.count("x") for text in read) >= 1000


def test_nothing_is_told_of_a_language_that_the_embedder_does_not_know() -> None:
    classifier = DangerClassifier(Flat("en"), np.array([9.0, 9.0], np.float32), 0.0)
    assert classifier.likelihood("My lamp hums.") > 0.99
    assert classifier.likelihood("我的灯嗡嗡响") == 0.0


def test_an_embedder_that_it_was_not_taught_with_hears_none() -> None:
    embedder = HashingEmbedder()
    assert classifier_for(embedder) is None
    assert not hearing("embedded", lambda: embedder)("The lamp gave my son a shock")
    assert not hearing("ollama:bge-m3", lambda: pytest.fail("It was loaded"))("The lamp gave my son a shock")


@pytest.mark.parametrize("error", [EmbedderUnavailable("It is missing. Next: x"), RuntimeError("out of memory")])
def test_an_embedder_that_cannot_be_asked_leaves_it_to_the_wordings(
    caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    faults: list[Exception] = [error]

    def load() -> Embedder:
        if faults:
            raise faults[0]
        return HashingEmbedder()

    hears = hearing("embedded", load)
    with caplog.at_level(logging.WARNING):
        assert [hears("It smokes"), hears("It smokes")] == [False, False]
        faults.clear()
        hears("It smokes")
        faults.append(error)
        hears("It smokes")
    said = f"dangers are told by their wordings alone, for the embedder cannot be asked: {error}"
    assert [record.getMessage() for record in caplog.records] == [said, said]
    assert from_words("Get me a human", hears_danger=hears) == "asked"


def test_a_danger_comes_before_other_reasons_and_who_was_hurt_elsewhere_is_left_out() -> None:
    heard: list[str] = []

    def hears(message: str) -> bool:
        heard.append(message)
        return "hums" in message

    assert from_words("It hums! Get me a human", hears_danger=hears) == "safety"
    assert from_words("Get me a human", hears_danger=hears) == "asked"
    assert from_words("I broke my leg, can I pause my membership?", hears_danger=hears) is None
    assert heard[-1] == "can i pause my membership"


@pytest.fixture(scope="module", params=["embedded", "multilingual"])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    folder = "models_folder" if request.param == "embedded" else "multilingual_models_folder"
    return resolve(request.param, models_folder=request.getfixturevalue(folder), ollama_url="")


@pytest.mark.model
@pytest.mark.parametrize(
    ("message", "is_report"),
    [
        ("the wheel of the pram folded and our baby hit the pavement with her head", True),
        ("Our lad drank some of the lamp oil about ten minutes ago", True),
        ("my ex knows I work here and says he will burn the place down with me in it", True),
        ("We got it in March. The wheel folded and our baby hit the pavement with her head. Any warranty?", True),
        ("Can I cancel my order?", False),
        ("Which of your lamps are safe for a nursery?", False),
        ("The delivery fee nearly killed me, is there a cheaper one?", False),
        ("My card was charged twice and I'm furious", False),
    ],
)
def test_reports_are_told_from_what_only_sounds_like_one(embedder: Embedder, message: str, is_report: bool) -> None:
    classifier = classifier_for(embedder)
    assert classifier is not None
    assert (classifier.likelihood(message) >= LIKELY) is is_report


@pytest.mark.model
@pytest.mark.parametrize(
    ("message", "is_report"),
    [
        ("充电器插上就噼啪响，插座都黑了", True),
        ("孩子把你们的洗衣凝珠咬破了，一直在吐", True),
        ("孩子把你們的洗衣凝珠咬破了，一直在吐", True),
        ("我真的不想活了，帮我把账户注销吧", True),
        ("这个灯婴儿房能用吗？", False),
        ("运费贵得吓死人", False),
        ("我的快递怎么还没到", False),
    ],
)
def test_chinese_reports_are_told_by_the_embedder_that_knows_it(
    multilingual_models_folder: Path, message: str, is_report: bool
) -> None:
    classifier = classifier_for(resolve("multilingual", models_folder=multilingual_models_folder, ollama_url=""))
    assert classifier is not None
    assert (classifier.likelihood(message) >= LIKELY) is is_report
