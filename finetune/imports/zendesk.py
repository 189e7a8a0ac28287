"""Zendesk: tickets with their comments, as its JSON export and its API give them.

    {"id", "requester_id", "comments": [{"author_id", "plain_body" | "body" | "html_body", "public"}]} -> Conversation

One ticket a line, a list, or `{"tickets": […], "users": […]?}`. Internal notes (`"public": false`) are never read, and
what the system or a rule wrote ("This ticket was closed") is left out. Who asked for the ticket is the customer. Of the
others, the company are those whom the file shows to be: agents by role, assignees, whoever opened a ticket for somebody
else or wrote a note. Who is shown to be a customer, or wrote by mail and is not known, speaks on the customer's side: a
husband in copy must not be learned as the company's voice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.transcript import Role
from finetune.conversations import Conversation, Rating, Said
from finetune.example_forms import Record
from finetune.imports.files import Faults
from finetune.imports.mails import by_time, plain_text, without_quoted

RATINGS: dict[str, Rating] = {"good": "up", "bad": "down"}
SKIPPED = {"deleted", "suspended"}
SYSTEM_AUTHOR = -1
MACHINES = ("system", "rule", "automation", "trigger", "answer_bot")
"""How the channels begin, or the relations of a source, through which no person writes."""
CUSTOMERS_CHANNELS = frozenset(
    {"email", "sms", "whatsapp", "facebook", "twitter", "instagram_dm", "messaging", "native_messaging", "mobile"}
)
"""Through which strangers write; agents mostly use Zendesk's own pages (`web`)."""
STAFF_ROLES = ("agent", "admin")


@dataclass(frozen=True, slots=True)
class People:
    """Whom a file shows to be on which side, by id; who is on both, such as an agent with an own ticket, is staff."""

    staff: frozenset[Any]
    customers: frozenset[Any]


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
    tickets = [(record.line, ticket) for record in found for ticket in _tickets(record.data)]
    people = _people(found, [ticket for _, ticket in tickets if isinstance(ticket, dict)])
    for line, ticket in tickets:
        try:
            if ticket.get("status") not in SKIPPED:
                read.append(_conversation(ticket, source, people))
        except (AttributeError, KeyError, TypeError) as error:
            name = ticket.get("id", "?") if isinstance(ticket, dict) else "?"
            reason = f"lacks {error}" if isinstance(error, KeyError) else "has values of another kind"
            faults.append((line, f"is no ticket with comments: ticket {name} {reason}"))
    if faults:
        raise Faults(faults)
    yield from read


def _tickets(data: Any) -> list[Any]:
    return list(data.get("tickets", [data])) if isinstance(data, dict) else [data]


def _people(found: Sequence[Record], tickets: Sequence[Mapping[str, Any]]) -> People:
    """Return whom a file shows to be staff, and whom to be a customer."""
    staff: list[Any] = []
    customers: list[Any] = []
    persons = [one for record in found if isinstance(record.data, dict) for one in _list(record.data.get("users"))]
    for ticket in tickets:
        requester = ticket.get("requester_id")
        customers += [requester, *_list(ticket.get("email_cc_ids")), *_list(ticket.get("collaborator_ids"))]
        staff += [one for one in (ticket.get("assignee_id"), ticket.get("submitter_id")) if one != requester]
        persons += [ticket.get(who) for who in ("requester", "assignee", "submitter")]
        comments = [one for one in _list(ticket.get("comments")) if isinstance(one, dict)]
        persons += [comment.get("author") for comment in comments]
        staff += [comment.get("author_id") for comment in comments if comment.get("public") is False]
    known = [one for one in persons if isinstance(one, dict) and {"id", "role"} <= set(one)]
    by_role = _ids([one["id"] for one in known if one["role"] in STAFF_ROLES])
    others = _ids([one["id"] for one in known]) - by_role
    company = (_ids(staff) - others) | by_role
    return People(frozenset(company), frozenset((_ids(customers) | others) - company))


def _ids(values: Sequence[Any]) -> set[Any]:
    return {one for one in values if isinstance(one, int | str)}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _conversation(ticket: Mapping[str, Any], source: str, people: People) -> Conversation:
    comments = by_time([comment for comment in ticket["comments"] if comment.get("public") is not False])
    said = tuple(
        Said(_role(comment, ticket["requester_id"], people), without_quoted(_text(comment)))
        for comment in comments
        if not _is_automatic(comment)
    )
    score = (ticket.get("satisfaction_rating") or {}).get("score", "")
    return Conversation(f"zendesk:{ticket['id']}", source, said, RATINGS.get(score))


def _role(comment: Mapping[str, Any], requester: Any, people: People) -> Role:
    author = comment["author_id"]
    if author == requester:
        return "user"
    if author in people.staff:
        return "assistant"
    return "user" if author in people.customers or _channel(comment) in CUSTOMERS_CHANNELS else "assistant"


def _is_automatic(comment: Mapping[str, Any]) -> bool:
    source = (comment.get("via") or {}).get("source") or {}
    ways = (_channel(comment), str(source.get("rel") or ""))
    return comment["author_id"] == SYSTEM_AUTHOR or any(way.startswith(MACHINES) for way in ways)


def _channel(comment: Mapping[str, Any]) -> str:
    return str((comment.get("via") or {}).get("channel") or "")


def _text(comment: Mapping[str, Any]) -> str:
    plain = comment.get("plain_body") or comment.get("body")
    return str(plain) if plain else plain_text(str(comment.get("html_body") or ""))
