"""`release list`: what was exported, and whether its files are as they were made."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.options import AsJson, Config, examples, print_json, settings_for, warn

if TYPE_CHECKING:
    from finetune.releases import Release

LIST_EXAMPLES = examples("frontdesk release list", "frontdesk release list --check --json")

app = typer.Typer(no_args_is_help=True)


@app.callback()
def release() -> None:
    """Releases: tuned models, ready to be served."""


@app.command("list", epilog=LIST_EXAMPLES)
def list_releases(
    check: Annotated[bool, typer.Option("--check", help="Compare every file with its hash; reads them all.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show all releases, oldest first."""
    from finetune import releases
    from finetune.promoting import promoted

    home = settings_for(config).home
    found, now = releases.releases(home), promoted(home)
    serving = now.release if now else ""
    faults = {one.name: list(releases.check(one)) if check else None for one in found}
    differing = [one for one in found if faults[one.name]]
    if as_json:
        kept = ("run", "recipe", "base_precision", "recommended", "in_band", "created")
        print_json(
            {
                "releases": [
                    {"release": one.name, "path": str(one.folder), "serving": one.name == serving}
                    | {key: one.manifest.get(key) for key in kept}
                    | {"files": one.manifest["files"], "faults": faults[one.name]}
                    for one in found
                ]
            }
        )
        _end_by(differing, serving=serving)
        return
    if serving and serving not in [one.name for one in found]:
        warn(f"Note: {serving} is promoted and no longer there. Next: frontdesk release rollback")
    if not found:
        print("No releases yet. Make one of a finished run: frontdesk export RUN --text FILE")
    for one in found:
        best = next(file for file in one.manifest["files"] if file["quantization"] == one.manifest["recommended"])
        print(
            f"{one.name:<24} {best['quantization']:<8} {best['bytes'] / 1e6:>8.0f} MB  run {one.manifest['run']}  "
            f"{one.manifest['created']}{'  serves' if one.name == serving else ''}"
            f"{'  whole' if faults[one.name] == [] else ''}"
        )
        for fault in faults[one.name] or ():
            print(f"{'':<24} {fault}")
    _end_by(differing, serving=serving)


def _end_by(differing: "Sequence[Release]", *, serving: str) -> None:
    """End with exit code 1 where files differ, so that a timer notices."""
    from agents.models.promotion import BACK
    from finetune.releases import made_anew

    if differing:
        first = f"Next: {BACK}\n" if serving in [one.name for one in differing] else ""
        mend = first + "\n".join(f"Next: {made_anew(one)}" for one in differing)
        warn(f"Error: not as they were made: {', '.join(one.name for one in differing)}\n{mend}")
        raise typer.Exit(1)  # no error of ours: with --json that would be a second object
