"""Runs over HTTP: what they are doing, their logs as they grow, a wish to stop, a wish to go on.

    home -> FastAPI: GET / (the page), GET /api/runs[/NAME?after=N], POST /api/runs/NAME/stop|go-on

Reading needs the right host name; changing something needs the token that the page carries too, which no other site's
page can read. The page loads nothing from elsewhere and runs nothing that is written into it.
"""

import secrets
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse, Response
from starlette.middleware.trustedhost import TrustedHostMiddleware

from assistant.gate import Gate
from assistant.own_pages import StrictHeaders, page_file
from finetune.errors import FinetuneError
from finetune.going_on import go_on
from finetune.run_states import ask_to_stop, details, read_log, states
from finetune.runs import run_folder

HOSTS = ("127.0.0.1", "localhost")
TOKEN_HEADER = "X-Frontdesk-Token"
FILES = ("page.css", "page.js", "plots.js", "texts.js")
PACKAGE = "assistant.training_page"
TOKEN_PLACE = "{{token}}"


@dataclass(slots=True)
class Started:
    """Processes that this server started: each is known from its start, before it holds its run's lock."""

    home: Path
    processes: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    trained: set[str] = field(default_factory=set)
    """Runs whose process was seen to train: one that lives on without its lock is on its way out."""

    def go_on(self, name: str) -> None:
        """Start a run's command again, unless it is running.

        Raises:
            FinetuneError: it runs, or cannot be started.
        """
        state = details(name, home=self.home)
        if self.lives(name) or state["state"] != "stopped":
            doing = "running" if self.lives(name) else state["state"]
            raise FinetuneError(f"The run {name!r} is {doing}: there is nothing to go on with.")
        self.trained.discard(name)
        environment = {"FRONTDESK_HOME": str(self.home)}
        self.processes[name] = go_on(run_folder(name, home=self.home), environment=environment)

    def lives(self, name: str) -> bool:
        """Whether a process that was started here for a run lives."""
        process = self.processes.get(name)
        return process is not None and process.poll() is None

    def seen(self, run: Mapping[str, Any]) -> dict[str, Any]:
        """Return a run's state: what was just started counts as running, what has stopped but lives as stopping."""
        name = run["name"]
        if run["state"] in {"running", "stopping"}:
            self.trained.add(name)
        elif run["state"] == "stopped" and self.lives(name):
            state = "stopping" if name in self.trained else "running"
            return {**run, "state": state, **({"can_go_on": False, "error": ""} if "can_go_on" in run else {})}
        return dict(run)


def create_app(home: Path, *, token: str = "") -> FastAPI:
    """Return the page and what it asks.

    Args:
        home: Whose runs are shown.
        token: What a POST must carry; empty draws one.
    """
    token = token or secrets.token_urlsafe(24)
    started = Started(home)
    app = FastAPI(openapi_url=None)
    app.add_middleware(Gate)
    app.add_middleware(TrustedHostMiddleware, allowed_hosts=list(HOSTS), www_redirect=False)
    app.add_middleware(StrictHeaders)  # the last that is added is the first that a request meets
    _add_error_handlers(app)
    _add_pages(app, token)

    @app.get("/api/runs")
    def list_runs() -> JSONResponse:
        return JSONResponse({"runs": [started.seen(asdict(run)) for run in states(home)]})

    @app.get("/api/runs/{name}")
    def show_run(name: str, after: int = 0, mark: str = "") -> JSONResponse:
        run = started.seen(details(name, home=home))
        return JSONResponse({"run": run, "log": asdict(read_log(name, home=home, after=after, mark=mark))})

    @app.post("/api/runs/{name}/stop")
    def stop_run(name: str, request: Request) -> JSONResponse:
        _check(request, token)
        ask_to_stop(name, home=home)
        return JSONResponse({"run": started.seen(details(name, home=home))})

    @app.post("/api/runs/{name}/go-on")
    def go_on_with_run(name: str, request: Request) -> JSONResponse:
        _check(request, token)
        started.go_on(name)
        return JSONResponse({"run": started.seen(details(name, home=home))})

    return app


def _check(request: Request, token: str) -> None:
    if not secrets.compare_digest(request.headers.get(TOKEN_HEADER, "").encode(), token.encode()):
        raise HTTPException(403, "This page is an old one. Please load it again.")


def _add_pages(app: FastAPI, token: str) -> None:
    @app.get("/")
    def page() -> Response:
        html = resources.files(PACKAGE).joinpath("page.html").read_text(encoding="utf-8").replace(TOKEN_PLACE, token)
        return Response(html, media_type="text/html")

    @app.get("/{name}")
    def file(name: str) -> Response:
        return page_file(name, package=PACKAGE, allowed=FILES)


def _add_error_handlers(app: FastAPI) -> None:
    @app.exception_handler(FinetuneError)
    async def refuse(_request: Request, error: Exception) -> JSONResponse:
        return JSONResponse({"error": str(error)}, status_code=404 if "no run" in str(error) else 409)

    @app.exception_handler(HTTPException)
    async def refuse_request(_request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        return JSONResponse({"error": error.detail}, status_code=error.status_code)
