"""`backup` and `restore`: all state of a home in one file, and back.

home -> FILE.tar.gz -> home
"""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import AsJson, Config, examples, print_json, settings_for, warn
from knowledge.counting import counted

BACKUP_EXAMPLES = examples(
    "frontdesk backup /backups/frontdesk-monday.tar.gz", "frontdesk backup /backups/latest.tar.gz --replace --json"
)
RESTORE_EXAMPLES = examples(
    "frontdesk restore /backups/latest.tar.gz", "FRONTDESK_HOME=/srv/frontdesk frontdesk restore latest.tar.gz"
)


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The .tar.gz to make, outside the home.")],
    replace: Annotated[bool, typer.Option("--replace", help="Replace a file that is there.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Write all state into one file: documents, index, conversations, tickets, releases, settings.

    A server may go on serving. Models are left out. Keep the file as safe as the home: it holds what customers wrote.
    """
    from assistant.backups import make_backup

    made = make_backup(settings_for(config), file.absolute(), replace=replace)
    if as_json:
        print_json({**asdict(made), "path": str(made.path)})
        return
    print(f"{made.path}: {made.bytes / 1e6:,.2f} MB, {counted(made.files, 'file')}, in {made.seconds:.1f} s.")
    for one in made.left_out:
        print(f"Not in it: {one}")
    print(f"Next: carry it to another disk; to put it into an empty home: frontdesk restore {made.path.name}")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that `frontdesk backup` made.")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Put a backup into a home without documents and conversations; nothing that is there is overwritten."""
    from assistant.backups import SETTINGS, restore_backup
    from assistant.errors import BackupError
    from assistant.running import sole_writer

    settings = settings_for(config)
    with sole_writer(settings.home, say=warn) as server:
        if server:
            raise BackupError(
                f"{settings.home} is being served (process {server.pid}). Next: stop it, and restore into an empty home"
            )
        done = restore_backup(file.absolute(), settings.home)
    if as_json:
        print_json({**asdict(done), "path": str(done.path), "home": str(settings.home)})
        return
    print(f"{settings.home}: {counted(done.files, 'file')} restored in {done.seconds:.1f} s.")
    if (settings.home / SETTINGS).is_dir():
        print(f"The settings of then: {settings.home / SETTINGS}; put them where the server starts.")
        print("Relative paths in them start at the folder in which they lie.")
    print("Next: frontdesk models get, frontdesk doctor, frontdesk serve")
