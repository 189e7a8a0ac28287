"""The server: answers its health check at once, becomes usable when everything is loaded, stops cleanly.

    socket -> server.json -> /healthz answers -> parts, API and page loaded on a thread -> the address is announced

Until the app is there, a browser gets a small page that reloads itself and a program gets 503. Gradio, FastAPI and the
models are imported behind that, never before. One server a home: it holds `server.lock`, waiting for an ingest that
does, and `server.json` beside it tells the command line where to send what only the server may write.
"""

import asyncio
import errno
import gc
import importlib
import ipaddress
import json
import logging
import os
import secrets
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from assistant import listening
from assistant.background import run_beside
from assistant.errors import ServerError
from assistant.listeners import listener_name
from assistant.running import FILE, TOKEN_HEADER, sole_writer

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.settings import Settings

logger = logging.getLogger(__name__)

PARTS = ("library", "model", "responder", "store", "turns", "chores")
PATIENT_PATH = "/api/ingest"
"""Requests to this wait until the server has loaded: only the server may write, so there is nowhere else to go."""
DRAIN_SECONDS = 1
"""How long open connections may take to end when the server stops."""
TURN_SECONDS = 0.7
"""How long running turns may take to end then."""
NEXT_PORTS = 50
"""How many ports above one in use are tried for the next command."""

STARTING_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="1">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>Frontdesk</title>
<style>body{font:1.1rem system-ui,sans-serif;color:#444;background:#fafafa;margin:0;height:100vh;display:grid;
place-content:center;text-align:center}@media(prefers-color-scheme:dark){body{color:#bbb;background:#161616}}</style>
</head><body><p>Starting… this page opens by itself.</p><p lang="zh">正在启动，页面稍后会自动打开。</p></body></html>
"""


class Served(Protocol):
    """What is asked of an opened `assistant.app.Application` when the server stops."""

    @property
    def turns(self) -> Any: ...
    def close(self) -> None: ...


Open = Callable[["Settings"], Any]
Mount = Callable[["FastAPI", Any], Awaitable[None]]


def serve(
    settings: "Settings",
    *,
    open_application: Open | None = None,
    mount: Mount | None = None,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve the app until SIGTERM or SIGINT.

    Args:
        settings: Where to listen, and the home.
        open_application: Opens the parts, on a thread; None takes `assistant.app.open_application`.
        mount: Hangs the page into the API; None takes `assistant.ui.mount`.
        announce: Told the address, once the page can be used; None writes it to stdout.

    Raises:
        ServerError: The port is in use, the address is not this machine's, this home is being served already, or
            an ingest into it does not end.
        Exception: Whatever opening the parts raised.
    """
    home = Path(settings.home)
    host = listening.address(settings.host)
    with _only_one(home), _listener(host, settings.port) as listener:
        url = _url(host, listener.getsockname()[1])
        token = secrets.token_urlsafe(24)
        front = _Front(
            load=lambda: _load(settings, token, open_application),
            token=token,
            mount=mount or _mount_page,
            ready=lambda: (announce or _write_line)(url),
        )
        if not _is_loopback(host):
            logger.warning(
                "listening on %s: anyone on the network can chat; documents for staff stay closed. "
                "To keep it to this machine: frontdesk serve --host 127.0.0.1",
                host,
            )
        server = _Server(_configuration(front), front)
        front.stop = server.stop
        with _state_file(home, {"url": url, "pid": os.getpid(), "token": token, "embedder": settings.embedder}):
            server.run(sockets=[listener])
        gc.freeze()  # else the end of the process collects for seconds
        if front.error is not None:
            raise front.error


class _Front:
    """The outermost app: health and patience first, then everything.

    Its lifespan owns the loading, and runs the lifespan of what was loaded on the server's own loop.

    Args:
        token: The one in `server.json`. Who asks for health with another one looks for the server of another home.
    """

    def __init__(
        self,
        *,
        load: "Callable[[], tuple[Served, FastAPI]]",
        token: str,
        mount: Mount,
        ready: Callable[[], None],
    ) -> None:
        self._load, self._mount, self._ready = load, mount, ready
        self._token = token.encode()
        self._inner: ASGIApp | None = None
        self._loaded = asyncio.Event()
        self._application: Served | None = None
        self.error: BaseException | None = None
        self.stop: Callable[[], None] = lambda: None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http" and scope["path"] == "/healthz":
            given = dict(scope["headers"]).get(TOKEN_HEADER.lower().encode(), self._token)
            if secrets.compare_digest(given, self._token):
                await _answer(send, 200, "application/json", b'{"ok": true}')
            else:
                await _answer(send, 401, "application/json", b'{"error": "This is another home\'s server."}')
        elif scope["type"] == "http":
            if self._inner is None and scope["path"] == PATIENT_PATH:
                await self._loaded.wait()
            if self._inner is not None:
                await self._inner(scope, receive, send)
            else:
                await _say_starting(scope, send)

    async def end_turns(self) -> None:
        """End the running turns, so that the streams that follow them end too."""
        if self._application is not None:
            turns = self._application.turns
            await run_beside(lambda: turns.close(timeout_seconds=TURN_SECONDS), name="server-closing")

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "lifespan.startup.complete"})
        closing = asyncio.Event()
        loading = asyncio.create_task(self._bring_up(closing))
        await receive()
        closing.set()
        if self._inner is None:
            loading.cancel()  # it is still loading on its thread, which ends with the process
        with suppress(asyncio.CancelledError):
            await loading
        if self._application is not None:
            self._application.close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _bring_up(self, closing: asyncio.Event) -> None:
        try:
            async with AsyncExitStack() as stack:
                self._application, api = await run_beside(self._load, name="server-loading")
                await stack.enter_async_context(api.router.lifespan_context(api))
                await self._mount(api, self._application)
                self._inner = api
                gc.freeze()  # what was loaded stays: later collections need not walk through it
                self._loaded.set()
                self._ready()
                await closing.wait()
        except Exception as error:  # noqa: BLE001  handed to the caller of `serve`, who knows what to say
            self.error = error
            self.stop()
        finally:
            self._loaded.set()


class _Server(uvicorn.Server):
    """Uvicorn that ends turns before it waits for connections, and ends with code 0 when told to stop."""

    def __init__(self, config: uvicorn.Config, front: _Front) -> None:
        super().__init__(config)
        self._front = front

    def stop(self) -> None:
        """End as a signal would."""
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End what runs, then the server."""
        await self._front.end_turns()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on SIGTERM and SIGINT; unlike uvicorn's own, do not raise them again when all is done."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _configuration(front: _Front) -> uvicorn.Config:
    for name in ("uvicorn", "uvicorn.error", "uvicorn.asgi"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("uvicorn.error").addFilter(lambda told: "graceful shutdown" not in f"{told.msg} {told.exc_info}")
    return uvicorn.Config(
        front,
        log_config=None,
        access_log=False,
        lifespan="on",
        ws="none",
        server_header=False,
        timeout_graceful_shutdown=DRAIN_SECONDS,
    )


def _load(settings: "Settings", token: str, open_application: Open | None) -> "tuple[Served, FastAPI]":
    """Open the parts and make the API; imports everything that is heavy."""
    from assistant import app, readiness
    from assistant.api import create_api
    from assistant.desk_page.api import DeskFrame
    from assistant.rates import NO_LIMITS

    application = (open_application or app.open_application)(settings)
    try:
        for part in PARTS:
            getattr(application, part)  # made when first used, which is now rather than by two requests at once
        application.model.check()  # what does not answer now is said now; what does is warm for the first question
        readiness.require(application.library)
        if not getattr(application, "has_documents", True):
            logger.warning(
                "no documents were read into %s yet, so every question is refused. "
                "Next: frontdesk ingest PATH, or set FRONTDESK_HOME to the folder that holds them",
                settings.home,
            )
        if settings.tools:
            if application.intents is not None:
                application.intents.warm()
            application.settle_cut_off()
        return application, create_api(
            application,
            token=token,
            limits=getattr(application, "limits", NO_LIMITS),
            approvals=getattr(application, "approvals", None),
            recognise=getattr(application, "recognise", None),
            desk=DeskFrame(settings.company, settings.language),
        )
    except BaseException:
        application.close()
        raise


async def _mount_page(api: "FastAPI", application: Any) -> None:
    from assistant import ui

    await run_beside(lambda: importlib.import_module("gradio"), name="gradio-import")
    await ui.mount(api, application)


async def _say_starting(scope: Scope, send: Send) -> None:
    accepts = dict(scope["headers"]).get(b"accept", b"")
    if b"text/html" in accepts and scope["method"] in ("GET", "HEAD"):
        await _answer(send, 503, "text/html; charset=utf-8", STARTING_PAGE.encode())
    else:
        body = json.dumps({"ok": False, "error": "Frontdesk is starting. Please try again in a moment."})
        await _answer(send, 503, "application/json", body.encode())


async def _answer(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [
        (b"content-type", kind.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    if status == 503:
        headers.append((b"retry-after", b"1"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@contextmanager
def _listener(host: str, port: int) -> Iterator[socket.socket]:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except OSError as error:
        raise ServerError(
            f"Cannot listen on {host!r}: no such address ({error.strerror}). Next: frontdesk serve --host 127.0.0.1"
        ) from error
    listener = socket.socket(family, socket.SOCK_STREAM)
    if sys.platform != "win32":  # there it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            listener.bind(address)
            listener.listen(128)
        except OSError as error:
            raise _bind_error(host, port, error) from error
        listener.setblocking(False)
        yield listener
    finally:
        listener.close()


def _bind_error(host: str, port: int, error: OSError) -> ServerError:
    option = "" if host == "127.0.0.1" else f" --host {host}"
    if error.errno == errno.EADDRINUSE:
        return ServerError(
            f"Port {port} is in use by {listener_name(host, port)}. "
            f"Next: frontdesk serve{option} --port {_free_port(host, port)}"
        )
    if error.errno == errno.EACCES:
        return ServerError(f"Port {port} needs more rights than yours. Next: frontdesk serve{option} --port 7860")
    return ServerError(f"Cannot listen on {host} port {port}: {error.strerror}. Next: frontdesk serve --host 127.0.0.1")


def _free_port(host: str, port: int) -> int:
    """Return the next port above `port` that nobody listens on; 0, any, when there is none near."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port + 1, min(port + NEXT_PORTS, 65535) + 1):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            try:
                probe.bind((host, candidate))
            except OSError:
                continue
            return candidate
    return 0


@contextmanager
def _only_one(home: Path) -> Iterator[None]:
    with sole_writer(home, say=logger.warning) as other:
        if other:
            raise ServerError(
                f"{home} is being served already at {other.url} (process {other.pid}). "
                f"Next: open that address, stop that process, or set FRONTDESK_HOME to another folder"
            )
        yield


@contextmanager
def _state_file(home: Path, state: dict[str, Any]) -> Iterator[None]:
    """Keep `server.json` while serving: whole at any moment, and for its owner's eyes only."""
    path = home / FILE
    written = path.with_suffix(".json.new")
    written.unlink(missing_ok=True)
    with os.fdopen(os.open(written, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        json.dump(state, file)
    written.replace(path)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _url(host: str, port: int) -> str:
    """Return an address that a browser on this machine can open."""
    name = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"


def _write_line(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
