"""Tickets over HTTP: a customer asks for a person, an operators' desk answers behind the owner's token.

GET /api/tickets   GET /api/tickets/N   POST /api/tickets/N/reply   POST /api/tickets/N/return
"""

from collections.abc import Callable
from typing import Any, Literal

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from agents import hand_over_notices as notices
from agents.transcript import Language
from assistant.errors import NotStored, StoreError
from assistant.store import Store
from assistant.ticket_contents import line_data, ticket_data
from assistant.tickets import REPLY_CHARACTERS
from assistant.turns import TurnRunner


class HandOverBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    language: Language | None = None


class ReplyBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=REPLY_CHARACTERS)


def add_tickets(api: FastAPI, store: Store, turns: TurnRunner, *, require_token: Callable[..., None]) -> None:
    """Add the routes to the API of an app that hands over.

    Args:
        require_token: A dependency that raises 401 for anyone but the owner.
    """
    tickets = turns.tickets
    assert tickets is not None

    @api.post("/api/conversations/{conversation}/hand-over", status_code=201)
    def ask_for_a_person(conversation: str, body: HandOverBody | None = None) -> dict[str, int]:
        """Begin a turn in which the customer asks for a person, as the button on the page does."""
        language = (body.language if body else None) or store.conversation(conversation).language or "en"
        return {"turn": turns.start(conversation, notices.request(language=language), language=language)}

    owner = [Depends(require_token)]

    @api.get("/api/tickets", dependencies=owner)
    def list_tickets(status: Literal["open", "returned"] | None = None) -> dict[str, Any]:
        return {"tickets": [ticket_data(ticket) for ticket in tickets.all(status=status)]}

    @api.get("/api/tickets/{number}", dependencies=owner)
    def show_ticket(number: str) -> dict[str, Any]:
        return {**ticket_data(tickets.get(number)), "messages": [line_data(line) for line in tickets.lines(number)]}

    @api.post("/api/tickets/{number}/reply", dependencies=owner, status_code=201)
    def reply(number: str, body: ReplyBody) -> dict[str, int]:
        try:
            return {"turn": tickets.reply(number, body.text)}
        except NotStored:
            raise
        except StoreError as error:
            if tickets.get(number).status == "open" and body.text.strip():
                raise
            sentence = str(error).partition(" Next: ")[0]
            raise HTTPException(409, sentence) from error

    @api.post("/api/tickets/{number}/return", dependencies=owner)
    def give_back(number: str) -> dict[str, Any]:
        return ticket_data(tickets.give_back(number))
