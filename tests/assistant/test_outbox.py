"""The outbox: claimed by one, due again when its sender died, never dropped."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from assistant import outbox as outbox_module
from assistant.outbox import CLAIM_SECONDS, LONGEST_PAUSE_SECONDS, Outbox, pause_seconds
from assistant.store import Store, now, sqlite_url
from assistant.tickets import Tickets


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "frontdesk.sqlite3")
    else:
        url = request.getfixturevalue("new_database")().replace("postgresql://", "postgresql+pg8000://")
    store = Store(url)
    yield store
    store.close()


@pytest.fixture
def outbox(store: Store) -> Outbox:
    tickets = Tickets(store, channels=("webhook",))
    conversation = store.start_conversation()
    tickets.hand_over(conversation, store.start_turn(conversation, "A person"), reason="asked")
    return Outbox(store)


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    moment = now() + timedelta(seconds=seconds)
    monkeypatch.setattr(outbox_module, "now", lambda: moment)


def test_an_entry_is_claimed_by_one_and_due_again_when_its_sender_died(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = outbox.claim()
    assert first is not None
    assert outbox.claim() is None
    later(monkeypatch, CLAIM_SECONDS + 1)
    second = outbox.claim()
    assert second is not None
    assert (second.key, second.attempts) == (first.key, 2)


def test_a_fault_waits_longer_each_time_and_gives_up_visibly(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = outbox.claim()
    assert entry is not None
    assert outbox.fault(entry.key, "no answer", lasting=False) == "waiting"
    assert outbox.counts().error == "no answer"
    assert outbox.claim() is None
    later(monkeypatch, 4 * 86_400)
    assert outbox.claim() is not None
    assert outbox.fault(entry.key, "still no answer", lasting=False) == "failed"
    assert (outbox.counts().waiting, outbox.counts().failed) == (0, 1)
    assert outbox.claim() is None
    assert outbox.again() == 1
    assert outbox.claim() is not None


def test_a_lasting_fault_fails_at_once_and_a_sent_entry_is_done(outbox: Outbox) -> None:
    entry = outbox.claim()
    assert entry is not None
    assert outbox.fault(entry.key, "410 Gone", lasting=True) == "failed"
    outbox.sent(entry.key)
    assert outbox.counts().sent == 1
    assert outbox.again() == 0


def test_pauses_grow_to_an_hour() -> None:
    pauses = [pause_seconds(attempts) for attempts in range(1, 40)]
    assert pauses[:3] == [5.0, 10.0, 20.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_SECONDS
