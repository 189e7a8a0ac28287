"""Zendesk: tickets with their comments, as its JSON export and its API give them.

    {"id", "requester_id", "comments": [{"author_id", "plain_body" | "body" | "html_body", "public"}]} -> Conversation

One ticket a line, a list, or `{"tickets": […], "users": […]?}`. Internal notes are never read: what does not say that
it is public is a fault. What the system, a rule or an absent person's mailbox wrote is left out, and so are the
notices of merged tickets, which repeat a customer's words under an agent's name, and transcripts of chats, which hold
both sides. Of a ticket that was exported twice the later state counts: what was redacted since must not come back.
Who asked for the ticket is the customer. Of the others, the company are those whom the file shows to be: agents by
role, assignees, whoever opened a ticket for somebody else or wrote a note. Who is shown to be a customer, or wrote by
mail and is not known, speaks on the customer's side: a husband in copy must not be learned as the company's voice.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agents.transcript import Role
from finetune.data.conversations import Conversation, Rating, Said
from finetune.data.example_forms import Record
from finetune.imports.files import Faults, reason
from finetune.imports.flags import is_yes
from finetune.imports.mails import plain_text, without_quoted
from finetune.imports.moments import by_time

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
AUTOMATIC_FLAG = 4
"""Of a comment's `metadata`: the mail said of itself that no person wrote it, such as an absence notice."""
MERGED = re.compile(
    r"\s*(?:This request was closed and merged into request #"
    r"|Requests? #.{1,400}? (?:was|were) closed and merged into this request\b)",
    re.DOTALL,
)
CHAT_LINE = re.compile(r"^\(?\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?\)? .{1,60}?[:：] ", re.MULTILINE)
FEWEST_CHAT_LINES = 2


@dataclass(frozen=True, slots=True)
class People:
    """Whom a file shows to be on which side, by id; who is on both, such as an agent with an own ticket, is staff."""

    staff: frozenset[Any]
    customers: frozenset[Any]
    names: Mapping[Any, str] = field(default_factory=dict)


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
    read: dict[Any, tuple[str, Conversation | None]] = {}
    tickets = [(record.line, ticket) for record in found for ticket in _tickets(record.data)]
    people = _people(found, [ticket for _, ticket in tickets if isinstance(ticket, dict)])
    for line, ticket in tickets:
        try:
            is_gone = ticket.get("status") in SKIPPED
            told = None if is_gone else _conversation(ticket, source, people)
            changed, before = str(ticket.get("updated_at") or ""), read.get(ticket["id"])
            if before is None or changed >= before[0]:
                read[ticket["id"]] = changed, told
        except (AttributeError, KeyError, TypeError) as error:
            name = ticket.get("id", "?") if isinstance(ticket, dict) else "?"
            faults.append((line, f"is no ticket with comments: ticket {name} {reason(error)}"))
    if faults:
        raise Faults(faults)
    yield from (told for _, told in read.values() if told)


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
        staff += [comment.get("author_id") for comment in comments if _is_note(comment)]
    known = [one for one in persons if isinstance(one, dict) and {"id", "role"} <= set(one)]
    by_role = _ids([one["id"] for one in known if one["role"] in STAFF_ROLES])
    others = _ids([one["id"] for one in known]) - by_role
    company = (_ids(staff) - others) | by_role
    names = {one["id"]: one["name"] for one in persons if _is_named(one)}
    return People(frozenset(company), frozenset((_ids(customers) | others) - company), names)


def _is_named(person: Any) -> bool:
    return isinstance(person, dict) and isinstance(person.get("id"), int | str) and isinstance(person.get("name"), str)


def _is_note(comment: Mapping[str, Any]) -> bool:
    try:
        return not is_yes(comment.get("public"))
    except TypeError:
        return False


def _ids(values: Sequence[Any]) -> set[Any]:
    return {one for one in values if isinstance(one, int | str)}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _conversation(ticket: Mapping[str, Any], source: str, people: People) -> Conversation:
    comments = by_time([comment for comment in ticket["comments"] if is_yes(comment["public"])])
    said = tuple(
        Said(_role(comment, ticket["requester_id"], people), without_quoted(_text(comment)))
        for comment in comments
        if not _is_automatic(comment)
    )
    score = (ticket.get("satisfaction_rating") or {}).get("score", "")
    names = [people.names.get(one) for one in (ticket["requester_id"], *(comment["author_id"] for comment in comments))]
    names += [_source(comment, "from").get("name") for comment in comments]
    known = frozenset(name for name in names if isinstance(name, str))
    return Conversation(f"zendesk:{ticket['id']}", source, said, RATINGS.get(score), known)


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
    if comment["author_id"] == SYSTEM_AUTHOR or any(way.startswith(MACHINES) for way in ways):
        return True
    text = _text(comment)
    chat_lines = len(CHAT_LINE.findall(text))
    flags = (comment.get("metadata") or {}).get("flags")
    return AUTOMATIC_FLAG in _list(flags) or bool(MERGED.match(text)) or chat_lines >= FEWEST_CHAT_LINES


def _source(comment: Mapping[str, Any], side: str) -> Mapping[str, Any]:
    """Return who a comment came from, or went to."""
    source = (comment.get("via") or {}).get("source") or {}
    return source.get(side) or {}


def _channel(comment: Mapping[str, Any]) -> str:
    return str((comment.get("via") or {}).get("channel") or "")


def _text(comment: Mapping[str, Any]) -> str:
    plain = comment.get("plain_body") or comment.get("body")
    # Its plain text is HTML without tags, and keeps this one entity.
    return str(plain).replace("&nbsp;", " ") if plain else plain_text(str(comment.get("html_body") or ""))
