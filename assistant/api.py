"""The app over HTTP: conversations, steps as they come, passages, ingest, and whether all is well.

    request -> store, turns, library -> JSON, server-sent events, or lines of JSON

Callers here are anonymous customers: they read public documents only, and their errors are fixed sentences. A
conversation's id is the key to it. Ingest asks for the token that `assistant.server` keeps in the owner's home, tickets
and approvals for that or an operator's key.
"""

import asyncio
import json
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Protocol

from fastapi import Depends, FastAPI, Header, HTTPException, Query, Request, Response
from fastapi import Path as PathParameter
from fastapi.responses import JSONResponse, StreamingResponse

from agents.errors import AgentError
from assistant.approvals_api import add_approvals
from assistant.background import run_beside
from assistant.bodies import ConversationBody, FeedbackBody, IngestBody, QuestionBody
from assistant.decisions import ApprovalsPort, Decisions
from assistant.desk_page.api import DeskFrame, add_desk
from assistant.errors import StoreError
from assistant.gate import Gate
from assistant.operators import Operators
from assistant.owner import operator_check, token_check
from assistant.page_images import PagesPort, add_page_images
from assistant.patience import address_of, require_patience
from assistant.rates import NO_LIMITS, Limits
from assistant.refusals import Refusal, add_error_handlers, add_nowhere, failure
from assistant.sessions import SessionRefused
from assistant.store import Store, StoredStep, StoredTurn
from assistant.ticket_api import add_tickets
from assistant.turns import TurnRunner
from knowledge.errors import KnowledgeError

logger = logging.getLogger(__name__)

LARGEST = 2**31 - 1
Number = Annotated[int, PathParameter(ge=1, le=LARGEST)]
Offset = Annotated[int, Query(ge=0, le=LARGEST)]
AUDIENCES = ("public",)
"""What an anonymous customer may read."""
READY_SECONDS = 5.0
"""How long an answer of /readyz holds, so that probes cost nothing."""
CHECK_SECONDS = 10.0
"""A part that has not answered its check after this long is failing."""
KEEP_ALIVE_SECONDS = 15.0
"""A stream that is silent this long sends a comment, so that no proxy closes it."""
Recognise = Callable[[str], Callable[[str], None]]
STREAMED: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {}}, "description": "Steps, each with its number as its `id`."},
    204: {"description": "Nothing more will come."},
}
LINES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/x-ndjson": {}}, "description": "How far it is; at last the report."}
}


class LibraryPort(PagesPort, Protocol):
    """What is asked of `knowledge.library.Library`."""

    def excerpt(self, collection: str, document: str, start: int, end: int, *, audiences: Sequence[str]) -> Any: ...

    def ingest(
        self,
        paths: Sequence[Path],
        *,
        collection: str,
        audience: str | None,
        prune: bool,
        prune_empty: bool,
        reindex: bool,
        progress: Callable[[str, float, int], None] | None,
    ) -> Any: ...

    def forget(self, paths: Sequence[Path], *, collection: str) -> Any: ...

    def check(self) -> None: ...


class ModelPort(Protocol):
    """What is asked of `agents.models.LoadedModel`."""

    def check(self) -> None: ...


class SettingsPort(Protocol):
    """What is asked of `assistant.settings.Settings`."""

    @property
    def host(self) -> str: ...


class ApplicationPort(Protocol):
    """What is asked of `assistant.app.Application`."""

    @property
    def settings(self) -> SettingsPort: ...
    @property
    def library(self) -> LibraryPort: ...
    @property
    def model(self) -> ModelPort: ...
    @property
    def store(self) -> Store: ...
    @property
    def turns(self) -> TurnRunner: ...


def create_api(
    application: ApplicationPort,
    *,
    token: str = "",
    limits: Limits = NO_LIMITS,
    approvals: ApprovalsPort | None = None,
    recognise: Recognise | None = None,
    desk: DeskFrame | None = None,
) -> FastAPI:
    """Return the app without pages; others may be mounted beneath its routes.

    Args:
        application: The parts that answer.
        token: What `Authorization: Bearer …` must say to ingest; "" closes that to everyone.
        approvals: Writes that wait for the company's people; None where there are none.
        recognise: Returns what notes in a conversation who talks there, by a signed session; raises SessionRefused.
        desk: What the operators' page is told of the company; None: nothing.
    """
    api = FastAPI(
        title="Frontdesk",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        responses={"default": {"model": Refusal, "description": "Refused, and why."}},
    )
    api.add_middleware(Gate, hosts=application.settings.host.split())
    add_error_handlers(api)
    _add_health(api, application)
    _add_conversations(api, application, limits, recognise)
    _add_passages(api, application.library)
    add_page_images(api, application.library, audiences=AUDIENCES)
    operators = Operators(application.store)
    require_operator = operator_check(token, operators)
    decisions = Decisions(application.store, approvals, application.turns) if approvals is not None else None
    if approvals is not None and decisions is not None:
        add_approvals(api, approvals, decisions, require_operator=require_operator)
    _add_ingest(api, application.library, token_check(token))
    if application.turns.tickets is not None:
        add_tickets(api, application.store, application.turns, require_operator=require_operator, limits=limits)
        add_desk(api, application.store, operators, approvals=approvals, decisions=decisions, frame=desk or DeskFrame())

    add_nowhere(api)
    return api


def _add_health(api: FastAPI, application: ApplicationPort) -> None:
    readiness = _Readiness(
        {"model": application.model.check, "index": application.library.check, "store": application.store.check}
    )

    @api.get("/healthz")
    @api.head("/healthz", include_in_schema=False)
    async def healthz() -> dict[str, bool]:
        return {"ok": True}

    @api.get("/readyz")
    @api.head("/readyz", include_in_schema=False)  # what many probes ask
    async def readyz() -> JSONResponse:
        parts = await readiness.look()
        ok = all(parts.values())
        return JSONResponse({"ok": ok, "parts": parts}, 200 if ok else 503)


def _add_conversations(api: FastAPI, application: ApplicationPort, limits: Limits, recognise: Recognise | None) -> None:
    store, turns = application.store, application.turns

    @api.post("/api/conversations", status_code=201)
    def start_conversation(
        request: Request,
        body: ConversationBody | None = None,
        x_customer_session: Annotated[str, Header(max_length=2000)] = "",
    ) -> dict[str, str]:
        require_patience(limits.wait_for_address(address_of(request)))
        session = x_customer_session or (body.session if body else "")
        if session and recognise is None:
            raise SessionRefused("Signed sessions are not set up here.")
        note = recognise(session) if session and recognise is not None else None
        conversation = store.start_conversation(channel="api", language=body.language if body else None)
        if note is not None:
            note(conversation)
        return {"conversation": conversation}

    @api.get("/api/conversations/{conversation}/transcript")
    def transcript(conversation: str) -> dict[str, Any]:
        """Return the turns; where one's `pointed` is not "", it is the first line of `text`, and quotes follow."""
        return {"conversation": conversation, "turns": [_turn_to_data(turn) for turn in store.transcript(conversation)]}

    @api.post("/api/conversations/{conversation}/turns", status_code=201)
    def start_turn(conversation: str, body: QuestionBody, request: Request) -> dict[str, int]:
        language = body.language or store.conversation(conversation).language
        require_patience(limits.wait(conversation, address_of(request)))
        question, key, answers = body.question, body.key, body.approval
        turn = turns.start(conversation, question, key=key, language=language, audiences=AUDIENCES, answers=answers)
        return {"turn": turn}

    @api.get("/api/conversations/{conversation}/turns/{turn}/steps", responses=STREAMED, response_class=Response)
    async def follow_turn(
        conversation: str,
        turn: Number,
        after: Offset = 0,
        last_event_id: Annotated[str | None, Header()] = None,
    ) -> Response:
        """Send steps as they come; a `short_answer` precedes the deltas, which hold its words too."""
        if last_event_id is not None and last_event_id.isdecimal():
            after = min(int(last_event_id), LARGEST)
        status = await asyncio.to_thread(store.status, conversation, turn)
        if status != "running" and not await asyncio.to_thread(store.steps, conversation, turn, after=after):
            return Response(status_code=204)  # an EventSource that gets this does not come back
        return StreamingResponse(
            _events(turns.subscribe_async(conversation, turn, after=after)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-cache", "X-Accel-Buffering": "no"},
        )

    @api.post("/api/conversations/{conversation}/turns/{turn}/stop", status_code=202)
    def stop_turn(conversation: str, turn: Number) -> dict[str, str]:
        turns.stop(conversation, turn)
        return {"status": store.status(conversation, turn)}

    @api.post("/api/conversations/{conversation}/turns/{turn}/feedback", status_code=201)
    def add_feedback(conversation: str, turn: Number, body: FeedbackBody, request: Request) -> dict[str, bool]:
        store.status(conversation, turn)  # what is not there is no key of the limits
        require_patience(limits.wait_for_feedback(conversation, address_of(request)))
        store.add_feedback(conversation, turn, rating=body.rating, comment=body.comment)
        return {"ok": True}


def _add_passages(api: FastAPI, library: LibraryPort) -> None:
    @api.get("/api/passages")
    def passage(collection: str, document: str, start: Offset, end: Offset) -> dict[str, Any]:
        try:
            return asdict(library.excerpt(collection, document, start, end, audiences=AUDIENCES))
        except KnowledgeError as error:  # whether it is missing or for staff only is nobody's business
            logger.info("no passage for %r/%r %d-%d: %r", collection, document, start, end, str(error))
            raise HTTPException(404) from error


def _add_ingest(api: FastAPI, library: LibraryPort, require_token: Callable[..., None]) -> None:
    writing = threading.Lock()

    @api.post("/api/ingest", dependencies=[Depends(require_token)], responses=LINES, response_class=Response)
    async def ingest(body: IngestBody) -> StreamingResponse:
        loop = asyncio.get_running_loop()
        lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

        def put(line: dict[str, Any] | None) -> None:
            with suppress(RuntimeError):  # the server stops, nobody reads any more
                loop.call_soon_threadsafe(lines.put_nowait, line)

        def work() -> None:
            try:
                if writing.locked():
                    put({"waiting": "Another ingest is under way; this one follows it."})
                with writing:
                    report = _ingest(library, body, put)
                put({"report": asdict(report)})
            except (KnowledgeError, OSError) as error:
                put({"error": str(error)})
            except Exception:  # noqa: BLE001  the HTTP boundary
                put(failure("ingest"))
            finally:
                put(None)

        # Not tied to the request: a caller that goes away does not leave half an ingest behind.
        threading.Thread(target=work, name="ingest", daemon=True).start()
        return StreamingResponse(_lines(lines), media_type="application/x-ndjson")


def _ingest(library: LibraryPort, body: IngestBody, put: Callable[[dict[str, Any]], None]) -> Any:
    if body.forget:
        return library.forget(body.paths, collection=body.collection)
    options = body.model_dump(exclude={"paths", "forget"})
    return library.ingest(
        body.paths, **options, progress=lambda name, done, total: put({"path": name, "done": done, "total": total})
    )


class _Readiness:
    """Asks the parts, one caller at a time, and remembers the answer for a moment."""

    def __init__(self, checks: Mapping[str, Callable[[], None]]) -> None:
        self._checks = checks
        self._lock = asyncio.Lock()
        self._parts: dict[str, bool] = {}
        self._pending: dict[str, asyncio.Future[None]] = {}
        self._until = 0.0

    async def look(self) -> dict[str, bool]:
        async with self._lock:
            if time.monotonic() >= self._until:
                results = await asyncio.gather(*(self._check(name) for name in self._checks))
                self._parts = dict(zip(self._checks, results, strict=True))
                self._until = time.monotonic() + READY_SECONDS
            return self._parts

    async def _check(self, name: str) -> bool:
        if name not in self._pending or self._pending[name].done():  # a part that hangs is not asked a second time
            self._pending[name] = run_beside(self._checks[name], name=f"check-{name}")
        try:
            await asyncio.wait_for(asyncio.shield(self._pending[name]), CHECK_SECONDS)
        except Exception as error:  # the HTTP boundary: whatever the part raises, it is not ready
            known = isinstance(error, KnowledgeError | AgentError | StoreError | TimeoutError)
            if self._parts.get(name, True):
                logger.error("%s is not ready: %s", name, error or "no answer", exc_info=None if known else error)
            return False
        return True


async def _events(steps: AsyncIterator[StoredStep]) -> AsyncIterator[str]:
    """Write steps as server-sent events, and a comment when none has come for a while."""
    upcoming = asyncio.ensure_future(anext(steps, None))
    try:
        while True:
            done, _ = await asyncio.wait({upcoming}, timeout=KEEP_ALIVE_SECONDS)
            if not done:
                yield ": still here\n\n"
                continue
            step = upcoming.result()
            if step is None:
                return
            yield f"id: {step.sequence}\ndata: {json.dumps(step.data, ensure_ascii=False)}\n\n"
            upcoming = asyncio.ensure_future(anext(steps, None))
    finally:
        upcoming.cancel()


async def _lines(lines: "asyncio.Queue[dict[str, Any] | None]") -> AsyncIterator[str]:
    while (line := await lines.get()) is not None:
        yield json.dumps(line, ensure_ascii=False) + "\n"


def _turn_to_data(turn: StoredTurn) -> dict[str, Any]:
    data = asdict(turn)
    for moment in (data, data["feedback"] or {}):
        for key in ("started_at", "ended_at", "at"):
            if moment.get(key) is not None:
                moment[key] = moment[key].isoformat()
    return data
