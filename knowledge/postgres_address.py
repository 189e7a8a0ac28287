"""What follows `?` in a PostgreSQL server's address, in its own programs' words, for a driver that has none of them.

    postgresql://user@host/database?sslmode=verify-full&sslrootcert=ca.pem -> arguments of pg8000

`sslmode`, `sslrootcert`, `sslcert` and `sslkey` are what libpq takes (PostgreSQL's manual, "SSL Support"), as are their
environment variables (PGSSLMODE …), so that documents and what waits for a yes, which psycopg keeps, believe the same.
"""

import getpass
import os
import ssl
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from knowledge import certificates
from knowledge.errors import KnowledgeError

MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
TLS_WORDS = ("sslmode", "sslrootcert", "sslcert", "sslkey")
KNOWN = (*TLS_WORDS, "host", "application_name", "connect_timeout")
"""`connect_timeout` is psycopg's alone: here every silence of the server has the same limit."""
PORT = 5432
AUTHORITY = (
    "add &sslrootcert=/etc/frontdesk/ca.pem, the certificate of whoever signed the server's, or &sslrootcert=system "
    "for the authorities that this machine trusts."
)


def arguments(url: URL) -> tuple[URL, dict[str, Any]]:
    """Return an address without what follows `?`, and what that says to pg8000.

    Raises:
        KnowledgeError: something is said that pg8000 cannot do, or a file of certificates cannot be read.
    """
    unknown = sorted(set(url.query) - set(KNOWN))
    if unknown:
        raise KnowledgeError(
            f"The setting `catalog_url` says {', '.join(unknown)}, which is not known here; known are "
            f"{', '.join(KNOWN)}. Next: take it out, or write postgresql+psycopg://…, whose driver knows them all."
        )
    said: dict[str, Any] = {"application_name": url.query.get("application_name", "frontdesk")}
    folder = str(url.query.get("host", ""))
    if folder.startswith("/"):
        said["unix_sock"] = f"{folder}/.s.PGSQL.{url.port or PORT}"
    elif (context := _context({word: _word(url, word) for word in TLS_WORDS})) is not None:
        said["ssl_context"] = context
    user = url.username or os.environ.get("PGUSER") or getpass.getuser()
    return url.set(username=user, host=url.host or folder or None, query={}), said


def _word(url: URL, word: str) -> str:
    return str(url.query.get(word) or os.environ.get(f"PG{word.upper()}", ""))


def _context(words: dict[str, str]) -> ssl.SSLContext | bool | None:
    """Return what pg8000 takes: None encrypts where the server can, False never, True always and believes anybody."""
    mode, root = words["sslmode"] or "prefer", words["sslrootcert"]
    if mode not in MODES:
        raise KnowledgeError(f"`catalog_url` says sslmode={mode}. Next: write one of {', '.join(MODES)}.")
    if mode == "disable":
        return False
    if mode.startswith("verify") and not root:
        raise KnowledgeError(f"`catalog_url` says sslmode={mode}, and not who is believed. Next: {AUTHORITY}")
    if mode in ("allow", "prefer") or (mode == "require" and not root and not words["sslcert"]):
        return True if mode == "require" else None
    if root == "system":  # as libpq does, with names alone
        return certificates.trusted("mail")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = mode == "verify-full"
    if not root:
        context.verify_mode = ssl.CERT_NONE
    _read_files(context, words)
    return context


def _read_files(context: ssl.SSLContext, words: dict[str, str]) -> None:
    root, certificate = words["sslrootcert"], words["sslcert"]
    file = root
    try:
        if root:
            context.load_verify_locations(cafile=Path(root).expanduser())
        file = certificate
        if certificate:
            context.load_cert_chain(Path(certificate).expanduser(), words["sslkey"] or None)
    except OSError as error:
        raise KnowledgeError(
            f"`catalog_url` names the certificates {file}, which cannot be read ({error.strerror or error}). "
            "Next: name a PEM file that the user of Frontdesk may read."
        ) from error
