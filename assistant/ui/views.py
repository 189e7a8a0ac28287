"""A turn as the page shows it: its step log folded into what a reader needs.

    stored steps -> TurnView

A view is made from the log alone, so a running turn, a finished one and one that is drawn again after a reload are the
same thing at different lengths.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assistant.store import StoredStep
from assistant.ticket_contents import PERSON

Status = Literal["running", "finished", "stopped", "failed"]
TERMINAL: Mapping[str, Status] = {"finished": "finished", "stopped": "stopped", "failed": "failed"}
WAITING = frozenset({"customer", "team_next", "team"})
"""States of a write that somebody must still decide."""


@dataclass(slots=True)
class TurnView:
    """One question and what has become of it so far."""

    number: int
    question: str
    since: str = ""
    """When it was asked: tells it from the turn of this number in another conversation."""
    status: Status = "running"
    text: str = ""
    """The answer as far as it is written; the final text once the turn is finished."""
    pointed: str = ""
    """The few words that `text` begins with, on a line of their own; "" when it begins otherwise."""
    answer: Mapping[str, Any] | None = None
    """The finished answer as stored, with its citations; None before, and when there is none."""
    reference: str = ""
    """For a failed turn: what finds its line in the log."""
    ticket: str = ""
    """The number of the ticket that this turn made; "" when it made none."""
    steps: list[Mapping[str, Any]] = field(default_factory=list)
    """Searches, thoughts and tool calls, in order."""
    rating: Literal["up", "down"] | None = None
    comment: str = ""
    states: dict[str, str] = field(default_factory=dict)
    """How the writes of the conversation stand, by key, as far as its steps tell; shared by its views."""
    sequence: int = 0
    """The number of the last step taken in: a subscriber goes on after it."""

    @property
    def running(self) -> bool:
        return self.status == "running"

    @property
    def outcome(self) -> str:
        """The answer's outcome; "" while there is no answer."""
        return str(self.answer["outcome"]) if self.answer else ""

    @property
    def from_person(self) -> bool:
        """Whether a person wrote this, and not the assistant."""
        return self.answer is not None and bool(self.answer["model"] == PERSON)

    @property
    def citations(self) -> list[Mapping[str, Any]]:
        return list(self.answer["citations"]) if self.answer else []

    def citation(self, number: int) -> Mapping[str, Any] | None:
        """Return the citation that the marker `[number]` stands for."""
        return next((citation for citation in self.citations if citation["number"] == number), None)

    def add(self, step: StoredStep) -> None:
        """Take in the next step of the log."""
        self.sequence, data = step.sequence, step.data
        kind = str(data["kind"])
        if kind == "delta":
            self.text += str(data["text"])
        elif kind == "short_answer":
            self.pointed = str(data["text"])
        elif kind == "handed_over":
            self.ticket = str(data["ticket"])
        elif kind in TERMINAL:
            self._end(kind, data)
        else:
            self.steps.append(data)
            self._note(kind, data)

    def _note(self, kind: str, data: Mapping[str, Any]) -> None:
        """Keep how a write stands."""
        if kind == "approval_asked":
            self.states[str(data["key"])] = "team_next" if data["operator"] else "customer"
        elif kind == "approval_decided":
            key, decision = str(data["key"]), str(data["decision"])
            waits = data["by"] == "customer" and decision == "approved" and self.states.get(key) == "team_next"
            self.states[key] = "team" if waits else decision
        elif kind == "acted":
            self.states[str(data["key"])] = str(data["state"])

    @property
    def awaits_approval(self) -> bool:
        """Whether a write that this turn was about waits for somebody; where it names none, whether any does."""
        keys = {str(step["key"]) for step in self.steps if step["kind"] == "approval_decided"} or set(self.states)
        return any(self.states.get(key) in WAITING for key in keys)

    @property
    def asked(self) -> Mapping[str, Any] | None:
        """The write that this turn ended with asking for; None when it asked for none."""
        return next((step for step in reversed(self.steps) if step["kind"] == "approval_asked"), None)

    def _end(self, kind: str, data: Mapping[str, Any]) -> None:
        self.status = TERMINAL[kind]
        self.reference = str(data.get("reference", ""))
        answer = data.get("answer")
        if answer is not None:
            self.answer = answer
            self.text = str(answer["text"])
            self.pointed = str(answer.get("pointed", ""))


def replay(view: TurnView, steps: Iterable[StoredStep]) -> TurnView:
    """Return `view` after taking in `steps`."""
    for step in steps:
        view.add(step)
    return view
