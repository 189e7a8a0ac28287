"""`sync`: what the feeds of frontdesk.toml hold, read into the library."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import AsJson, Config, examples, opened, print_json, progress_bar, say, settings_for
from assistant.errors import ServerError
from assistant.settings import Settings
from knowledge.errors import KnowledgeError

if TYPE_CHECKING:
    from assistant.feeds import Ingest
    from knowledge.feeds import Feed

SYNC_EXAMPLES = examples(
    "frontdesk sync",
    "frontdesk sync website --json",
    "frontdesk sync --forget old-website",
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
    """Fetch what changed on websites, in mailboxes and folders, and read it; what is gone there goes here too."""
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
            print(f"{forget}: {removed} documents removed.")
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


def ingester(settings: Settings, progress: Callable[[str, int, int], None] | None = None) -> "Ingest":
    """Return what reads folders into the library: the server when one runs, else this process."""
    from assistant.running import sole_writer

    def ingest(paths: Sequence[Path], *, collection: str, audience: str, prune: bool) -> dict[str, Any]:
        options: dict[str, Any] = {"collection": collection, "audience": audience, "prune": prune}
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
        f"{len(report['failed'])} failed; {report['documents']} documents ({report['chunks']} chunks) read "
        f"in {report['seconds']:.1f} s."
    )
    for failed in report["failed"]:
        print(f"  failed: {failed['path']}: {failed['error']}")
    if report["warning"]:
        print(f"  note: {report['warning']}")
