"""The server's own thread: tickets leave, old conversations go, faults do not end it."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import chores as chores_module
from assistant.chores import Chores
from assistant.delivery import Places
from assistant.errors import StoreError
from assistant.outbox import Outbox
from assistant.store import Store, sqlite_url
from assistant.tickets import Tickets


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    yield store
    store.close()


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chores_module, "LOOK_SECONDS", 0.02)


def until(condition: object) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if condition():  # type: ignore[operator]
            return
        time.sleep(0.02)
    pytest.fail("it did not happen")


@pytest.mark.usefixtures("quick")
def test_tickets_that_wait_are_tried(store: Store) -> None:
    places = Places(webhook_url="http://127.0.0.1:9/", webhook_secret="a-secret-of-many")
    tickets = Tickets(store, channels=places.channels)
    conversation = store.start_conversation()
    number = tickets.hand_over(conversation, store.start_turn(conversation, "x"), reason="asked")
    chores = Chores(store, places=places, keep_days=0)
    until(lambda: Outbox(store).of_ticket(number)[0].error)
    chores.close()


@pytest.mark.usefixtures("quick")
def test_a_fault_ends_nothing_and_a_sweep_runs_once_a_day(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    sent, swept = [], []

    def fail(*_: object) -> int:
        sent.append(1)
        raise (StoreError("busy"), RuntimeError("a bug"))[len(sent) % 2]

    monkeypatch.setattr(chores_module, "deliver_due", fail)
    monkeypatch.setattr(
        chores_module.retention,
        "sweep",
        lambda _store, keep_days, waits_at: swept.append(keep_days) or chores_module.retention.Forgotten((), {}),
    )
    chores = Chores(store, places=Places(webhook_url="http://127.0.0.1:9/"), keep_days=30)
    until(lambda: len(sent) > 3)
    chores.close()
    assert swept == [30]
