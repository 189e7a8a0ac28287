"""Tickets over HTTP, for an operators' desk: behind the owner's token, like ingest.

GET /api/tickets   GET /api/tickets/N   POST /api/tickets/N/reply   POST /api/tickets/N/return
"""

from collections.abc import Callable
from typing import Any, Literal

from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel, ConfigDict, Field

from assistant.errors import NotStored, StoreError
from assistant.tickets import REPLY_CHARACTERS, Tickets, line_data, ticket_data


class ReplyBody(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str = Field(min_length=1, max_length=REPLY_CHARACTERS)


def add_tickets(api: FastAPI, tickets: Tickets, *, require_token: Callable[..., None]) -> None:
    """Add the routes.

    Args:
        require_token: A dependency that raises 401 for anyone but the owner.
    """
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
