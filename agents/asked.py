"""What the acting part of a turn is given, and how it ends.

Acting (shared by all turns) + Asked (one message) -> Ended
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from agents.actions import ActionLog, Customer
from agents.approvals import Approvals, OperatorDecision, Visitors, read_reply
from agents.desk import Desk
from agents.owned import Ownership
from agents.routing import IntentReader, Router
from agents.tools import Tool
from agents.transcript import (
    Citation,
    Language,
    Message,
    Outcome,
)

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver


@dataclass(frozen=True)
class Acting:
    """What a responder needs to act; shared by all turns."""

    tools: tuple[Tool, ...]
    """The company's tools, without the search of documents."""
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
    router: Router = field(init=False)

    def __post_init__(self) -> None:
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
        elif read_reply(message) is not None:
            pending = next(iter(self.approvals.open(conversation)), None)
        return pending.language if pending is not None and pending.conversation == conversation else None


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


@dataclass(frozen=True, slots=True)
class Ended:
    """How the acting part ended."""

    outcome: Outcome
    citations: tuple[Citation, ...] = ()
    evidence: float = 0.0
