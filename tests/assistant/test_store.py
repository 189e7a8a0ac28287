"""The store: numbering, the end of a turn, transcripts, migrations, and processes that died."""

import shutil
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text

from assistant import store as store_module
from assistant.errors import NotStored, StoreError
from assistant.store import Store, sqlite_url

ANSWER = {"text": "Within 30 days [1].", "citations": [], "outcome": "answered", "model": "none"}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "frontdesk.sqlite3"


@pytest.fixture
def store(file: Path) -> Iterator[Store]:
    store = Store(sqlite_url(file))
    yield store
    store.close()


def test_conversation_ids_are_long_and_distinct(store: Store) -> None:
    ids = {store.start_conversation() for _ in range(20)}
    assert len(ids) == 20
    assert all(len(identity) >= 22 for identity in ids)


def test_a_conversation_keeps_channel_and_language(store: Store) -> None:
    kept = store.conversation(store.start_conversation(channel="api", language="zh"))
    assert (kept.channel, kept.language) == ("api", "zh")
    assert kept.started_at.tzinfo is not None


def test_turns_and_steps_are_numbered_from_one(store: Store) -> None:
    conversation = store.start_conversation()
    assert [store.start_turn(conversation, "a"), store.start_turn(conversation, "b")] == [1, 2]
    assert [store.append_step(conversation, 2, {"kind": "delta", "text": letter}) for letter in "xy"] == [1, 2]
    assert store.append_step(conversation, 1, {"kind": "searched"}) == 1
    assert [step.data["text"] for step in store.steps(conversation, 2, after=1)] == ["y"]


def test_a_terminal_step_ends_the_turn_and_nothing_follows_it(store: Store) -> None:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "How long?")
    assert store.status(conversation, turn) == "running"
    store.append_step(conversation, turn, {"kind": "finished", "answer": ANSWER})
    assert store.status(conversation, turn) == "finished"
    with pytest.raises(StoreError, match="has ended"):
        store.append_step(conversation, turn, {"kind": "delta", "text": "more"})
    store.end_turn(conversation, turn, "failed")
    assert store.status(conversation, turn) == "finished"
    assert len(store.steps(conversation, turn)) == 1


def test_the_transcript_holds_answer_text_feedback(store: Store) -> None:
    conversation = store.start_conversation()
    first = store.start_turn(conversation, "How long?")
    store.append_step(conversation, first, {"kind": "delta", "text": "Within"})
    store.append_step(conversation, first, {"kind": "finished", "answer": ANSWER})
    second = store.start_turn(conversation, "And then?")
    store.append_step(conversation, second, {"kind": "delta", "text": "Send it "})
    store.append_step(conversation, second, {"kind": "delta", "text": "back"})
    store.end_turn(conversation, second, "stopped")
    store.add_feedback(conversation, first, rating="up")
    store.add_feedback(conversation, first, rating="down", comment="wrong page")
    one, two = store.transcript(conversation)
    assert (one.status, one.answer, one.text) == ("finished", ANSWER, "Within 30 days [1].")
    assert one.feedback is not None
    assert (one.feedback.rating, one.feedback.comment) == ("down", "wrong page")
    assert (two.status, two.answer, two.text, two.feedback) == ("stopped", None, "Send it back", None)
    assert two.ended_at is not None
    assert two.ended_at >= two.started_at


def test_a_turn_keeps_the_few_words_that_it_begins_with(store: Store) -> None:
    conversation = store.start_conversation()
    text = "30 days [1]\nYou have 30 days. [1]"
    for pieces, end in (
        (({"kind": "delta", "text": "x"},), {"kind": "finished", "answer": ANSWER}),
        ((), {"kind": "finished", "answer": {**ANSWER, "text": text, "pointed": "30 days"}}),
        (
            ({"kind": "short_answer", "text": "30 days"}, {"kind": "delta", "text": "30 days [1]\n"}),
            {"kind": "stopped"},
        ),
    ):
        turn = store.start_turn(conversation, "How long?")
        for data in (*pieces, end):
            store.append_step(conversation, turn, data)
    older, finished, stopped = store.transcript(conversation)
    assert (older.pointed, finished.pointed, stopped.pointed) == ("", "30 days", "30 days")
    assert (finished.text, stopped.text) == (text, "30 days [1]\n")


def test_what_was_stored_with_a_folder_of_this_machine_is_read_without(store: Store) -> None:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "How long?")
    answer = {**ANSWER, "model": "gguf:/home/ada/models/ours.gguf"}
    store.append_step(conversation, turn, {"kind": "finished", "answer": answer})
    (step,), (told,) = store.steps(conversation, turn), store.transcript(conversation)
    assert told.answer == step.data["answer"] == {**ANSWER, "model": "gguf:ours.gguf"}


def test_a_failed_turn_tells_its_reference(store: Store) -> None:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "?")
    store.append_step(conversation, turn, {"kind": "failed", "reference": "abc123"})
    assert store.transcript(conversation)[0].reference == "abc123"


def test_text_that_no_database_can_hold_is_mended(store: Store) -> None:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "a\0b\ud800c 你好")
    store.append_step(conversation, turn, {"kind": "delta", "text": "x\ud83d 好"})
    assert store.transcript(conversation)[0].question == "ab?c 你好"
    assert store.steps(conversation, turn)[0].data["text"] == "x? 好"


def test_what_does_not_exist_is_refused(store: Store) -> None:
    conversation = store.start_conversation()
    for call in (
        lambda: store.start_turn("nobody", "?"),
        lambda: store.transcript("nobody"),
        lambda: store.conversation("nobody"),
        lambda: store.append_step(conversation, 1, {"kind": "delta"}),
        lambda: store.add_feedback(conversation, 1, rating="up"),
        lambda: store.status(conversation, 7),
    ):
        with pytest.raises(NotStored):
            call()


def test_many_threads_number_without_gaps(store: Store) -> None:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "?")

    def write() -> None:
        for _ in range(10):
            store.append_step(conversation, turn, {"kind": "delta", "text": "."})

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [step.sequence for step in store.steps(conversation, turn)] == list(range(1, 41))


def test_the_file_is_private_and_in_write_ahead_mode(store: Store, file: Path) -> None:
    store.start_conversation()
    with sqlite3.connect(file) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()
    if sys.platform != "win32":
        assert file.stat().st_mode & 0o077 == 0


def test_opening_again_keeps_everything(file: Path) -> None:
    first = Store(sqlite_url(file))
    conversation = first.start_conversation()
    first.close()
    second = Store(sqlite_url(file))
    assert second.transcript(conversation) == ()
    second.close()


def test_turns_of_a_dead_process_are_ended_and_those_of_a_living_one_are_not(file: Path) -> None:
    script = (
        "import os, sys; from assistant.store import Store\n"
        "store = Store(sys.argv[1]); c = store.start_conversation(); store.start_turn(c, '?')\n"
        "store.append_step(c, 1, {'kind': 'delta', 'text': 'half'}); print(c, flush=True); sys.stdin.readline()\n"
        "os._exit(9)"
    )
    url = sqlite_url(file)
    with subprocess.Popen(
        [sys.executable, "-c", script, url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        conversation = process.stdout.readline().strip()
        store = Store(url)
        assert store.interrupted() == ()
        process.stdin.write("\n")
        process.stdin.close()
        process.wait(timeout=10)
    assert store.interrupted() == ((conversation, 1),)
    turn = store.transcript(conversation)[0]
    assert (turn.status, turn.text) == ("failed", "half")
    assert turn.reference
    assert store.interrupted() == ()
    assert list((file.parent / "frontdesk.sqlite3.owners").iterdir()) == []
    store.close()


def test_its_own_turns_are_not_interrupted(store: Store) -> None:
    store.start_turn(store.start_conversation(), "?")
    assert store.interrupted() == ()


def test_without_a_file_silence_tells_who_died(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    conversation = store.start_conversation()
    store.start_turn(conversation, "?")
    monkeypatch.setattr(store, "_owner", "another")
    monkeypatch.setattr(store, "_file", None)
    assert store.interrupted() == ()
    monkeypatch.setattr(store_module, "SILENCE_SECONDS", -1)
    assert store.interrupted() == ((conversation, 1),)


def test_check_reports_a_database_that_is_gone(store: Store, file: Path) -> None:
    store.check()
    with sqlite3.connect(file) as connection:
        for table in ("feedback", "step", "turn", "conversation"):
            connection.execute(f"DROP TABLE {table}")
    connection.close()
    with pytest.raises(StoreError, match="Next: frontdesk doctor"):
        store.check()


def test_check_reports_a_disk_that_is_full(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading goes on then, so a monitor would see nothing."""
    monkeypatch.setattr(shutil, "disk_usage", lambda place: SimpleNamespace(free=4096 if place.is_dir() else 1 << 40))
    with pytest.raises(StoreError, match=r"disk .* is full.*Next: free some space"):
        store.check()


def test_many_threads_may_begin_at_once(store: Store) -> None:
    conversation = store.start_conversation()
    with ThreadPoolExecutor(6) as pool:
        turns = list(pool.map(lambda _: store.start_turn(conversation, "?"), range(12)))
    assert sorted(turns) == list(range(1, 13))


def test_a_turn_is_ended_once_and_keeps_its_reference(store: Store) -> None:
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "?")
    store.end_turn(conversation, turn, "failed", reference="abc")
    store.end_turn(conversation, turn, "failed", reference="def")
    assert [step.data for step in store.steps(conversation, turn)] == [{"kind": "failed", "reference": "abc"}]


def test_what_a_customer_wrote_stands_in_no_error_nor_its_traceback(store: Store) -> None:
    conversation = store.start_conversation()
    with store.writing() as session:
        session.execute(text("CREATE TRIGGER full BEFORE INSERT ON turn BEGIN SELECT RAISE(ABORT, 'disk full'); END"))
    with pytest.raises(StoreError, match="disk full") as caught:
        store.start_turn(conversation, f"I am ill, my PIN is {40 + 7}11")  # the traceback shows this line too
    logged = "".join(traceback.format_exception(caught.value))
    assert "INSERT INTO turn" in logged
    assert "4711" not in logged
