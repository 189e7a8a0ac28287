"""What a conversation holds before a turn: whose words they were, and whether tools were used."""

from pathlib import Path

from agents.transcript import Acted, Answer, Finished, step_to_data
from assistant.past_turns import follows_tools, history
from assistant.store import Store, sqlite_url
from assistant.ticket_turns import say


def test_what_a_person_says_with_a_decision_is_theirs_and_the_tools_were_used_before_it(tmp_path: Path) -> None:
    store = Store(sqlite_url(tmp_path / "a.sqlite3"))
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "Refund it")
    store.append_step(conversation, turn, step_to_data(Acted("k", "refund", "Refunded.", "done")))
    done = Answer("Refunded.", (), "acted", 0.0, "en", "none", 0.1, 0.1)
    store.when_turns_end(lambda session, ended: say(session, ended, "As a courtesy."))
    store.append_step(conversation, turn, step_to_data(Finished(done)))
    assert [(message.role, message.content) for message in history(store, conversation, 3)] == [
        ("user", "Refund it"),
        ("assistant", "Refunded.\n\n(A person of our team wrote: “As a courtesy.”)"),
    ]
    assert follows_tools(store, conversation, 3)
    store.close()
