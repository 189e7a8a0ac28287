"""The command `frontdesk`: which commands there are, and what an error looks like.

    arguments -> one function of assistant/commands/ -> stdout; faults -> `Error: …` on stderr, exit code 1

Exit codes: 0 done, 1 could not, 2 wrong usage. A bug keeps its traceback.
"""

import json
import sys
from typing import Annotated

import typer

from agents.errors import AgentError
from assistant.batch import BatchError
from assistant.commands import (
    agent_evaluation,
    answers,
    approvals,
    documents,
    evaluation,
    finetune,
    guard_evaluation,
    models,
    register,
    serving,
    setup,
    sync,
    tickets,
)
from assistant.commands.options import examples
from assistant.errors import ServerError, StoreError
from assistant.model_files import ModelFilesError
from assistant.settings import SettingsError
from finetune.errors import FinetuneError
from knowledge.errors import KnowledgeError

FAULTS = (
    SettingsError,
    ModelFilesError,
    BatchError,
    StoreError,
    ServerError,
    FinetuneError,
    AgentError,
    KnowledgeError,
)
"""What an operator can cause or mend; their text is fit to print."""

app = typer.Typer(
    name="frontdesk",
    help="A private assistant that answers from your documents, with citations.",
    epilog=examples("frontdesk demo", "frontdesk init", "frontdesk ingest ./documents", "frontdesk serve"),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"frontdesk {version('frontdesk')}")
        raise typer.Exit


@app.callback()
def start(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=print_version)
    ] = False,
) -> None:
    """Options that stand before the command."""


app.command(epilog=setup.INIT_EXAMPLES)(setup.init)
app.command(epilog=documents.INGEST_EXAMPLES)(documents.ingest)
app.command(epilog=documents.SEARCH_EXAMPLES)(documents.search)
app.command(epilog=sync.SYNC_EXAMPLES)(sync.sync)
app.command(epilog=sync.WATCH_EXAMPLES)(sync.watch)
app.command(epilog=answers.ASK_EXAMPLES)(answers.ask)
app.command(epilog=answers.CHAT_EXAMPLES)(answers.chat)
app.command(epilog=serving.SERVE_EXAMPLES)(serving.serve)
app.command(epilog=serving.DEMO_EXAMPLES)(serving.demo)
app.command(epilog=register.REGISTER_EXAMPLES)(register.register)
app.command(epilog=setup.DOCTOR_EXAMPLES)(setup.doctor)
app.command(epilog=tickets.FORGET_EXAMPLES)(tickets.forget)
app.add_typer(
    tickets.app, name="tickets", help="Conversations that a person has taken over.", epilog=tickets.LIST_EXAMPLES
)
app.add_typer(models.app, name="models", help="What models are here, and how to get them.", epilog=models.LIST_EXAMPLES)
app.add_typer(approvals.app, name="approvals", help="What waits for the team.", epilog=approvals.LIST_EXAMPLES)
evaluation.app.command(epilog=agent_evaluation.AGENT_EXAMPLES)(agent_evaluation.agent)
evaluation.app.command(epilog=guard_evaluation.GUARD_EXAMPLES)(guard_evaluation.guard)
app.add_typer(
    evaluation.app,
    name="evaluate",
    help="Measure retrieval, answers, agents and the guard.",
    epilog=evaluation.RAG_EXAMPLES,
)
app.add_typer(
    finetune.app, name="finetune", help="Make a model of your own from examples.", epilog=finetune.TRAIN_EXAMPLES
)


def main() -> None:
    """Run the command line; this is what the console script calls."""
    try:
        app()
    except FAULTS as error:
        if "--json" in sys.argv:
            print(json.dumps({"error": str(error)}, ensure_ascii=False))
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        raise SystemExit(130) from None


if __name__ == "__main__":
    main()
