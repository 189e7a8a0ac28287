"""Kills a process at each boundary of the hand-over of a write whose end nobody knows, and goes on in another one.

    python killed_hand_overs.py FOLDER STEP -> one line of JSON for each boundary

Real: the stores, the checkpoints, the tickets, the loop. Fakes: the tool, which breaks halfway, the model (a script)
and the library (empty). A boundary lies before and after each write of the app to a database.
"""

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from sqlalchemy import select

from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.prompts import acting as words
from assistant.app import Application
from assistant.database import OutboxRow
from assistant.settings import Settings
from assistant.tickets import Tickets
from tests.assistant.killed_turns import MOST_BOUNDARIES, WRITES, EmptyLibrary, call, child, kill_at, say

TOOL = """
from agents.actions import Change, Preview
from agents.tools import Tool, ToolContext


def preview_move(context: ToolContext, parcel: str) -> Preview:
    return Preview(f"Move {parcel}.")


def move(context: ToolContext, parcel: str) -> Change:
    \"\"\"Move a parcel.\"\"\"
    raise OSError("the line is cut")


TOOLS = (Tool(move, effect="write", preview=preview_move, examples=("Move my parcel",)),)
"""
BOUNDARIES = (*WRITES, (Tickets, ("hand_over",)))


def opened(home: Path) -> Application:
    replies = [{"when": "^Move", **call("move", parcel="P-10015")}, {"when": ".", "text": "Anything else?"}]
    settings = Settings(
        home=home,
        tools=(str(home / "tool.py"),),
        embedder="hashing",
        ticket_webhook_url="https://desk.example.com/",
    )
    model = LoadedModel("scripted:test", ScriptedChat(replies), "native")
    return Application(settings, library=EmptyLibrary(), model=model)  # type: ignore[arg-type]


def ask(home: Path) -> None:
    application = opened(home)
    conversation = application.store.start_conversation()
    (home / "conversation.txt").write_text(conversation)
    assert say(application, conversation, "Move P-10015", home / "asked.txt") == "awaiting_approval"
    application.close()


def first(home: Path, number: int) -> None:
    application = opened(home)
    application.turns  # noqa: B018  what is written at the start is none of the hand-over's
    kill_at(number, writes=BOUNDARIES)
    say(application, (home / "conversation.txt").read_text(), "Yes, do it", home / "asked.txt")


def second(home: Path) -> None:
    """Start the server anew, and once more; who asked says yes again where it waits again."""
    conversation = (home / "conversation.txt").read_text()
    application = opened(home)
    application.settle_cut_off()
    wait(application, conversation)
    if any(one.stage == "customer" for one in application.approvals.open(conversation)):
        say(application, conversation, "Yes, do it", home / "asked.txt")
    application.close()
    application = opened(home)
    application.settle_cut_off()
    wait(application, conversation)
    turns = application.store.transcript(conversation)
    with application.store.reading() as session:
        events = [row.event for row in session.scalars(select(OutboxRow).order_by(OutboxRow.id))]
    data = {
        "statuses": sorted({turn.status for turn in turns}),
        "tickets": [ticket.summary["acted"] for ticket in application.tickets.all()],
        "events": events,
        "told": [words.UNKNOWN["en"] in turn.text for turn in turns if turn.status == "finished"].count(True),
        "stages": [one.stage for key in _keys(application, conversation) if (one := application.approvals.get(key))],
    }
    (home / "left.json").write_text(json.dumps(data))


def wait(application: Application, conversation: str) -> None:
    for turn in application.store.transcript(conversation):
        list(application.turns.subscribe(conversation, turn.turn))


def _keys(application: Application, conversation: str) -> list[str]:
    assert application.acting is not None
    return [action.key for action in application.acting.log.of(conversation)]  # type: ignore[attr-defined]


def main(folder: Path, *, step: int) -> None:
    before = folder / "before"
    before.mkdir(parents=True)
    (before / "tool.py").write_text(TOOL, encoding="utf-8")
    assert child(lambda: ask(before)) == 0
    for number in range(1, MOST_BOUNDARIES, step):
        home = folder / f"home-{number}"
        shutil.copytree(before, home)
        completed = not os.WIFSIGNALED(child(lambda: first(home, number)))  # noqa: B023  it is over before the next
        status = child(lambda: second(home))  # noqa: B023  likewise
        left: dict[str, Any] = json.loads((home / "left.json").read_text()) if status == 0 else {}
        print(json.dumps({"number": number, "completed": completed, "status": status, **left}), flush=True)
        if completed:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), step=int(sys.argv[2]))
