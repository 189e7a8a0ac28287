"""The forms in which examples come, turned into the one form of docs/design.md §5.

    FILE.jsonl | FILE.json | FILE.csv -> records with line numbers -> {"messages", "tools"?, "meta"}

    frontdesk   {"messages", "meta"}                      as `dataset build` writes
    openai      {"messages"}                              OpenAI's chat format, `weight` 0 included
    sharegpt    {"conversations": [{"from", "value"}]}    ShareGPT
    labelled    {"text", "label"}, or a CSV file with these columns

A labelled text becomes what serves best: the user says the text, the assistant the label, and nothing else is said.
Nothing is repaired by guessing; what is not understood is left for `finetune.examples` to name as a fault.
"""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from finetune.errors import FinetuneError

Form = Literal["frontdesk", "openai", "sharegpt", "labelled"]
LABELS = ("label", "category", "intent")
"""What the column of labels is called, here and in public sets."""
DELIMITERS = (",", ";", "\t")
"""A spreadsheet writes semicolons where the comma is the decimal sign."""
SHAREGPT_ROLES = {
    "system": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "chatgpt": "assistant",
    "assistant": "assistant",
    "function_call": "assistant",
    "observation": "tool",
    "tool": "tool",
}
SHAREGPT_KEYS = {"conversations", "id", "system", "tools"}
LABELLED_KEYS = {"text", *LABELS, "id"}
UNREAD_KEYS = {"parallel_tool_calls"}
"""Of OpenAI's format: how its API shall call, which is nothing that a model learns."""
SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class Record:
    """One example as it stands in a file."""

    line: int
    """The line that it begins on, from 1."""
    data: Any
    """The JSON value, or the row as an object; None where there is none."""
    fault: str = ""
    """Why there is none."""


def records(path: Path) -> tuple[Record, ...]:
    """Return what a file holds, in order; a byte order mark and blank lines are no harm.

    Raises:
        FinetuneError: the file cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        cause = (isinstance(error, OSError) and error.strerror) or error  # without the path a second time
        raise FinetuneError(
            f"The examples in {path} cannot be read ({cause}). Next: check path and encoding (UTF-8)."
        ) from error
    if path.suffix.lower() in (".csv", ".tsv"):
        return tuple(_rows(text))
    if path.suffix.lower() == ".json" and text.lstrip().startswith("["):
        return tuple(_elements(text))
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return tuple(_line(number, line) for number, line in enumerate(lines, 1) if line.strip())


def form_of(data: Any) -> Form:
    """Return the form of an example; what has none of the others' marks counts as Frontdesk's own."""
    if not isinstance(data, dict):
        return "frontdesk"
    if "conversations" in data:
        return "sharegpt"
    if "messages" not in data and ("text" in data or set(LABELS) & set(data)):
        return "labelled"
    return "openai" if "messages" in data and "meta" not in data else "frontdesk"


def canonical(data: Any, *, source: str, line: int) -> Any:
    """Return an example of any form in Frontdesk's own.

    Without a task, one with tools is of `agent` and any other of `voice`: it shows how the company writes, and claims
    nothing about documents, which `answer` would.

    Args:
        source: The file's name.
        line: What tells this example from the others of the file, so that each may be split from the rest.

    Raises:
        ValueError: says what is wrong with it.
    """
    form, conversation = form_of(data), f"{source}:{line}"
    if form == "frontdesk":
        return data
    if form == "labelled":
        return _labelled(data, source, conversation)
    if form == "sharegpt":
        data, conversation = _from_sharegpt(data), str(data.get("id") or conversation)
    messages = data["messages"]
    if not isinstance(messages, list):
        raise ValueError("has no messages")
    messages = [_openai_message(message) for message in messages]
    calls = bool(data.get("tools")) or any(isinstance(m, dict) and m.get("tool_calls") for m in messages)
    meta = {"task": "agent" if calls else "voice", "source": source, "conversation": conversation}
    rest = {key: value for key, value in data.items() if key not in UNREAD_KEYS}
    return {**rest, "messages": messages, "meta": meta}


def shown(value: object) -> str:
    """Return a value as a message shows it, cut where it is long."""
    text = repr(value)
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"


def _line(number: int, line: str) -> Record:
    try:
        return Record(number, json.loads(line))
    except json.JSONDecodeError as error:
        return Record(number, None, f"is not JSON ({error.msg})")
    except RecursionError:
        return Record(number, None, "is not JSON (its values are too deep)")


def _elements(text: str) -> Iterator[Record]:
    """Yield the elements of a JSON list, each with the line that it begins on."""
    decoder, place = json.JSONDecoder(), text.index("[") + 1
    counted, line = 0, 1
    while True:
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
        line += text.count("\n", counted, place)
        counted = place
        if place >= len(text):
            yield Record(line, None, "is not JSON (the list has no end)")
            return
        if text[place] == "]":
            return
        try:
            value, place = decoder.raw_decode(text, place)
        except (json.JSONDecodeError, RecursionError) as error:
            reason = error.msg if isinstance(error, json.JSONDecodeError) else "its values are too deep"
            yield Record(line, None, f"is not JSON ({reason})")
            return
        yield Record(line, value)


def _rows(text: str) -> Iterator[Record]:
    head = text.split("\n", 1)[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: list[str] = []
    before = 0
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            yield Record(before + 1, None, f"is no row of a table ({error})")
            return
        if row is None:
            return
        line, before = before + 1, reader.line_num
        if not any(cell.strip() for cell in row):
            continue
        if not columns:
            columns = [name.strip() for name in row]
        elif len(row) != len(columns):
            yield Record(line, None, f"has {len(row)} cells where the first line has {len(columns)}")
        else:
            yield Record(line, dict(zip(columns, row, strict=True)))


def _labelled(data: Mapping[str, Any], source: str, conversation: str) -> dict[str, Any]:
    names = [name for name in LABELS if name in data]
    if "text" not in data or not names:
        raise ValueError(f"lacks {'text' if names else 'label'} in the example")
    if unknown := sorted(set(data) - LABELLED_KEYS):
        raise ValueError(f"has unknown keys in the example: {', '.join(unknown)}")
    text, label = data["text"], data[names[0]]
    for name, value in (("text", text), (names[0], label)):
        if not isinstance(value, str):
            raise ValueError(f"has {name} {shown(value)}, which is no text")
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": label}]
    return {"messages": messages, "meta": {"task": "intent", "source": source, "conversation": conversation}}


def _from_sharegpt(data: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(data) - SHAREGPT_KEYS):
        raise ValueError(f"has unknown keys in the example: {', '.join(unknown)}")
    said = data["conversations"]
    if not isinstance(said, list):
        raise ValueError("has conversations that are no list")
    messages = [{"role": "system", "content": data["system"]}] if data.get("system") else []
    for one in said:
        if not isinstance(one, dict) or set(one) != {"from", "value"}:
            raise ValueError(f"has a message that is not {{'from', 'value'}}: {shown(one)}")
        if not isinstance(one["from"], str) or one["from"] not in SHAREGPT_ROLES:
            raise ValueError(f"has the unknown role {shown(one['from'])}; known are {', '.join(SHAREGPT_ROLES)}")
        messages.append({"role": SHAREGPT_ROLES[one["from"]], "content": one["value"]})
    return {"messages": messages} | _tools(data.get("tools"))


def _tools(tools: Any) -> dict[str, Any]:
    if isinstance(tools, str) and tools.strip():
        try:
            tools = json.loads(tools)
        except ValueError as error:
            raise ValueError("has tools that are no JSON") from error
    return {"tools": tools} if tools else {}


def _openai_message(message: Any) -> Any:
    """Return a message of OpenAI's format: parts of text joined, no content beside calls as an empty one.

    What its API gives with each reply and is null ("refusal", "audio") says nothing, and is left out.
    """
    if not isinstance(message, dict):
        return message
    changed = {key: value for key, value in message.items() if value is not None or key in ("role", "content")}
    if changed.get("role") == "developer":
        changed["role"] = "system"
    content = changed.get("content")
    if content is None and changed.get("tool_calls"):
        changed["content"] = ""
    elif isinstance(content, list) and all(isinstance(part, dict) and part.get("type") == "text" for part in content):
        changed["content"] = "".join(str(part.get("text", "")) for part in content)
    return changed
