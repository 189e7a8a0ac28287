"""Documents that live elsewhere: each feed is brought into a folder, which `ingest` then reads.

    website, mailbox, folder -> FRONTDESK_HOME/feeds/NAME/COLLECTION/ -> library.ingest(…, prune=True)

A kind is one file with a function `fetch(feed: Feed, mirror: Mirror, caller: Caller) -> Fetched`. To add one, write
`knowledge/feeds/NAME.py` with that function and add it below. It raises `FeedUnavailable` when the place cannot be
read at all; the mirror is then as it was, so that a server that is down takes no document with it.
"""

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from knowledge.feeds.feed import Caller, Feed, Fetched
from knowledge.feeds.mirror import STATE_FILE, Mirror, safe_name

__all__ = ["FEEDS", "Caller", "Feed", "Fetched", "fetch", "file_name", "mirror_folder", "mirrors"]

FEEDS: dict[str, str] = {
    "folder": "knowledge.feeds.folder:fetch",
    "website": "knowledge.feeds.website:fetch",
    "maildir": "knowledge.feeds.maildir:fetch",
    "imap": "knowledge.feeds.imap:fetch",
}


def fetch(feed: Feed, home: Path, caller: Caller, *, feeds: Mapping[str, str] = FEEDS) -> Fetched:
    """Bring the feed's mirror up to date and tell what changed.

    Raises:
        FeedUnavailable: it cannot be read at all; nothing was removed.
    """
    module, _, function = feeds[feed.kind].partition(":")
    mirror = Mirror(mirror_folder(home, feed.name, feed.collection))
    mirror.facts |= {"collection": feed.collection, "audience": feed.audience or "public"}
    fetched: Fetched = getattr(import_module(module), function)(feed, mirror, caller)
    return fetched


def mirror_folder(home: Path, name: str, collection: str) -> Path:
    """Return the folder in which a feed's documents are kept; another collection means another one."""
    return home / "feeds" / file_name(name) / safe_name(collection, folder=True)


def file_name(name: str) -> str:
    """Return a feed's name as every system takes it for a file; no two names become one."""
    return name.replace(":", ".")


def mirrors(home: Path, name: str) -> list[Mirror]:
    """Return the mirrors of a feed that are there: one, or more after its collection was changed."""
    return [Mirror(path.parent) for path in sorted((home / "feeds" / file_name(name)).glob(f"*/{STATE_FILE}"))]
