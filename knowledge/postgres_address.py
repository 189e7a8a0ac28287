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

from knowledge.errors import KnowledgeError

MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
TLS_WORDS = ("sslmode", "sslrootcert", "sslcert", "sslkey")
KNOWN = (*TLS_WORDS, "host", "port", "user", "unix_sock", "application_name", "connect_timeout")
"""`unix_sock` is pg8000's own, the path of the socket itself; `connect_timeout` is psycopg's alone: here every silence
of the server has the same limit."""
SYSTEM = "system"
"""What `sslrootcert` says for the authorities that this machine trusts."""
PORT = 5432
AUTHORITY = (
    "add &sslrootcert=/etc/frontdesk/ca.pem, the certificate of whoever signed the server's, or &sslrootcert=system "
    "for the authorities that this machine trusts."
)


def mode(url: URL) -> str:
    """Return how much of a server is checked, as libpq reads it: with `sslrootcert=system` all, where nothing is said.

    Raises:
        KnowledgeError: there is no such mode, or it does not go with `system`; or the password stands behind `?`.
    """
    if "password" in url.query:
        raise KnowledgeError(
            "`catalog_url` says its password behind `?`, where addresses are printed. Next: take it out there, and put "
            "it into the environment variable PGPASSWORD, or before the host: postgresql://USER:PASSWORD@HOST/DATABASE"
        )
    everybody = _word(url, "sslrootcert") == SYSTEM
    said = _word(url, "sslmode") or ("verify-full" if everybody else "prefer")
    if said not in MODES:
        raise KnowledgeError(f"`catalog_url` says sslmode={said}. Next: write one of {', '.join(MODES)}.")
    if everybody and said != "verify-full":
        raise KnowledgeError(
            f"`catalog_url` says sslrootcert=system and sslmode={said}, but all those authorities "
            "are believed only together with the server's name. Next: say sslmode=verify-full."
        )
    return said


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
    host, port = str(url.query.get("host") or url.host or ""), _port(url)
    socket = url.query.get("unix_sock") or (f"{host}/.s.PGSQL.{port or PORT}" if host.startswith("/") else "")
    if socket:
        said["unix_sock"] = socket
    elif (context := _context(url)) is not None:
        said["ssl_context"] = context
    user = str(url.query.get("user") or "") or url.username or os.environ.get("PGUSER") or _own_name()
    return url.set(username=user, host=host or None, port=port, query={}), said


def for_libpq(url: URL) -> URL:
    """Return an address for psycopg that leads where pg8000 is led: a socket by folder and port, no `~` in names."""
    said: dict[str, Any] = dict(url.query)
    folder, is_socket, port = str(said.get("unix_sock", "")).rpartition("/.s.PGSQL.")
    if is_socket:
        said |= {"host": folder, "port": port}
        del said["unix_sock"]
    said |= {word: str(Path(said[word]).expanduser()) for word in TLS_WORDS[1:] if str(said.get(word, ""))[:1] == "~"}
    return url.set(drivername="postgresql", query=said)


def _word(url: URL, word: str) -> str:
    return str(url.query.get(word) or os.environ.get(f"PG{word.upper()}", ""))


def _port(url: URL) -> int | None:
    said = str(url.query.get("port") or url.port or "")
    if said and not said.isdecimal():
        raise KnowledgeError(f"`catalog_url` says port={said}. Next: write the server's number, such as {PORT}.")
    return int(said) if said else None


def _own_name() -> str:
    """Return whom psycopg connects as where nobody is named: who the process runs as, whatever LOGNAME says."""
    try:
        import pwd
    except ImportError:  # Windows
        return getpass.getuser()
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError as error:
        raise KnowledgeError(
            f"`catalog_url` names no user, and this machine has no name for the one of number {os.geteuid()}. "
            "Next: name the user in `catalog_url`."
        ) from error


def _context(url: URL) -> ssl.SSLContext | bool | None:
    """Return what pg8000 takes: None encrypts where the server can, False never, True always and believes anybody."""
    chosen, words = mode(url), {word: _word(url, word) for word in TLS_WORDS}
    root, certificate = words["sslrootcert"], words["sslcert"]
    if chosen == "disable":
        return False
    if chosen.startswith("verify") and not root:
        raise KnowledgeError(f"`catalog_url` says sslmode={chosen}, and not who is believed. Next: {AUTHORITY}")
    if chosen in ("allow", "prefer") and certificate:
        raise KnowledgeError(
            f"`catalog_url` names the certificate {certificate}, which is shown only where the server must speak TLS. "
            "Next: say sslmode=require."
        )
    if chosen in ("allow", "prefer"):
        return None
    if chosen == "require" and not root and not certificate:
        return True
    context = ssl.create_default_context() if root == SYSTEM else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = chosen == "verify-full"
    if not root:
        context.verify_mode = ssl.CERT_NONE
    _read_files(context, words)
    return context


def _read_files(context: ssl.SSLContext, words: dict[str, str]) -> None:
    root, certificate, key = (Path(words[word]).expanduser() if words[word] else None for word in TLS_WORDS[1:])
    file = root
    try:
        if root and words["sslrootcert"] != SYSTEM:
            context.load_verify_locations(cafile=root)
        if certificate:
            for file in filter(None, (certificate, key)):
                file.read_bytes()  # what reads both does not say which of them it could not
            context.load_cert_chain(certificate, key)
    except OSError as error:
        raise KnowledgeError(
            f"`catalog_url` names the file {file}, which cannot be read ({error.strerror or error}). "
            "Next: name a PEM file that the user of Frontdesk may read."
        ) from error
