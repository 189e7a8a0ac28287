"""The operators' desk over HTTP: sign in, what waits, one case, and what is done about it.

    GET  /desk                                  the page
    POST /api/desk/sign-in {"key"}              a cookie; /api/desk/sign-out ends it
    GET  /api/desk/session                      {"operator"}: who is signed in, "" for nobody
    GET  /api/desk/cases?mark=…                 what waits, the most urgent first
    POST /api/desk/finished {"search", "after"} what is over, the last first; what is looked for stands in no address
    GET  /api/desk/tickets/N?mark=…             one case; also /api/desk/approvals/KEY
    POST /api/desk/tickets/N/reply|notes|end    {"key", "text", "seen"}, {"key", "text"}, {"status", "seen"}
    POST /api/desk/approvals/KEY                {"approved", "text"}

The cookie is HttpOnly and SameSite=Strict, and goes nowhere but here. What changes something asks for a header of ours
as well, which no page of another site can send. Whatever a customer wrote leaves here as JSON and is shown as text.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from html import escape
from importlib import resources
from typing import Annotated, Any, Literal
from urllib.parse import unquote

from fastapi import Cookie, Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from assistant.approvals_api import DecisionBody
from assistant.decisions import ApprovalsPort, Decisions
from assistant.desk_entries import KEY_CHARACTERS
from assistant.desk_page import cases, story
from assistant.desk_page.finished import SEARCH_CHARACTERS, Place, finished
from assistant.desk_work import NOTE_CHARACTERS, DeskWork
from assistant.errors import NotStored
from assistant.operators import KeyRefused, Operator, Operators
from assistant.own_pages import StrictHeaders, page_file
from assistant.store import Store, now, storable
from assistant.ticket_turns import REPLY_CHARACTERS

PACKAGE = "assistant.desk_page"
FILES = (
    "page.css",
    "page.js",
    "state.js",
    "list.js",
    "finished.js",
    "scrolling.js",
    "server.js",
    "drafts.js",
    "drawing.js",
    "texts.js",
)
COOKIE = "frontdesk_desk"
HEADER = "X-Frontdesk-Desk"
"""Must be there in every request that changes something."""
WRITER = "X-Frontdesk-Operator"
"""Who the page believes to be signed in, percent-encoded: a cookie may have become somebody else's in another tab."""
MOST_CASES = 500
"""Lines of the list; the rest is told as a number."""
Mark = Annotated[str, Query(max_length=100)]
"""Of what the page shows: what has not changed is not sent again."""


@dataclass(frozen=True, slots=True)
class DeskFrame:
    """What the page is told of the company."""

    company: str = ""
    language: str = "auto"
    """Of the page's texts: `auto` follows the browser."""


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class SignInBody(_Body):
    key: str = Field(min_length=1, max_length=500)


class NoteBody(_Body):
    key: str = Field(min_length=16, max_length=KEY_CHARACTERS)
    text: str = Field(min_length=1, max_length=NOTE_CHARACTERS)


class ReplyBody(_Body):
    key: str = Field(min_length=16, max_length=KEY_CHARACTERS)
    """Drawn by the page for this reply: sent again, it finds what it did."""
    text: str = Field(min_length=1, max_length=REPLY_CHARACTERS)
    seen: int = Field(ge=0)
    """The last turn that the writer had before them."""


class EndBody(_Body):
    status: Literal["returned", "closed"]
    seen: int = Field(ge=0)
    """The last turn that whoever ends it had before them."""


class PlaceBody(_Body):
    at: AwareDatetime
    id: str = Field(max_length=KEY_CHARACTERS)


class FinishedBody(_Body):
    search: str = Field(default="", max_length=SEARCH_CHARACTERS)
    after: PlaceBody | None = None
    """Where the page before ended, as it said."""


def add_desk(
    api: FastAPI,
    store: Store,
    operators: Operators,
    *,
    approvals: ApprovalsPort | None,
    decisions: Decisions | None,
    frame: DeskFrame,
) -> None:
    """Add the page and its routes.

    Args:
        approvals: Writes that wait for the team; None where there are no tools.
        decisions: Who decides them; None with `approvals`.
    """
    api.add_middleware(StrictHeaders, prefixes=("/desk", "/api/desk"))
    signed_in = _session_check(operators)
    add_page(api, frame)
    _add_session(api, operators, signed_in)
    _add_reading(api, store, approvals, signed_in)
    _add_work(api, DeskWork(store), decisions, signed_in)


def _session_check(operators: Operators) -> Callable[..., Operator]:
    def require_session(
        request: Request,
        token: Annotated[str, Cookie(alias=COOKIE, max_length=200)] = "",
        header: Annotated[str, Header(alias=HEADER, max_length=20)] = "",
        writer: Annotated[str, Header(alias=WRITER, max_length=1000)] = "",
    ) -> Operator:
        operator = operators.of_session(token)
        if operator is None:
            raise HTTPException(401, "Nobody is signed in here, or no longer. Please enter your key again.")
        if request.method != "GET":
            _check_header(header)
            if writer and unquote(writer) != operator.name:
                raise HTTPException(
                    401, "Somebody else is signed in here now: nothing was done. Please reload the page."
                )
        return operator

    return require_session


def add_page(api: FastAPI, frame: DeskFrame) -> None:
    """Add the page and its files."""
    html = resources.files(PACKAGE).joinpath("page.html").read_text(encoding="utf-8")
    html = html.replace("{{company}}", escape(frame.company or "Frontdesk")).replace("{{language}}", frame.language)

    @api.get("/desk", include_in_schema=False)
    def page() -> Response:
        return Response(html, media_type="text/html")

    @api.get("/desk/", include_in_schema=False)
    def page_with_a_slash() -> Response:
        return RedirectResponse("../desk")  # its files are named relative to the place without

    @api.get("/desk/{name}", include_in_schema=False)
    def file(name: str) -> Response:
        return page_file(name, package=PACKAGE, allowed=FILES)


def _add_session(api: FastAPI, operators: Operators, signed_in: Callable[..., Operator]) -> None:
    @api.post("/api/desk/sign-in")
    def sign_in(
        body: SignInBody, request: Request, header: Annotated[str, Header(alias=HEADER, max_length=20)] = ""
    ) -> JSONResponse:
        _check_header(header)
        try:
            operator, token = operators.sign_in(body.key)
        except KeyRefused as error:
            return JSONResponse({"error": str(error), "why": error.why, "name": error.name}, 401)
        response = JSONResponse({"operator": operator.name})
        # No path: the browser takes that of this request, which is right behind a proxy too.
        secure = request.url.scheme == "https"
        response.set_cookie(COOKIE, token, path=None, httponly=True, samesite="strict", secure=secure)
        return response

    @api.get("/api/desk/session")
    def session(token: Annotated[str, Cookie(alias=COOKIE, max_length=200)] = "") -> dict[str, str]:
        operator = operators.of_session(token)
        return {"operator": operator.name if operator is not None else ""}

    @api.post("/api/desk/sign-out")
    def sign_out(
        _operator: Annotated[Operator, Depends(signed_in)],
        response: Response,
        token: Annotated[str, Cookie(alias=COOKIE)] = "",
    ) -> dict[str, bool]:
        operators.sign_out(token)
        response.set_cookie(COOKIE, "", max_age=0, path=None, httponly=True, samesite="strict")
        return {"ok": True}


def _add_reading(
    api: FastAPI, store: Store, approvals: ApprovalsPort | None, signed_in: Callable[..., Operator]
) -> None:
    @api.get("/api/desk/cases")
    def list_cases(operator: Annotated[Operator, Depends(signed_in)], mark: Mark = "") -> dict[str, Any]:
        found = cases.cases(store, approvals.for_operators() if approvals is not None else ())
        data: dict[str, Any] = {"operator": operator.name, "now": now(), "mark": cases.mark_of(found)}
        if mark == data["mark"]:
            return {**data, "unchanged": True}
        waiting = sum(case.waiting_since is not None for case in found)
        shown = [asdict(case) for case in found[:MOST_CASES]]
        return {**data, "waiting": waiting, "more": len(found) - len(shown), "cases": shown}

    @api.post("/api/desk/finished", dependencies=[Depends(signed_in)])
    def list_finished(body: FinishedBody) -> dict[str, Any]:
        after = Place(body.after.at, body.after.id) if body.after is not None else None
        return asdict(finished(store, search=body.search, after=after))

    @api.get("/api/desk/tickets/{number}", dependencies=[Depends(signed_in)])
    def show_ticket(number: str, mark: Mark = "") -> dict[str, Any]:
        return story.of_ticket(store, number, mark=mark)

    @api.get("/api/desk/approvals/{key}", dependencies=[Depends(signed_in)])
    def show_approval(key: str, mark: Mark = "") -> dict[str, Any]:
        pending = approvals.get(key) if approvals is not None else None
        if pending is None:
            raise NotStored(f"There is no write {key!r}.")
        return story.of_approval(store, pending, mark=mark)


def _add_work(api: FastAPI, work: DeskWork, decisions: Decisions | None, signed_in: Callable[..., Operator]) -> None:
    @api.post("/api/desk/tickets/{number}/reply", status_code=201)
    def reply(number: str, body: ReplyBody, operator: Annotated[Operator, Depends(signed_in)]) -> dict[str, int]:
        _check_written(body.text)
        return {"turn": work.reply(number, body.text, by=operator.name, key=body.key, seen=body.seen)}

    @api.post("/api/desk/tickets/{number}/notes", status_code=201)
    def note(number: str, body: NoteBody, operator: Annotated[Operator, Depends(signed_in)]) -> dict[str, int]:
        _check_written(body.text)
        return {"note": work.note(number, body.text, by=operator.name, key=body.key)}

    @api.post("/api/desk/tickets/{number}/end")
    def end(number: str, body: EndBody, operator: Annotated[Operator, Depends(signed_in)]) -> dict[str, str]:
        return {"status": work.end(number, by=operator.name, status=body.status, seen=body.seen).status}

    @api.post("/api/desk/approvals/{key}", status_code=201)
    def decide(key: str, body: DecisionBody, operator: Annotated[Operator, Depends(signed_in)]) -> dict[str, int]:
        if decisions is None:
            raise NotStored(f"There is no write {key!r}.")
        return {"turn": decisions.decide(key, approved=body.approved, by=operator.name, text=body.text)[1]}


def _check_header(header: str) -> None:
    """Refuse what a form of another site could send."""
    if not header:
        raise HTTPException(403, f"The header {HEADER} is missing: this is for the page at /desk.")


def _check_written(text: str) -> None:
    if not storable(text).strip():
        raise HTTPException(422, "There is nothing written.")
