"""What a ticket says: read from the stored conversation, in the customer's words and the log's facts only.

conversation, steps -> summary, messages, contact
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.orm import Session

from agents import privacy
from agents.transcript import Answer, Language
from assistant.database import ActionRow, StepRow, TurnRow

PERSON = "person"
"""The `model` of an answer that a person wrote, and who holds a conversation that has an open ticket."""
SHOWN_PASSAGES = 3
Status = Literal["open", "returned", "closed"]
"""`returned`: the assistant went on with the matter; `closed`: it was settled."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """One hand-over."""

    number: str
    conversation: str
    turn: int
    """The turn in which it was made."""
    reason: str
    status: Status
    language: Language
    summary: Mapping[str, Any]
    """`asked` (the customer's words, oldest first), `tried` (searches and tools), `found`, `acted` (writes, each with
    its action's key and `done`, `failed` or `unknown`), `answered`; of a tool's ticket `written`, `keys`."""
    contact: str
    """An e-mail address or telephone number that the customer gave; "" when there is none."""
    customer: str
    """As the company's system names them; "" when nobody was recognised."""
    created_at: datetime
    returned_at: datetime | None
    """When it was returned or closed."""


@dataclass(frozen=True, slots=True)
class Line:
    """One message of the conversation behind a ticket."""

    who: Literal["customer", "assistant", "person"]
    text: str
    at: datetime


def ticket_data(ticket: Ticket) -> dict[str, Any]:
    """Return a ticket as JSON-ready data."""
    data = asdict(ticket)
    for key in ("created_at", "returned_at"):
        data[key] = data[key].isoformat() if data[key] else None
    return data


def line_data(line: Line) -> dict[str, Any]:
    """Return a message as JSON-ready data."""
    return message(line.who, line.text, line.at)


def summary(session: Session, row: TurnRow, said: Answer | None, *, but: str = "") -> dict[str, Any]:
    """Return what a person should know before reading all of it: words of the customer and facts of the log only.

    Args:
        but: the key of an action that is left out: the one that makes the ticket.
    """
    turns = session.scalars(
        select(TurnRow).where(TurnRow.conversation == row.conversation, TurnRow.turn <= row.turn).order_by(TurnRow.turn)
    )
    steps = session.scalars(
        select(StepRow).where(StepRow.conversation == row.conversation).order_by(StepRow.turn, StepRow.sequence)
    ).all()
    tried, found = [], []
    for step in steps:
        data = step.data
        if step.kind == "searched":
            places = [passage.get("document", "") for passage in data.get("passages", ())[:SHOWN_PASSAGES]]
            tried.append({"turn": step.turn, "step": "search", "what": data.get("query", "")})
            found.append({"turn": step.turn, "documents": places, "evidence": data.get("evidence", 0.0)})
        elif step.kind == "tool_called":
            tried.append({"turn": step.turn, "step": data["tool"], "what": data["arguments"]})
        elif step.kind == "tool_returned":
            found.append({"turn": step.turn, "tool": data["tool"], "ok": data["ok"], "result": data["content"]})
    return {
        "asked": [turn.question for turn in turns if turn.question],
        "tried": tried,
        "found": found,
        "acted": [_acted(action) for action in _actions(session, row.conversation) if action.key != but],
        "answered": said.outcome if said else "",
    }


def with_written(summary: Mapping[str, Any], entry: Mapping[str, str], *, key: str) -> dict[str, Any]:
    """Return a summary that also holds what the customer had written to the team, and the key of the action."""
    return {
        **summary,
        "written": [*summary.get("written", ()), dict(entry)],
        "keys": [*summary.get("keys", ()), key],
    }


def acted_lines(summary: Mapping[str, Any]) -> list[str]:
    """Return each write of a conversation in a line: what, how it ended, and its action's key."""
    return [
        f"{act['tool']} {act['arguments']}: {act['state']} (action {act['key']}) {act['result']}".rstrip()
        for act in summary.get("acted", ())
    ]


def written_lines(summary: Mapping[str, Any]) -> list[str]:
    """Return what the customer had written to the team, each in a line."""
    return [f"{entry['subject']}: {entry['text']}" for entry in summary.get("written", ())]


def _actions(session: Session, conversation: str) -> Sequence[ActionRow]:
    query = select(ActionRow).where(ActionRow.conversation == conversation).order_by(ActionRow.begun_at)
    return session.scalars(query).all()


def _acted(action: ActionRow) -> dict[str, Any]:
    """Return one write as a person reads of it; what was begun and has no end may have happened or not."""
    state = "unknown" if action.state == "begun" else action.state
    return {
        "tool": action.tool,
        "arguments": action.arguments,
        "state": state,
        "result": action.result,
        "key": action.key,
    }


def messages(session: Session, conversation: str) -> list[dict[str, Any]]:
    """Return what was said in a conversation so far, oldest first."""
    found = []
    ends = {
        step.turn: step.data
        for step in session.scalars(
            select(StepRow).where(StepRow.conversation == conversation, StepRow.kind == "finished")
        )
    }
    for turn in session.scalars(select(TurnRow).where(TurnRow.conversation == conversation).order_by(TurnRow.turn)):
        if turn.question:
            found.append(message("customer", turn.question, turn.started_at))
        answer = ends.get(turn.turn, {}).get("answer")
        if answer:
            who = "person" if answer["model"] == PERSON else "assistant"
            found.append(message(who, answer["text"], turn.ended_at or turn.started_at))
    return found


def message(who: str, text: str, at: datetime) -> dict[str, Any]:
    """Return one message as JSON-ready data."""
    return {"who": who, "text": text, "at": at.isoformat()}


def contact(texts: Sequence[str]) -> str:
    """Return the last address or number that the customer wrote; "" when there is none."""
    for text in reversed(texts):
        found = [span for span in privacy.find(text) if span.kind in ("email", "phone")]
        if found:
            return ", ".join(dict.fromkeys(text[span.start : span.end] for span in found))
    return ""


def shown_text(session: Session, row: TurnRow) -> str:
    """Return what a turn has shown of an answer."""
    query = select(StepRow).where(StepRow.conversation == row.conversation, StepRow.turn == row.turn)
    deltas = session.scalars(query.where(StepRow.kind == "delta").order_by(StepRow.sequence))
    return "".join(str(step.data["text"]) for step in deltas)
