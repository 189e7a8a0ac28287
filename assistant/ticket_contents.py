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
from assistant.database import StepRow, TurnRow

PERSON = "person"
"""The `model` of an answer that a person wrote, and who holds a conversation that has an open ticket."""
SHOWN_PASSAGES = 3
Status = Literal["open", "returned"]


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
    """`asked` (the customer's words, oldest first), `tried` (searches and tools), `found`, `answered`."""
    contact: str
    """An e-mail address or telephone number that the customer gave; "" when there is none."""
    customer: str
    """As the company's system names them; "" when nobody was recognised."""
    created_at: datetime
    returned_at: datetime | None


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


def summary(session: Session, row: TurnRow, said: Answer | None) -> dict[str, Any]:
    """Return what a person should know before reading all of it: words of the customer and facts of the log only."""
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
        "answered": said.outcome if said else "",
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
