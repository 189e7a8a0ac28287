"""Forgetting: every table, every byte, and nobody else's."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from agents.actions import Action, Customer, Visitor
from agents.approvals import Pending
from assistant import retention
from assistant.actions import StoredActionLog, StoredApprovals, StoredVisitors
from assistant.database import ActionRow, ConversationRow, TurnRow
from assistant.desk_work import DeskWork
from assistant.errors import NotStored, StoreError
from assistant.store import Store, now, sqlite_url
from assistant.tickets import Tickets

SECRET = "xylophone-lemon-4711"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "frontdesk.sqlite3"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, file: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        url = sqlite_url(file)
    else:
        url = request.getfixturevalue("new_database")().replace("postgresql://", "postgresql+pg8000://")
    store = Store(url)
    yield store
    store.close()


def filled(store: Store, words: str, *, customer: str = "") -> str:
    """Return a conversation with steps, feedback, a ticket and mail on its way."""
    tickets = Tickets(store, channels=("webhook", "email"))
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, words)
    store.append_step(conversation, turn, {"kind": "delta", "text": words})
    tickets.hand_over(conversation, turn, reason="asked", customer=customer)
    store.add_feedback(conversation, turn, rating="down", comment=words)
    return conversation


def bytes_of(file: Path) -> bytes:
    return b"".join(path.read_bytes() for path in file.parent.glob(file.name + "*") if path.is_file())


def test_a_customers_bytes_are_gone_from_the_files_and_others_stay(store: Store, file: Path) -> None:
    gone = filled(store, f"{SECRET} mail ada@example.com " * 50)
    kept = filled(store, "kept-words mail bob@example.com")
    sqlite = store.engine.dialect.name == "sqlite"
    assert not sqlite or SECRET.encode() in bytes_of(file)
    found = retention.find(store, "Ada@Example.com")
    assert found == (gone,)
    planned = retention.count(store, found)
    done = retention.forget(store, found)
    assert done == planned
    assert done.rows == {"conversation": 1, "turn": 1, "step": 4, "feedback": 1, "ticket": 1, "outbox": 2}
    assert SECRET.encode() not in bytes_of(file)
    assert b"ada@example.com" not in bytes_of(file)
    assert not sqlite or b"kept-words" in bytes_of(file)
    assert store.transcript(kept)
    with pytest.raises(NotStored):
        store.transcript(gone)


def test_a_customer_is_found_by_id_and_a_conversation_by_its_own(store: Store) -> None:
    mine = filled(store, "x", customer="C-1042")
    filled(store, "x", customer="C-10423")
    assert retention.find(store, "C-1042") == (mine,)
    assert retention.find(store, mine) == (mine,)


@pytest.mark.parametrize(
    "other", ["xada@example.com", "ada@example.com.au", "ada@example.community", "a_da@example.com"]
)
def test_an_address_that_only_contains_the_one_asked_for_is_somebody_elses(store: Store, other: str) -> None:
    filled(store, f"mail {other}")
    with pytest.raises(NotStored, match=r"No conversation is of .*Next: "):
        retention.find(store, "ada@example.com")


def test_an_address_at_the_end_of_a_sentence_is_found(store: Store) -> None:
    mine = filled(store, "我的邮箱是ada@example.com。谢谢")
    also = filled(store, "Write to ada@example.com.")
    assert set(retention.find(store, "ada@example.com")) == {mine, also}


def test_whom_nobody_knows_is_one_clear_message(store: Store) -> None:
    with pytest.raises(NotStored, match=r"'nobody@example.com'\. Next: "):
        retention.find(store, "nobody@example.com")
    with pytest.raises(StoreError, match=r"too short.*Next: "):
        retention.find(store, "@a")


def test_a_customer_whose_id_is_short_can_be_forgotten(store: Store) -> None:
    mine, _other = filled(store, "x", customer="7"), filled(store, "7 lamps, please", customer="77")
    assert retention.find(store, "7") == (mine,)
    with pytest.raises(StoreError, match=r"too short.*Next: "):
        retention.find(store, " ")


def test_an_address_in_a_comment_on_an_answer_is_found(store: Store) -> None:
    mine = filled(store, "x")
    store.add_feedback(mine, 1, rating="down", comment="Wrong! Write to Ada@example.com instead")
    filled(store, "y")
    assert retention.find(store, "ada@example.com") == (mine,)


def age(store: Store, conversation: str, days: int) -> None:
    moment = now() - timedelta(days=days)
    with store.writing() as session:
        session.execute(update(ConversationRow).where(ConversationRow.id == conversation).values(started_at=moment))
        session.execute(update(TurnRow).where(TurnRow.conversation == conversation).values(started_at=moment))


def answered(store: Store) -> str:
    conversation = store.start_conversation()
    store.end_turn(conversation, store.start_turn(conversation, "x"), "stopped")
    return conversation


def test_a_sweep_forgets_what_is_too_old_and_no_open_ticket(store: Store) -> None:
    old, fresh, open_ticket = answered(store), answered(store), filled(store, "A person")
    retention.sweep(store, keep_days=30)  # a server that looks every day
    for conversation in (old, open_ticket):
        age(store, conversation, 31)
    age(store, fresh, 29)
    assert retention.sweep(store, keep_days=0).conversations == ()
    assert retention.sweep(store, keep_days=30).conversations == (old,)
    assert store.transcript(fresh)
    assert store.transcript(open_ticket)


def test_a_clock_that_is_far_ahead_deletes_nothing(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    if store.file is None:
        pytest.skip("a server has a clock of its own")
    kept = [answered(store) for _ in range(3)]
    retention.sweep(store, keep_days=30)
    monkeypatch.setattr(retention, "now", lambda: now() + timedelta(days=3650))
    for _ in range(2):
        with pytest.raises(StoreError, match=r"clock .* nothing was deleted yet.*Next: set the clock"):
            retention.sweep(store, keep_days=30)
    assert all(store.transcript(conversation) for conversation in kept)
    assert set(retention.sweep(store, keep_days=30, clock_is_right=True).conversations) == set(kept)


def test_a_sweep_leaves_what_waits_for_the_team(store: Store) -> None:
    approvals = StoredApprovals(store.engine)
    waits, settled = answered(store), answered(store)
    retention.sweep(store, keep_days=30)  # a server that looks every day
    for conversation in (waits, settled):
        approvals.ask(Pending(f"k-{conversation}", conversation, "t", "refund", {}, "€5", "f", "7", "en", True))
        age(store, conversation, 31)
    approvals.move(f"k-{waits}", before="customer", after="operator")
    approvals.move(f"k-{settled}", before="customer", after="withdrawn")
    assert retention.sweep(store, keep_days=30).conversations == (settled,)


def test_what_was_done_in_no_stored_conversation_is_found_and_swept(store: Store) -> None:
    """A talk in the terminal; and what a turn still writes while its conversation is forgotten."""
    log, visitors = StoredActionLog(store.engine), StoredVisitors(store.engine)
    for name in ("terminal-old", "terminal-new"):
        log.begin(Action(f"k-{name}", "begun", "refund", {}, name, "7"))
        visitors.save(name, Visitor(Customer("7", "Ada", how="session")))
    assert retention.find(store, "terminal-old") == ("terminal-old",)
    with store.writing() as session:
        long_ago = now() - timedelta(days=31)
        session.execute(update(ActionRow).where(ActionRow.conversation == "terminal-old").values(begun_at=long_ago))
    assert retention.sweep(store, keep_days=30).rows == {"action": 1, "visitor": 1}
    assert retention.find(store, "7") == ("terminal-new",)


def test_a_conversation_that_goes_on_is_not_old(store: Store) -> None:
    conversation = answered(store)
    age(store, conversation, 100)
    store.start_turn(conversation, "still here")
    assert retention.sweep(store, keep_days=30).conversations == ()


def test_every_table_with_a_conversation_is_swept() -> None:
    from assistant.database import Base

    tables = {table.name for table in retention._tables()}
    assert tables >= {"conversation", "turn", "step", "feedback", "ticket", "outbox"}
    assert tables == {name for name, table in Base.metadata.tables.items() if name in tables}


def test_an_address_that_only_people_of_the_company_wrote_is_found(store: Store) -> None:
    by_note, by_reply, other = (filled(store, "A person please") for _ in range(3))
    numbers = {ticket.conversation: ticket.number for ticket in Tickets(store).all()}
    work = DeskWork(store)
    work.note(numbers[by_note], "Rang from the shop.\nada@example.com is hers", by="Ben")
    work.reply(numbers[by_reply], "I write to you:\nADA@example.com", by="Ben")
    work.reply(numbers[other], "I write to you at xada@example.com", by="Ben")
    assert set(retention.find(store, "ada@example.com")) == {by_note, by_reply}


@pytest.mark.parametrize("words", ["ada@example.com", "ada@example.com, and a person please"])
def test_an_address_that_a_message_begins_with_is_found(store: Store, words: str) -> None:
    mine = filled(store, words)
    assert retention.find(store, "ada@example.com") == (mine,)
