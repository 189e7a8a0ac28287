"""A help desk's mail in a maildir, as mail servers and backups keep it: each mail becomes a file of the mirror.

    path/{cur,new}/… and its folders -> mails not seen before -> mirror/2026-03-01 Where is my lamp?.eml

A maildir's files never change, so a name that is known is not read again. Mails marked as deleted or as drafts, and
folders for such, are passed over; a mail that lies in two folders is taken once.
"""

from collections.abc import Iterator
from pathlib import Path

from knowledge.errors import FeedUnavailable
from knowledge.feeds.feed import Caller, FailedItem, Feed, Fetched
from knowledge.feeds.mails import MESSAGE_ID, NOT_KNOWLEDGE, keep, read_headers
from knowledge.feeds.mirror import Mirror
from knowledge.feeds.visitor import MEGABYTE

PARTS = ("new", "cur")
"""In this order: a mail that the server moves meanwhile is seen twice rather than not at all."""
LEFT_OUT_FLAGS = frozenset("TD")
"""Trashed, draft."""
SAVE_EVERY = 500


def fetch(feed: Feed, mirror: Mirror, caller: Caller) -> Fetched:
    """Bring the mirror up to date with the maildir.

    Raises:
        FeedUnavailable: it is no maildir, or cannot be listed; nothing was removed.
    """
    path = feed.path or Path()
    try:
        mails = dict(_mails(path))
    except OSError as error:
        raise FeedUnavailable(
            f"Feed {feed.name}: {error.filename or path} cannot be read ({error.strerror or error}); a maildir holds "
            f"the folders cur and new. Nothing of it was removed. Next: mend `path`, then: frontdesk sync {feed.name}"
        ) from error
    gone = [key for key in mirror.items if key not in mails]
    for key in gone:
        mirror.drop(key)
    held = {item.marks.get(MESSAGE_ID) for item in mirror.items.values()}
    fetched = unchanged = 0
    failed: list[FailedItem] = []
    try:
        for done, (key, file) in enumerate(mails.items()):
            if caller.progress:
                caller.progress(key, done, len(mails))
            if mirror.path(key):
                unchanged += 1
                continue
            try:
                if file.stat().st_size > feed.megabytes * MEGABYTE:
                    failed.append(FailedItem(key, f"larger than {feed.megabytes} MB (`megabytes`)"))
                    continue
                data = file.read_bytes()
                arrived_at = file.stat().st_mtime
            except FileNotFoundError:
                continue  # moved by the mail server between listing and reading; the next sync finds it
            except OSError as error:
                failed.append(FailedItem(key, f"cannot be read: {error.strerror or error}"))
                continue
            message_id = read_headers(data).message_id
            if message_id and message_id in held:
                unchanged += 1
                continue
            held.add(message_id)
            fetched += keep(mirror, key, data, arrived_at=arrived_at)
            if fetched % SAVE_EVERY == 0:
                mirror.save()
        mirror.sweep(all_read=not failed)
    finally:
        mirror.save()
    return Fetched(mirror.folder, fetched, unchanged, len(gone), tuple(failed))


def _mails(path: Path) -> Iterator[tuple[str, Path]]:
    """Yield key and file of every mail that counts, folder by folder, in a fixed order.

    Raises:
        OSError: a part cannot be listed.
    """
    for folder in [path, *_folders(path)]:
        label = folder.relative_to(path).as_posix().removeprefix(".")
        for part in PARTS:
            for file in sorted((folder / part).iterdir()):
                unique, _, flags = file.name.partition(":2,")
                if not file.name.startswith(".") and not LEFT_OUT_FLAGS & set(flags) and file.is_file():
                    yield f"{label}/{unique}" if label else unique, file


def _folders(path: Path) -> list[Path]:
    """Return the folders within, named as Maildir++ does (`.Solved.2026`) or plainly."""
    found = []
    for child in sorted(path.iterdir()):
        words = child.name.lower().split(".")
        if all((child / part).is_dir() for part in PARTS) and not NOT_KNOWLEDGE & set(words):
            found.append(child)
    return found
