"""Addresses without what nobody may read: passwords, and keys in queries.

"postgresql://user:secret@host/database?key=x" -> "postgresql://user@host/database?key="
"""

import re
from urllib.parse import urlsplit

_SECRET_IN_QUERY = re.compile(r"(?i)([?&;][^?=&;\s]*(?:passw|secret|token|key)[^=&;\s]*=)[^&\s]*")


def without_password(url: str) -> str:
    """Return a URL that may be printed."""
    start, separator, rest = without_secrets(url).partition("://")
    account, at, place = rest.rpartition("@")
    return f"{start}{separator}{account.partition(':')[0]}{at}{place}"


def password_of(url: str) -> str:
    """Return the password that an address holds; "" when it holds none, or is no address."""
    try:
        return urlsplit(url).password or ""
    except ValueError:  # it is no address, which whoever asks it says
        return ""


def without_secrets(text: str) -> str:
    """Blank the passwords and keys that stand in the queries of URLs, wherever in the text."""
    return _SECRET_IN_QUERY.sub(r"\1", text)
