"""Whose certificates are believed when another server is asked: the public authorities', and the company's own.

    SSL_CERT_FILE, SSL_CERT_DIR  |  else the public list + what this machine's store trusts  ->  one context

httpx by itself believes the public list alone; a company's servers are often signed by an authority of its own, which
its computers trust.
"""

import os
import ssl
from functools import cache

import httpx


@cache
def trusted() -> ssl.SSLContext:
    """Return the context of a client that checks names and certificates; reading it takes a tenth of a second, once."""
    if os.environ.get("SSL_CERT_FILE") or os.environ.get("SSL_CERT_DIR"):
        return ssl.create_default_context()  # the owner's word on whom to trust is the whole of it
    context = httpx.create_ssl_context(trust_env=False)
    context.load_default_certs()
    return context
