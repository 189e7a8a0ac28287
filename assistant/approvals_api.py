"""Writes that wait for a person of the company, over HTTP, behind the owner's token.

    GET  /api/approvals              {"approvals": [{"key", "conversation", "tool", "text", "arguments", …}]}
    POST /api/approvals/KEY          {"approved": true|false} -> {"conversation", "turn"}

A decision is a turn of its conversation: it goes on where the write waits, and the customer reads what came of it.
"""

from collections.abc import Callable
from typing import Any, Protocol

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict

from agents.approvals import OperatorDecision, Pending
from assistant.actions import StoredApproval
from assistant.turns import TurnRunner


class ApprovalsPort(Protocol):
    """What is asked of `assistant.actions.StoredApprovals`."""

    def get(self, key: str) -> Pending | None: ...
    def for_operators(self) -> tuple[StoredApproval, ...]: ...


class DecisionBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    approved: bool


def add_approvals(api: FastAPI, approvals: ApprovalsPort, turns: TurnRunner, *, require: Callable[..., None]) -> None:
    """Add the two routes.

    Args:
        require: Refuses callers without the token.
    """

    @api.get("/api/approvals", dependencies=[Depends(require)])
    def waiting() -> dict[str, Any]:
        return {"approvals": [shown(stored) for stored in approvals.for_operators()]}

    @api.post("/api/approvals/{key}", status_code=201, dependencies=[Depends(require)])
    def decide(key: str, body: DecisionBody) -> dict[str, Any]:
        pending = approvals.get(key)
        if pending is None:
            raise HTTPException(404)
        if pending.stage != "operator":
            raise HTTPException(409, f"This does not wait for the team any more: it is {pending.stage}.")
        return {"conversation": pending.conversation, "turn": start_decision(turns, pending, approved=body.approved)}


def start_decision(turns: TurnRunner, pending: Pending, *, approved: bool) -> int:
    """Begin the turn that goes on with a write after a person decided; return its number."""
    decision = OperatorDecision(pending.key, approved)
    return turns.start(pending.conversation, "", language=pending.language, decision=decision)


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
