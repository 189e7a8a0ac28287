"""Pages of ours that need no framework: a few files, and headers under which a browser runs nothing else.

    path below a prefix -> headers            name of a file -> response

Nothing is loaded from elsewhere, nothing that is written into a page runs, and nothing of it is kept.
"""

from collections.abc import Iterable, Mapping
from importlib import resources

from fastapi import HTTPException
from fastapi.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
COLOURS = "colours.css"
"""What these pages have in common with reports; lies in the package `knowledge`."""
ICON = "favicon.svg"
KINDS = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "html": "text/html"}


def page_file(name: str, *, package: str, allowed: Iterable[str]) -> Response:
    """Return a file of a page.

    Args:
        package: Where the page's own files lie.
        allowed: Their names; `COLOURS` and `ICON` are there for every page.

    Raises:
        HTTPException: 404, for any other name.
    """
    if name not in {*allowed, COLOURS, ICON}:
        raise HTTPException(404, "There is no such page.")
    package = {COLOURS: "knowledge", ICON: "assistant.ui"}.get(name, package)
    content = resources.files(package).joinpath(name).read_bytes()
    return Response(content, media_type=KINDS[name.rpartition(".")[2]])


class StrictHeaders:
    """Puts the headers on every response to a path at or below one of the prefixes."""

    def __init__(self, app: ASGIApp, *, prefixes: Iterable[str] = ("/",)) -> None:
        self._app = app
        self._prefixes = tuple(prefix.rstrip("/") for prefix in prefixes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and add to what comes back."""
        path = str(scope.get("path", ""))
        if scope["type"] != "http" or not any(f"{path}/".startswith(f"{prefix}/") for prefix in self._prefixes):
            await self._app(scope, receive, send)
            return

        async def send_strict(message: Message) -> None:
            if message["type"] == "http.response.start":
                ours = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
                names = {name for name, _ in ours}
                kept = [(name, value) for name, value in message.get("headers", ()) if name.lower() not in names]
                message = {**message, "headers": [*kept, *ours]}
            await send(message)

        await self._app(scope, receive, send_strict)
