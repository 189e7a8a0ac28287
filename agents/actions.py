"""What a tool call that changes something is made of: who it is for, what would be done, what was done.

    arguments -> Preview (nothing is changed yet) -> approval -> Change(before, after) -> ActionLog

The guarantees live here and in `agents.tools`, never in a prompt. Nothing here knows a model, a screen or a database.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

ActionState = Literal["begun", "done", "failed"]
How = Literal["order_and_email", "session"]


@dataclass(frozen=True, slots=True)
class Customer:
    """Somebody whose identity is established; personal data of nobody else may be read or changed."""

    id: str
    """As the company's own system names them."""
    name: str = ""
    how: How = "order_and_email"
    """By what it was established: an order's number with the e-mail address, or a session that the company signed."""


@dataclass(slots=True)
class Visitor:
    """Who is talking in a conversation: nobody known, until a tool or a signed session establishes it."""

    customer: Customer | None = None
    said: tuple[str, ...] = ()
    """All that this visitor wrote in this conversation, oldest first: what writes may be drawn from."""
    failed_attempts: int = 0
    """Tries to be recognised that did not match, in this conversation."""


@dataclass(frozen=True, slots=True)
class Preview:
    """What a write would do, worked out without doing it."""

    text: str
    """For the customer, in their language, with every amount, date and address: exactly what a yes approves."""
    operator: bool = False
    """Whether a person of the company must approve as well."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a write did."""

    text: str
    """For the model and the customer."""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    """What was changed, as it was and as it is: JSON-ready."""


@dataclass(frozen=True, slots=True)
class Action:
    """One write, as the log has it."""

    key: str
    """The same for every try of the same write: doing it twice has the effect of once."""
    state: ActionState
    """`begun` without `done` after a restart means that nobody knows whether it happened: hand over."""
    tool: str
    arguments: Mapping[str, Any]
    conversation: str
    customer: str
    result: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)


class ActionLog(Protocol):
    """Where writes are noted before and after they are done; durable before it returns."""

    def begin(self, action: Action) -> Action:
        """Note a write that is about to be done and return `action` itself; where the key is known already, change
        nothing and return what is known of it, as another object.
        """
        ...

    def get(self, key: str) -> Action | None:
        """Return what is known of a write; None when it was never begun."""
        ...

    def finish(self, key: str, *, change: Change) -> None:
        """Note that it was done."""
        ...

    def fail(self, key: str, *, reason: str) -> None:
        """Note that it was refused and changed nothing."""
        ...


class MemoryActionLog:
    """An action log that lasts as long as its process: for tests, trials and evaluations."""

    def __init__(self) -> None:
        self.actions: dict[str, Action] = {}

    def begin(self, action: Action) -> Action:
        """Note the write, or return the one with this key."""
        return self.actions.setdefault(action.key, action)

    def get(self, key: str) -> Action | None:
        """Return what is known of a write."""
        return self.actions.get(key)

    def finish(self, key: str, *, change: Change) -> None:
        """Note what was done."""
        self.actions[key] = replace(
            self.actions[key], state="done", result=change.text, before=change.before, after=change.after
        )

    def fail(self, key: str, *, reason: str) -> None:
        """Note the refusal."""
        self.actions[key] = replace(self.actions[key], state="failed", result=reason)
