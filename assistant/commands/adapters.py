"""`adapters list|add|remove`: several specialists over the one model that is served.

runs/NAME/ -> adapters/NAME/ -> the served model uses it for its task or collection, from the next start on
"""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import AsJson, Config, Model, examples, print_json, settings_for

if TYPE_CHECKING:
    from pathlib import Path

    from agents.models.adapters import Adapter
    from assistant.settings import Settings
    from finetune.runs import Run

LIST_EXAMPLES = examples("frontdesk adapters list", "frontdesk adapters list --json")
ADD_EXAMPLES = examples(
    "frontdesk adapters add replies",
    "frontdesk adapters add replies --task answer --collection returns --name returns",
    "frontdesk adapters add replies --model gguf:base.gguf --json",
)
REMOVE_EXAMPLES = examples("frontdesk adapters remove returns")

app = typer.Typer(no_args_is_help=True)


@app.callback()
def adapters() -> None:
    """Specialists: tuned adapters over the one model that is served, each for a task or a collection."""


@app.command("list", epilog=LIST_EXAMPLES)
def list_adapters(as_json: AsJson = False, model: Model = None, config: Config = None) -> None:
    """Show all adapters: what each is for, and whether it is in use as it was added."""
    from agents.models.adapters import ADAPTERS, read_adapters

    settings = settings_for(config, model=model)
    found = read_adapters(settings.home / ADAPTERS)
    served = served_file(settings) if found else None
    rows = [{**row(one, served), **one.manifest} for one in found]
    if as_json:
        print_json({"served": str(served) if served else None, "adapters": rows})
        return
    if not found:
        print("No adapters yet. Add one of a finished run: frontdesk adapters add RUN")
    for one, known in zip(found, rows, strict=True):
        print(f"{one.name:<20} {one.purpose:<28} {known['bytes'] / 1e6:>6.1f} MB  run {one.run}  {known['state']}")


@app.command(epilog=ADD_EXAMPLES)
def add(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A finished run's name or folder.")],
    task: Annotated[
        list[str] | None,
        typer.Option("--task", metavar="T", help="answer, agent, intent, extract or voice; else all that it learned."),
    ] = None,
    collection: Annotated[
        list[str] | None,
        typer.Option("--collection", metavar="C", help="Only for questions to this collection; may be given again."),
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", metavar="NAME", help="The adapter's name; else the run's.")
    ] = None,
    as_json: AsJson = False,
    model: Model = None,
    config: Config = None,
) -> None:
    """Lay a run's adapter over the served model for its task or collection, once it is proved to be for that model."""
    from finetune.adapters import Request
    from finetune.adapters import add as add_now
    from finetune.errors import FinetuneError
    from finetune.runs import open_run

    settings = settings_for(config, model=model)
    opened = open_run(run, home=settings.home)
    file = served_file(settings)
    if file is None:
        raise FinetuneError(elsewhere(settings, opened, name or opened.name))
    request = Request(opened, file, name or opened.name, tuple(task or ()), tuple(collection or ()))
    added = add_now(request, home=settings.home)
    if as_json:
        print_json({**row(added, file), **added.manifest, "restart": restart(settings)})
        return
    manifest = added.manifest
    print(
        f"{added.name}: {added.purpose}, over {added.base} ({manifest['bytes'] / 1e6:.1f} MB, rank {manifest['rank']})"
    )
    print(restart(settings))


@app.command(epilog=REMOVE_EXAMPLES)
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="An adapter's name.")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Take an adapter away; the run that it came from stays."""
    from finetune.adapters import remove as remove_now

    settings = settings_for(config)
    remove_now(name, home=settings.home)
    if as_json:
        print_json({"removed": name, "restart": restart(settings)})
        return
    print(f"{name} is removed. {restart(settings)}")


def served_file(settings: "Settings") -> "Path | None":
    """Return the file of the model in use; None where it runs in another program, or there is none."""
    from agents.models.llamacpp import file_in_process
    from assistant.app import model_options

    return file_in_process(settings.model, model_options(settings))


def elsewhere(settings: "Settings", run: "Run", name: str) -> str:
    """Return what to do where the model runs in a program of its own; vLLM takes adapters itself."""
    from finetune.vllm import serve_command

    says = f"The model in use, {settings.model}, runs in a program of its own, which takes no adapter from here. "
    if settings.model.startswith("openai:"):
        return f"{says}Next: {serve_command(run, name=name)} and model = openai:{name}"
    return f"{says}Next: frontdesk export {run.name}, or serve the base in this process: model = gguf:PATH"


def row(adapter: "Adapter", served: "Path | None") -> dict[str, Any]:
    """Return an adapter's name and state."""
    fault = adapter.fault()
    state = "in use"
    if fault:
        state = f"its file {fault}"
    elif served is None or not adapter.fits(served):
        state = f"not used: it is for {adapter.base}"
    return {"name": adapter.name, "path": str(adapter.folder), "state": state}


def restart(settings: "Settings") -> str:
    """Return what it takes until the change counts."""
    from assistant.running import find_server

    server = find_server(settings.home)
    if server is not None:
        return f"It counts once the server at {server.url} is started again."
    return "It counts from the next start on: frontdesk serve"
