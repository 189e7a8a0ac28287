from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.rates import Limits
from assistant.store import Store, sqlite_url
from assistant.ui.chat import Chat, TooOften
from assistant.ui.frame import Frame
from assistant.ui.texts import EN

EAGER = "203.0.113.7"


def test_ratings_and_comments_obey_the_limits_of_the_api(tmp_path: Path) -> None:
    store = Store(sqlite_url(tmp_path / "frontdesk.sqlite3"))
    application: Any = SimpleNamespace(
        library=None, store=store, turns=None, limits=Limits(of_conversation=2, of_address=9)
    )
    chat = Chat(application, Frame("Brindlemoor"))
    conversation = store.start_conversation(channel="browser", language="en")
    turn = store.start_turn(conversation, "How long?")
    store.append_step(conversation, turn, {"kind": "stopped"})
    chat.rate(conversation, turn, "up", EN, address=EAGER)
    chat.rate(conversation, turn, "up", EN, address=EAGER)  # the same thumb again is nothing new
    chat.comment(conversation, turn, "Too short.", EN, address=EAGER)
    with pytest.raises(TooOften):
        chat.comment(conversation, turn, "Far too short.", EN, address=EAGER)
    with pytest.raises(TooOften):
        chat.rate(conversation, turn, "up", EN, address=EAGER)
    kept = store.transcript(conversation)[0].feedback
    store.close()
    assert kept is not None
    assert (kept.rating, kept.comment) == ("down", "Too short.")
