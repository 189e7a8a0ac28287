"""Tables and lines of JSON: a question and its answer a row, or a message a row.

    question, answer                 each row a conversation of its own
    conversation, role, text         rows of one conversation, in order

What the columns are called differs from program to program; `NAMES` has what is understood, in any case.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from finetune.conversations import Conversation, Said
from finetune.example_forms import Record, shown
from finetune.imports.files import Faults
from finetune.imports.mails import without_quoted

NAMES = {
    "question": ("question", "prompt", "问题", "提问"),
    "answer": ("answer", "reply", "response", "after", "回答", "答案", "回复"),
    "conversation": ("conversation", "conversation_id", "ticket", "ticket_id", "chat_id", "session_id", "会话"),
    "role": ("role", "sender", "author", "speaker", "from", "角色"),
    "text": ("text", "message", "body", "content", "内容"),
}
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
SKIPPED = {"system", "note", "activity", "internal"}


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
    said: dict[str, list[Said]] = {}
    for record in found:
        try:
            identity, messages = _read(record)
        except ValueError as error:
            faults.append((record.line, str(error)))
            continue
        said.setdefault(identity, []).extend(messages)
    if faults:
        raise Faults(faults)
    for identity, messages in said.items():
        yield Conversation(f"{source}:{identity}", source, tuple(messages))


def _read(record: Record) -> tuple[str, list[Said]]:
    """Return which conversation a row belongs to, and what it says."""
    if not isinstance(record.data, dict):
        raise ValueError(f"is no object: {shown(record.data)}")
    named = _named(record.data)
    if {"question", "answer"} <= set(named):
        question, answer = _text(named["question"]), _text(named["answer"])
        return str(record.line), [Said("user", question), Said("assistant", answer)]
    if lacking := [name for name in ("conversation", "role", "text") if name not in named]:
        raise ValueError(f"lacks {', '.join(lacking)}")
    role = str(named["role"]).strip().casefold()
    identity, text = str(named["conversation"]), without_quoted(_text(named["text"]))
    if role in SKIPPED:
        return identity, []
    if role in CUSTOMERS:
        return identity, [Said("user", text)]
    if role in PEOPLE | MACHINES:
        return identity, [Said("assistant", text, by_person=role in PEOPLE)]
    raise ValueError(f"has the unknown role {shown(named['role'])}; known are {', '.join(sorted(CUSTOMERS | PEOPLE))}")


def _named(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row's values by the names used here."""
    by_column = {str(column).strip().casefold(): value for column, value in data.items()}
    return {
        name: by_column[column]
        for name, columns in NAMES.items()
        for column in reversed(columns)
        if column in by_column
    }


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"has {shown(value)} where a text should stand")
    return value
