"""Who a customer is, signed by the company's own site.

    {"id", "name", "expires"} --HMAC-SHA256, key of both sides--> token --> Customer

    token = base64url(JSON) + "." + base64url(signature), both without padding

The site makes the token on its server for a customer who is signed in there, and the page that starts the conversation
hands it on. It is no password: it lasts until `expires` (seconds since 1970), at most a day.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time

from agents.actions import Customer

MOST_SECONDS = 24 * 3600
"""The longest a token may last from now."""
MOST_CHARACTERS = 2_000


class SessionRefused(Exception):
    """A token that proves nothing; `str(error)` is fit to show and says nothing of the key.

    Args:
        detail: What whoever signs has to mend; "" where it is the customer's to sign in again.
    """

    def __init__(self, sentence: str, detail: str = "") -> None:
        super().__init__(sentence)
        self.detail = detail


def make(key: str, *, customer: str, name: str = "", expires: int) -> str:
    """Return a token, as the company's site makes it."""
    body = json.dumps({"id": customer, "name": name, "expires": expires}, ensure_ascii=False).encode()
    return f"{_encoded(body)}.{_encoded(_signature(key, body))}"


def read(token: str, *, key: str, now: float | None = None) -> Customer:
    """Return the customer whom a token names.

    Raises:
        SessionRefused: no key is set, the signature is not right, or the token is over.
    """
    if not key:
        raise SessionRefused("Signed sessions are not set up here.", "The owner sets session_key.")
    now = time.time() if now is None else now
    body_text, _, signature = token.partition(".")
    try:
        if len(token) > MOST_CHARACTERS or not hmac.compare_digest(
            _decoded(signature), _signature(key, _decoded(body_text))
        ):
            raise SessionRefused("The session is not signed by this company.")
        body = json.loads(_decoded(body_text))
        customer, name, expires = body["id"], body.get("name", ""), body["expires"]
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise SessionRefused("The session cannot be read.") from error
    if not isinstance(customer, str) or not customer or not isinstance(name, str):
        raise SessionRefused("The session names no customer.", '`id` must be a text, such as "17", and so must `name`.')
    if isinstance(expires, bool) or not isinstance(expires, int | float):
        raise SessionRefused("The session cannot be read.", "`expires` must be a number: seconds since 1970.")
    if expires > now + MOST_SECONDS:
        unit = "`expires` is in milliseconds, and must be in seconds since 1970."
        raise SessionRefused(
            "The session lasts longer than a day.",
            unit if expires > now * 100 else "`expires` may be a day from now, no more.",
        )
    if not expires > now:
        raise SessionRefused("The session is over. Please sign in again.")
    return Customer(customer, name[:200], how="session")


def _signature(key: str, body: bytes) -> bytes:
    return hmac.new(key.encode(), body, hashlib.sha256).digest()


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
