"""Addresses of other servers that the settings name: can each be asked as it stands?

    "smtp://desk:pa/ss@mail.example.com" -> what is wrong, before anything is sent

A character of a password that ends the host's part of an address would make the rest of it a port or a path: nothing
could be sent, and the error would print it.
"""

from urllib.parse import urlsplit

LIKE = {
    "http": "it must start with http:// or https://",
    "smtp": "it must be like smtp://user:password@host:587 or smtps://user:password@host:465",
    "postgresql": "it must be like postgresql://user@host/database",
}
"""What is said of an address that is of another kind."""
ESCAPES = "in a user's name or a password, / is written %2F, # %23, ? %3F, @ %40 and % %25"


def fault(url: str, *, kind: str) -> str:
    """Return what is wrong with an address, "" for nothing; no part of the address stands in it.

    Args:
        kind: `http` or `smtp`, either of which may be encrypted, or `postgresql`.
    """
    if kind == "postgresql":
        return _database_fault(url)
    if not url.startswith((f"{kind}://", f"{kind}s://")):
        return LIKE[kind]
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and parts.port != 0
    except ValueError:
        named = False
    beyond = kind == "smtp" and bool(parts.path.strip("/") or parts.query or parts.fragment) if named else False
    if not named or beyond:
        return f"{LIKE[kind]}, with a host and a port from 1 to 65535; {ESCAPES}"
    return ""


def _database_fault(url: str) -> str:
    """Return what is wrong with a database's address, as the library that opens it reads it."""
    if not url.startswith(("postgresql://", "postgresql+")):
        return LIKE["postgresql"]
    from sqlalchemy import make_url
    from sqlalchemy.exc import ArgumentError

    try:
        read = make_url(url)
        clear = "@" not in f"{read.host or ''}{read.database or ''}"
    except (ArgumentError, ValueError):
        clear = False
    return "" if clear else f"{LIKE['postgresql']}; {ESCAPES}; best give the password as PGPASSWORD"
