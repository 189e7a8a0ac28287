"""Whose certificates are believed when another server is asked: the public authorities', and the company's own.

    SSL_CERT_FILE, SSL_CERT_DIR  |  else the public list + what this machine's store trusts  ->  one context

httpx by itself believes the public list alone; a company's servers are often signed by an authority of its own, which
its computers trust.

Mail has a context of its own: httpx writes into the one that it is given that it speaks `http/1.1` (ALPN, RFC 7301), and
servers such as Exim's end a connection that says so where they expect mail.
"""

import os
import ssl
from functools import cache
from typing import Literal

import httpx


@cache
def trusted(purpose: Literal["web", "mail"] = "web") -> ssl.SSLContext:
    """Return the context of a client that checks names and certificates; reading it takes a tenth of a second, once.

    Args:
        purpose: `mail` for SMTP and IMAP, `web` for whatever httpx asks.
    """
    if os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context()  # the owner's word on whom to trust is the whole of it
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context
