import numpy as np
import pytest

from knowledge.conversation import MOST_REMEMBERED, Conversation, Meanings, conversation_of
from knowledge.embedders import Vectors
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.questions import Spoken


class Counting(HashingEmbedder):
    """Counts the texts that it places."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = 0

    def embed(self, texts: list[str]) -> Vectors:
        self.texts += len(texts)
        return super().embed(texts)


class Narrow(HashingEmbedder):
    """All its cosines lie between 0.7 and 1."""

    def embed(self, texts: list[str]) -> Vectors:
        own = super().embed(texts) * np.sqrt(0.3)
        return np.hstack([own, np.full((len(texts), 1), np.sqrt(0.7))]).astype(np.float32)


def test_messages_are_sorted_by_who_spoke() -> None:
    history = [Spoken("system", "Be kind."), Spoken("user", "Open?"), Spoken("assistant", " "), Spoken("user", "When?")]
    assert conversation_of(history) == Conversation(questions=("Open?", "When?"))
    assert conversation_of(history).previous == "When?"
    assert Conversation().previous == ""


def test_only_the_latest_are_remembered() -> None:
    history = [Spoken("assistant", f"Answer {n}.") for n in range(100)]
    answers = conversation_of(history).answers
    assert answers == tuple(f"Answer {n}." for n in range(100 - MOST_REMEMBERED, 100))


def test_an_answer_is_placed_once() -> None:
    embedder = Counting()
    meanings = Meanings(embedder)
    first = meanings.of_answers(["nine to six", "5 euros"])
    assert embedder.texts == 2
    again = meanings.of_answers(["5 euros", "nine to six", "5 euros"])
    assert embedder.texts == 2
    assert np.array_equal(again, first[[1, 0, 1]])


def test_the_topic_is_what_was_answered_last() -> None:
    meanings = Meanings(HashingEmbedder())
    topic = meanings.topic(Conversation(questions=("a", "b"), answers=("warranty", "lamp", "lamp", "lamp")))
    assert topic is not None
    assert float(topic @ meanings.of_question("lamp")) == pytest.approx(1.0)
    asked = meanings.topic(Conversation(questions=("parcel",)))
    assert asked is not None
    assert float(asked @ meanings.of_question("parcel")) == pytest.approx(1.0)
    assert meanings.topic(Conversation()) is None
    assert meanings.topic(Conversation(answers=("…",))) is None


def test_the_floor_follows_the_embedder() -> None:
    assert abs(Meanings(HashingEmbedder()).floor) < 0.3
    assert 0.65 < Meanings(Narrow()).floor < 0.85


def test_a_name_gives_way_to_another_of_its_kind() -> None:
    spoken = conversation_of([Spoken("user", "T10吸力多少")])
    assert (spoken.beside("那T20呢"), spoken.beside("那水箱呢")) == (" 吸力多少", "T10吸力多少")
