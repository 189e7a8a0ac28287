"""Who may do what only the owner of the home may: the one who can read the server's token there.

Authorization: Bearer … -> passes, or 401
"""

import secrets
from collections.abc import Callable
from typing import Annotated

from fastapi import Header, HTTPException


def token_check(token: str) -> Callable[..., None]:
    """Return the dependency that lets nobody pass who lacks the token; "" closes to everyone."""

    def require_token(authorization: Annotated[str, Header()] = "") -> None:
        scheme, _, given = authorization.partition(" ")
        right = secrets.compare_digest(given.strip().encode(), token.encode())
        if not token or scheme.lower() != "bearer" or not right:
            raise HTTPException(401, "This needs the server's token.", {"WWW-Authenticate": "Bearer"})

    return require_token
