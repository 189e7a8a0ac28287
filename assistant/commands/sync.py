"""`sync` and `watch`: what the feeds of frontdesk.toml hold, read into the library, once or again and again."""

import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import (
    PARTLY,
    AsJson,
    AudienceOfFiles,
    Collection,
    Config,
    examples,
    opened,
    print_json,
    print_left_out,
    progress_bar,
    progress_lines,
    say,
    settings_for,
)
from assistant.errors import ServerError
from assistant.settings import Settings
from knowledge.counting import counted
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from assistant.feeds import Ingest, SyncReport
    from knowledge.feeds import Feed

SYNC_EXAMPLES = examples(
    "frontdesk sync",
    "frontdesk sync website --json",
    "frontdesk sync --forget old-website",
)
WATCH_EXAMPLES = examples(
    "frontdesk watch",
    "frontdesk watch ./documents",
    "frontdesk watch website ./internal --audience staff",
)


def sync(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME…", help="Feeds of frontdesk.toml; all when none is named.")
    ] = None,
    forget: Annotated[
        str | None, typer.Option(metavar="NAME", help="Remove all that came from this feed, declared or not.")
    ] = None,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Fetch what changed on websites, in mailboxes and folders, and read it; what is gone there goes here too.

    Exit codes: 0 all is in, 3 some pages, mails or files could not be read and are named, 1 a feed could not be read.
    """
    from assistant import feeds

    settings = settings_for(config)
    if forget is not None:
        if names:
            raise typer.BadParameter("give NAMEs, or --forget NAME")
        with progress_bar("Forgetting") as progress:
            removed = feeds.forget(forget, settings.home, ingest=ingester(settings, progress), say=say)
        if as_json:
            print_json({"name": forget, "removed": removed})
        else:
            print(f"{forget}: {counted(removed, 'document')} removed.")
        return
    reports = []
    for feed in feeds.chosen(settings, names or []):
        reports.append(_sync_one(feed, settings))
        if not as_json:
            _print(reports[-1])
    if as_json:
        print_json({"feeds": reports})
    elif not names:
        for name in feeds.undeclared(settings):
            print(f"{name} is declared no more; its documents stay. To remove them: frontdesk sync --forget {name}")
    if any("error" in report for report in reports):
        raise typer.Exit(1)
    if any(report["failed"] for report in reports):
        raise typer.Exit(PARTLY)


def watch(
    targets: Annotated[
        list[str] | None,
        typer.Argument(metavar="PATH|NAME…", help="Folders, and feeds of frontdesk.toml; without any, all of them."),
    ] = None,
    collection: Collection = "default",
    audience: AudienceOfFiles = None,
    config: Config = None,
) -> None:
    """Read folders whenever their files change, other feeds every so many minutes; ends with Ctrl-C.

    --collection and --audience are for the folders named here; a feed has its own.
    """
    from assistant import feeds
    from assistant.watching import Stopped
    from assistant.watching import watch as watch_feeds
    from knowledge.feeds import Caller

    settings = settings_for(config)
    chosen = feeds.chosen_to_watch(settings, targets or [], collection=collection, audience=audience)
    stop, one_writer = Event(), Lock()

    def sleep(seconds: float) -> None:
        if stop.wait(seconds):
            raise Stopped

    def sync_one(feed: "Feed") -> "SyncReport":
        caller = Caller(agent=feeds.user_agent(settings), sleep=sleep)
        ingest = ingester(settings, progress_lines(feed.name))

        def ingest_alone(paths: Sequence[Path], **options: Any) -> dict[str, Any]:
            with one_writer:
                return ingest(paths, **options)

        return feeds.sync(feed, settings.home, ingest=ingest_alone, caller=caller, say=say)

    print("Watching " + ", ".join(f"{feed.name} ({feed.place})" for feed in chosen), flush=True)
    with _ended_by_signals(stop):
        ended = watch_feeds(chosen, sync=sync_one, tell=lambda line: print(line, flush=True), stop=stop)
    print("Stopped.", flush=True)
    if not ended:  # threads inside native code would crash a slower end
        os._exit(0)


@contextmanager
def _ended_by_signals(stop: Event) -> Iterator[None]:
    """Set `stop` on Ctrl-C and on SIGTERM; a second Ctrl-C ends at once."""

    def end(number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ingester(settings: Settings, progress: Callable[[str, float, int], None] | None = None) -> "Ingest":
    """Return what reads folders into the library: the server when one runs, else this process."""
    from assistant.running import sole_writer

    def ingest(
        paths: Sequence[Path], *, collection: str, audience: str | None, prune: bool, prune_empty: bool = False
    ) -> dict[str, Any]:
        options: dict[str, Any] = {
            "collection": collection,
            "audience": audience,
            "prune": prune,
            "prune_empty": prune_empty,
        }
        with sole_writer(settings.home, say=say) as server:
            if server:
                return server.ingest(paths, progress=progress, **options)
            with opened(settings) as application:
                return asdict(application.library.ingest(paths, progress=progress, **options))

    return ingest


def _sync_one(feed: "Feed", settings: Settings) -> dict[str, Any]:
    """Sync one feed; one that cannot be read does not keep the others from being read."""
    from assistant import feeds
    from knowledge.feeds import Caller

    try:
        with progress_bar(feed.name) as progress:
            caller = Caller(agent=feeds.user_agent(settings), progress=progress)
            report = feeds.sync(feed, settings.home, ingest=ingester(settings, progress), caller=caller, say=say)
    except (KnowledgeError, ServerError) as error:
        return {"name": feed.name, "error": str(error)}
    return asdict(report)


def _print(report: dict[str, Any]) -> None:
    if "error" in report:
        print(f"Error: {report['error']}", file=sys.stderr)
        return
    print(
        f"{report['name']}: {report['fetched']} fetched, {report['unchanged']} unchanged, {report['removed']} removed, "
        f"{len(report['failed'])} failed; {counted(report['documents'], 'document')} "
        f"({counted(report['chunks'], 'chunk')}) read in {report['seconds']:.1f} s."
    )
    for failed in report["failed"]:
        print(f"  failed: {failed['path']}: {failed['error']}")
    print_left_out(report["left_out"])
    if report["warning"]:
        print(f"  note: {report['warning']}")
