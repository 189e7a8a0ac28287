"""What commands share: options, settings, the one JSON object, progress.

stdout carries results only. Progress and logs go to stderr; where that is no terminal, a line now and then.
"""

import json
import logging
import os
import re
import shlex
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import datetime
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.log_causes import CauseFilter
from assistant.log_privacy import PrivacyFilter
from assistant.settings import Settings, load
from knowledge.counting import counted
from knowledge.documents import MEMBER

if TYPE_CHECKING:
    from assistant.app import Application

OURS = ("assistant", "finetune", "agents", "knowledge")
PARTLY = 3
"""Exit code of an ingest or a sync that could not read some files: the others are in. restic's is the same."""
LINE_SECONDS = (30.0, 600.0)
"""After how long a line says how far it is where no terminal shows a bar; each wait is twice the one before, up to the
last.
"""
LOOK_SECONDS = 1.0
"""How often it is looked whether such a line is due."""
NAMED_AT_MOST = 5
"""Files that one line names."""
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
"""Control characters but for tab and line feed, and those that set the direction of text."""

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Settings file; else ./frontdesk.toml, else the one in the home."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object.")]
Collection = Annotated[str, typer.Option("--collection", metavar="C", help="The collection of documents.")]
Audience = Annotated[str, typer.Option("--audience", metavar="A", help="Who may read: public, staff, …")]
AudienceOfFiles = Annotated[
    str | None,
    typer.Option(
        "--audience",
        metavar="A",
        help="Who may read them: public, staff, …; not said: public, unless held or named for fewer.",
    ),
]
Model = Annotated[
    str | None,
    typer.Option("--model", metavar="NAME", help="auto, embedded, ollama:NAME, openai:NAME, or none (quotes only)."),
]
Questions = Annotated[
    Path | None, typer.Option("--questions", metavar="IN.jsonl", help="Batch: a file with one question a line.")
]


def whole_characters(text: str | None) -> str | None:
    """Return a text in which what is no character stands as `?`, as on a terminal of another encoding."""
    return None if text is None else text.encode("utf-8", "replace").decode("utf-8")


Asked = Annotated[str | None, typer.Argument(metavar="QUESTION", show_default=False, callback=whole_characters)]
Base = Annotated[
    str, typer.Option("--base", metavar="MODEL", help="embedded, a model's folder, a .gguf file, or a hub id.")
]
Failures = Annotated[int, typer.Option("--failures", metavar="N", min=0, help="How many failures to show.")]
Out = Annotated[Path | None, typer.Option("--out", metavar="OUT.jsonl", help="Batch: where the results go.")]


def settings_for(config: Path | None, **flags: Any) -> Settings:
    """Resolve the settings and set up a quiet log."""
    settings = load(config=config, flags=flags)
    set_up_log(settings, quiet=True)
    return settings


def set_up_log(settings: Settings, *, quiet: bool = False) -> None:
    """Send the log to stderr, without personal data, and in one line what an operator can mend.

    Args:
        quiet: Warnings only, unless the owner chose a level; for commands that end by themselves.
    """
    level = "warning" if quiet and "log_level" not in settings.origins else settings.log_level
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.addFilter(CauseFilter())
    handler.addFilter(PrivacyFilter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    for name in OURS:
        logging.getLogger(name).setLevel(level.upper())
    for pool in ("sqlalchemy.pool", "psycopg.pool"):  # who needs a connection that broke says so
        logging.getLogger(pool).setLevel(logging.CRITICAL)
    # The hub's library prints each try on handlers of its own as well; what failed is said once, by our own error.
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")


@contextmanager
def opened(settings: Settings) -> Iterator["Application"]:
    """Open the app for one command and close it after."""
    from assistant.app import open_application

    application = open_application(settings)
    try:
        yield application
    finally:
        application.close()


def print_json(data: object) -> None:
    """Print one JSON object on stdout."""
    plain = asdict(data) if is_dataclass(data) and not isinstance(data, type) else data
    print(json.dumps(plain, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))


def print_left_out(paths: Sequence[str]) -> None:
    """Name what was left out without a fault: what failed when it was new, and will be no better tomorrow."""
    if paths:
        more = f" and {len(paths) - NAMED_AT_MOST} more" if len(paths) > NAMED_AT_MOST else ""
        named = [f"{path.removesuffix(MEMBER)} in part" if path.endswith(MEMBER) else path for path in paths]
        print(f"  left out as before, since it cannot be read: {', '.join(named[:NAMED_AT_MOST])}{more}")


@contextmanager
def progress_bar(label: str) -> Iterator[Callable[[str, float, int], None]]:
    """Hand out `progress(name, done, all)`: a bar on a terminal, a line now and then in a pipe."""
    if not sys.stderr.isatty():
        yield progress_lines(label)
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda name, done, total: bar.update(
            task, completed=done, total=total, description=f"{label} {Path(name).name[:40]}"
        )


def progress_lines(label: str) -> Callable[[str, float, int], None]:
    """Return `progress(name, done, all)`, which prints a line now and then, ever more seldom."""
    passed = due()

    def progress(name: str, done: float, total: int) -> None:
        if total and (seconds := passed()) is not None:
            what = harmless(f"{label} {Path(name).name}".rstrip())
            within = total > 1 and done % 1  # a large file among others: how far it is itself
            share = f" ({int(done) + 1} of {total}): {done % 1:.0%}" if within else f": {done / total:.0%}"
            print(f"{what}{share} after {seconds:.0f} s", file=sys.stderr, flush=True)

    return progress


@contextmanager
def signs_of_life(label: str) -> Iterator[Callable[[str], None]]:
    """Hand out `turn_to(what)` for work that is silent for minutes within one part; a line now and then names the part.

    A thread tells, so that a line comes however long a part takes.
    """
    at, ended, passed = "", Event(), due()

    def turn_to(what: str) -> None:
        nonlocal at
        at = what

    def tell() -> None:
        while not ended.wait(LOOK_SECONDS):
            if (seconds := passed()) is not None:
                print(harmless(f"{label}: {at}, after {seconds:.0f} s"), file=sys.stderr, flush=True)

    telling = Thread(target=tell, name="signs of life", daemon=True)
    telling.start()
    try:
        yield turn_to
    finally:
        ended.set()
        telling.join()


def due() -> Callable[[], float | None]:
    """Return what tells when a line is due: the seconds since now, else None; see LINE_SECONDS."""
    begun = last = time.monotonic()
    wait, longest = LINE_SECONDS

    def passed() -> float | None:
        nonlocal last, wait
        now = time.monotonic()
        if now - last < wait:
            return None
        last, wait = now, min(2 * wait, longest)
        return now - begun

    return passed


def harmless(text: str) -> str:
    """Return what others wrote as a terminal may show it, with "�" for signs that steer it or turn a text around.

    A customer could else clear the screen of whoever reads their ticket, or write to the clipboard.
    """
    return STEERING.sub("�", text.replace("\r\n", "\n"))


def local(moment: datetime) -> datetime:
    """Return a stored moment, which is in UTC, by the clock of who reads it."""
    return moment.astimezone()


def typed() -> str:
    """Return the command as it was given, for a page that says how it was made."""
    return shlex.join(["frontdesk", *sys.argv[1:]])


def now() -> str:
    """Return date and time here, as a page shows them."""
    return datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %Z")


def say(text: str) -> None:
    """Tell the person at the terminal how it goes; silent in a pipe."""
    if sys.stderr.isatty():
        print(text, file=sys.stderr)


def warn(text: str) -> None:
    """Tell what must be known in a pipe and a log too."""
    print(text, file=sys.stderr)


def warn_if_nothing_read(application: "Application", *, collection: str, audiences: Sequence[str]) -> None:
    """Say why nothing can be found, where nothing was read: a refusal alone looks as if the documents did not say."""
    library = application.library
    option = "" if collection == "default" else f" --collection {collection}"
    if not library.count_chunks(collections=(collection,), audiences=audiences):
        readers = " and ".join(audiences)
        warn(
            f"Nothing was read into the collection {collection!r} of {application.settings.home} for {readers}. "
            f"Next: frontdesk ingest PATH{option}"
        )
    elif not library.count_chunks(collections=(collection,), audiences=audiences[-1:]):
        asked, small = audiences[-1], audiences[-1].casefold()
        is_held = library.count_chunks(collections=(collection,), audiences=(small,)) > 0
        again = f"frontdesk ingest PATH --audience {shlex.quote(asked)}{option}, or --audience as it was written there"
        warn(
            f"Nothing was read for {asked!r}: it was asked of what is for everyone. "
            f"Next: {f'the same with --audience {shlex.quote(small)}' if is_held else again}"
        )


def examples(*commands: str) -> str:
    """Return the last part of a `--help`: commands that work as they stand."""
    return "Examples:\n\n" + "\n\n".join(f"  {command}" for command in commands)


def check_one_form(question: str | None, questions: Path | None, out: Path | None) -> None:
    """Refuse a call that has neither or both of a question and a question file.

    Raises:
        typer.BadParameter: Wrong usage, exit code 2.
    """
    if (question is None) == (questions is None):
        raise typer.BadParameter("give a QUESTION, or --questions IN.jsonl with --out OUT.jsonl")
    if (questions is None) != (out is None):
        raise typer.BadParameter("--questions and --out go together")


def print_batch(source: Path, target: Path, answer: Callable[..., Mapping[str, Any]], *, as_json: bool) -> None:
    """Run a batch and print what came of it."""
    from assistant.batch import run_batch

    with progress_bar("Questions") as progress:
        report = run_batch(source, target, answer, progress=lambda done, total: progress("", done, total))
    if as_json:
        print_json(report)
    else:
        failed = f", {report.failed} failed" if report.failed else ""
        print(f"{counted(report.questions, 'question')} in {report.seconds:.1f} s{failed}: {target}")
