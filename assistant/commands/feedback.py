"""`feedback`: what customers thought of answers, and what the documents did not answer."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from assistant.commands.options import AsJson, Config, examples, harmless, local, opened, print_json, settings_for

if TYPE_CHECKING:
    from assistant.reception import Received

FEEDBACK_EXAMPLES = examples("frontdesk feedback", "frontdesk feedback --refused --limit 100 --json")
RATINGS = {"up": "helpful", "down": "not helpful", "": "not rated"}


def feedback(
    refused: Annotated[
        bool, typer.Option("--refused", help="Instead, what was asked and is not in the documents.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, metavar="N", help="Most that are shown.")] = 20,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show what customers rated and wrote about answers, the newest first, or which questions found no answer."""
    from assistant import reception

    with opened(settings_for(config)) as application:
        found = (reception.refused if refused else reception.rated)(application.store, limit=limit)
    if as_json:
        print_json({"feedback": [{**asdict(one), "at": one.at.isoformat()} for one in found]})
        return
    for one in found:
        print(_shown(one))
    if not found:
        print("No question was refused." if refused else "Nobody has rated an answer.")


def _shown(one: "Received") -> str:
    """Return one as a person reads it: when and how rated, then the question, the answer and the comment."""
    lines = {"Question": one.question, "Answer": one.answer, "Comment": one.comment}
    said = [f"  {name}: {' '.join(harmless(text).split())}" for name, text in lines.items() if text]
    return "\n".join([f"{local(one.at):%Y-%m-%d %H:%M}  {RATINGS[one.rating]}", *said])
