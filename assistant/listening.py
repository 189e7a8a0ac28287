"""What the setting `host` says: where the server listens, and the company's own names for it.

    "127.0.0.1 chat.shop.example www.shop.example" -> address, names

A name is what a proxy in front is called by, and so what browsers write as `Host`; a page under it may show the chat in
a frame. A server without names is reached by its address and this machine's name alone: any other may be a stranger's
name that leads here (DNS rebinding).
"""

import re

_NAME = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


def address(host: str) -> str:
    """Return the address to listen on, the first of the words; "" when there is none."""
    return next(iter(host.split()), "")


def names(host: str) -> tuple[str, ...]:
    """Return the names after the address, in small letters."""
    return tuple(name.lower() for name in host.split()[1:])


def fault(host: str) -> str:
    """Return what is wrong with the setting, "" for nothing."""
    if not address(host):
        return "it must be an address, such as 127.0.0.1, or 0.0.0.0 for the whole network"
    wrong = [name for name in names(host) if not _NAME.fullmatch(name)]
    if wrong:
        return (
            f"{', '.join(wrong)} is no host name; write them without https://, port and path, such as chat.example.com"
        )
    return ""
