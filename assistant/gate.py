"""What every request must pass before the app sees it, pages and API alike.

    request -> right host? same origin? not packed? small enough? -> app

A page on another site can make a browser send requests here. It cannot choose the `Host` and `Origin` that the browser
writes, so those two tell it apart: a name that is not ours is DNS rebinding, an origin that is not ours another site.
"""

import ipaddress
import json
import logging
import socket
from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

logger = logging.getLogger(__name__)

BODY_BYTES = 4 * 1024 * 1024
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
TOO_LARGE = "The request is too large."
OTHER_SITE = "Requests from other sites are not taken."
WHERE_FROM = "Call from a page of the same host, or from your site's server."
UNREAD = "The request cannot be read."
PACKED = "The body is packed (Content-Encoding: {encoding}). Send it as it is."


class Gate:
    """Refuses requests that another site made, and those that are too large.

    Args:
        app: What is behind the gate.
        hosts: Names beside `localhost` and this machine's own that the app is reached by. Addresses in digits are
            always right: no name leads to them.
    """

    def __init__(self, app: ASGIApp, *, hosts: Iterable[str] = ()) -> None:
        self._app = app
        name = socket.gethostname().lower()
        self._hosts = {"localhost", name, f"{name}.local", *(host.lower() for host in hosts if host)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with 400, 403, 413 or 415."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        host, origin = headers.get(b"host", ""), headers.get(b"origin")
        if not self._is_ours(host):
            logger.warning(
                "refused a request for the host %r: it is none of %s. If it is yours, write it after the address: "
                'host = "127.0.0.1 chat.example.com" in frontdesk.toml',
                host,
                sorted(self._hosts),
            )
            await _refuse(send, 400, "Frontdesk is not reached by this name.")
        elif origin is not None and not _is_same(origin, host) and _may_change(scope["method"], headers):
            logger.warning(
                "refused a request that the site %r made to %r. If that is your own page, the proxy in front must pass "
                "on the header Host as the browser wrote it (nginx: $http_host)",
                origin,
                host,
            )
            await _refuse(send, 403, OTHER_SITE, WHERE_FROM)
        elif headers.get(b"content-length", "0").isdigit() and int(headers.get(b"content-length", "0")) > BODY_BYTES:
            await _refuse(send, 413, TOO_LARGE)
        elif (encoding := headers.get(b"content-encoding", "identity").strip().lower()) not in ("", "identity"):
            await _refuse(send, 415, UNREAD, PACKED.format(encoding=encoding))
        else:
            await self._app(scope, _limited(receive), send)

    def _is_ours(self, host: str) -> bool:
        name = (urlsplit(f"//{host}").hostname or "") if _is_parsable(host) else ""
        return name in self._hosts or _is_address(name)


def _is_parsable(host: str) -> bool:
    try:
        urlsplit(f"//{host}")
    except ValueError:
        return False
    return True


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _may_change(method: str, headers: Mapping[bytes, str]) -> bool:
    """Whether a request may change something, or asks in a browser's name whether one may (a CORS preflight)."""
    return method not in SAFE_METHODS or b"access-control-request-method" in headers


def _is_same(origin: str, host: str) -> bool:
    """Whether a page of this origin came from us; the scheme may differ behind a proxy that ends TLS."""
    return origin.partition("://")[2].lower() == host.lower()


def _limited(receive: Receive) -> Receive:
    size = 0

    async def receive_limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > BODY_BYTES:
            raise HTTPException(413, TOO_LARGE)
        return message

    return receive_limited


async def _refuse(send: Send, status: int, sentence: str, detail: str = "") -> None:
    body = json.dumps({"error": sentence, **({"detail": detail} if detail else {})}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
