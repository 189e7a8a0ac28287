"""The page hung into a running API, and closed to everything outside.

    build -> Gradio's app -> our head, security headers -> api "/"

What Gradio would fetch or offer from elsewhere is off: analytics (here and in `page`), web fonts (`theme`), its footer
with links, its run history, its API pages. A content security policy makes the browser refuse whatever a later version
might add.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from html import escape
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant import listening
from assistant.ui.frame import Frame
from assistant.ui.texts import EN

if TYPE_CHECKING:
    from fastapi import FastAPI

    from assistant.app import Application

POLICY = "; ".join(
    (
        "default-src 'self'",
        # Gradio starts from inline scripts and compiles its components' templates with `Function`.
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = (
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)
CONFIGURATION = "<script>window.gradio_config"
"""Where the head's own tags end and the page's data begin."""
OWN_MEMORY = (
    "<script>try { localStorage } catch { const kept = new Map(); Object.defineProperty(window, 'localStorage', "
    "{ value: { getItem: (name) => kept.get(name) ?? null, setItem: (name, value) => kept.set(name, value) } }) }"
    "</script>"
)
"""For browsers in which a frame on another site may keep nothing: what Gradio keeps then lasts as long as the page.
Without it the first read ends Gradio's start, and the chat is there or not."""
NEWER, OLDER = rb"(?<!\w)_", rb"\b_"
"""A regular expression of Gradio's that Safari reads from 16.4 on, and one that finds the same. With one script that it
cannot read, an older iPhone shows an empty page."""


async def mount(api: "FastAPI", application: "Application") -> None:
    """Build the page on a thread and hang it into `api` at "/", on the loop that serves it."""
    from fastapi import FastAPI

    shell = FastAPI(openapi_url=None)
    blocks, frame = await asyncio.to_thread(_prepare, shell, application)
    # Gradio does this when its host starts; here the host has been serving for seconds.
    blocks.run_startup_events()
    await blocks.run_extra_startup_events()
    api.mount("/", Guarded(shell, frame, framed_by=listening.names(application.settings.host)))


def own_head(html: str, frame: Frame) -> str:
    """Return Gradio's start page with our title and description, and without its advertisements and its logo."""
    head, configuration, rest = html.partition(CONFIGURATION)
    head = re.sub(r'<meta\s+(?:name|property)="(?:og|twitter):[^>]*>\s*', "", head)
    ours = (
        f"<title>{escape(frame.company)}</title>\n"
        f'\t\t<meta name="description" content="{escape(frame.tagline or EN.tagline)}" />\n'
        f'\t\t<style>[data-testid="status-tracker"] {{ display: none !important; }}</style>\n\t\t{OWN_MEMORY}\n\t\t'
    )
    return head + ours + configuration + rest


class Guarded:
    """Gradio's app with security headers on every response, our head on its start page, and scripts for older browsers.

    Args:
        framed_by: Hosts whose pages may show the chat in a frame, beside its own.
    """

    def __init__(self, app: ASGIApp, frame: Frame, *, framed_by: Iterable[str] = ()) -> None:
        self._app = app
        self._frame = frame
        policy = " ".join((POLICY, *framed_by))  # its last directive says who may frame the page
        self._headers = (*HEADERS, (b"content-security-policy", policy.encode()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and mend what comes back."""
        rewrite = self._rewrite_of(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
        if rewrite:
            plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
            await self._rewritten({**scope, "headers": plain}, receive, self._guarded(send), rewrite=rewrite)
        else:
            await self._app(scope, receive, self._guarded(send))

    def _rewrite_of(self, path: str) -> Callable[[bytes], bytes] | None:
        if path == "/":
            return lambda page: own_head(page.decode("utf-8"), self._frame).encode("utf-8")
        if path.startswith("/assets/") and _is_newer(Path(path).name):
            return lambda script: script.replace(NEWER, OLDER)
        return None

    async def _rewritten(
        self, scope: Scope, receive: Receive, send: Send, *, rewrite: Callable[[bytes], bytes]
    ) -> None:
        start: Message = {}
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
                return
            body.extend(message.get("body", b""))
            if message.get("more_body"):
                return
            mended = rewrite(bytes(body))
            kept = [(name, value) for name, value in start["headers"] if name != b"content-length"]
            await send({**start, "headers": [*kept, (b"content-length", str(len(mended)).encode())]})
            await send({"type": "http.response.body", "body": mended})

        await self._app(scope, receive, collect)

    def _guarded(self, send: Send) -> Send:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message.get("headers", ()), *self._headers]}
            await send(message)

        return send_guarded


@lru_cache(maxsize=2000)
def _is_newer(name: str) -> bool:
    """Tell whether one of Gradio's files is a script that an older browser cannot read."""
    found = find_spec("gradio")
    file = Path(found.origin or "").parent / "templates" / "frontend" / "assets" / name if found else None
    return bool(file and file.suffix == ".js" and file.is_file() and NEWER in file.read_bytes())


def _prepare(shell: "FastAPI", application: "Application") -> tuple[Any, Frame]:
    os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    import gradio

    from assistant.ui import page
    from assistant.ui.theme import build_theme

    blocks = page.build(application)
    files = resources.files("assistant.ui")
    gradio.mount_gradio_app(
        shell,
        blocks,
        path="/",
        theme=build_theme(),
        css=files.joinpath("page.css").read_text(encoding="utf-8"),
        favicon_path=str(Path(str(files.joinpath("favicon.svg")))),
        footer_links=[],
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        pwa=False,
        enable_monitoring=False,
        show_error=False,
        max_file_size=1,  # nothing is ever uploaded
    )
    return blocks, page.frame_of(application)
