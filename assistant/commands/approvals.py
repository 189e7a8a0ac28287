"""`approvals`: writes that a customer agreed to and that wait for a person of the company."""

from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from assistant.commands.options import (
    AsJson,
    Config,
    examples,
    harmless,
    local,
    opened,
    print_json,
    settings_for,
)
from assistant.errors import ServerError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from agents.approvals import Stage
    from assistant.running import RunningServer
    from assistant.settings import Settings

LIST_EXAMPLES = examples("frontdesk approvals list", "frontdesk approvals list --json")
APPROVE_EXAMPLES = examples("frontdesk approvals approve 3f2a…", "frontdesk approvals approve 3f2a… --json")
DECLINE_EXAMPLES = examples("frontdesk approvals decline 3f2a… --text 'The lamp came back without its box.'")
Key = Annotated[str, typer.Argument(metavar="KEY", help="As `approvals list` shows it; its beginning will do.")]
Text = Annotated[
    str, typer.Option("--text", metavar="WORDS", help="What the customer reads with it, as from a person.")
]

app = typer.Typer(no_args_is_help=True)


@app.command("list", epilog=LIST_EXAMPLES)
def list_waiting(as_json: AsJson = False, config: Config = None) -> None:
    """List what waits for the team."""
    waiting = _waiting(settings_for(config))
    if as_json:
        print_json({"approvals": waiting})
        return
    for one in waiting:
        asked = local(datetime.fromisoformat(one["asked_at"]))
        print(f"{one['key']}  {asked:%Y-%m-%d %H:%M}  {one['tool']}\n    {harmless(one['text'])}")
    if not waiting:
        print("Nothing waits for the team.")


@app.command(epilog=APPROVE_EXAMPLES)
def approve(key: Key, text: Text = "", as_json: AsJson = False, config: Config = None) -> None:
    """Approve a write: it is done now."""
    _decide(settings_for(config), key, approved=True, text=text, as_json=as_json)


@app.command(epilog=DECLINE_EXAMPLES)
def decline(key: Key, text: Text = "", as_json: AsJson = False, config: Config = None) -> None:
    """Decline a write: nothing is done, and the customer is told."""
    _decide(settings_for(config), key, approved=False, text=text, as_json=as_json)


def _waiting(settings: "Settings") -> list[dict[str, Any]]:
    from assistant.approvals_api import shown
    from assistant.running import find_server

    server = find_server(settings.home)
    if server:
        return server.approvals()
    with opened(settings) as application:
        return [shown(stored) for stored in application.approvals.for_operators()]


def _decide(settings: "Settings", key: str, *, approved: bool, text: str, as_json: bool) -> None:
    from assistant.running import find_server

    text = text.strip()
    key = _whole(settings, key, text=text)
    server = find_server(settings.home)
    decide = partial(_decide_there, server) if server else partial(_decide_here, settings)
    result = decide(key, approved=approved, text=text)
    if as_json:
        print_json({"key": key, "approved": approved, **result})
    else:
        print(("Approved: " if approved else "Declined: ") + key)
        if result.get("answer"):
            print(harmless(result["answer"]))
        if not result.get("told", True):
            print(f"What you wrote was not sent: “{harmless(text)}”. Next: frontdesk approvals list")


def _whole(settings: "Settings", key: str, *, text: str) -> str:
    """Return the key of the write that is meant; of one that waits no more, whoever gives it whole hears who decided.

    Raises:
        ServerError: it is the beginning of none that waits, or of several.
    """
    from agents.approvals import KEY_CHARACTERS

    found = [str(one["key"]) for one in _waiting(settings) if one["key"].startswith(key)]
    if len(found) == 1 or (not found and len(key) == KEY_CHARACTERS):
        return (*found, key)[0]
    cause = f"{len(found)} begin with it" if found else "nothing with this key waits"
    lost = ", and what you wrote was not sent" if text else ""
    raise ServerError(f"Cannot decide {key!r}: {cause}{lost}. Next: frontdesk approvals list")


def _decide_there(server: "RunningServer", key: str, *, approved: bool, text: str) -> dict[str, Any]:
    """Have the server go on with the write; only what is said with it is worth waiting for its end."""
    begun = server.decide(key, approved=approved, text=text)
    return {**begun, **_end(server.ended(begun["conversation"], begun["turn"]), text=text)} if text else begun


def _decide_here(settings: "Settings", key: str, *, approved: bool, text: str) -> dict[str, Any]:
    """Go on with the write in this process, since no server runs."""
    from assistant.decisions import Decisions
    from assistant.operators import OWNER

    with opened(settings) as application:
        decisions = Decisions(application.store, application.approvals, application.turns)
        conversation, turn = decisions.decide(key, approved=approved, by=OWNER, text=text)
        list(application.turns.subscribe(conversation, turn))
        turns = [asdict(one) for one in application.store.transcript(conversation) if one.turn >= turn]
        write = application.approvals.get(key)
        came_to = write.stage if write is not None else ""
        return {"conversation": conversation, "turn": turn, **_end(turns, text=text, came_to=came_to)}


def _end(turns: "Sequence[Mapping[str, Any]]", *, text: str, came_to: "Stage | Literal['']" = "") -> dict[str, Any]:
    """Return what the customer reads of a decision, and whether what was said with it is there too.

    Args:
        turns: That of the decision, and what followed.
        text: What was said with it; "" for nothing.
        came_to: The write's stage since; "" where that is not known.

    Raises:
        ServerError: the write did not go on.
    """
    from assistant.database import storable
    from assistant.ticket_contents import PERSON

    decision, *later = turns
    by_person = [one["text"] for one in later if one["answer"] and one["answer"]["model"] == PERSON]
    told = not text or storable(text).strip() in by_person
    went_on = came_to in ("done", "failed", "declined") or (text and told)  # it is told with what was done alone
    if decision["status"] != "finished" and not went_on:
        lost = ", and what you wrote was not sent" if text and not told else ""
        if came_to in ("approved", "unknown"):
            raise ServerError(
                f"The write was approved and cut off ({decision['status']}){lost}. "
                "Next: frontdesk serve, which finds what became of it, and tells the customer"
            )
        raise ServerError(f"The write did not go on ({decision['status']}){lost}. Next: frontdesk approvals list")
    return {"answer": decision["text"], **({"told": told} if text else {})}
