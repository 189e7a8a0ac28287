"""`finetune watch` and `finetune runs`: what training is doing, on a page and in a table.

home/runs/* -> a page on loopback | a table | JSON
"""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.options import AsJson, Config, examples, print_json, settings_for

if TYPE_CHECKING:
    from finetune.run_states import RunState

WATCH_EXAMPLES = examples(
    "frontdesk finetune watch", "frontdesk finetune watch replies --open", "frontdesk finetune watch --port 0"
)
RUNS_EXAMPLES = examples("frontdesk finetune runs", "frontdesk finetune runs --json")
PORT = 7870


def watch(
    run: Annotated[str | None, typer.Argument(metavar="[RUN]", help="The run to show first.")] = None,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65_535, help="Port on this machine; 0 takes a free one.")
    ] = PORT,
    open_page: Annotated[bool, typer.Option("--open", help="Open the page in the browser.")] = False,
    config: Config = None,
) -> None:
    """Show training as it goes, with buttons to stop and go on, until Ctrl-C; training goes on without the page."""
    import webbrowser

    from assistant.training_page.serving import serve
    from finetune.run_states import state_of

    home = settings_for(config).home
    place = f"/#{state_of(run, home=home).name}" if run else ""

    def announce(url: str) -> None:
        print(f"Training is shown at {url}{place} (Ctrl-C ends this page, not the training)", flush=True)
        if open_page:
            webbrowser.open(f"{url}{place}")

    serve(home, port=port, announce=announce)


def runs(as_json: AsJson = False, config: Config = None) -> None:
    """List all training runs: what they are doing, what they learned, the latest first."""
    from finetune.run_states import states

    found = states(settings_for(config).home)
    if as_json:
        print_json({"runs": [asdict(run) for run in found]})
    elif found:
        print("\n".join(table(found)))
    else:
        print("There are no runs yet. Next: frontdesk finetune train --data examples.jsonl")


def table(runs: "Sequence[RunState]") -> list[str]:
    """Return runs as lines for people, columns aligned."""
    head = ("RUN", "STATE", "STEP", "RECIPE", "BASE", "LOSS", "HELD OUT", "SCORE", "CHANGED")
    rows = [head, *(_cells(run) for run in runs)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]


def _cells(run: "RunState") -> tuple[str, ...]:
    score = ", ".join(f"{name} {value:.3f}" for name, value in (run.score or {}).items() if isinstance(value, float))
    return (
        run.name,
        run.state,
        f"{run.step}/{run.steps}" if run.steps else "-",
        run.recipe,
        run.base if len(run.base) <= 32 else f"…{run.base[-31:]}",
        "-" if run.loss is None else f"{run.loss:.3f}",
        "-" if run.heldout_loss is None else f"{run.heldout_loss:.3f}",
        score or "-",
        run.changed[:16].replace("T", " "),
    )
