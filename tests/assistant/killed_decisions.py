"""Kills a process at each boundary of a decision, goes on in another one, and says what became of it.

    python killed_decisions.py SHOP FOLDER FIRST STEP approved|declined -> one line of JSON for each boundary

Real: the stores, the checkpoints, the shop, the loop. Fakes: the model (a script) and the library (empty). A boundary
lies before and after each write of the app to a database.
"""

import json
import os
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from assistant.actions import StoredActionLog
from assistant.app import Application
from assistant.decisions import Decisions
from assistant.settings import Settings
from assistant.ticket_contents import PERSON
from tests.assistant.killed_turns import COMPANY, MOST_BOUNDARIES, EmptyLibrary, call, child, kill_at, say

WORD = "As a courtesy."
OPERATOR = "Ada"
RETURNED = """SELECT order_number, email, sku FROM returns JOIN orders USING (order_number)
JOIN customers USING (customer_id) WHERE returns.status = 'received' AND refund_cents > 5000 ORDER BY return_id"""

REFUNDED = "SELECT count(*) FROM returns WHERE status = 'refunded'"


def opened(home: Path) -> Application:
    with closing(sqlite3.connect(home / "asked_for.sqlite3")) as shop:  # as it was before anything was done
        order, email, article = shop.execute(RETURNED).fetchone()
    replies = [
        {"when": f"{email}$", **call("find_customer", order_number=order, email=email)},
        {"when": "^Refund", **call("order_status", order_number=order)},
        {"when": r"^Order .*\n(?:.*\n)*Return of", **call("refund", order_number=order, article=article)},
        {"when": ".", "text": "Anything else?"},
    ]
    settings = Settings(home=home, tools=(str(COMPANY / "shop_tools.py"),), embedder="hashing")
    model = LoadedModel("scripted:test", ScriptedChat(replies), "native")
    return Application(settings, library=EmptyLibrary(), model=model)  # type: ignore[arg-type]


def ask_for_a_refund(home: Path) -> None:
    with closing(sqlite3.connect(home / "shop.sqlite3")) as shop:
        order, email, _ = shop.execute(RETURNED).fetchone()
    application = opened(home)
    conversation = application.store.start_conversation()
    for message in (f"My order is {order}, {email}", f"Refund {order}", "Yes, do it"):
        say(application, conversation, message, home / "asked.txt")
    application.close()


def decide(application: Application, *, approved: bool) -> None:
    """Have the operator approve what waits, with a word, or decline it without one."""
    decisions = Decisions(application.store, application.approvals, application.turns)
    for waits in application.approvals.for_operators():
        decisions.decide(waits.pending.key, approved=approved, by=OPERATOR, text=WORD if approved else "")


def wait(application: Application, conversation: str) -> None:
    for turn in application.store.transcript(conversation):
        list(application.turns.subscribe(conversation, turn.turn))


def first(home: Path, conversation: str, number: int, *, approved: bool) -> None:
    application = opened(home)
    application.turns  # noqa: B018  what is written at the start is none of the decision's
    counted = kill_at(number)
    decide(application, approved=approved)
    wait(application, conversation)
    (home / "told.json").write_text(json.dumps({"boundaries": counted()}))


def second(home: Path, conversation: str, *, approved: bool) -> None:
    """Start the server anew; the operator decides again where the write waits again."""
    application = opened(home)
    application.settle_cut_off()
    wait(application, conversation)
    waits_again = bool(application.approvals.for_operators())
    decide(application, approved=approved)
    wait(application, conversation)
    turns = application.store.transcript(conversation)
    tail = [turn for turn in turns if not turn.question]
    log = StoredActionLog(application.store.engine)
    data = {
        "waits_again": waits_again,
        "waits": bool(application.approvals.for_operators()),
        "told": [turn.text for turn in tail if turn.answer and turn.answer["model"] == PERSON],
        "shown": [turn.text for turn in tail],
        "statuses": sorted({turn.status for turn in turns}),
        "actions": [one.state for one in log.of(conversation)],
        "tickets": len(application.tickets.all(status="open")),
    }
    (home / "told.json").write_text(json.dumps(data))


def run_one(number: int, before: Path, home: Path, *, approved: bool) -> dict[str, Any]:
    shutil.copytree(before, home)
    with closing(sqlite3.connect(home / "frontdesk.sqlite3")) as database:
        conversation = str(database.execute("SELECT id FROM conversation").fetchone()[0])
    status = child(lambda: first(home, conversation, number, approved=approved))
    completed = not os.WIFSIGNALED(status)
    if not completed:
        status = child(lambda: second(home, conversation, approved=approved))
    told = json.loads((home / "told.json").read_text()) if (home / "told.json").exists() else {}
    with closing(sqlite3.connect(home / "shop.sqlite3")) as shop:
        refunded = shop.execute(REFUNDED).fetchone()[0]
    with closing(sqlite3.connect(home / "asked_for.sqlite3")) as shop:
        refunded -= shop.execute(REFUNDED).fetchone()[0]
    return {"number": number, "completed": completed, "status": status, "refunded": refunded, **told}


def main(shop: Path, folder: Path, *, first: int, step: int, approved: bool) -> None:
    before = folder / "before"
    before.mkdir(parents=True)
    for name in ("shop.sqlite3", "asked_for.sqlite3"):
        shutil.copy(shop, before / name)
    assert child(lambda: ask_for_a_refund(before)) == 0
    for number in range(first, MOST_BOUNDARIES, step):
        result = run_one(number, before, folder / f"home-{number}", approved=approved)
        print(json.dumps(result), flush=True)
        if result["completed"]:
            return


if __name__ == "__main__":
    shop, folder, first_boundary, boundaries, decision = sys.argv[1:]
    main(Path(shop), Path(folder), first=int(first_boundary), step=int(boundaries), approved=decision == "approved")
