"""Kills a process at each boundary of a turn in turn, goes on in another one, and says what became of it.

    python killed_turns.py SHOP FOLDER FIRST STEP -> one line of JSON for each boundary

Real: the stores, the checkpoints, the shop, the loop. Fakes: the model (a script) and the library (empty). A boundary
lies before and after each write of the app to a database.
"""

import functools
import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from langgraph.checkpoint.sqlite import SqliteSaver

from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from assistant.actions import StoredActionLog, StoredApprovals, StoredVisitors
from assistant.app import Application
from assistant.settings import Settings
from assistant.store import Store
from knowledge.embedders.hashing import HashingEmbedder
from knowledge.passages import Retrieval, Signals
from knowledge.retrieval import RetrievalOptions

COMPANY = Path(__file__).parents[2] / "examples" / "brindlemoor"
WRITES = (
    (SqliteSaver, ("put", "put_writes")),
    (StoredActionLog, ("begin", "finish")),
    (StoredApprovals, ("ask", "move")),
    (StoredVisitors, ("save",)),
    (Store, ("start_turn", "append_step")),
)
TELEPHONE = "555 0147 33"
MOST_BOUNDARIES = 400
TRIES = 4


class EmptyLibrary:
    embedder = HashingEmbedder()
    reranker = None
    retrieval_options = RetrievalOptions()

    def search(self, question: str, **_: Any) -> Retrieval:
        return Retrieval(question, (), 0.0, Signals(0.0, 0.0, 0.0, None), weights={}, seconds=0.0)


def call(name: str, **arguments: str) -> dict[str, Any]:
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


def opened(home: Path, order: str, email: str) -> Application:
    replies = [
        {"when": f"{email}$", **call("find_customer", order_number=order, email=email)},
        {"when": "^Call me", **call("book_call_back", telephone=TELEPHONE, day="2026-11-03", part="morning")},
        {"when": ".", "text": "Anything else?"},
    ]
    settings = Settings(home=home, tools=(str(COMPANY / "shop_tools.py"),), embedder="hashing")
    model = LoadedModel("scripted:test", ScriptedChat(replies), "native")
    return Application(settings, library=EmptyLibrary(), model=model)  # type: ignore[arg-type]


def kill_at(number: int, *, writes: Sequence[tuple[type, Sequence[str]]] = WRITES) -> Callable[[], int]:
    """Kill this process at a boundary of these writes; return what counts them."""
    count = 0

    def boundary() -> None:
        nonlocal count
        count += 1
        if count == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def bounded(function: Any) -> Any:
        @functools.wraps(function)
        def called(*arguments: Any, **named: Any) -> Any:
            boundary()
            result = function(*arguments, **named)
            boundary()
            return result

        return called

    for owner, names in writes:
        for name in names:
            setattr(owner, name, bounded(getattr(owner, name)))
    return lambda: count


def say(application: Application, conversation: str, message: str, asked: Path) -> str:
    turn = application.turns.start(conversation, message)
    with asked.open("a", encoding="utf-8") as file:
        file.write(f"{turn}\n")
        file.flush()
        os.fsync(file.fileno())
    last = list(application.turns.subscribe(conversation, turn))[-1].data
    return str(last["answer"]["outcome"]) if last["kind"] == "finished" else str(last["kind"])


def converse(application: Application, conversation: str, asked: Path, *, messages: tuple[str, ...]) -> list[str]:
    return [say(application, conversation, message, asked) for message in messages]


def child(work: Callable[[], None]) -> int:
    """Run in a forked process and return how it ended, as `os.wait` says."""
    process = os.fork()
    if process == 0:
        try:
            work()
        except BaseException:  # noqa: BLE001  the child ends here, whatever it was
            import traceback

            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    return os.waitpid(process, 0)[1]


def booked(home: Path) -> int:
    with closing(sqlite3.connect(home / "shop.sqlite3")) as shop:
        if not shop.execute("SELECT 1 FROM sqlite_master WHERE name = 'call_backs'").fetchone():
            return 0
        return int(shop.execute("SELECT count(*) FROM call_backs").fetchone()[0])


def run_one(number: int, shop: Path, home: Path) -> dict[str, Any]:
    home.mkdir()
    shutil.copy(shop, home / "shop.sqlite3")
    with closing(sqlite3.connect(shop)) as connection:
        order, email = connection.execute(
            "SELECT order_number, email FROM orders JOIN customers USING (customer_id) WHERE status = 'delivered'"
        ).fetchone()
    asked, told = home / "asked.txt", home / "told.json"
    asked.touch()
    messages = (f"My order {order}, {email}", f"Call me back on {TELEPHONE}, order {order}", "Yes, do it")

    def first() -> None:
        application = opened(home, order, email)
        conversation = application.store.start_conversation()
        (home / "conversation.txt").write_text(conversation)
        counted = kill_at(number)
        converse(application, conversation, asked, messages=messages)
        told.write_text(json.dumps({"boundaries": counted()}))

    def second() -> None:
        conversation = (home / "conversation.txt").read_text()
        application = opened(home, order, email)
        application.turns  # noqa: B018  made now: turns of the dead process are ended
        outcomes: list[str] = []
        for _ in range(TRIES):
            before = booked(home)
            waits = any(one.stage == "customer" for one in application.approvals.open(conversation))
            outcomes += converse(application, conversation, asked, messages=("Yes, do it",))
            if before or booked(home) or "handed_over" in outcomes:
                break
            if not waits:
                outcomes += converse(application, conversation, asked, messages=messages[:2])
        turns = application.store.transcript(conversation)
        data = {
            "outcomes": outcomes,
            "kept": [turn.turn for turn in turns],
            "statuses": sorted({turn.status for turn in turns}),
            "actions": [one.state for one in application.acting.log.of(conversation)],  # type: ignore[union-attr]
        }
        told.write_text(json.dumps(data))

    status = child(first)
    if not os.WIFSIGNALED(status):
        return {"number": number, "completed": True, "booked": booked(home), "status": status}
    recovered = child(second)
    result = json.loads(told.read_text()) if told.exists() else {}
    lines = [int(line) for line in asked.read_text().splitlines()]
    shown = SimpleNamespace(number=number, completed=False, booked=booked(home), status=recovered, asked=lines)
    return {**vars(shown), **result}


def main(shop: Path, folder: Path, *, first: int, step: int) -> None:
    for number in range(first, MOST_BOUNDARIES, step):
        result = run_one(number, shop, folder / f"home-{number}")
        print(json.dumps(result), flush=True)
        if result["completed"]:
            return


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), first=int(sys.argv[3]), step=int(sys.argv[4]))
