"""What the acting part of a turn is given, and how it ends.

Acting (shared by all turns) + Asked (one message) -> Ended

Beside that, what is noted of a write without a word to the customer.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from agents.actions import ActionLog, Customer, Visitor
from agents.approvals import Approvals, OperatorDecision, Pending, Visitors, asks_for_a_moment, read_reply
from agents.desk import Desk
from agents.errors import LoopsUnavailable
from agents.owned import Ownership
from agents.routing import IntentReader, Router
from agents.tools import IDENTIFIES, Tool
from agents.transcript import Acted, Citation, Language, Message, Outcome

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Acting:
    """What a responder needs to act; shared by all turns."""

    tools: tuple[Tool, ...]
    """The company's tools, without the search of documents; only those that can ever be run."""
    log: ActionLog
    approvals: Approvals
    visitors: Visitors
    saver: "BaseCheckpointSaver[Any]"
    home: Path = Path()
    desk: Desk | None = None
    """Where tools open tickets."""
    opens_tickets: bool = True
    """Whether a hand-over opens its ticket at that desk; not where whoever runs the turns sees to it."""
    questions: tuple[str, ...] = ()
    """Questions for the documents that the company offers: more that is not for the tools."""
    intents: IntentReader | None = None
    """The company's own intents, where it trained some and said what they lead to."""
    owned: Ownership = field(default_factory=Ownership)
    """Whose the values are that tools returned, in all conversations of this process."""
    signs_in: bool = True
    """Whether the company's site can say who a customer is, by signed sessions."""
    router: Router = field(init=False)

    def __post_init__(self) -> None:
        if not self.signs_in and all(tool.name != IDENTIFIES for tool in self.tools):
            object.__setattr__(self, "tools", tuple(tool for tool in self.tools if not tool.identified))
        object.__setattr__(self, "router", Router(self.tools, questions=self.questions, intents=self.intents))

    @property
    def writes(self) -> bool:
        """Whether any tool changes something."""
        return any(tool.effect == "write" for tool in self.tools)

    def language_of_waiting(
        self, conversation: str, *, message: str, answers: str = "", decision: OperatorDecision | None = None
    ) -> Language | None:
        """Return the language in which the write was shown that a message answers; None when it answers none."""
        pending = None
        if decision is not None or answers:
            pending = self.approvals.get(decision.key if decision else answers)
        elif read_reply(message) is not None or asks_for_a_moment(message):
            pending = next(iter(self.approvals.open(conversation)), None)
        return pending.language if pending is not None and pending.conversation == conversation else None

    def visitor(self, asked: "Asked") -> Visitor:
        """Return who talks, with all that they said."""
        visitor = self.visitors.load(asked.conversation)
        if asked.customer is not None:
            visitor.customer = asked.customer
        earlier = [one.content for one in asked.history if one.role == "user"]
        visitor.said = (*earlier, asked.message)
        return visitor

    def can_go_on(self, pending: Pending) -> bool:
        """Say whether the place where a write's loop waits can be read now; asked before anything is decided."""
        try:
            self.saver.get_tuple({"configurable": {"thread_id": pending.thread}})
        except LoopsUnavailable as error:
            logger.error("the write %s cannot go on now", pending.key, exc_info=error)
            return False
        return True

    def settle(self, pending: Pending) -> Acted | None:
        """Return what became of an approved write that was cut off; it is to be told, and then noted.

        Returns:
            None where nothing was begun: it waits as before it was approved. What was begun and has no end is unknown.
        """
        action = self.log.get(pending.key)
        if action is None:
            self.approvals.move(pending.key, before="approved", after="operator" if pending.operator else "customer")
            return None
        state: Literal["done", "failed", "unknown"] = "unknown" if action.state == "begun" else action.state
        return Acted(pending.key, pending.tool, "" if state == "unknown" else action.result, state)

    def note(self, acted: Acted) -> None:
        """Note what an approved write has come to, once its customer was told or it was handed over."""
        self.approvals.move(acted.key, before="approved", after=acted.state)

    def let_go(self, thread: str) -> None:
        """Delete where a loop stopped that nothing will go on with; what cannot be deleted now harms nobody."""
        try:
            self.saver.delete_thread(thread)
        except LoopsUnavailable as error:
            logger.warning("what the loop %s left stays", thread, exc_info=error)


@dataclass(frozen=True, slots=True)
class Asked:
    """A message to act on, and what is known of its conversation."""

    message: str
    conversation: str
    history: tuple[Message, ...]
    language: Language
    audiences: tuple[str, ...]
    collections: tuple[str, ...]
    results: tuple[tuple[str, str], ...] = ()
    """What tools returned in earlier turns: (tool, text)."""
    follows_tools: bool = False
    """Whether the turn before used tools."""
    answers: str = ""
    """The key of the write that a button answers; "" for a typed message."""
    unseen: bool = False
    """Whether it was sent before the turn before had its answer, so that it cannot answer what that asks."""
    customer: Customer | None = None
    """By a session that the company signed."""
    decision: OperatorDecision | None = None

    @property
    def transcript(self) -> str:
        """What was said, with this message, in a line of JSON each."""
        said = [*self.history, Message("user", self.message)]
        return "\n".join(json.dumps({"role": one.role, "content": one.content}, ensure_ascii=False) for one in said)

    def follows_deed(self, tools: Sequence[Tool]) -> bool:
        """Say whether the last answer told what one of the tools did, and asked nothing: a second yes is for that."""
        last = next((one.content for one in reversed(self.history) if one.role == "assistant"), "")
        writes = {tool.name for tool in tools if tool.effect == "write"}
        told = any(text and text in last for tool, text in self.results if tool in writes)
        return told and not last.rstrip().endswith(("?", "？"))


@dataclass(frozen=True, slots=True)
class Ended:
    """How the acting part ended."""

    outcome: Outcome
    citations: tuple[Citation, ...] = ()
    evidence: float = 0.0
    unknown: tuple[Acted, ...] = ()
    """Writes whose end nobody knows, to be noted as soon as the turn's end has been taken in."""
