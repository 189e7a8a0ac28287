import json
from pathlib import Path

from assistant.store import Store, sqlite_url
from tests.assistant.command_line import Run


def test_ratings_comments_and_refusals_are_shown(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "frontdesk-home"
    home.mkdir()
    assert run("feedback")[1] == "Nobody has rated an answer.\n"
    assert run("feedback", "--refused")[1] == "No question was refused.\n"
    store = Store(sqlite_url(home / "frontdesk.sqlite3"))
    conversation = store.start_conversation()
    turn = store.start_turn(conversation, "piano,\x1b[2J 45 min?")
    store.add_feedback(conversation, turn, rating="down", comment="It is\n124 euros")
    store.close()
    code, out, _ = run("feedback")
    assert code == 0
    assert "  not helpful\n  Question: piano,�[2J 45 min?\n  Comment: It is 124 euros\n" in out
    (one,) = json.loads(run("feedback", "--json")[1])["feedback"]
    assert (one["rating"], one["comment"], one["turn"]) == ("down", "It is\n124 euros", turn)
