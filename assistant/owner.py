"""Who may do what customers may not: the owner, who can read the server's token in the home, and operators by key.

Authorization: Bearer … -> passes, or 401
"""

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, HTTPException, Security
from fastapi.security import HTTPBearer

from assistant.operators import OWNER, KeyRefused, Operators

Key = Annotated[str, Header(include_in_schema=False)]
Described = Annotated[
    object, Security(HTTPBearer(auto_error=False, scheme_name="key", description="See docs/http.md."))
]
"""Tells `GET /api/openapi.json` of the key, where a header of that name would not count; looked at below."""


def token_check(token: str) -> Callable[..., None]:
    """Return the dependency that lets nobody pass who lacks the token; "" closes to everyone."""

    def require_token(authorization: Key = "", _: Described = None) -> None:
        if not _is_token(_bearer(authorization), token):
            raise HTTPException(401, "This needs the server's token.", {"WWW-Authenticate": "Bearer"})

    return require_token


def operator_check(token: str, operators: Operators) -> Callable[..., str]:
    """Return the dependency that lets operators and the owner pass, and says who it is."""

    def require_operator(authorization: Key = "", _: Described = None) -> str:
        given = _bearer(authorization)
        if _is_token(given, token):
            return OWNER
        if not given:
            raise HTTPException(401, "This needs an operator's key.", {"WWW-Authenticate": "Bearer"})
        try:
            return operators.by_key(given).name
        except KeyRefused as error:
            raise HTTPException(401, str(error), {"WWW-Authenticate": "Bearer"}) from error

    return require_operator


def _bearer(authorization: str) -> str:
    scheme, _, given = authorization.partition(" ")
    return given.strip() if scheme.lower() == "bearer" else ""


def _is_token(given: str, token: str) -> bool:
    return bool(token) and secrets.compare_digest(given.encode(), token.encode())
