"""Keys of operators, and where they are signed in."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.orm import Session

from assistant import operators as operators_module
from assistant.errors import NotStored, StoreError
from assistant.operators import KeyRefused, Operators
from assistant.store import Store, now, sqlite_url


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    yield store
    store.close()


@pytest.fixture
def operators(store: Store) -> Operators:
    return Operators(store)


def later(monkeypatch: pytest.MonkeyPatch, by: timedelta) -> None:
    at: datetime = now() + by
    monkeypatch.setattr(operators_module, "now", lambda: at)


def test_a_key_opens_until_its_day_and_is_nowhere_in_the_file(
    operators: Operators, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    key = operators.add(" Ada  Byron ", days=30)
    operator, token = operators.sign_in(f" {key}\n")
    assert operator.name == "Ada Byron"
    assert operators.of_session(token) == operator
    with sqlite3.connect(tmp_path / "frontdesk.sqlite3") as database:
        stored = "\n".join(database.iterdump())
    database.close()
    assert key not in stored
    assert token not in stored
    later(monkeypatch, timedelta(days=31))
    with pytest.raises(
        KeyRefused, match=r"Ada Byron was good until .* Next: frontdesk operators renew 'Ada Byron'"
    ) as no:
        operators.sign_in(key)
    assert (no.value.why, no.value.name) == ("expired", "Ada Byron")


@pytest.mark.parametrize("key", ["", "x", "desk-" + "A" * 32, "\ud800"])
def test_a_wrong_key_opens_nothing(operators: Operators, key: str) -> None:
    operators.add("Ada")
    with pytest.raises(KeyRefused, match="Next: frontdesk operators list") as refused:
        operators.by_key(key)
    assert refused.value.why == "unknown"


def test_a_session_ends_with_the_day_the_key_the_person_and_by_itself(
    operators: Operators, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = operators.add("Ada")
    tokens = [operators.sign_in(key)[1] for _ in range(3)]
    operators.sign_out(tokens[0])
    assert [operators.of_session(token) is not None for token in tokens] == [False, True, True]
    new = operators.renew("ada")
    assert operators.of_session(tokens[1]) is None
    with pytest.raises(KeyRefused):
        operators.sign_in(key)
    _, token = operators.sign_in(new)
    assert operators.remove("ADA") == "Ada"
    assert operators.of_session(token) is None
    with pytest.raises(KeyRefused):
        operators.by_key(new)
    _, token = operators.sign_in(operators.add("Ben"))
    later(monkeypatch, timedelta(hours=operators_module.SESSION_HOURS, seconds=1))
    assert operators.of_session(token) is None
    assert operators.of_session("") is None


class Interrupted:
    """A store in which something else happens right before the next change."""

    def __init__(self, store: Store, before: Callable[[], object]) -> None:
        self.reading, self._store, self._before = store.reading, store, before

    @property
    def writing(self) -> Callable[[], AbstractContextManager[Session]]:
        self._before()
        return self._store.writing


@pytest.mark.parametrize("change", [Operators.renew, Operators.remove])
def test_a_key_that_is_taken_back_while_it_is_entered_begins_no_session(
    store: Store, operators: Operators, change: Callable[..., str]
) -> None:
    key = operators.add("Ada")
    slow: Any = Interrupted(store, lambda: change(operators, "Ada"))
    with pytest.raises(KeyRefused):
        Operators(slow).sign_in(key)


@pytest.mark.parametrize("name", ["", "  ", "a" * 65, "A\x1bda", "A\u202eda"])
def test_a_name_that_cannot_be_read_is_refused(operators: Operators, name: str) -> None:
    with pytest.raises(StoreError, match=r"printable.*Next: "):
        operators.add(name)
    assert operators.all() == ()


def test_names_that_read_the_same_are_one_person(operators: Operators) -> None:
    operators.add("Zoë")
    with pytest.raises(StoreError, match=r"already\. Next: frontdesk operators renew 'Zoë'"):
        operators.add("ZOË")
    for act in (operators.renew, operators.remove):
        with pytest.raises(NotStored, match="Next: frontdesk operators list"):
            act("Ada")
    for name in ("Owner", "CUSTOMER"):
        with pytest.raises(StoreError, match=f"'{name}' stands for somebody else here"):
            operators.add(name)
    with pytest.raises(StoreError, match="1 to 3650 days"):
        operators.add("Ada", days=0)
    assert [one.name for one in operators.all()] == ["Zoë"]
