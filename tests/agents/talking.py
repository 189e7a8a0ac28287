"""A conversation that acts, on the demo's shop: a real database, the real loop, a scripted model."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver

from agents.actions import MemoryActionLog
from agents.approvals import MemoryApprovals, MemoryVisitors
from agents.asked import Acting
from agents.desk import MemoryDesk
from agents.errors import LoopsUnavailable
from agents.models import LoadedModel
from agents.models.scripted import ScriptedChat
from agents.owned import Ownership
from agents.tools import Tool
from agents.tools.company import load
from agents.transcript import Answer, ApprovalAsked, Finished, Message, Step, ToolReturned
from agents.turn import Request, Responder, ResponderOptions
from knowledge.library import Library

COMPANY = Path(__file__).parents[2] / "examples" / "brindlemoor"
OPTIONS = ResponderOptions(company="Brindlemoor", contact="help@example.com")


def rows(home: Path, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(home / "shop.sqlite3")) as shop:
        return shop.execute(statement, values).fetchall()


def order_in(home: Path, status: str, *, number: int = 0) -> tuple[str, str]:
    """Return an order's number and its customer's e-mail address."""
    found = rows(
        home,
        "SELECT order_number, email FROM orders JOIN customers USING (customer_id) WHERE status = ?"
        " ORDER BY order_number DESC",
        status,
    )
    return found[number]


def call(name: str, **arguments: Any) -> dict[str, Any]:
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


class Away(InMemorySaver):
    """A server of waiting loops that answers no more, at once or after so many questions."""

    answers: int | None = None

    def _asked(self) -> None:
        if self.answers is not None:
            self.answers -= 1
            if self.answers < 0:
                raise LoopsUnavailable("Waiting writes cannot be kept at postgresql://shop. Next: frontdesk doctor")

    def get_tuple(self, config: Any) -> Any:
        self._asked()
        return super().get_tuple(config)

    def put(self, *given: Any) -> Any:
        self._asked()
        return super().put(*given)

    def put_writes(self, *given: Any) -> None:
        self._asked()
        super().put_writes(*given)

    def delete_thread(self, thread_id: str) -> None:
        self._asked()
        super().delete_thread(thread_id)


@dataclass
class Talk:
    """One conversation with a scripted model; every turn is a responder of its own, as after a restart."""

    library: Library
    home: Path
    conversation: str = "c1"
    log: MemoryActionLog = field(default_factory=MemoryActionLog)
    approvals: MemoryApprovals = field(default_factory=MemoryApprovals)
    visitors: MemoryVisitors = field(default_factory=MemoryVisitors)
    saver: InMemorySaver = field(default_factory=InMemorySaver)
    desk: MemoryDesk = field(default_factory=MemoryDesk)
    owned: Ownership = field(default_factory=Ownership)
    tools: tuple[Tool, ...] = field(default_factory=lambda: load([str(COMPANY / "shop_tools.py")]))
    extra: tuple[Tool, ...] = ()
    signs_in: bool = True
    history: list[Message] = field(default_factory=list)
    results: list[tuple[str, str]] = field(default_factory=list)
    stepped: bool = False
    steps: list[Step] = field(default_factory=list)

    def steps_of(self, message: str, *replies: Any, stop: threading.Event | None = None, **more: Any) -> Iterator[Step]:
        tools = (*self.tools, *self.extra)
        acting = Acting(
            tools,
            self.log,
            self.approvals,
            self.visitors,
            self.saver,
            self.home,
            self.desk,
            owned=self.owned,
            signs_in=self.signs_in,
        )
        model = LoadedModel("scripted:test", ScriptedChat(replies), "native")
        request = Request(
            message,
            history=tuple(self.history),
            conversation=self.conversation,
            results=tuple(self.results),
            follows_tools=self.stepped,
            **more,
        )
        return Responder(self.library, model, OPTIONS, acting=acting).respond(request, stop=stop)

    def say(self, message: str, *replies: Any, **more: Any) -> Answer:
        self.steps = list(self.steps_of(message, *replies, **more))
        last = self.steps[-1]
        assert isinstance(last, Finished)
        self.history += [Message("user", message), Message("assistant", last.answer.text)]
        self.results += [(one.tool, one.content) for one in self.steps if isinstance(one, ToolReturned) and one.ok]
        self.stepped = any(isinstance(one, ToolReturned | ApprovalAsked) for one in self.steps)
        return last.answer

    def sign_in(self, order: str, email: str) -> None:
        answer = self.say(f"{order}, {email}", "Recognised.")
        assert self.visitors.load(self.conversation).customer is not None, answer


def status(home: Path, order: str) -> str:
    return str(rows(home, "SELECT status FROM orders WHERE order_number = ?", order)[0][0])


def returned_for_much(home: Path) -> tuple[str, str, str]:
    """Return order, e-mail address and article of a return whose refund the team must approve as well."""
    order, email, sku = rows(
        home,
        "SELECT order_number, email, sku FROM returns JOIN orders USING (order_number) JOIN customers"
        " USING (customer_id) WHERE returns.status = 'received' AND refund_cents > 5000",
    )[0]
    return order, email, sku
