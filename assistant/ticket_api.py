"""Tickets over HTTP: a customer asks for a person; programs of the company answer by an operator's key.

GET /api/tickets   GET /api/tickets/N   POST /api/tickets/N/reply   POST /api/tickets/N/return   …/close

A reply that is sent again under its key, since the answer to the first was lost, is not written a second time.
"""

import hashlib
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, ConfigDict, Field

from agents import hand_over_notices as notices
from agents.transcript import Language
from assistant.desk_work import DeskWork
from assistant.patience import address_of, require_patience
from assistant.rates import NO_LIMITS, Limits
from assistant.store import Store, storable
from assistant.ticket_contents import line_data, ticket_data
from assistant.ticket_turns import REPLY_CHARACTERS
from assistant.turns import TurnRunner


class HandOverBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    language: Language | None = None
    key: str = Field(default="", max_length=200)
    """Stands for this request in this conversation, however often it is sent; "" asks each anew."""


class ReplyBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=REPLY_CHARACTERS)
    key: str = Field(default="", max_length=200)
    """Stands for this reply of this caller to this ticket, however often it is sent; "" sends each anew."""


def add_tickets(
    api: FastAPI,
    store: Store,
    turns: TurnRunner,
    *,
    require_operator: Callable[..., str],
    limits: Limits = NO_LIMITS,
) -> None:
    """Add the routes to the API of an app that hands over.

    Args:
        limits: How often a person may be asked for again while one has the conversation: the team reads each time.
        require_operator: A dependency that raises 401 for anyone but operators and the owner, and says who it is.
    """
    tickets = turns.tickets
    assert tickets is not None

    @api.post("/api/conversations/{conversation}/hand-over", status_code=201)
    def ask_for_a_person(conversation: str, request: Request, body: HandOverBody | None = None) -> dict[str, int]:
        """Begin a turn in which the customer asks for a person, as the button on the page does."""
        if tickets.is_held(conversation):
            require_patience(limits.wait(conversation, address_of(request)))
        language = (body.language if body else None) or store.conversation(conversation).language or "en"
        key = body.key if body else ""
        return {"turn": turns.start(conversation, notices.request(language=language), key=key, language=language)}

    people = [Depends(require_operator)]
    work = DeskWork(store)

    @api.get("/api/tickets", dependencies=people)
    def list_tickets(status: Literal["open", "returned", "closed"] | None = None) -> dict[str, Any]:
        return {"tickets": [ticket_data(ticket) for ticket in tickets.all(status=status)]}

    @api.get("/api/tickets/{number}", dependencies=people)
    def show_ticket(number: str) -> dict[str, Any]:
        return {**ticket_data(tickets.get(number)), "messages": [line_data(line) for line in tickets.lines(number)]}

    @api.post("/api/tickets/{number}/reply", status_code=201)
    def reply(number: str, body: ReplyBody, by: Annotated[str, Depends(require_operator)]) -> dict[str, int]:
        if not storable(body.text).strip():
            raise HTTPException(422, "The reply is empty.")
        number = tickets.get(number).number
        return {"turn": work.reply(number, body.text, by=by, key=_own_key(body.key, number=number, by=by))}

    @api.post("/api/tickets/{number}/return")
    def give_back(number: str, by: Annotated[str, Depends(require_operator)]) -> dict[str, Any]:
        """Return the conversation to the assistant; one that was returned already stays so."""
        ticket = tickets.get(number)
        return ticket_data(ticket if ticket.status != "open" else work.end(number, by=by, status="returned"))

    @api.post("/api/tickets/{number}/close")
    def close(number: str, by: Annotated[str, Depends(require_operator)]) -> dict[str, Any]:
        """End a ticket whose matter is settled; one that was closed already stays so."""
        ticket = tickets.get(number)
        return ticket_data(ticket if ticket.status == "closed" else work.end(number, by=by, status="closed"))


def _own_key(key: str, *, number: str, by: str) -> str:
    """Return what a caller's key is kept as, so that the same one of another caller, or ticket, is another."""
    return hashlib.sha256("\0".join((by, number, key)).encode()).hexdigest() if key else ""
