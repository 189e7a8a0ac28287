"""The forms in which examples come, turned into the one form of docs/design.md §5.

    FILE.jsonl | FILE.json | FILE.csv -> records with line numbers -> {"messages", "tools"?, "meta"}

    frontdesk   {"messages", "meta"}                      as `dataset build` writes
    openai      {"messages"}                              OpenAI's chat format, `weight` 0 included
    sharegpt    {"conversations": [{"from", "value"}]}    ShareGPT
    alpaca      {"instruction", "input"?, "output"}       Alpaca, with `system` and `history` as LLaMA-Factory has them
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
from knowledge.counting import counted

Form = Literal["frontdesk", "openai", "sharegpt", "alpaca", "labelled"]
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
ALPACA_KEYS = {"instruction", "input", "output", "system", "history", "id", "text"}
"""`text` is the prompt that Alpaca's own training made of the rest."""
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
    before: int = 0
    """How many others begin on this line before it: a JSON list may stand on a single one."""

    @property
    def place(self) -> str:
        """What tells it from the others of its file."""
        return f"{self.line}.{self.before}" if self.before else str(self.line)


def records(path: Path) -> tuple[Record, ...]:
    """Return what a file holds, in order; a byte order mark and blank lines are no harm.

    Raises:
        FinetuneError: the file cannot be read.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FinetuneError(
            f"The examples in {path} cannot be read ({error.strerror or error}). Next: check the path."
        ) from error
    except UnicodeDecodeError as error:
        raise FinetuneError(_not_utf8(path, error)) from error
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
    if {"instruction", "output"} <= set(data):
        return "alpaca"
    if "messages" not in data and ("text" in data or set(LABELS) & set(data)):
        return "labelled"
    return "openai" if "messages" in data and "meta" not in data else "frontdesk"


def canonical(data: Any, *, source: str, place: str) -> Any:
    """Return an example of any form in Frontdesk's own.

    Without a task, one with tools is of `agent` and any other of `voice`: it shows how the company writes, and claims
    nothing about documents, which `answer` would.

    Args:
        source: The file's name.
        place: What tells this example from the others of the file, so that each may be split from the rest.

    Raises:
        ValueError: says what is wrong with it.
    """
    form, conversation = form_of(data), f"{source}:{place}"
    if form == "frontdesk":
        return data
    if form == "labelled":
        return _labelled(data, source, conversation)
    if form == "sharegpt":
        data, conversation = _from_sharegpt(data), str(data.get("id") or conversation)
    if form == "alpaca":
        data = _from_alpaca(data)
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


def _not_utf8(path: Path, error: UnicodeDecodeError) -> str:
    """Return where a file is not UTF-8, and how it becomes it; which encoding it has instead is not guessed."""
    data = error.object
    line, byte = data.count(b"\n", 0, error.start) + 1, data[error.start]
    from_ = "UTF-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "WINDOWS-1252"
    chinese = "" if from_ == "UTF-16" else " (a Chinese one: GB18030)"
    return (
        f"The examples in {path} cannot be read (line {line} is not UTF-8: byte 0x{byte:02X}). Next: save it as "
        f'"CSV UTF-8", or: iconv -f {from_} -t UTF-8 {path} > {path.stem}-utf8{path.suffix}{chinese}'
    )


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
    counted, line, before = 0, 1, 0
    while True:
        while place < len(text) and text[place] in " \t\r\n,":
            place += 1
        ends = text.count("\n", counted, place)
        line, before, counted = line + ends, 0 if ends else before, place
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
        yield Record(line, value, before=before)
        before += 1


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
            yield Record(line, None, f"has {counted(len(row), 'cell')} where the first line has {len(columns)}")
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


def _from_alpaca(data: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := sorted(set(data) - ALPACA_KEYS):
        raise ValueError(f"has unknown keys in the example: {', '.join(unknown)}")
    texts = {name: data.get(name) or "" for name in ("system", "instruction", "input", "output")}
    if wrong := [name for name, text in texts.items() if not isinstance(text, str)]:
        raise ValueError(f"has {wrong[0]} {shown(data[wrong[0]])}, which is no text")
    history = data.get("history") or []
    if not isinstance(history, list) or not all(isinstance(turn, list) and len(turn) == 2 for turn in history):
        raise ValueError("has a history that is no list of pairs")
    messages = [{"role": "system", "content": texts["system"]}] if texts["system"] else []
    for asked, said in (*history, (f"{texts['instruction']}\n{texts['input']}".strip(), texts["output"])):
        messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": said}]
    return {"messages": messages}


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
