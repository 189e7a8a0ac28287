"""Whose certificates are believed when another server is asked: the public authorities', and the company's own.

    SSL_CERT_FILE, SSL_CERT_DIR  |  else the public list + what this machine's store trusts  ->  one context

httpx by itself believes the public list alone; a company's servers are often signed by an authority of its own, which
its computers trust.

Mail has a context of its own: httpx writes into the one that it is given that it speaks `http/1.1` (ALPN, RFC 7301),
and servers such as Exim's end a connection that says so where they expect mail.
"""

import logging
import os
import ssl
from functools import cache
from typing import Literal

import httpx

logger = logging.getLogger(__name__)


@cache
def trusted(purpose: Literal["web", "mail"] = "web") -> ssl.SSLContext:
    """Return the context of a client that checks names and certificates; reading it takes a tenth of a second, once.

    Args:
        purpose: `mail` for SMTP and IMAP, `web` for whatever httpx asks.
    """
    file, folder = (os.environ.get(name) or None for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"))
    if file or folder:
        return _of_the_owner(file, folder)
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context


def _of_the_owner(file: str | None, folder: str | None) -> ssl.SSLContext:
    """Return a context that believes these alone; OpenSSL and Windows would add what they find elsewhere."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(cafile=file, capath=folder)
    except OSError as error:
        logger.warning(
            "no server is believed: SSL_CERT_FILE (%s) and SSL_CERT_DIR (%s) hold no certificates (%s)",
            file,
            folder,
            error,
        )
    return context
