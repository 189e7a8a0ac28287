"""Feeds brought up to date and read: what `sync` and `watch` do for each.

    feed -> its mirror, while others may write -> ingest by the one writer -> what changed

A feed that cannot be read raises, and nothing that came from it is removed.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

from filelock import FileLock, Timeout

from assistant import internal_folders
from assistant.errors import ServerError
from assistant.feed_settings import MAIL, nested
from assistant.settings import Settings, SettingsError
from knowledge.documents import MEMBER
from knowledge.errors import KnowledgeError
from knowledge.feeds import Caller, Feed, Fetched, fetch, file_name, mirrors
from knowledge.feeds.mirror import Mirror, addresses, safe_name

KNOWN_FAULTS = "known faults"
"""The fact of a mailbox that tells, as JSON, which attachments could not be read at the last sync, and why."""
WITHOUT_TABLE = "folder:"
"""Begins the name of a folder that no table declares; no feed's name can, so that it is never taken for one."""


_SAID_IN_TABLE = "Of a feed, `audience` in its table of frontdesk.toml says so for good"


class Ingest(Protocol):
    """Who reads folders into the library: this process, or the server that runs."""

    def __call__(
        self, paths: Sequence[Path], *, collection: str, audience: str | None, prune: bool, prune_empty: bool
    ) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a sync of one feed did."""

    name: str
    fetched: int
    """Pages or mails that were new or changed; of a folder, documents."""
    unchanged: int
    removed: int
    failed: list[dict[str, str]]
    """`{"path", "error"}`: pages and mails that could not be had, files that could not be read."""
    documents: int
    """Documents that were added or changed."""
    chunks: int
    seconds: float
    """What reading took, without fetching."""
    warning: str
    left_out: list[str] = field(default_factory=list)
    """Files and pages that no loader reads, broken attachments of mails: each failed when it was new.
    A file that is read but for something in it ends in `!/`."""


def sync(
    feed: Feed, home: Path, *, ingest: Ingest, caller: Caller, say: Callable[[str], None] = lambda _text: None
) -> SyncReport:
    """Bring one feed's documents up to date.

    Raises:
        FeedUnavailable: it cannot be read at all.
        KnowledgeError, ServerError: the library cannot be written.
    """
    with _one_at_a_time(home, feed.name, say):
        _give_audience(feed, home, ingest)
        fetched = fetch(feed, home, caller)
        # A mirror that is empty is so because its feed is; a folder that is empty may be a drive that is not there.
        is_mirror = feed.kind != "folder"
        try:
            report = ingest(
                [fetched.root], collection=feed.collection, audience=feed.audience, prune=True, prune_empty=is_mirror
            )
        except (KnowledgeError, ServerError) as error:
            if feed.audience is None and "--audience" in str(error):
                raise type(error)(f"Feed {feed.name}: {error}. {_SAID_IN_TABLE}") from error
            raise
        for mirror in mirrors(home, feed.name):
            if mirror.folder != fetched.root:
                _empty(mirror, ingest)  # its collection was changed
        if feed.kind in MAIL:
            report = _without_known_faults(Mirror(fetched.root), report)
    return _report(feed, fetched, report)


def forget(name: str, home: Path, *, ingest: Ingest, say: Callable[[str], None] = lambda _text: None) -> int:
    """Remove all documents that came from a feed, and its mirror; return how many documents.

    Raises:
        SettingsError: nothing is held of such a feed.
    """
    with _one_at_a_time(home, name, say):
        held = mirrors(home, name)
        if not held:
            raise SettingsError(
                f"Nothing was fetched for a feed named {name!r}. What was: {', '.join(known(home)) or 'nothing'}. "
                "What was read from a folder is removed with: frontdesk ingest --forget FOLDER"
            )
        return sum(_empty(mirror, ingest) for mirror in held)


def known(home: Path) -> list[str]:
    """Return the names of the feeds of which something is held, declared or not."""
    folder = home / "feeds"
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    return [name for name in names if mirrors(home, name)]


def undeclared(settings: Settings) -> list[str]:
    """Return the names of feeds of which something is held although frontdesk.toml declares them no more."""
    declared = {feed.name for feed in settings.feeds}
    return [name for name in known(settings.home) if name not in declared]


def chosen(settings: Settings, names: Sequence[str]) -> list[Feed]:
    """Return the feeds with these names, all of them when none is named.

    Raises:
        SettingsError: there is no feed, or none with such a name.
    """
    declared = {feed.name: feed for feed in settings.feeds}
    if not declared:
        raise SettingsError(
            "No feeds are declared. Write a [[feeds]] table into frontdesk.toml, such as\n"
            '  [[feeds]]\n  name = "website"\n  kind = "website"\n  url = "https://shop.example/sitemap.xml"\n'
            "then run: frontdesk sync"
        )
    missing = [name for name in names if name not in declared]
    if missing:
        raise SettingsError(f"No feed is named {', '.join(missing)}. Declared are: {', '.join(declared)}")
    return [declared[name] for name in names] if names else list(declared.values())


def chosen_to_watch(settings: Settings, targets: Sequence[str], *, collection: str, audience: str | None) -> list[Feed]:
    """Return the feeds to watch: those named, and each folder named as a feed of its own.

    Without a target they are all feeds, and the folder that `documents` names.

    Raises:
        SettingsError: there is nothing to watch, or a target is neither a feed nor a folder.
    """
    declared = {feed.name: feed for feed in settings.feeds}
    if not targets:
        folders = [settings.documents] if settings.documents else []
        found = [*declared.values(), *(_folder_feed(path, collection, audience) for path in folders)]
        if not found:
            raise SettingsError(
                "There is nothing to watch. Declare [[feeds]] in frontdesk.toml, or: frontdesk watch FOLDER"
            )
        return _not_nested(found, settings)
    wrong = [target for target in targets if target not in declared and not Path(target).is_dir()]
    if wrong:
        raise SettingsError(
            f"Neither a feed nor a folder: {', '.join(wrong)}. Feeds are: {', '.join(declared) or 'none'}. "
            "Check the path, then: frontdesk watch FOLDER"
        )
    found = [declared.get(target) or _folder_feed(Path(target), collection, audience) for target in targets]
    return _not_nested(found, settings)


def _not_nested(feeds: list[Feed], settings: Settings) -> list[Feed]:
    """Return the feeds, unless one of them would show another's documents to people who may not read them."""
    every = {feed.name: feed for feed in (*settings.feeds, *feeds)}
    faults = nested(list(every.values()), documents=None, home=settings.home)
    if faults:
        raise SettingsError(f"This cannot be watched: {'; '.join(faults)}. Then: frontdesk watch")
    return feeds


def _folder_feed(path: Path, collection: str, audience: str | None) -> Feed:
    name = WITHOUT_TABLE + safe_name(path.resolve().name)
    return Feed(name=name, kind="folder", path=path.resolve(), collection=collection, audience=audience)


def user_agent(settings: Settings) -> str:
    """Return what web servers are told of us: who reads them, and whom to ask."""
    try:
        release = version("frontdesk")
    except PackageNotFoundError:
        release = "0"
    contact = "".join(
        character for character in settings.contact if 31 < ord(character) < 127 and character not in "()"
    )
    return f"Frontdesk/{release}" + (f" (+{contact})" if contact else "")


def _without_known_faults(mirror: Mirror, report: dict[str, Any]) -> dict[str, Any]:
    """Return the report with attachments left out that failed in the same way before.

    A mail never changes and nobody can mend it, so one broken attachment would fail each night. It is tried each time.
    """
    now = {item["path"]: item["error"] for item in report["failed"] if MEMBER in item["path"]}
    before = json.loads(mirror.facts.get(KNOWN_FAULTS, "{}"))
    known = [path for path, error in now.items() if before.get(path) == error]
    if now != before:
        mirror.facts[KNOWN_FAULTS] = json.dumps(now)
        mirror.save()
    failed = [item for item in report["failed"] if item["path"] not in known]
    return {**report, "failed": failed, "left_out": [*report.get("left_out", ()), *known]}


def _report(feed: Feed, fetched: Fetched, report: dict[str, Any]) -> SyncReport:
    mirrored = feed.kind != "folder"
    failed = [{"path": item.path, "error": item.error} for item in fetched.failed]
    left_out = report.get("left_out", ())
    pages = addresses(fetched.root) if report["failed"] or left_out else {}
    warning = fetched.warning
    warning = " ".join([warning, *internal_folders.sentences(report.get("internal", ()), collection=feed.collection)])
    if feed.kind in MAIL and feed.audience == "public":
        warning = f"{warning} Everyone may read these mails (`audience` is public)."
    return SyncReport(
        name=feed.name,
        fetched=fetched.fetched if mirrored else report["documents"],
        unchanged=fetched.unchanged if mirrored else report["unchanged"],
        removed=fetched.removed if mirrored else report["removed"],
        failed=[*failed, *(_failed_there(item, fetched.root, pages) for item in report["failed"])],
        documents=report["documents"],
        chunks=report["chunks"],
        seconds=report["seconds"],
        warning=warning.strip(),
        left_out=[*fetched.left_out, *(_as_named_there(path, fetched.root, pages) for path in left_out)],
    )


def _failed_there(failed: dict[str, str], root: Path, pages: Mapping[str, str]) -> dict[str, str]:
    """Return a failure with a page's address for its copy, which is nobody's to mend."""
    path = _as_named_there(failed["path"], root, pages)
    address = path if path == failed["path"] else path.partition(MEMBER)[0]
    return {"path": path, "error": failed["error"].replace(failed["path"], address)}


def _as_named_there(path: str, root: Path, pages: Mapping[str, str]) -> str:
    """Return a page's address, with what is meant in it, for the path of its copy; any other path as it is."""
    file, mark, member = path.removeprefix(f"{root}{os.sep}").partition(MEMBER)
    address = pages.get(file.replace(os.sep, "/"))
    return path if address is None else address + mark + member


def _give_audience(feed: Feed, home: Path, ingest: Ingest) -> None:
    """Give what is held to the audience that the feed has now; its place may be down, and the owner's word counts.

    A folder's that says no word leaves to whom it was what a website or mailbox left behind, which is removed next.
    """
    if feed.audience is None:
        return
    for mirror in mirrors(home, feed.name):
        if mirror.facts.get("audience", feed.audience) != feed.audience:
            collection = mirror.facts.get("collection", feed.collection)
            ingest([mirror.folder], collection=collection, audience=feed.audience, prune=True, prune_empty=True)
            mirror.facts["audience"] = feed.audience
            mirror.save()


def _empty(mirror: Mirror, ingest: Ingest) -> int:
    """Remove a mirror and the documents that came from it; return how many documents."""
    mirror.clear()
    where = {
        "collection": mirror.facts.get("collection", "default"),
        "audience": mirror.facts.get("audience", "public"),
    }
    removed: int = ingest([mirror.folder], prune=True, prune_empty=True, **where)["removed"]
    mirror.remove()
    return removed


@contextmanager
def _one_at_a_time(home: Path, name: str, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the feed; two syncs of it would undo each other's work."""
    folder = home / "feeds"
    lock = FileLock(folder / f"{file_name(name)}.lock", thread_local=False)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say(f"Another process reads the feed {name}; waiting for it.")
            lock.acquire()
    except OSError as error:
        raise SettingsError(
            f"The folder {folder} cannot be written ({error.strerror or error}). Set FRONTDESK_HOME to another folder."
        ) from error
    try:
        yield
    finally:
        lock.release()
