"""`tickets` and `forget`: conversations that a person has, and those that shall be gone."""

import sys
from collections.abc import Mapping
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
from knowledge.counting import counted

if TYPE_CHECKING:
    from assistant.settings import Settings

LIST_EXAMPLES = examples("frontdesk tickets list", "frontdesk tickets list --all --json")
SHOW_EXAMPLES = examples("frontdesk tickets show 483-9206", "frontdesk tickets show 4839206 --json")
REPLY_EXAMPLES = examples('frontdesk tickets reply 483-9206 "Hello, this is Ada. I have sent you a new lamp."')
RETURN_EXAMPLES = examples("frontdesk tickets return 483-9206")
CLOSE_EXAMPLES = examples("frontdesk tickets close 483-9206")
RESEND_EXAMPLES = examples("frontdesk tickets resend")
FORGET_EXAMPLES = examples(
    "frontdesk forget ada@example.com", "frontdesk forget C-1042 --yes --json", "frontdesk forget --sweep"
)
ROW_WORDS = {  # one and several of a table's rows, where an "s" behind the table's name is not how people say it
    "desk_entry": ("desk entry", "desk entries"),
    "feedback": ("rating", "ratings"),
    "outbox": ("notice to the team", "notices to the team"),
}
Number = Annotated[str, typer.Argument(metavar="NUMBER", show_default=False, help="As the customer reads it out.")]

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list", epilog=LIST_EXAMPLES)
def list_tickets(
    everything: Annotated[bool, typer.Option("--all", help="Those that were returned, too.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Show the open tickets, the newest first, and what waits to be sent."""
    from assistant.outbox import Outbox
    from assistant.ticket_contents import ticket_data
    from assistant.ticket_subjects import subject_of

    with opened(settings_for(config)) as application:
        found = application.tickets.all(status=None if everything else "open")
        counts = Outbox(application.store).counts()
    if as_json:
        outbox = {"waiting": counts.waiting, "failed": counts.failed, "error": counts.error}
        print_json({"tickets": [ticket_data(ticket) for ticket in found], "outbox": outbox})
        return
    for ticket in found:
        made, about = local(ticket.created_at), _short(subject_of(ticket))
        print(f"{ticket.number}  {made:%Y-%m-%d %H:%M}  {ticket.status}  {ticket.reason}  {about}")
    if not found:
        print("No open tickets." if not everything else "No tickets.")
    if counts.failed:
        print(
            f"{counted(counts.failed, 'message')} could not be sent: {counts.error} Next: frontdesk tickets resend",
            file=sys.stderr,
        )


@app.command("show", epilog=SHOW_EXAMPLES)
def show(number: Number, as_json: AsJson = False, config: Config = None) -> None:
    """Show one ticket: why, what was tried, and the whole conversation."""
    from assistant.outbox import Outbox
    from assistant.ticket_contents import acted_lines, line_data, ticket_data, written_lines

    with opened(settings_for(config)) as application:
        ticket = application.tickets.get(number)
        lines = application.tickets.lines(number)
        entries = Outbox(application.store).of_ticket(ticket.number)
    sent = [
        {"channel": entry.channel, "event": entry.event, "state": entry.state, "attempts": entry.attempts}
        | {"error": entry.error}
        for entry in entries
    ]
    if as_json:
        print_json({**ticket_data(ticket), "messages": [line_data(line) for line in lines], "outbox": sent})
        return
    made = local(ticket.created_at)
    print(f"Ticket {ticket.number}: {ticket.reason}, {ticket.status}, since {made:%Y-%m-%d %H:%M}")
    for label, value in (("Contact", ticket.contact), ("Customer", ticket.customer)):
        if value:
            print(f"{label}: {harmless(value)}")
    for step in ticket.summary["tried"]:
        print(f"Tried: {step['step']}: {_short(str(step['what']))}")
    for act in acted_lines(ticket.summary):
        print(f"Acted: {_short(act)}")
    for written in written_lines(ticket.summary):
        print(f"Written: {_short(written)}")
    for entry in sent:
        print(f"Sent by {entry['channel']}: {entry['event']} {entry['state']} {entry['error']}".rstrip())
    for line in lines:
        print(f"\n{line.who}, {local(line.at):%Y-%m-%d %H:%M}:")
        print("\n".join(f"  {each}" for each in harmless(line.text).splitlines()))


@app.command("reply", epilog=REPLY_EXAMPLES)
def reply(
    number: Number,
    text: Annotated[str, typer.Argument(metavar="TEXT", show_default=False, help="- reads it from stdin.")],
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Write to the customer as a person; it appears in their chat."""
    from assistant.desk_work import DeskWork
    from assistant.operators import OWNER

    with opened(settings_for(config)) as application:
        written = sys.stdin.read() if text == "-" else text
        turn = DeskWork(application.store).reply(number, written, by=OWNER)
    if as_json:
        print_json({"turn": turn})
    else:
        print(f"Sent. When you are done: frontdesk tickets return {number}, or: frontdesk tickets close {number}")


@app.command("return", epilog=RETURN_EXAMPLES)
def give_back(number: Number, as_json: AsJson = False, config: Config = None) -> None:
    """Give the conversation back: the assistant goes on with it."""
    _end(settings_for(config), number, status="returned", as_json=as_json)


@app.command("close", epilog=CLOSE_EXAMPLES)
def close(number: Number, as_json: AsJson = False, config: Config = None) -> None:
    """Close a ticket as settled; the assistant has the conversation again."""
    _end(settings_for(config), number, status="closed", as_json=as_json)


@app.command("resend", epilog=RESEND_EXAMPLES)
def resend(as_json: AsJson = False, config: Config = None) -> None:
    """Send everything that has not arrived, now; what failed for good too."""
    from dataclasses import asdict

    from assistant.delivery import deliver_due
    from assistant.outbox import Outbox

    with opened(settings_for(config)) as application:
        outbox = Outbox(application.store)
        outbox.again()
        arrived = deliver_due(outbox, application.places)
        counts = outbox.counts()
    if as_json:
        print_json({"arrived": arrived, **asdict(counts)})
    else:
        print(f"{arrived} arrived, {counts.waiting} wait, {counts.failed} failed.")
    if counts.waiting or counts.failed:
        print(f"Error: Not everything has arrived: {counts.error} Next: frontdesk doctor", file=sys.stderr)
        raise typer.Exit(1)  # no error of ours: with --json that would be a second object


def forget(
    who: Annotated[
        str | None, typer.Argument(metavar="CUSTOMER|CONVERSATION", show_default=False, help="Id or e-mail address.")
    ] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Forget what is older than `keep_days`, and free bytes.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask; with --sweep, believe the clock.")] = False,
    as_json: AsJson = False,
    config: Config = None,
) -> None:
    """Delete a customer's conversations, tickets, feedback and unsent mail, so that the bytes are gone."""
    from assistant import retention

    if (who is None) != sweep:
        raise typer.BadParameter("give CUSTOMER or CONVERSATION, or --sweep")
    settings = settings_for(config)
    with opened(settings) as application:
        store = application.store
        if who is None:
            done = retention.sweep(store, keep_days=settings.keep_days, waits_at=settings.waits_at, clock_is_right=yes)
            retention.free_bytes(store)
        else:
            found = retention.find(store, who)
            if not yes:
                planned = retention.count(store, found)
                typer.confirm(f"Delete {_rows(planned.rows)}, for good?", abort=True, err=True)
            done = retention.forget(store, found, waits_at=settings.waits_at)
    data: dict[str, Any] = {"conversations": list(done.conversations), "rows": dict(done.rows)}
    if as_json:
        print_json(data)
    else:
        print(f"Deleted: {_rows(done.rows)}.")


def _end(settings: "Settings", number: str, *, status: Literal["returned", "closed"], as_json: bool) -> None:
    from assistant.desk_work import DeskWork
    from assistant.operators import OWNER
    from assistant.ticket_contents import ticket_data

    with opened(settings) as application:
        ticket = DeskWork(application.store).end(number, by=OWNER, status=status)
    if as_json:
        print_json(ticket_data(ticket))
    else:
        print(f"Ticket {ticket.number} is {ticket.status}; the assistant answers again.")


def _rows(rows: Mapping[str, int]) -> str:
    return ", ".join(counted(number, *ROW_WORDS.get(name, (name,))) for name, number in rows.items()) or "nothing"


def _short(text: str) -> str:
    flat = harmless(" ".join(text.split()))
    return flat if len(flat) <= 80 else flat[:80].rstrip() + "…"
