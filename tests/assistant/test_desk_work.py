"""Replies, notes and ends: each once, whoever is faster."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from assistant import desk_entries
from assistant.desk_work import DeskWork
from assistant.errors import Forestalled, NotStored, StoreError
from assistant.retention import forget
from assistant.store import Store, sqlite_url
from assistant.ticket_turns import say
from assistant.tickets import Tickets

KEY = "k" * 24


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    yield store
    store.close()


@pytest.fixture
def conversation(store: Store) -> str:
    return store.start_conversation()


@pytest.fixture
def number(store: Store, conversation: str) -> str:
    turn = store.start_turn(conversation, "A person please")
    return Tickets(store).hand_over(conversation, turn, reason="asked")


@pytest.fixture
def work(store: Store) -> DeskWork:
    return DeskWork(store)


def said(store: Store, conversation: str) -> list[str]:
    return [turn.text for turn in store.transcript(conversation)][1:]


def test_a_reply_that_is_sent_again_arrives_once(work: DeskWork, store: Store, number: str, conversation: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        turns = set(pool.map(lambda _: work.reply(number, "Hello", by="Ada", key=KEY, seen=1), range(16)))
    assert turns == {2}
    assert said(store, conversation) == ["Hello"]
    assert store.transcript(conversation)[-1].answer["model"] == "person"  # type: ignore[index]
    with store.reading() as session:
        (entry,) = desk_entries.of_conversation(session, conversation)
        assert (entry.kind, entry.operator, entry.turn, entry.about) == ("replied", "Ada", 2, number)


def test_of_two_who_reply_at_once_the_slower_is_told_and_may_then_send_it(
    work: DeskWork, store: Store, number: str, conversation: str
) -> None:
    def reply(name: str) -> str:
        try:
            work.reply(number, f"Hello, {name} here", by=name, key=name * 12, seen=1)
        except Forestalled as error:
            return f"{error.by} {error.did}"
        return ""

    with ThreadPoolExecutor(2) as pool:
        told = dict(zip(["Ada", "Ben"], pool.map(reply, ["Ada", "Ben"]), strict=True))
    slower, faster = ("Ben", "Ada") if told["Ben"] else ("Ada", "Ben")
    assert told == {slower: f"{faster} replied", faster: ""}
    assert said(store, conversation) == [f"Hello, {faster} here"]
    assert work.reply(number, "And this", by=slower, key=slower * 12, seen=2) == 3


def test_what_the_customer_writes_meanwhile_holds_no_reply_up(
    work: DeskWork, store: Store, number: str, conversation: str
) -> None:
    Tickets(store).add_message(conversation, store.start_turn(conversation, "Are you there?"))
    assert work.reply(number, "Yes", by="Ada", seen=1) == 3


@pytest.mark.parametrize("does", ["reply", "end"])
def test_ones_own_word_with_a_decision_holds_nothing_of_ones_own_up(
    work: DeskWork, store: Store, number: str, conversation: str, does: str
) -> None:
    with store.writing() as session:
        turn = say(session, conversation, "As a courtesy.")
        desk_entries.add(session, KEY, kind="said", about="w", conversation=conversation, by="Ada", turn=turn)
    with pytest.raises(Forestalled, match="Ada has replied"):
        work.reply(number, "Anything else?", by="Ben", seen=1)
    if does == "reply":
        assert work.reply(number, "Anything else?", by="Ada", seen=1) == 3
    else:
        assert work.end(number, by="Ada", status="closed", seen=1).status == "closed"


@pytest.mark.parametrize("ends", [("returned", "closed"), ("closed", "returned"), ("closed", "closed")])
def test_a_ticket_ends_once_and_the_slower_is_told_who_ended_it(
    work: DeskWork, store: Store, number: str, conversation: str, ends: Any
) -> None:
    first, second = ends
    work.end(number, by="Ada", status=first)
    assert work.end(number, by="Ada", status=first).status == first
    with pytest.raises(Forestalled) as slower:
        work.end(number, by="Ben", status=second)
    assert (slower.value.by, slower.value.did) == ("Ada", first)
    with pytest.raises(Forestalled, match="out of the blue"):
        work.reply(number, "Too late", by="Ben", key=KEY, seen=5)
    assert len(said(store, conversation)) == 1
    assert Tickets(store).is_held(conversation) is False
    assert work.note(number, "Kept all the same", by="Ben") > 0


def test_an_end_waits_until_everything_was_read(work: DeskWork, store: Store, number: str, conversation: str) -> None:
    work.reply(number, "Which lamp?", by="Ben", seen=1)
    with pytest.raises(Forestalled, match="Ben has replied") as slower:
        work.end(number, by="Ada", status="closed", seen=1)
    assert (slower.value.by, slower.value.did) == ("Ben", "replied")
    Tickets(store).add_message(conversation, store.start_turn(conversation, "The red one"))
    with pytest.raises(Forestalled, match="customer has written") as unread:
        work.end(number, by="Ada", status="closed", seen=2)
    assert (unread.value.by, unread.value.did) == ("customer", "wrote")
    assert work.end(number, by="Ada", status="closed", seen=3).status == "closed"
    assert work.end(number, by="Ada", status="closed", seen=1).status == "closed"


def test_the_assistant_answers_beside_a_tools_ticket_so_its_end_waits_for_nothing(
    work: DeskWork, store: Store, conversation: str
) -> None:
    store.end_turn(conversation, store.start_turn(conversation, "Tell them"), "failed")
    written = Tickets(store).write(conversation, subject="a lamp hums", text="at night", key="a" * 24)
    store.start_turn(conversation, "And how long is the warranty?")
    assert work.end(written, by="Ada", status="closed", seen=1).status == "closed"


def test_the_customer_is_told_how_it_ended_in_their_language(work: DeskWork, store: Store) -> None:
    for question, status, words in (
        ("A person please", "returned", "you can ask the assistant again"),
        ("A person please", "closed", "has finished with ticket"),
        ("转人工", "closed", "已处理完工单"),
    ):
        conversation = store.start_conversation()
        number = Tickets(store).hand_over(conversation, store.start_turn(conversation, question), reason="asked")
        work.end(number, by="Ada", status=status)  # type: ignore[arg-type]
        assert words in said(store, conversation)[-1]


def test_a_note_is_kept_once_for_colleagues_alone(work: DeskWork, store: Store, number: str, conversation: str) -> None:
    assert work.note(number, " Look at the shelf ", by="Ada", key=KEY) == work.note(number, "again", by="Ada", key=KEY)
    assert said(store, conversation) == []
    with store.reading() as session:
        (entry,) = desk_entries.of_conversation(session, conversation)
        assert (entry.kind, entry.text) == ("noted", "Look at the shelf")
    with pytest.raises(StoreError, match="something else already"):
        work.reply(number, "Hello", by="Ada", key=KEY)


def test_bad_input_changes_nothing(work: DeskWork, store: Store, number: str, conversation: str) -> None:
    for text in ("", " \n", "x" * 10_001):
        with pytest.raises(StoreError, match="1 to 10,000 characters"):
            work.reply(number, text, by="Ada")
        with pytest.raises(StoreError, match="1 to 10,000 characters"):
            work.note(number, text, by="Ada")
    with pytest.raises(NotStored):
        work.reply("483-9206", "Hello", by="Ada")
    assert said(store, conversation) == []


def test_forgetting_a_conversation_forgets_its_notes(
    work: DeskWork, store: Store, number: str, conversation: str
) -> None:
    work.note(number, "A secret of the customer", by="Ada")
    assert forget(store, [conversation]).rows["desk_entry"] == 1
