"""Zendesk: tickets with their comments, as its JSON export and its API give them.

    {"id", "requester_id", "comments": [{"author_id", "plain_body" | "body" | "html_body", "public"}]} -> Conversation

One ticket a line, a list, or `{"tickets": […]}`. Internal notes (`"public": false`) are never read. Who asked for the
ticket is the customer, everybody else the company.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from finetune.conversations import Conversation, Rating, Said
from finetune.example_forms import Record
from finetune.imports.files import Faults
from finetune.imports.mails import by_time, plain_text, without_quoted

RATINGS: dict[str, Rating] = {"good": "up", "bad": "down"}
SKIPPED = {"deleted", "suspended"}


def fits(data: Mapping[str, Any]) -> bool:
    """Say whether the first record of a file is of this format."""
    tickets = data.get("tickets")
    return (isinstance(tickets, list) and "comments" not in data) or {"requester_id", "comments"} <= set(data)


def conversations(found: Sequence[Record], source: str) -> Iterator[Conversation]:
    """Yield the tickets that somebody answered.

    Raises:
        Faults: names the tickets that cannot be read.
    """
    faults: list[tuple[int, str]] = []
    read: list[Conversation] = []
    for record in found:
        tickets = record.data.get("tickets", [record.data]) if isinstance(record.data, dict) else [record.data]
        for ticket in tickets:
            try:
                if ticket.get("status") not in SKIPPED:
                    read.append(_conversation(ticket, source))
            except (AttributeError, KeyError, TypeError) as error:
                name = ticket.get("id", "?") if isinstance(ticket, dict) else "?"
                reason = f"lacks {error}" if isinstance(error, KeyError) else "has values of another kind"
                faults.append((record.line, f"is no ticket with comments: ticket {name} {reason}"))
    if faults:
        raise Faults(faults)
    yield from read


def _conversation(ticket: Mapping[str, Any], source: str) -> Conversation:
    customer = ticket["requester_id"]
    comments = by_time([comment for comment in ticket["comments"] if comment.get("public") is not False])
    said = tuple(
        Said("user" if comment["author_id"] == customer else "assistant", without_quoted(_text(comment)))
        for comment in comments
    )
    score = (ticket.get("satisfaction_rating") or {}).get("score", "")
    return Conversation(f"zendesk:{ticket['id']}", source, said, RATINGS.get(score))


def _text(comment: Mapping[str, Any]) -> str:
    plain = comment.get("plain_body") or comment.get("body")
    return str(plain) if plain else plain_text(str(comment.get("html_body") or ""))
