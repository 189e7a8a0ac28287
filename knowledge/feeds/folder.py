"""A folder of the owner's: it is read where it lies, nothing is copied.

A folder that is not there, or is empty as an unmounted drive is, takes no document with it.
"""

import shlex

from knowledge.errors import FeedUnavailable
from knowledge.feeds.feed import Caller, Feed, Fetched
from knowledge.feeds.mirror import Mirror


def fetch(feed: Feed, mirror: Mirror, caller: Caller) -> Fetched:
    """Return the folder itself.

    Raises:
        FeedUnavailable: it is missing, unreadable or empty.
    """
    path = feed.path
    assert path is not None
    again = f"frontdesk watch {path}" if ":" in feed.name else f"frontdesk sync {feed.name}"  # it stands in no table
    try:
        empty = path.is_dir() and not any(path.iterdir())
    except OSError as error:
        raise FeedUnavailable(
            f"Feed {feed.name}: {path} cannot be read ({error.strerror}). Nothing of it was removed. "
            f"Next: let Frontdesk read it, then: {again}"
        ) from error
    if not path.is_dir() or empty:
        elsewhere = "" if feed.collection == "default" else f" --collection {feed.collection}"
        raise FeedUnavailable(
            f"Feed {feed.name}: the folder {path} is {'empty' if empty else 'not there'}; is a drive missing? Nothing "
            f"of it was removed. Next: {again} when it is back; to remove all that was read from "
            f"there: frontdesk ingest --forget {shlex.quote(str(path))}{elsewhere}"
        )
    return Fetched(path)
