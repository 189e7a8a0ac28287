"""The command `frontdesk`: which commands there are, and what an error looks like.

    arguments -> one function of assistant/commands/ -> stdout; faults -> `Error: …` on stderr, exit code 1

Exit codes: 0 done, 1 could not, 2 wrong usage, 3 done but for some files (`ingest`, `sync`). A bug keeps its traceback;
a full disk and a file that may not be written are none, wherever they are met.
"""

import errno
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Annotated, NoReturn

import typer

from agents.errors import AgentError
from assistant.batch import BatchError
from assistant.commands import (
    adapters,
    advising,
    agent_evaluation,
    answers,
    approvals,
    backup,
    bundle,
    dataset,
    dataset_review,
    documents,
    evaluation,
    export,
    extract,
    extract_evaluation,
    feedback,
    finetune,
    guard_evaluation,
    judging,
    models,
    operators,
    planning,
    promoting,
    register,
    releases,
    serving,
    setup,
    sync,
    tickets,
    training_watch,
    voice_evaluation,
)
from assistant.commands.options import examples, harmless
from assistant.errors import BackupError, BundleError, ServerError, StoreError
from assistant.model_files import ModelFilesError
from assistant.outside import ask_this_machine_directly, report_nothing
from assistant.settings import SettingsError
from finetune.errors import FinetuneError
from knowledge.errors import KnowledgeError

FAULTS = (
    SettingsError,
    ModelFilesError,
    BatchError,
    StoreError,
    ServerError,
    BackupError,
    BundleError,
    FinetuneError,
    AgentError,
    KnowledgeError,
)
"""What an operator can cause or mend; their text is fit to print."""
FULL = "free some space on its disk, then give the same command again"
CLOSED = "see whose it is and what its permissions are, or set FRONTDESK_HOME to a folder that you can write"
MACHINE: Mapping[int, str] = {
    errno.ENOSPC: FULL,
    errno.EDQUOT: FULL,
    errno.EACCES: CLOSED,
    errno.EPERM: CLOSED,
    errno.EROFS: CLOSED,
}
"""Number of a fault of the disk -> what to do about it."""

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
app.command(epilog=extract.EXTRACT_EXAMPLES)(extract.extract)
app.command(epilog=answers.CHAT_EXAMPLES)(answers.chat)
app.command(epilog=serving.SERVE_EXAMPLES)(serving.serve)
app.command(epilog=serving.DEMO_EXAMPLES)(serving.demo)
app.command(epilog=register.REGISTER_EXAMPLES)(register.register)
app.command(epilog=setup.DOCTOR_EXAMPLES)(setup.doctor)
app.command(epilog=bundle.BUNDLE_EXAMPLES)(bundle.bundle)
app.command(epilog=backup.BACKUP_EXAMPLES)(backup.backup)
app.command(epilog=backup.RESTORE_EXAMPLES)(backup.restore)
app.command(epilog=feedback.FEEDBACK_EXAMPLES)(feedback.feedback)
app.command(epilog=tickets.FORGET_EXAMPLES)(tickets.forget)
app.add_typer(
    tickets.app, name="tickets", help="Conversations that a person has taken over.", epilog=tickets.LIST_EXAMPLES
)
app.add_typer(operators.app, name="operators", help="Who works at the desk.", epilog=operators.LIST_EXAMPLES)
app.command(epilog=export.EXPORT_EXAMPLES)(export.export)
releases.app.command("compare", epilog=promoting.COMPARE_EXAMPLES)(promoting.compare)
releases.app.command("promote", epilog=promoting.PROMOTE_EXAMPLES)(promoting.promote)
releases.app.command("rollback", epilog=promoting.ROLLBACK_EXAMPLES)(promoting.rollback)
app.add_typer(releases.app, name="release", help="Tuned models, ready to be served.", epilog=releases.LIST_EXAMPLES)
app.add_typer(
    adapters.app, name="adapters", help="Specialists over the one model that is served.", epilog=adapters.LIST_EXAMPLES
)
app.add_typer(models.app, name="models", help="What models are here, and how to get them.", epilog=models.LIST_EXAMPLES)
app.add_typer(approvals.app, name="approvals", help="What waits for the team.", epilog=approvals.LIST_EXAMPLES)
evaluation.app.command(epilog=agent_evaluation.AGENT_EXAMPLES)(agent_evaluation.agent)
evaluation.app.command(epilog=guard_evaluation.GUARD_EXAMPLES)(guard_evaluation.guard)
evaluation.app.command(epilog=extract_evaluation.EXTRACT_EXAMPLES)(extract_evaluation.extract)
evaluation.app.command(epilog=voice_evaluation.VOICE_EXAMPLES)(voice_evaluation.voice)
evaluation.app.command(epilog=judging.MODEL_EXAMPLES)(judging.model)
finetune.app.command(epilog=judging.COMPARE_EXAMPLES)(judging.compare)
finetune.app.command(epilog=advising.ADVISE_EXAMPLES)(advising.advise)
app.add_typer(
    advising.app,
    name="intents",
    help="Tell what a message wants, from your own examples.",
    epilog=advising.SHOW_EXAMPLES,
)
app.add_typer(
    evaluation.app,
    name="evaluate",
    help="Measure retrieval, answers, agents, the guard, extraction and voice.",
    epilog=evaluation.RAG_EXAMPLES,
)
dataset.app.command("review", epilog=dataset_review.REVIEW_EXAMPLES)(dataset_review.review)
app.add_typer(dataset.app, name="dataset", help="Examples to fine-tune on.", epilog=dataset.BUILD_EXAMPLES)
finetune.app.command(epilog=planning.PLAN_EXAMPLES)(planning.plan)
finetune.app.command(epilog=training_watch.WATCH_EXAMPLES)(training_watch.watch)
finetune.app.command(epilog=training_watch.RUNS_EXAMPLES)(training_watch.runs)
app.add_typer(
    finetune.app, name="finetune", help="Make a model of your own from examples.", epilog=finetune.TRAIN_EXAMPLES
)


def main() -> None:
    """Run the command line; this is what the console script calls."""
    report_nothing()
    ask_this_machine_directly()
    try:
        app()
    except FAULTS as error:
        _end(str(error))
    except OSError as error:
        if error.errno is None or error.errno not in MACHINE:
            raise
        place = error.filename2 or error.filename or "A file"
        _end(f"{place} cannot be written or read ({error.strerror}). Next: {MACHINE[error.errno]}")
    except KeyboardInterrupt:
        raise SystemExit(130) from None


def _end(fault: str) -> NoReturn:
    """Tell what could not be done, and end."""
    if "--json" in sys.argv:
        with suppress(OSError):  # the disk that is full may hold what stdout goes to
            print(json.dumps({"error": fault}, ensure_ascii=False), flush=True)
    print(f"Error: {harmless(fault)}", file=sys.stderr)  # what people wrote may stand in it
    raise SystemExit(1)


if __name__ == "__main__":
    main()
