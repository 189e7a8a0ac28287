"""`operators`: who may work at the desk."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from assistant.commands.options import AsJson, Config, examples, opened, print_json, settings_for

if TYPE_CHECKING:
    from assistant.settings import Settings

ADD_EXAMPLES = examples("frontdesk operators add Ada", 'frontdesk operators add "Ben Ode" --days 90 --json')
LIST_EXAMPLES = examples("frontdesk operators list", "frontdesk operators list --json")
RENEW_EXAMPLES = examples("frontdesk operators renew Ada")
REMOVE_EXAMPLES = examples("frontdesk operators remove Ada")
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="As colleagues read it.")]
Days = Annotated[int, typer.Option("--days", metavar="N", help="How long the key is good, 1 to 3650.")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("add", epilog=ADD_EXAMPLES)
def add(name: Name, days: Days = 365, as_json: AsJson = False, config: Config = None) -> None:
    """Let somebody work at the desk, and print their key, which is shown this once."""
    from assistant.operators import Operators

    settings = settings_for(config)
    with opened(settings) as application:
        _print_key(settings, name, Operators(application.store).add(name, days=days), as_json=as_json)


@app.command("renew", epilog=RENEW_EXAMPLES)
def renew(name: Name, days: Days = 365, as_json: AsJson = False, config: Config = None) -> None:
    """Replace somebody's key, which is worth nothing from now on, and print the new one."""
    from assistant.operators import Operators

    settings = settings_for(config)
    with opened(settings) as application:
        _print_key(settings, name, Operators(application.store).renew(name, days=days), as_json=as_json)


@app.command("remove", epilog=REMOVE_EXAMPLES)
def remove(name: Name, as_json: AsJson = False, config: Config = None) -> None:
    """Let somebody in no longer, at once and wherever they are signed in."""
    from assistant.operators import Operators

    with opened(settings_for(config)) as application:
        removed = Operators(application.store).remove(name)
    if as_json:
        print_json({"removed": removed})
    else:
        print(f"{removed} is let in no longer. What they wrote stays.")


@app.command("list", epilog=LIST_EXAMPLES)
def list_operators(as_json: AsJson = False, config: Config = None) -> None:
    """Show who may work at the desk, and until when."""
    from assistant.operators import Operators

    with opened(settings_for(config)) as application:
        found = Operators(application.store).all()
    if as_json:
        people: list[dict[str, Any]] = [
            {"name": one.name, "created_at": one.created_at.isoformat(), "expires_at": one.expires_at.isoformat()}
            for one in found
        ]
        print_json({"operators": people})
        return
    for one in found:
        print(f"{one.name}  key of {one.created_at:%Y-%m-%d}, good until {one.expires_at:%Y-%m-%d}")
    if not found:
        print("Nobody yet. Next: frontdesk operators add NAME")


def _print_key(settings: "Settings", name: str, key: str, *, as_json: bool) -> None:
    from assistant.running import find_server

    server = find_server(settings.home)
    if as_json:
        print_json({"name": name, "key": key, "desk": f"{server.url}/desk" if server else None})
        return
    where = f"{server.url}/desk" if server else "/desk of the running app (frontdesk serve)"
    print(f"The key of {name}, which is not shown again:\n\n    {key}\n\nIt opens {where}")
