"""Writes that wait for a person of the company, over HTTP, behind an operator's key or the owner's token.

    GET  /api/approvals              {"approvals": [{"key", "conversation", "tool", "text", "arguments", …}]}
    POST /api/approvals/KEY          {"approved": true|false, "text"} -> {"conversation", "turn"}

A decision is a turn of its conversation: it goes on where the write waits, and the customer reads what came of it.
`text` follows as a message of whoever decided.
"""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI
from pydantic import BaseModel, ConfigDict, Field, StrictBool

from assistant.actions import StoredApproval
from assistant.decisions import ApprovalsPort, Decisions
from assistant.ticket_turns import REPLY_CHARACTERS


class DecisionBody(BaseModel):
    """A decision, here and at the desk."""

    model_config = ConfigDict(extra="forbid")
    approved: StrictBool
    """true or false itself: "no", read kindly, would decide something."""
    text: str = Field(default="", max_length=REPLY_CHARACTERS)
    """What is said to the customer with it."""


def add_approvals(
    api: FastAPI, approvals: ApprovalsPort, decisions: Decisions, *, require_operator: Callable[..., str]
) -> None:
    """Add the two routes.

    Args:
        require_operator: Refuses callers who are none, and says who it is.
    """

    @api.get("/api/approvals", dependencies=[Depends(require_operator)])
    def waiting() -> dict[str, Any]:
        return {"approvals": [shown(stored) for stored in approvals.for_operators()]}

    @api.post("/api/approvals/{key}", status_code=201)
    def decide(key: str, body: DecisionBody, by: Annotated[str, Depends(require_operator)]) -> dict[str, Any]:
        conversation, turn = decisions.decide(key, approved=body.approved, by=by, text=body.text)
        return {"conversation": conversation, "turn": turn}


def shown(stored: StoredApproval) -> dict[str, Any]:
    """Return what an operator needs to decide, JSON-ready."""
    pending = stored.pending
    return {
        "key": pending.key,
        "conversation": pending.conversation,
        "customer": pending.customer,
        "tool": pending.tool,
        "text": pending.text,
        "arguments": dict(pending.arguments),
        "asked_at": stored.asked_at.isoformat(),
    }
