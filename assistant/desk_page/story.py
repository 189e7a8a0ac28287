"""One case as an operator reads it: who, why, what was tried, what was said, and what waits to be decided.

    ticket or write -> conversation -> Story: lines in order, each with its sources and steps, and a mark

The mark changes with anything that the story shows, so a page that has it need not be sent the story again. Whatever
somebody wrote has the language that it is read out in (`lang`).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from agents.approvals import Pending
from assistant import desk_entries
from assistant.database import ApprovalRow, DeskEntryRow, StepRow, TicketRow, TurnRow, VisitorRow
from assistant.desk_page.cases import customer_name
from assistant.errors import NotStored
from assistant.store import Store, StoredTurn, now
from assistant.ticket_contents import PERSON
from assistant.ticket_rows import ticket_row
from knowledge.languages import html_language

SHOWN_DOCUMENTS = 3
MARK_CHARACTERS = 32
EVENTS = ("returned", "closed", "approved", "declined")


@dataclass(frozen=True, slots=True)
class Line:
    """One message, note or event."""

    id: str
    who: str
    """`customer`, `assistant`, `person`, `notice` (what code tells the customer), `note` or `event`."""
    text: str
    at: datetime
    by: str = ""
    """Of the team; "" for nobody, or somebody unnamed."""
    running: bool = False
    sources: tuple[Mapping[str, Any], ...] = ()


def of_ticket(store: Store, number: str, *, mark: str = "") -> dict[str, Any]:
    """Return the story of a ticket, JSON-ready; only its mark where that is `mark`.

    Raises:
        NotStored: There is no such ticket.
    """
    with store.reading() as session:
        row = ticket_row(session, number)
        return _story(store, session, row.conversation, ticket=row, mark=mark)


def of_approval(store: Store, pending: Pending, *, mark: str = "") -> dict[str, Any]:
    """Return the story around a write that waits, or waited, for the team."""
    with store.reading() as session:
        return _story(store, session, pending.conversation, key=pending.key, mark=mark)


def _story(
    store: Store, session: Session, conversation: str, *, ticket: TicketRow | None = None, key: str = "", mark: str
) -> dict[str, Any]:
    running = _running(session, conversation)  # before the entries: a turn ends together with what was said with it
    entries = desk_entries.of_conversation(session, conversation)
    writes = _writes(session, conversation, entries, ticket=ticket, key=key)
    now_mark = _mark(session, conversation, ticket, writes, entries, running=running)
    if mark == now_mark:
        return {"mark": now_mark, "unchanged": True}
    try:
        turns = store.transcript(conversation)
    except NotStored:  # a talk in the terminal: its write is shown by itself
        turns = ()
    visitor = session.get(VisitorRow, conversation)
    return {
        "mark": now_mark,
        "ticket": _ticket_data(ticket, entries) if ticket is not None else None,
        "customer": {
            "name": customer_name(visitor, ticket=ticket),
            "id": (visitor.customer or "") if visitor else ticket.customer if ticket else "",
            "contact": ticket.contact if ticket is not None else "",
        },
        "writes": [_write_data(write, entries, running) for write in writes],
        "tried": _tried(session, conversation),
        "lines": [_line_data(line) for line in _lines(turns, entries)],
        "seen": max((turn.turn for turn in turns), default=0),
    }


def _mark(
    session: Session,
    conversation: str,
    ticket: TicketRow | None,
    writes: Sequence[ApprovalRow],
    entries: Sequence[DeskEntryRow],
    *,
    running: frozenset[int],
) -> str:
    turns = session.scalar(select(func.count()).select_from(TurnRow).where(TurnRow.conversation == conversation))
    steps = session.scalar(select(func.count()).select_from(StepRow).where(StepRow.conversation == conversation))
    stages = ",".join(write.stage for write in writes)
    ended = f"{ticket.status}/{ticket.reason}/{ticket.contact}" if ticket is not None else ""
    shown = f"{turns} {steps} {len(entries)} {stages} {ended} {sorted(running)}"
    return hashlib.sha256(shown.encode()).hexdigest()[:MARK_CHARACTERS]  # it travels in an address: nobody's data there


def _running(session: Session, conversation: str) -> frozenset[int]:
    """Return the turns that are being answered."""
    query = select(TurnRow.turn).where(TurnRow.conversation == conversation, TurnRow.status == "running")
    return frozenset(session.scalars(query))


def _writes(
    session: Session, conversation: str, entries: Sequence[DeskEntryRow], *, ticket: TicketRow | None, key: str
) -> Sequence[ApprovalRow]:
    """Return the writes that wait for the team or are looked at, and what was decided since the case began.

    Whoever decides a write beside a ticket, or beside an older write, is shown what came of it.
    """
    query = select(ApprovalRow).where(ApprovalRow.conversation == conversation).order_by(ApprovalRow.asked_at)
    rows = session.scalars(query).all()
    begun = ticket.created_at if ticket is not None else next((row.asked_at for row in rows if row.key == key), now())
    decided = {entry.about for entry in entries if entry.kind in ("approved", "declined") and entry.at >= begun}
    return [row for row in rows if row.stage == "operator" or row.key == key or row.key in decided]


def _ticket_data(ticket: TicketRow, entries: Sequence[DeskEntryRow]) -> dict[str, Any]:
    ended = next((row for row in reversed(entries) if row.about == ticket.number and row.kind == ticket.status), None)
    return {
        "number": ticket.number,
        "reason": ticket.reason,
        "status": ticket.status,
        "language": ticket.language,
        "created_at": ticket.created_at.isoformat(),
        "ended_at": ticket.returned_at.isoformat() if ticket.returned_at else None,
        "ended_by": ended.operator if ended is not None else "",
        "asked": [{"text": text, "lang": html_language(text)} for text in ticket.summary.get("asked", ())],
        "written": list(ticket.summary.get("written", ())),
    }


def _write_data(write: ApprovalRow, entries: Sequence[DeskEntryRow], running: frozenset[int]) -> dict[str, Any]:
    """Return a write, who decided it, what they said to the customer with it, and whether that is still under way."""
    about = [row for row in entries if row.about == write.key]
    decided = next((row for row in reversed(about) if row.kind != "said"), None)
    return {
        "key": write.key,
        "tool": write.tool,
        "text": write.text,
        "lang": html_language(write.text),
        "arguments": write.arguments,
        "language": write.language,
        "stage": write.stage,
        "asked_at": write.asked_at.isoformat(),
        "decided_by": decided.operator if decided is not None and write.stage != "operator" else "",
        "said": decided.text if decided is not None and any(row.kind == "said" for row in about) else "",
        "deciding": decided.turn in running if decided is not None else write.stage != "withdrawn",  # soon noted
    }


def _tried(session: Session, conversation: str) -> list[dict[str, Any]]:
    """Return the searches, calls and writes of a conversation, each with what came of it."""
    steps = session.scalars(
        select(StepRow).where(StepRow.conversation == conversation).order_by(StepRow.turn, StepRow.sequence)
    )
    tried: list[dict[str, Any]] = []
    writes: dict[str, dict[str, Any]] = {}
    for step in steps:
        data = step.data
        if step.kind == "searched":
            tried.append(_search(data))
        elif step.kind == "tool_called":
            called = {"kind": "tool", "what": data["tool"], "arguments": data["arguments"]}
            tried.append({**called, "state": "open", "came": ""})
        elif step.kind == "tool_returned":
            came = {"state": "done" if data["ok"] else "failed", "came": str(data["content"])}
            _call(tried, data["tool"]).update(came)
        elif step.kind == "approval_asked":
            writes[data["key"]] = _call(tried, data["tool"])
            writes[data["key"]].update(kind="write", state="asked", came=str(data["text"]))
        elif step.kind == "approval_decided" and data["key"] in writes:
            writes[data["key"]]["state"] = "asked" if data["decision"] == "approved" else data["decision"]
        elif step.kind == "acted":
            write = writes.get(data["key"]) or _call(tried, data["tool"])
            write.update(kind="write", state=str(data["state"]), came=str(data["text"]) or write["came"])
    return tried


def _call(tried: list[dict[str, Any]], tool: str) -> dict[str, Any]:
    """Return the last call of a tool that nothing has come of, or a new one."""
    awaited = [one for one in tried if (one["what"], one["state"]) == (tool, "open")]  # a search is never open
    if awaited:
        return awaited[-1]
    new: dict[str, Any] = {"kind": "tool", "what": tool, "arguments": {}, "state": "open", "came": ""}
    tried.append(new)
    return new


def _search(data: Mapping[str, Any]) -> dict[str, Any]:
    passages = data.get("passages", ())
    titles = [str(passage.get("title") or passage.get("document", "")) for passage in passages]
    return {
        "kind": "search",
        "what": data.get("query", ""),
        "passages": len(passages),
        "documents": list(dict.fromkeys(titles))[:SHOWN_DOCUMENTS],
        "evidence": float(data.get("evidence", 0.0)),
        "state": "done" if passages else "failed",
    }


def _lines(turns: Sequence[StoredTurn], entries: Sequence[DeskEntryRow]) -> list[Line]:
    writers = {entry.turn: entry.operator for entry in entries if entry.kind in ("replied", "said")}
    lines: list[Line] = []
    for turn in turns:
        if turn.question:
            lines.append(Line(f"{turn.turn}q", "customer", turn.question, turn.started_at))
        if turn.text or turn.status != "finished":
            lines.append(_answer_line(turn, writers))
    for entry in entries:
        if entry.kind == "noted":
            lines.append(Line(f"n{entry.id}", "note", entry.text, entry.at, by=entry.operator))
        elif entry.kind in EVENTS:
            lines.append(Line(f"e{entry.id}", "event", entry.kind, entry.at, by=entry.operator))
    # A turn keeps its question before its answer: the sort is stable, and an answer ends after it was asked for.
    return sorted(lines, key=lambda line: line.at)


def _answer_line(turn: StoredTurn, writers: Mapping[int | None, str]) -> Line:
    answer = turn.answer or {}
    model = str(answer.get("model", ""))
    who = "person" if model == PERSON else "notice" if _is_notice(turn) else "assistant"
    keys = ("number", "title", "document", "page", "quote")
    return Line(
        f"{turn.turn}a",
        who,
        turn.text if turn.status != "failed" else "",
        turn.ended_at or turn.started_at,
        by=writers.get(turn.turn, ""),
        running=turn.status == "running",
        sources=tuple({key: citation.get(key) for key in keys} for citation in answer.get("citations", ())),
    )


def _is_notice(turn: StoredTurn) -> bool:
    """Whether code alone speaks: a ticket's number, "this has been added", a failure."""
    answer = turn.answer or {}
    told = answer.get("outcome") == "handed_over" and answer.get("model") == "none" and not answer.get("citations")
    return told or turn.status in ("failed", "stopped")


def _line_data(line: Line) -> dict[str, Any]:
    sources = [{**source, "lang": html_language(str(source["quote"] or ""))} for source in line.sources]
    return {**asdict(line), "at": line.at.isoformat(), "lang": html_language(line.text), "sources": sources}
