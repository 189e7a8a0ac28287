from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agents.transcript import Answer, Finished, step_to_data
from assistant import reception
from assistant.store import Store, sqlite_url

ANSWER = Answer("30 days [1]", (), "answered", 0.9, "en", "scripted", 0.5, 0.1)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    url = sqlite_url(tmp_path / "frontdesk.sqlite3")
    if request.param == "postgresql":
        url = request.getfixturevalue("new_database")().replace("postgresql://", "postgresql+pg8000://")
    store = Store(url)
    yield store
    store.close()


def answered(store: Store, question: str, answer: Answer = ANSWER) -> tuple[str, int]:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, question)
    store.append_step(conversation, turn, step_to_data(Finished(answer)))
    return conversation, turn


def test_what_was_rated_comes_latest_first_and_each_turn_once(store: Store) -> None:
    first, second = answered(store, "How long?"), answered(store, "How much?")
    answered(store, "Nobody rates this")
    store.add_feedback(*first, rating="down")
    store.add_feedback(*second, rating="up")
    store.add_feedback(*first, rating="down", comment="It is 40 days")
    found = reception.rated(store, limit=10)
    assert [(one.question, one.rating, one.comment, one.answer) for one in found] == [
        ("How long?", "down", "It is 40 days", ANSWER.text),
        ("How much?", "up", "", ANSWER.text),
    ]
    assert reception.rated(store, limit=1) == found[:1]


def test_what_was_refused_comes_newest_first(store: Store) -> None:
    no = replace(ANSWER, text="I could not find it.", outcome="refused")
    answered(store, "Saxophone?", no)
    answered(store, "How long?")
    asked = answered(store, "Vouchers?", no)
    found = reception.refused(store, limit=10)
    assert [(one.question, one.outcome, one.rating) for one in found] == [
        ("Vouchers?", "refused", ""),
        ("Saxophone?", "refused", ""),
    ]
    assert (found[0].conversation, found[0].turn) == asked
