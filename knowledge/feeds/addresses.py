"""Addresses of pages: one spelling for each, which of them may be fetched, and what the file is called.

"HTTPS://Shop.example:443/help/../help/returns?utm_source=x#top"
  -> https://shop.example/help/returns -> allowed? -> shop.example/help/returns.html
"""

import re
from collections.abc import Iterable
from urllib.parse import parse_qsl, quote, unquote, urljoin, urlsplit

from knowledge.feeds.mirror import safe_name

PORTS = {"http": 80, "https": 443}
LONGEST = 2000
"""Characters of an address that is still followed."""
_TRACKING = re.compile(
    r"(?i)(utm_\w+|gclid|dclid|gbraid|wbraid|fbclid|msclkid|yclid|igshid|mc_[ce]id|_ga|_gl|_hsenc|_hsmi|phpsessid|jsessionid)"
)
"""Parameters that say where a reader came from, never what the page holds."""
_SESSION = re.compile(r"(?i);jsessionid=[^/?;]*")
_HOST = re.compile(r"[a-z0-9_]([a-z0-9._-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+\]")
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
_KEPT = "/%:@!$&'()*+,;=~"


def canonical(url: str, *, base: str = "") -> str | None:
    """Return the one spelling of an address, or None for one that is not fetched at all.

    Lower-case host, no standard port, no fragment, no tracking parameters, dots resolved, one way of escaping. The
    slash at the end stays as it is, for servers tell the two apart.

    Args:
        base: the page that the address stands on, for relative ones.
    """
    try:
        parts = urlsplit(urljoin(base, url.strip()) if base else url.strip())
        host, port = parts.hostname or "", parts.port
        if not host.isascii():
            host = host.encode("idna").decode("ascii")
    except (ValueError, UnicodeError):
        return None
    scheme = parts.scheme.lower()
    host = f"[{host}]" if ":" in host else host.lower()
    if scheme not in PORTS or "@" in parts.netloc or not _HOST.fullmatch(host):
        return None
    netloc = host if port in (None, PORTS[scheme]) else f"{host}:{port}"
    path = _without_dots(_escaped(_SESSION.sub("", parts.path)))
    if ".." in re.split(r"[/\\]", unquote(path)):
        return None  # a server that takes %2F for / would leave the folder that is allowed
    pairs = [pair for pair in parts.query.split("&") if pair and not _TRACKING.fullmatch(pair.partition("=")[0])]
    query = _escaped("&".join(pairs), also="?")
    address = f"{scheme}://{netloc}{path}" + (f"?{query}" if query else "")
    return address if len(address) <= LONGEST else None


def origin(url: str) -> str:
    """Return scheme, host and port of a canonical address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class AllowList:
    """Which addresses may be fetched: those under the owner's prefixes, whole folders and pages only.

    `https://shop.example/help` covers `/help`, `/help/x` and `/help?x`, not `/helpdesk` and not `shop.example.net`.
    """

    def __init__(self, prefixes: Iterable[str]) -> None:
        """Take prefixes that `canonical` accepts."""
        self._prefixes = tuple(filter(None, map(canonical, prefixes)))
        self.origins = tuple(dict.fromkeys(origin(prefix) for prefix in self._prefixes))

    def below(self, url: str) -> str:
        """Return a folder that may be fetched, of the address's site where there is one."""
        first = next((prefix for prefix in self._prefixes if origin(prefix) == origin(url)), self._prefixes[0])
        return first if first.endswith("/") else first + "/"

    def covers(self, url: str) -> bool:
        """Return whether a canonical address may be fetched."""
        return any(
            url == prefix or url.startswith((prefix if prefix.endswith("/") else prefix + "/", prefix + "?"))
            for prefix in self._prefixes
        )


def whole_site(url: str) -> tuple[str, ...]:
    """Return what is allowed when the owner named a website and no prefixes: its host, plain or encrypted."""
    parts = urlsplit(canonical(url) or "")
    if parts.port:
        return (f"{parts.scheme}://{parts.netloc}/",)
    return tuple(f"{scheme}://{parts.netloc}/" for scheme in PORTS)


def file_name(url: str, suffix: str) -> str:
    """Return where a page lies below the mirror, as a person would look for it.

    Args:
        url: canonical.
        suffix: of its format, such as `.html`.
    """
    parts = urlsplit(url)
    *folders, last = (unquote(part) for part in parts.path.split("/")[1:])
    last = last or "index"
    stem = last[: -len(suffix)] if last.lower().endswith(suffix) else last
    if suffix == ".html" and stem.lower().endswith(".htm"):
        stem = stem[:-4]
    if parts.query:
        stem += " (" + ", ".join(f"{key}={value}" for key, value in parse_qsl(parts.query, True)) + ")"
    names = [parts.netloc, *filter(None, folders)]
    return "/".join([*(safe_name(name, folder=True) for name in names), safe_name(stem + suffix)])


def _escaped(text: str, *, also: str = "") -> str:
    """Escape what must be, in capitals, and nothing else; what is escaped already stays so."""

    def one(found: re.Match[str]) -> str:
        character = chr(int(found[1], 16))
        return character if _UNRESERVED.match(character) else found[0].upper()

    text = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", text)
    return quote(_ESCAPE.sub(one, text), safe=_KEPT + also)


def _without_dots(path: str) -> str:
    """Resolve `.` and `..` (RFC 3986, 5.2.4)."""
    kept: list[str] = []
    segments = path.split("/")[1:] or [""]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    if segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)
