"""How the API refuses: whatever went wrong, one form.

    error -> status, {"error": SENTENCE}, of a fault of ours with a `reference` that finds the line in the log

Sentences are fit to be shown: nothing of an exception's own words, but for those that were written for whoever asks.
"""

import logging
import secrets
from collections.abc import Iterable

from fastapi import FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.routing import BaseRoute, Match, Route
from starlette.types import Receive, Scope, Send

from agents.errors import AgentError
from assistant.bodies import NO_JSON, UNREADABLE, sentence_of
from assistant.errors import Forestalled, KeyTaken, NotStored, StoreError, TurnRefused
from assistant.sessions import SessionRefused
from knowledge.errors import KnowledgeError

logger = logging.getLogger(__name__)

NOT_FOUND = "This is not here."
FAILED = "Something went wrong on our side. Please try again; if it stays so, mention the reference."


class Refusal(BaseModel):
    """The body of every answer of 400 and above."""

    error: str
    """A sentence, fit to be shown."""
    detail: str | None = None
    """What whoever wrote the caller has to mend; not for customers."""
    reference: str | None = None
    """Of a fault of ours: finds the line in the log."""
    by: str | None = None
    """409: who was faster."""
    did: str | None = None
    said: str | None = None


def add_error_handlers(api: FastAPI) -> None:
    """Have every exception that reaches the edge answered in the one form."""

    @api.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> JSONResponse:
        return JSONResponse({"error": " ".join(sentence_of(fault) for fault in error.errors())}, 422)

    @api.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException) -> JSONResponse:
        sentence = NOT_FOUND if error.status_code == 404 else error.detail
        if sentence == UNREADABLE:
            return JSONResponse({"error": NO_JSON}, 422)
        return JSONResponse({"error": sentence}, error.status_code, dict(error.headers or {}))

    @api.exception_handler(Forestalled)
    async def slower(request: Request, error: Forestalled) -> JSONResponse:
        sentence = str(error).rpartition(" Next: ")[0]  # what people wrote may stand before it
        return JSONResponse({"error": sentence, "by": error.by, "did": error.did, "said": error.said}, 409)

    @api.exception_handler(NotStored)
    async def missing(request: Request, error: NotStored) -> JSONResponse:
        return JSONResponse({"error": NOT_FOUND}, 404)

    @api.exception_handler(SessionRefused)
    async def unsigned(request: Request, error: SessionRefused) -> JSONResponse:
        return JSONResponse({"error": str(error), **({"detail": error.detail} if error.detail else {})}, 401)

    @api.exception_handler(KeyTaken)
    async def taken(request: Request, error: KeyTaken) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 422)

    @api.exception_handler(TurnRefused)
    async def busy(request: Request, error: TurnRefused) -> JSONResponse:
        return JSONResponse({"error": str(error)}, 503, {"Retry-After": "5"})

    @api.exception_handler(StoreError)
    @api.exception_handler(AgentError)
    @api.exception_handler(KnowledgeError)
    async def unavailable(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse(failure(request.url.path, error), 503)

    @api.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> JSONResponse:
        return JSONResponse(failure(request.url.path, error), 500)


def add_nowhere(api: FastAPI) -> None:
    """Refuse, as the API does, what no other route takes; else the page answers, in another form. The last route."""
    for path in ("/api", "/api/{path:path}", "/healthz", "/readyz"):
        api.router.routes.append(Route(path, _Nowhere(api), include_in_schema=False))


class _Nowhere:
    """Says of an address which methods it takes, or that it is not here; no function, for those take some methods."""

    def __init__(self, api: FastAPI) -> None:
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        allowed = _methods_of(route for route in self._api.routes if route.matches(scope)[0] is Match.PARTIAL)
        if not allowed:
            raise HTTPException(404)
        raise HTTPException(405, f"{scope['method']} is not for this address; it takes {allowed}.", {"Allow": allowed})


def failure(what: str, error: Exception | None = None) -> dict[str, str]:
    """Log the error now being handled and return what the customer may see of it."""
    reference = secrets.token_hex(4)
    logger.error("%s failed, reference %s", what, reference, exc_info=error if error is not None else True)
    return {"error": FAILED, "reference": reference}


def _methods_of(routes: Iterable[BaseRoute]) -> str:
    return ", ".join(sorted({method for route in routes for method in getattr(route, "methods", None) or ()}))
