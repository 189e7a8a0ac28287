"""Whoever asks too often is told how long to wait, with 429 and `Retry-After`.

request -> address -> assistant.rates -> seconds -> nothing, or a refusal
"""

import math

from fastapi import HTTPException, Request

from knowledge.counting import counted

TOO_OFTEN = "That was a lot in a short time. Please wait {wait}. 操作过于频繁，请等待 {seconds} 秒。"


def address_of(request: Request) -> str:
    """Return the address that a request came from, "" when it cannot be told."""
    return request.client.host if request.client else ""


def require_patience(seconds: float) -> None:
    """Refuse a request whose sender must wait.

    Raises:
        HTTPException: 429, for more than 0 seconds.
    """
    if seconds > 0:
        wait = math.ceil(seconds)
        raise HTTPException(
            429, TOO_OFTEN.format(wait=counted(wait, "second"), seconds=wait), {"Retry-After": str(wait)}
        )
