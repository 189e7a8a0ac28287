"""What a feed is, who asks for it, and what came of asking.

    Feed + Caller  ->  a kind's fetch()  ->  Fetched

A feed is declared by the owner. It knows nothing of HTTP or mail; the file of its kind does.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["folder", "website", "maildir", "imap"]
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Feed:
    """One place that documents come from. Each field is a key of a `[[feeds]]` table of `frontdesk.toml`."""

    name: str
    """Letters, digits, `-` and `_`, not like another feed's; what `frontdesk sync NAME` and the mirror are called."""
    kind: Kind
    """`folder`, `website`, `maildir` or `imap`."""
    audience: str | None = "public"
    """Who may read it; not said: `staff` for mail, else `public`, but for folders named `staff` or alike."""
    collection: str = "default"
    """The collection that its documents go to."""
    every_minutes: float = 60.0
    """While Frontdesk watches: how often it asks, in minutes, 1 to 10080; changes in a folder are seen at once."""
    path: Path | None = None
    """folder, maildir: where it is."""
    url: str = ""
    """website: its sitemap, or a page; there `robots.txt` and `/sitemap.xml` are tried, else links are followed."""
    allow: tuple[str, ...] = ()
    """website: addresses under which pages are fetched, and none elsewhere; default: all of the url's host."""
    pause_seconds: float = 1.0
    """website: time between two requests, in seconds, 0 to 60; a longer one that `robots.txt` asks for is kept."""
    pages: int = 2000
    """website: most pages that one sync asks for, 1 to 100000."""
    megabytes: int = 20
    """website, maildir, imap: largest page or mail that is taken, in MB, 1 to 1000."""
    host: str = ""
    """imap: name of the server."""
    port: int | None = None
    """imap: its port, 1 to 65535; default 993, without `ssl` 143."""
    user: str = ""
    """imap: name to sign in with."""
    password: str = field(default="", repr=False)
    """imap: never printed. Best given as `FRONTDESK_FEED_NAME_PASSWORD` in the environment, NAME in capitals."""
    folder: str = "INBOX"
    """imap: the folder that is read; it is opened read-only."""
    ssl: bool = True
    """imap: speak TLS, the certificate verified."""

    @property
    def place(self) -> str:
        """Where it is, in words fit to show."""
        if self.kind == "imap":
            return f"{'imaps' if self.ssl else 'imap'}://{self.host}/{self.folder} as {self.user}"
        return self.url if self.kind == "website" else str(self.path)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and how time passes meanwhile."""

    agent: str = "Frontdesk"
    """What web servers are told."""
    progress: Progress | None = None
    """Told `(name, done, all)`."""
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class FailedItem:
    path: str
    """The page's address, the mail's name."""
    error: str


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a feed holds now."""

    root: Path
    """The folder to ingest."""
    fetched: int = 0
    """Pages or mails that are new or changed."""
    unchanged: int = 0
    removed: int = 0
    failed: tuple[FailedItem, ...] = ()
    warning: str = ""
    """What the owner should know, such as that nothing was removed and why; "" when all went well."""
    left_out: tuple[str, ...] = ()
    """Pages of types that no loader reads; each failed when it was new, and does no more."""
