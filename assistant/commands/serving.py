"""`serve` and `demo`: the app in the browser."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from assistant.commands.options import Config, Model, examples, opened, progress_bar, say, set_up_log, settings_for
from assistant.settings import Settings
from knowledge.counting import counted

SERVE_EXAMPLES = examples(
    "frontdesk serve", "frontdesk serve --host 0.0.0.0 --port 8080", "frontdesk serve --model none"
)
DEMO_EXAMPLES = examples("frontdesk demo", "frontdesk demo --port 7861 --home ./demo-home")
Host = Annotated[str | None, typer.Option("--host", metavar="ADDRESS", help="Address to listen on.")]
Port = Annotated[int | None, typer.Option("--port", min=0, max=65_535, help="Port to listen on; 0 takes a free one.")]


def serve(host: Host = None, port: Port = None, model: Model = None, config: Config = None) -> None:
    """Serve the chat and the API until Ctrl-C."""
    _serve(settings_for(config, host=host, port=port, model=model))


def demo(
    home: Annotated[
        Path | None, typer.Option("--home", metavar="FOLDER", help="Where the demo keeps its state.")
    ] = None,
    host: Host = None,
    port: Port = None,
    model: Model = None,
    config: Config = None,
) -> None:
    """Serve the demo company: gets the models, reads its documents into a home of its own, opens the chat."""
    from assistant.demo import demo_settings, fill, get_models
    from assistant.running import sole_writer

    settings = demo_settings(home=home, config=config, host=host, port=port, model=model)
    with sole_writer(settings.home, say=say) as running:
        if running:
            print(f"The demo runs already: {running.url}")
            return
        get_models(settings, progress=lambda text: print(text, file=sys.stderr))
        with progress_bar("Reading the demo company") as progress, opened(settings) as application:
            new = fill(application, progress=progress)
    say(f"{counted(new, 'new document')}. Starting the chat.")
    _serve(settings)


def _serve(settings: Settings) -> None:
    from assistant.server import serve as run_server

    set_up_log(settings)
    run_server(settings, announce=lambda url: print(f"Frontdesk is at {url} (Ctrl-C stops it)", flush=True))
