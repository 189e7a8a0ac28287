from collections.abc import Sequence

import numpy as np
import pytest

from agents.quotes import nearness as module
from agents.quotes.nearness import COMPARED_AT_MOST, DOUBT, READ_TOGETHER, forget, nearness
from agents.quotes.statements import statements_of
from knowledge.embedders import Vectors
from knowledge.embedders.hashing import HashingEmbedder
from tests.agents.found_passages import TunedHashing, passage

TEXT = "We like lamps. You can return a lamp within 30 days. The shop opens at nine."


class Counting(HashingEmbedder):
    """A fake that remembers what it was given."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.given: list[str] = []

    def embed(self, texts: list[str]) -> Vectors:
        self.given += texts
        return super().embed(texts)


def counting(name: str) -> tuple[TunedHashing, Counting]:
    tuned = TunedHashing()
    tuned.for_answers = counted = Counting(name)
    return tuned, counted


def test_without_an_embedder_that_is_tuned_nothing_is_said() -> None:
    assert nearness("return a lamp", "return a lamp", statements_of([passage(TEXT)]), HashingEmbedder()) is None


def test_each_statement_is_read_with_its_place() -> None:
    embedder, tuned = counting("place")
    near = nearness("return a lamp", "return a lamp", statements_of([passage(TEXT, title="Returns")]), embedder)
    assert near is not None
    assert near.argmax() == 1
    assert np.all((near >= 0) & (near <= 1))
    assert "Returns\nYou can return a lamp within 30 days." in tuned.given


def test_a_question_that_leans_counts_half_alone() -> None:
    """Else what answers the one before it would answer this one."""
    statements = statements_of([passage("Return a lamp. Lamps hum.")])
    before, leaning = "Return a lamp", "and hum?"
    alone, joined, both = (
        nearness(question, asked, statements, TunedHashing())
        for question, asked in ((leaning, leaning), (f"{before} {leaning}",) * 2, (leaning, f"{before} {leaning}"))
    )
    assert alone is not None
    assert joined is not None
    assert both is not None
    assert both == pytest.approx((alone + joined) / 2)
    assert both.max() < joined.max()


def test_no_statements_are_no_nearness() -> None:
    near = nearness("lamp", "lamp", [], TunedHashing())
    assert near is not None
    assert near.shape == (0,)


def test_a_statement_is_placed_once_however_often_it_is_asked_about() -> None:
    embedder, tuned = counting("once")
    statements = statements_of([passage(TEXT)])
    first = nearness("return a lamp", "return a lamp", statements, embedder)
    placed = len([text for text in tuned.given if "lamp within" in text])
    second = nearness("return a lamp", "return a lamp", statements, embedder)
    assert placed == len([text for text in tuned.given if "lamp within" in text]) == 1
    assert np.array_equal(first, second)


def test_of_two_embedders_each_has_its_own_vectors() -> None:
    statements = statements_of([passage(TEXT)])
    one, _ = counting("one")
    other, counted = counting("other")
    nearness("return a lamp", "return a lamp", statements, one)
    nearness("return a lamp", "return a lamp", statements, other)
    assert len(counted.given) >= len(statements)


def test_only_so_many_vectors_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    embedder, tuned = counting("few")
    statements = statements_of([passage(TEXT)])
    nearness("return a lamp", "return a lamp", statements, embedder)
    tuned.given.clear()
    nearness("return a lamp", "return a lamp", statements[1:], embedder)
    assert tuned.given == ["return a lamp"], "only the question"
    nearness("return a lamp", "return a lamp", statements[:1], embedder)
    assert any("We like lamps" in text for text in tuned.given)


def test_what_stands_deep_in_a_long_passage_is_not_compared() -> None:
    text = " ".join(f"Lamp number {number} is a good lamp." for number in range(COMPARED_AT_MOST + 3))
    near = nearness("lamp", "lamp", statements_of([passage(text)]), TunedHashing())
    assert near is not None
    assert np.count_nonzero(near) == COMPARED_AT_MOST
    assert not near[COMPARED_AT_MOST:].any()


def test_a_long_passage_leaves_room_for_the_others() -> None:
    long = passage(" ".join(f"Lamp number {number} is a good lamp." for number in range(COMPARED_AT_MOST + 3)))
    short = passage("A lamp costs nine euros. A lamp lasts.", "b.md")
    near = nearness("lamp", "lamp", statements_of([long, short]), TunedHashing())
    assert near is not None
    assert near[-2:].all()
    assert np.count_nonzero(near) == COMPARED_AT_MOST


def test_what_was_forgotten_is_read_anew() -> None:
    embedder, tuned = counting("forgotten")
    for _ in range(2):
        nearness("lamp", "lamp", statements_of([passage("A lamp costs nine euros.")]), embedder)
        forget()
    assert sum("euros" in text for text in tuned.given) == 2


class Reader:
    """A fake that reads together: sure of what holds a word, and remembers what it read."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.read: list[tuple[str, str]] = []

    def logits(self, question: str, sentences: Sequence[str]) -> Vectors:
        self.read += [(question, sentence) for sentence in sentences]
        return np.array([90.0 if self.word in sentence else -90.0 for sentence in sentences], np.float32)


def test_what_a_reader_of_both_doubts_comes_less_near() -> None:
    embedder, statements = TunedHashing(), statements_of([passage("Return a lamp by post. Return a lamp in the shop.")])
    plain = nearness("return a lamp", "return a lamp", statements, embedder)
    embedder.cross_encoder = Reader("shop")
    near = nearness("return a lamp", "return a lamp", statements, embedder)
    assert plain is not None
    assert near is not None
    assert near == pytest.approx(plain * [1 - DOUBT, 1.0])


def test_only_the_nearest_are_read_together_and_the_others_doubted() -> None:
    embedder = TunedHashing()
    embedder.cross_encoder = reader = Reader("lamp")
    text = " ".join(["Return a lamp."] + [f"Return a number {number}." for number in range(READ_TOGETHER + 5)])
    statements = statements_of([passage(text)])
    near = nearness("return a lamp", "return a lamp", statements, embedder)
    assert near is not None
    assert near.argmax() == 0
    assert len(reader.read) == READ_TOGETHER
    nearness("return a lamp", "return a lamp", statements, embedder)
    assert len(reader.read) == READ_TOGETHER, "what was read is kept"


def test_a_question_that_leans_is_read_alone_and_joined() -> None:
    embedder = TunedHashing()
    embedder.cross_encoder = reader = Reader("hum")
    nearness("and hum?", "return a lamp and hum?", statements_of([passage("Lamps hum.")]), embedder)
    assert [question for question, _ in reader.read] == ["and hum?", "return a lamp and hum?"]


def test_the_same_text_of_two_documents_is_read_once() -> None:
    embedder = TunedHashing()
    embedder.cross_encoder = reader = Reader("lamp")
    statements = statements_of([passage("Return a lamp.", "old.md"), passage("Return a lamp.", "new.md")])
    near = nearness("a lamp?", "a lamp?", statements, embedder)
    assert near is not None
    assert near[0] == near[1]
    assert len(reader.read) == 1


def test_no_question_is_kept() -> None:
    """Who asks to be forgotten is not to stay in the memory of what was read."""
    embedder = TunedHashing()
    embedder.cross_encoder = Reader("lamp")
    forget()
    nearness(
        "is my lamp on the way, asks Ada",
        "is my lamp on the way, asks Ada",
        statements_of([passage("A lamp.")]),
        embedder,
    )
    assert len(module._logits._kept) == 1
    assert "Ada" not in repr(module._logits._kept) + repr(module._vectors._kept)
