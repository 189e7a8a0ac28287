"""Tables and lines of JSON: a question and its answer a row, or a message a row.

    question, answer                            each row a conversation of its own
    conversation, role, text, private?, time?   rows of one conversation, by time where all have one, else in order

What the columns are called differs from program to program; `NAMES` has what is understood, however it is spelled
(`Is Internal`, `is_internal`, `isInternal`). A row that any column calls private, not public or a note is never read;
where such a column says neither yes nor no, that is a fault. A blank cell calls nothing private, as exports have it of
ordinary messages, but nothing public either.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from finetune.data.conversations import Conversation, Said
from finetune.data.example_forms import Record, shown
from finetune.imports.files import Faults
from finetune.imports.flags import is_yes
from finetune.imports.mails import words
from finetune.imports.moments import in_order

NAMES = {
    "question": ("question", "prompt", "问题", "提问"),
    "answer": ("answer", "reply", "response", "after", "回答", "答案", "回复"),
    "conversation": ("conversation", "conversation_id", "ticket", "ticket_id", "chat_id", "session_id", "会话"),
    "role": ("role", "sender", "author", "speaker", "from", "角色"),
    "text": ("text", "message", "body", "content", "内容"),
    "private": (
        *("private", "is_private", "private_note", "is_private_note", "private_comment", "is_private_comment"),
        *("internal", "is_internal", "internal_note", "is_internal_note", "internal_comment", "is_internal_comment"),
        *("is_note", "内部", "是否内部", "内部备注", "是否内部备注", "是否备注", "私密", "是否私密"),
    ),
    "public": ("public", "is_public", "public_comment", "is_public_comment", "public_reply", "公开", "是否公开"),
    "kind": (
        *("type", "kind", "message_type", "message_kind", "comment_type", "part_type", "entry_type", "event_type"),
        *("visibility", "audience", "类型", "消息类型", "可见性", "可见范围"),
    ),
    "time": ("created_at", "time", "timestamp", "sent_at", "created", "date", "时间", "创建时间", "发送时间"),
}
PERSONS = ("customer_name", "agent_name", "sender_name", "author_name", "contact_name", "客户姓名", "客服姓名", "姓名")
"""Columns with the name of somebody who takes part."""
NOTE = re.compile(
    r"internal|private|hidden|whisper|\bnotes?\b|notes?$|\b(?:agents?|staff|team)[ -]only\b"
    r"|备注|内部|私密|仅.{1,6}可见",
    re.IGNORECASE,
)
"""How programs call what is not meant for the customer, in the column that says what kind of message a row is."""
PARTS_OF_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|_")
"""Where a kind has its words joined: `noteAdded`, `note_added`."""
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
        said = tuple(one for row in in_order(of_one, lambda row: row.time) for one in row.said)
        names = frozenset(name for row in of_one for name in row.names)
        yield Conversation(f"{source}:{identity}", source, said, names=names)


def _read(record: Record) -> Row:
    """Return which conversation a row belongs to, and what it says."""
    if not isinstance(record.data, dict):
        raise ValueError(f"is no object: {shown(record.data)}")
    named = _named(record.data)
    names = frozenset(str(value) for column, value in record.data.items() if _of_person(column) and value)
    if {"question", "answer"} <= set(named):
        said = (Said("user", _text(named["question"])), Said("assistant", _text(named["answer"])))
        return Row(record.place, () if _is_note(record.data) else said, "", names)
    if lacking := [name for name in ("conversation", "role", "text") if name not in named]:
        raise ValueError(f"lacks {', '.join(lacking)}")
    identity, time, text = str(named["conversation"]), str(named.get("time") or "").strip(), _text(named["text"])
    role = _folded(named["role"])
    if role in SKIPPED or NOTE.search(role) or _is_note(record.data):
        return Row(identity, (), time, names)
    if role in CUSTOMERS:
        return Row(identity, (Said("user", text),), time, names)
    if role in PEOPLE | MACHINES:
        return Row(identity, (Said("assistant", text, by_person=role in PEOPLE),), time, names)
    raise ValueError(f"has the unknown role {shown(named['role'])}; known are {', '.join(sorted(CUSTOMERS | PEOPLE))}")


def _is_note(data: Mapping[str, Any]) -> bool:
    """Say whether any column of a row says that it is not meant for the customer."""
    return any(_hides(_group(column), value) for column, value in data.items())


def _hides(group: str, value: Any) -> bool:
    """Say whether a column of this group and value keeps a row from the customer."""
    if group == "kind":
        return bool(NOTE.search(PARTS_OF_WORDS.sub(" ", str(value or "")).strip()))
    if group not in ("private", "public") or (group == "private" and (value is None or not str(value).strip())):
        return False
    try:
        return is_yes(value) == (group == "private")
    except TypeError as error:
        raise ValueError(f"{error}, in the column that tells private from public") from error


def _named(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's values by the names used here; of several columns of one name, that which `NAMES` has first."""
    by_column = {_column(column): value for column, value in data.items()}
    found: dict[str, Any] = {}
    for name, columns in NAMES.items():
        known = [column for column in map(_column, columns) if column in by_column]
        found |= {name: by_column[known[0]]} if known else {}
    return found


@lru_cache(maxsize=1024)
def _group(column: Any) -> str:
    """Return the name in `NAMES` that a column goes by; "" for one that is not known."""
    spelled = _column(column)
    return next((name for name, columns in NAMES.items() if spelled in map(_column, columns)), "")


@lru_cache(maxsize=1024)
def _of_person(column: Any) -> bool:
    return _column(column) in map(_column, PERSONS)


@lru_cache(maxsize=1024)
def _column(name: Any) -> str:
    """Return a column's name as it is compared: without case, blanks, hyphens, underscores and the like."""
    return re.sub(r"[\W_]+", "", str(name).casefold())


def _folded(value: Any) -> str:
    return str(value).strip().casefold()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"has {shown(value)} where a text should stand")
    return words(value)
