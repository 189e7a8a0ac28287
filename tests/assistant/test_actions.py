"""The log of writes and what waits, on a real SQLite file and on a real PostgreSQL server."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from agents.actions import Action, Change, Customer, Visitor
from agents.approvals import Pending
from assistant.actions import StoredActionLog, StoredApprovals, StoredVisitors
from assistant.errors import StoreError
from assistant.store import Store, sqlite_url

ACTION = Action("k1", "begun", "refund", {"order_number": "B-1", "备注": "好"}, "c1", "7")
PENDING = Pending("k1", "c1", "c1/t", "refund", {"order_number": "B-1"}, "Refund €5", "f" * 64, "7", "zh", True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        url = sqlite_url(tmp_path / "frontdesk.sqlite3")
    else:
        url = request.getfixturevalue("new_database")().replace("postgresql://", "postgresql+pg8000://")
    store = Store(url)
    yield store
    store.close()


def test_write_is_begun_once_and_ends(store: Store) -> None:
    log = StoredActionLog(store.engine)
    assert log.get("k1") is None
    assert log.begin(ACTION) is ACTION
    again = log.begin(replace(ACTION))
    assert again == ACTION
    log.finish("k1", change=Change("Done.", {"a": 1}, {"a": 2}))
    known = log.begin(replace(ACTION))
    assert (known.state, known.result, known.before, known.after) == ("done", "Done.", {"a": 1}, {"a": 2})
    assert known.arguments == ACTION.arguments
    log.begin(replace(ACTION, key="k2"))
    log.fail("k2", reason="too late")
    assert [one.state for one in log.of("c1")] == ["done", "failed"]
    with pytest.raises(StoreError):
        log.finish("k3", change=Change(""))


def test_of_many_who_begin_or_move_one_succeeds(store: Store) -> None:
    log, approvals = StoredActionLog(store.engine), StoredApprovals(store.engine)
    approvals.ask(PENDING)
    actions = [replace(ACTION) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        begun = list(pool.map(lambda action: log.begin(action) is action, actions))
        moved = list(pool.map(lambda _: approvals.move("k1", before="customer", after="operator"), range(8)))
    assert (sum(begun), sum(moved)) == (1, 1)


def test_approvals_are_kept_as_they_were_asked(store: Store) -> None:
    approvals = StoredApprovals(store.engine)
    approvals.ask(PENDING)
    approvals.ask(replace(PENDING, text="another"))
    assert approvals.get("k1") == PENDING
    assert approvals.open("c1") == (PENDING,)
    assert approvals.for_operators() == ()
    assert approvals.move("k1", before="customer", after="operator")
    assert [one.pending.key for one in approvals.for_operators()] == ["k1"]
    assert not approvals.move("k1", before="customer", after="approved")
    assert approvals.move("k1", before="operator", after="declined")
    assert approvals.open("c1") == ()


def test_visitors(store: Store) -> None:
    visitors = StoredVisitors(store.engine)
    assert visitors.load("c1") == Visitor()
    visitors.save("c1", Visitor(Customer("7", "Ada"), ("said",), 2))
    assert visitors.load("c1") == Visitor(Customer("7", "Ada"), (), 2)
