"""Tables and lines of JSON: a question and its answer a row, or a message a row.

    question, answer                            each row a conversation of its own
    conversation, role, text, private?, time?   rows of one conversation, by time where all have one, else in order

What the columns are called differs from program to program; `NAMES` has what is understood, in any case. A row that a
column calls private, not public or a note is never read; where such a column says neither yes nor no, that is a fault.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from finetune.conversations import Conversation, Said
from finetune.example_forms import Record, shown
from finetune.imports.files import Faults
from finetune.imports.flags import is_yes
from finetune.imports.mails import words

NAMES = {
    "question": ("question", "prompt", "问题", "提问"),
    "answer": ("answer", "reply", "response", "after", "回答", "答案", "回复"),
    "conversation": ("conversation", "conversation_id", "ticket", "ticket_id", "chat_id", "session_id", "会话"),
    "role": ("role", "sender", "author", "speaker", "from", "角色"),
    "text": ("text", "message", "body", "content", "内容"),
    "private": ("private", "is_private", "internal", "is_internal", "internal_note", "is_note", "内部", "是否内部"),
    "public": ("public", "is_public", "公开", "是否公开"),
    "kind": ("type", "kind", "message_type", "comment_type", "part_type", "visibility", "类型"),
    "time": ("created_at", "time", "timestamp", "sent_at", "created", "date", "时间", "创建时间", "发送时间"),
}
PERSONS = {"customer_name", "agent_name", "sender_name", "author_name", "contact_name", "客户姓名", "客服姓名", "姓名"}
"""Columns with the name of somebody who takes part."""
NOTE = re.compile(r"\b(?:notes?|internal|private)\b|备注|内部|私密", re.IGNORECASE)
"""How programs call what is not meant for the customer, in the column that says what kind of message a row is."""
SORTABLE = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*|\d{9,}(?:\.\d+)?")
"""Times whose order is that of their signs: ISO 8601 and seconds."""
CUSTOMERS = {
    "user",
    "customer",
    "visitor",
    "client",
    "contact",
    "end-user",
    "end_user",
    "incoming",
    "human",
    "客户",
    "顾客",
}
PEOPLE = {"agent", "operator", "support", "staff", "admin", "outgoing", "person", "客服", "人工"}
MACHINES = {"assistant", "bot", "gpt", "ai", "机器人"}
SKIPPED = {"system", "activity", "系统"}


@dataclass(frozen=True, slots=True)
class Row:
    """What a row says."""

    conversation: str
    said: tuple[Said, ...]
    time: str
    names: frozenset[str] = frozenset()


def fits(data: Mapping[str, Any]) -> bool:
    """Say whether the first record of a file is of this format."""
    named = _named(data)
    return {"question", "answer"} <= set(named) or {"conversation", "role", "text"} <= set(named)


def conversations(found: Sequence[Record], source: str) -> Iterator[Conversation]:
    """Yield the conversations in the order of their first rows.

    Raises:
        Faults: names the rows that cannot be read.
    """
    faults: list[tuple[int, str]] = []
    rows: dict[str, list[Row]] = {}
    for record in found:
        try:
            row = _read(record)
        except ValueError as error:
            faults.append((record.line, str(error)))
            continue
        rows.setdefault(row.conversation, []).append(row)
    if faults:
        raise Faults(faults)
    for identity, of_one in rows.items():
        if all(SORTABLE.fullmatch(row.time) for row in of_one):
            of_one.sort(key=lambda row: row.time)
        said = tuple(one for row in of_one for one in row.said)
        names = frozenset(name for row in of_one for name in row.names)
        yield Conversation(f"{source}:{identity}", source, said, names=names)


def _read(record: Record) -> Row:
    """Return which conversation a row belongs to, and what it says."""
    if not isinstance(record.data, dict):
        raise ValueError(f"is no object: {shown(record.data)}")
    named = _named(record.data)
    names = frozenset(str(value) for column, value in record.data.items() if _folded(column) in PERSONS and value)
    if {"question", "answer"} <= set(named):
        said = (Said("user", _text(named["question"])), Said("assistant", _text(named["answer"])))
        return Row(record.place, () if _is_note(named) else said, "", names)
    if lacking := [name for name in ("conversation", "role", "text") if name not in named]:
        raise ValueError(f"lacks {', '.join(lacking)}")
    identity, time, text = str(named["conversation"]), str(named.get("time") or ""), _text(named["text"])
    role = _folded(named["role"])
    if role in SKIPPED or NOTE.search(role) or _is_note(named):
        return Row(identity, (), time, names)
    if role in CUSTOMERS:
        return Row(identity, (Said("user", text),), time, names)
    if role in PEOPLE | MACHINES:
        return Row(identity, (Said("assistant", text, by_person=role in PEOPLE),), time, names)
    raise ValueError(f"has the unknown role {shown(named['role'])}; known are {', '.join(sorted(CUSTOMERS | PEOPLE))}")


def _is_note(named: Mapping[str, Any]) -> bool:
    """Say whether a row is not meant for the customer."""
    for name, hides in (("private", True), ("public", False)):
        if name not in named or (hides and not str(named[name] or "").strip()):
            continue
        try:
            if is_yes(named[name]) == hides:
                return True
        except TypeError as error:
            raise ValueError(f"{error}, in the column that tells private from public") from error
    return bool(NOTE.search(str(named.get("kind") or "").replace("_", " ")))


def _named(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's values by the names used here."""
    by_column = {_folded(column): value for column, value in data.items()}
    return {
        name: by_column[column]
        for name, columns in NAMES.items()
        for column in reversed(columns)
        if column in by_column
    }


def _folded(value: Any) -> str:
    return str(value).strip().casefold()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"has {shown(value)} where a text should stand")
    return words(value)
