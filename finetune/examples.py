"""Training examples: what a model is asked, and what it should reply.

    question + passages + reply -> Example -> one JSON object a line -> Example

    {"messages": [{"role", "content", "tool_calls"?, "weight"?}, ...], "tools"?, "schema"?,
     "meta": {"task", "source", "conversation"}}

All that an assistant says is learned, unless its message has `"weight": 0`, as OpenAI's format has it: what a machine
said earlier in a conversation, liked or not, is there to be understood and not to be said again.

Other forms, such as `{"text", "label"}`, are read as well (`finetune.data.example_forms`).

Prompts are made by `agents.prompts.render`, the function that serves, so that a model is trained on exactly what it
will be asked. Splits go by conversation: examples of one conversation never stand on both sides.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from langchain_core.messages import BaseMessage

from agents.answering import AnswerOptions, writing
from agents.prompts import READ, Acting, render
from agents.protocols import json_step, step_schema
from agents.quotes.reading import reading
from agents.quotes.statements import Statement
from agents.transcript import Language, Message
from finetune.data import example_forms
from finetune.data.example_forms import Form, Record, shown
from finetune.errors import FinetuneError
from knowledge.passages import Passage

Task = Literal["answer", "agent", "intent", "extract", "voice", "text"]
"""`text` is plain text for continued pre-training; it may have a single message."""

TASKS: tuple[Task, ...] = get_args(Task)
ROLES = {"system": "system", "human": "user", "ai": "assistant", "tool": "tool"}
"""LangChain's name of a message's type -> the role in an example."""
KEYS = {"messages", "tools", "schema", "meta"}
MESSAGE_KEYS = {"role", "content", "tool_calls", "tool_call_id", "name", "weight"}
META_KEYS = {"task", "source", "conversation"}
SHOWN_FAULTS = 20
"""The first are named by their lines, the rest is counted: a file of another form has one on every line."""
FOLLOWS = {
    "": {"system", "user"},
    "system": {"user"},
    "user": {"assistant"},
    "assistant": {"user", "tool"},
    "tool": {"tool", "assistant", "user"},
}
"""Role -> the roles that may come next; many chat templates refuse any other order."""


@dataclass(frozen=True, slots=True)
class Example:
    """One conversation to learn from; loss is taken on the assistant's messages only."""

    messages: tuple[Mapping[str, Any], ...]
    """Each `{"role", "content"}`, an assistant's perhaps with `tool_calls`, or with `weight` 0 where it is not learned;
    the last one is the assistant's, and learned."""
    task: Task
    source: str
    """Where it comes from, such as a file or `feedback`."""
    conversation: str
    """What it must not be split from."""
    tools: tuple[Mapping[str, Any], ...] = ()
    """The tools' declarations, where the model could call some."""
    schema: Mapping[str, Any] | None = None
    """The JSON Schema that a reply is bound to where it is served, and so where it is measured; None: to none. It is
    nothing that a model sees or learns."""


@dataclass(frozen=True, slots=True)
class Line:
    """What stands on a line of a file of examples."""

    number: int
    """From 1; of an example over several lines, where it begins."""
    example: Example | None
    """None for a faulty line."""
    faults: tuple[str, ...] = ()
    """What is wrong, each the end of a sentence that begins with file and line."""


def answer_example(
    question: str,
    passages: Sequence[Passage],
    history: Sequence[Message] = (),
    *,
    reply: str,
    language: Language,
    options: AnswerOptions,
    source: str,
    conversation: str,
) -> Example:
    """Return an example of an answer written from passages.

    Args:
        reply: what the model should write, with markers that count the passages from 1.
    """
    prompt = render(writing(question, passages, history, language=language, options=options))
    messages = (*as_context(map(_message, prompt)), {"role": "assistant", "content": reply})
    return Example(messages, "answer", source, conversation)


def reading_example(
    question: str,
    excerpts: Sequence[Statement],
    history: Sequence[Message] = (),
    *,
    reply: str,
    language: Language,
    source: str,
    conversation: str,
) -> Example:
    """Return an example of an answer copied from excerpts.

    Args:
        excerpts: the statements that the model is shown, the one that fits best first.
        reply: the words that answer, as they stand there; `NOT_STATED[language]` where none do.
    """
    prompt = render(reading(question, excerpts, history, language=language))
    messages = (*as_context(map(_message, prompt)), {"role": "assistant", "content": reply})
    return Example(messages, "answer", source, conversation)


def read_languages(examples: Iterable[Example]) -> tuple[Language, ...]:
    """Return the languages of answers that are copied from excerpts; none where an answer is written from passages.

    Who learned both can be asked for one of them only, and writing is what `answer` means unless all say otherwise.
    """
    by_instruction = {instruction: language for language, instruction in READ.items()}
    found = {by_instruction.get(str(one.messages[0]["content"])) for one in examples if one.task == "answer"}
    return () if None in found else tuple(language for language in get_args(Language) if language in found)


def opening_of(examples: Iterable[Example]) -> str:
    """Return the system message that most examples open with; "" where most have none."""
    firsts = (one.messages[0] for one in examples)
    openings = Counter(str(first["content"]) if first["role"] == "system" else "" for first in firsts)
    return openings.most_common(1)[0][0] if openings else ""


def agent_example(
    asked: Acting, *, tool: str, arguments: Mapping[str, Any], thought: str = "", source: str, conversation: str
) -> Example:
    """Return an example of one step: a prompt as it serves, and the call that should come next."""
    reply = json_step(tool, arguments, thought=thought, tools=asked.tools)
    messages = (*map(_message, render(asked)), {"role": "assistant", "content": reply})
    return Example(messages, "agent", source, conversation, schema=step_schema(asked.tools))


def as_context(messages: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield messages of which none is learned: what stands before a reply."""
    for message in messages:
        yield {**message, "weight": 0} if message["role"] == "assistant" else dict(message)


def is_learned(message: Mapping[str, Any]) -> bool:
    """Say whether a model learns to say a message."""
    return bool(message["role"] == "assistant" and message.get("weight", 1))


def write(examples: Iterable[Example], path: Path) -> int:
    """Write examples, one a line, and return how many; a file that is there is replaced only when all are written.

    Raises:
        FinetuneError: the file cannot be written.
    """
    part = path.with_name(f"{path.name}.part")
    count = 0
    try:
        with part.open("w", encoding="utf-8") as file:
            for example in examples:
                file.write(json.dumps(_data(example), ensure_ascii=False) + "\n")
                count += 1
        part.replace(path)
    except OSError as error:
        raise FinetuneError(
            f"The examples cannot be written to {path} ({error.strerror}). Next: choose a folder that exists."
        ) from error
    return count


def read(path: Path) -> tuple[Example, ...]:
    """Return the examples of a file in order; `finetune.data.example_forms` says which forms are known.

    Raises:
        FinetuneError: the file cannot be read or is empty, or lines are no examples; the first
            `SHOWN_FAULTS` are named, the rest is counted.
    """
    found = lines(path)
    faults = [f"{path}:{line.number} {fault}." for line in found for fault in line.faults]
    if faults:
        more = [f"… and {len(faults) - SHOWN_FAULTS:,} more."] if len(faults) > SHOWN_FAULTS else []
        told = "\n".join([*faults[:SHOWN_FAULTS], *more])
        raise FinetuneError(
            f"{told}\nNext: mend these lines (frontdesk dataset check {path}); docs/dataset.md has forms."
        )
    if not found:
        raise FinetuneError(f"{path} holds no examples. Next: name a file with one JSON object a line.")
    return tuple(line.example for line in found if line.example is not None)


def lines(path: Path) -> tuple[Line, ...]:
    """Return what stands on each line of a file, faulty or not; () for an empty file.

    All examples of a file must have one form: whoever mixes two has joined files that mean different things.

    Raises:
        FinetuneError: the file cannot be read.
    """
    found = example_forms.records(path)
    first: Form = next((example_forms.form_of(record.data) for record in found if not record.fault), "frontdesk")
    return tuple(_parsed(record, first, source=path.name) for record in found)


def _parsed(record: Record, expected: Form, *, source: str) -> Line:
    if record.fault:
        return Line(record.line, None, (record.fault,))
    form = example_forms.form_of(record.data)
    if form != expected:
        lacking = "lacks meta in the example" if (form, expected) == ("openai", "frontdesk") else f"has the form {form}"
        return Line(record.line, None, (f"{lacking}, where the lines before it have the form {expected}",))
    try:
        data = example_forms.canonical(record.data, source=source, place=record.place)
        example = _example(data)
    except ValueError as error:
        return Line(record.line, None, (str(error),))
    faults = tuple(turn_faults(example))
    return Line(record.line, None if faults else example, faults)


def turn_faults(example: Example) -> Iterator[str]:
    """Yield what is wrong with the order and the emptiness of an example's messages, as the end of a sentence."""
    before = ""
    if example.task != "text" and not any(message["role"] == "user" for message in example.messages):
        yield "has no user's message"
    for place, message in enumerate(example.messages, 1):
        role = message["role"]
        if not message["content"].strip() and not message.get("tool_calls"):
            yield f"has an empty message ({role}, message {place})"
        if example.task != "text" and role not in FOLLOWS[before]:
            after = f"after the {before}'s" if before else "at the beginning"
            yield f"has roles out of order: a message of {role} {after} (message {place})"
        before = role


def said_by(message: Mapping[str, Any]) -> str:
    """Return what a message says: its words, or else its calls, each as `{"tool", "arguments"}` on a line."""
    words, calls = str(message["content"]), message.get("tool_calls")
    if words or not calls:
        return words
    return "\n".join(json.dumps(_step(call), ensure_ascii=False) for call in calls)


def all_of(message: Mapping[str, Any]) -> str:
    """Return all that a message holds as text, its words and its calls."""
    calls = message.get("tool_calls")
    return f"{message['content']}\n{json.dumps(calls, ensure_ascii=False)}" if calls else str(message["content"])


def _step(call: Any) -> Any:
    function = call.get("function", call) if isinstance(call, Mapping) else None
    if not isinstance(function, Mapping):
        return call
    return {"tool": function.get("name"), "arguments": function.get("arguments", {})}


def _message(message: BaseMessage) -> dict[str, Any]:
    return {"role": ROLES[message.type], "content": message.text}


def _data(example: Example) -> dict[str, Any]:
    data: dict[str, Any] = {"messages": [dict(message) for message in example.messages]}
    if example.tools:
        data["tools"] = [dict(tool) for tool in example.tools]
    if example.schema is not None:
        data["schema"] = dict(example.schema)
    meta = {"task": example.task, "source": example.source, "conversation": example.conversation}
    return data | {"meta": meta}


def _example(data: Any) -> Example:
    """Return the example that a line's JSON describes; a ValueError says what is wrong with it."""
    _require_keys(data, KEYS, required={"messages", "meta"}, what="the example")
    meta, messages, tools = data["meta"], data["messages"], data.get("tools") or []
    _require_keys(meta, META_KEYS, required=META_KEYS, what="its meta")
    if wrong := [key for key in sorted(META_KEYS) if not isinstance(meta[key], str)]:
        raise ValueError(f"has {wrong[0]} {meta[wrong[0]]!r}, which is no text")
    if meta["task"] not in TASKS:
        raise ValueError(f"has the unknown task {meta['task']!r}; known are {', '.join(TASKS)}")
    if not isinstance(messages, list) or not messages:
        raise ValueError("has no messages")
    for message in messages:
        _check_message(message)
    if messages[-1]["role"] != "assistant":
        raise ValueError(f"ends with the {messages[-1]['role']}'s message; the last must be the assistant's")
    if not is_learned(messages[-1]):
        raise ValueError("ends with a message of weight 0; the last must be learned")
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise ValueError("has tools that are no list of objects")
    if (schema := data.get("schema")) is not None and not isinstance(schema, dict):
        raise ValueError("has a schema that is no object")
    return Example(tuple(messages), meta["task"], meta["source"], meta["conversation"], tuple(tools), schema)


def _check_message(message: Any) -> None:
    _require_keys(message, MESSAGE_KEYS, required={"role", "content"}, what="a message")
    if message["role"] not in ROLES.values():
        raise ValueError(f"has the unknown role {message['role']!r}; known are {', '.join(ROLES.values())}")
    if not isinstance(message["content"], str):
        raise ValueError(f"has content that is no text: {shown(message['content'])}")
    if "weight" in message and (message["role"] != "assistant" or message["weight"] not in (0, 1)):
        raise ValueError(f"has weight {shown(message['weight'])}; only an assistant's message has one, 0 or 1")
    try:
        message["content"].encode()
    except UnicodeEncodeError:
        raise ValueError("has content with halves of characters, which no file can hold") from None


def _require_keys(data: Any, known: set[str], *, required: set[str], what: str) -> None:
    if not isinstance(data, dict):
        raise ValueError(f"is no object where {what} should stand: {data!r}")
    if lacking := sorted(required - set(data)):
        raise ValueError(f"lacks {', '.join(lacking)} in {what}")
    if unknown := sorted(set(data) - known):
        raise ValueError(f"has unknown keys in {what}: {', '.join(unknown)}")
