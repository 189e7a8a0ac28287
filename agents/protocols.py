"""Two ways in which a model takes a step, read into one form.

    native   the model's own tool calls                                         ┐
    json     {"thought", "tool", "arguments"} or {"thought", "answer"}          ┴-> Decision

Nothing here calls a model or a tool.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from langchain_core.messages import AIMessage

from agents.tools import Tool

LONGEST_THOUGHT = 240
LONGEST_ARGUMENT = 300
LONGEST_ANSWER = 1_000
"""In characters: a model bound to a schema without limits can write until its tokens end, and leave broken JSON."""
ALTERNATIVES = ("anyOf", "oneOf", "allOf")
"""Where a schema says one thing in several ways."""
OF_OBJECTS = {"type", "properties", "required", "title"}
"""What parts may say that can be told as one object."""
_THINK, _END_OF_THINKING = "<think>", "</think>"
_THINKING = re.compile(r"<think>(.*?)</think>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class ToolCall:
    tool: str
    arguments: Mapping[str, Any]
    id: str = ""
    fault: str = ""
    """Why the arguments could not be read; "" when they could."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What a model wants next: calls, or an answer, or neither when its reply could not be read."""

    thought: str = ""
    calls: tuple[ToolCall, ...] = ()
    answer: str = ""
    fault: str = ""
    """Why the reply could not be read, for the model."""


def step_schema(tools: Sequence[Tool]) -> dict[str, Any]:
    """Return the JSON Schema of one step; without tools only an answer is allowed."""
    thought = {"type": "string", "maxLength": LONGEST_THOUGHT}
    answer = _object(thought=thought, answer={"type": "string", "minLength": 1, "maxLength": LONGEST_ANSWER})
    calls = [
        _object(
            thought=thought,
            tool={"type": "string", "const": tool.name},
            arguments=_bounded(tool.parameters, tool.parameters),
        )
        for tool in tools
    ]
    return {"anyOf": [*calls, answer]} if calls else answer


def json_step(tool: str, arguments: Mapping[str, Any], *, thought: str = "", tools: Sequence[Tool] = ()) -> str:
    """Return a call as a model bound to `step_schema` writes it: without white space, arguments in the schema's order.

    What a model is shown and learns has to look like that: one that learned `{"tool": "x"}` and may only write
    `{"tool":"x"}` is at a loss from its first token on.

    Args:
        thought: Cut where it is longer than a step's may be.
        tools: that there are; arguments of a tool that is not among them stay in their order.

    >>> json_step("find_order", {"order": "B-1001"})
    '{"thought":"","tool":"find_order","arguments":{"order":"B-1001"}}'
    """
    schema = next((known.parameters for known in tools if known.name == tool), {})
    step = {"thought": _short(thought), "tool": tool, "arguments": _in_order(arguments, schema, schema)}
    return json.dumps(step, ensure_ascii=False, separators=(",", ":"))


def step_fault(step: str, tools: Sequence[Tool]) -> str:
    """Return why a model bound to `step_schema` could not write a step, as the end of a sentence; "" where it could."""
    from jsonschema import Draft202012Validator

    said = json.loads(step)
    schema = step_schema([tool for tool in tools if tool.name == said.get("tool")])
    # Named by its tool, the fault is told of the one form that was meant.
    meant = schema["anyOf"][0] if "tool" in said and "anyOf" in schema else schema
    fault = next(
        iter(Draft202012Validator(meant, format_checker=Draft202012Validator.FORMAT_CHECKER).iter_errors(said)), None
    )
    return "" if fault is None else f"{'.'.join(map(str, fault.absolute_path)) or 'it'}: {fault.message[:200]}"


def read_json_step(text: str) -> Decision:
    """Read a step of the `json` protocol; text around the object, such as a code fence, is ignored."""
    thought = " ".join(_THINKING.findall(text)).strip()
    step = first_object(text)
    if step is None:
        return Decision(fault="it is no JSON object.")
    thought = str(step.get("thought") or thought)
    if isinstance(step.get("answer"), str) and step["answer"].strip():
        return Decision(thought, answer=step["answer"].strip())
    if isinstance(step.get("tool"), str):
        arguments = step.get("arguments", {})
        if isinstance(arguments, Mapping):
            return Decision(thought, calls=(ToolCall(step["tool"], arguments),))
        return Decision(thought, fault="`arguments` must be an object.")
    return Decision(thought, fault="it has neither `tool` nor `answer`.")


def read_native_step(reply: AIMessage) -> Decision:
    """Read a step of the `native` protocol."""
    thinking = " ".join(_THINKING.findall(reply.text)).strip()
    text = _THINKING.sub("", reply.text).strip()
    calls = [ToolCall(call["name"], call["args"], call["id"] or "") for call in reply.tool_calls]
    calls += [
        ToolCall(call["name"] or "", {}, call["id"] or "", fault="the arguments are no JSON object.")
        for call in reply.invalid_tool_calls
    ]
    if calls:
        return Decision(text or thinking, calls=tuple(calls))
    return Decision(thinking, answer=text, fault="" if text else "it is empty.")


def tool_declarations(tools: Sequence[Tool]) -> list[dict[str, Any]]:
    """Return tools as OpenAI's protocol, and LangChain's `bind_tools`, have them."""
    return [
        {
            "type": "function",
            "function": {"name": tool.name, "description": tool.description, "parameters": tool.parameters},
        }
        for tool in tools
    ]


def first_object(text: str) -> dict[str, Any] | None:
    """Return the first JSON object of a text beside its thinking, as in a code fence; None when there is none."""
    text = _THINKING.sub("", text)
    start = text.find("{")
    if start < 0:
        return None
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text, start)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def without_thinking(pieces: Iterable[str]) -> Iterator[str]:
    """Yield, for each piece of a reply, what of it is said and not only thought, "" when there is nothing yet.

    >>> "".join(without_thinking(["<thi", "nk>Hm, 30?</th", "ink>30 days", " <3"]))
    '30 days <3'
    """
    waiting, thinks = "", False
    for piece in pieces:
        waiting, visible = waiting + piece, ""
        while (mark := _END_OF_THINKING if thinks else _THINK) in waiting:
            before, _, waiting = waiting.partition(mark)
            visible, thinks = visible + ("" if thinks else before), not thinks
        held = next(size for size in range(len(mark), -1, -1) if waiting.endswith(mark[:size]))
        visible += "" if thinks else waiting[: len(waiting) - held]
        waiting = waiting[len(waiting) - held :]
        yield visible
    yield "" if thinks else waiting


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def _short(thought: str) -> str:
    """Return a thought that the schema allows: its beginning, up to a word's end, where it is too long."""
    if len(thought) <= LONGEST_THOUGHT:
        return thought
    kept = thought[: LONGEST_THOUGHT - 1]
    return (kept.rpartition(" ")[0] or kept).rstrip() + "…"


def _in_order(value: Any, schema: Any, whole: Mapping[str, Any]) -> Any:
    """Return a value whose objects have their keys as the schema lists them, others after these."""
    if not isinstance(schema, Mapping):
        return value  # `true`, or a schema for each place of a list
    schema = _referred(schema, whole)
    # From the last, so that the keys of the first part come first, as the grammar has them.
    for one in reversed([part for word in ALTERNATIVES for part in schema.get(word, ())]):
        value = _in_order(value, one, whole)  # only that which lists its keys moves them
    if isinstance(value, Mapping):
        properties: Mapping[str, Any] = schema.get("properties", {})
        names = [name for name in properties if name in value] + [name for name in value if name not in properties]
        return {name: _in_order(value[name], properties.get(name, {}), whole) for name in names}
    if isinstance(value, list):
        return [_in_order(item, schema.get("items", {}), whole) for item in value]
    return value


def _bounded(schema: Any, whole: Mapping[str, Any], within: tuple[str, ...] = (), *, is_part: bool = False) -> Any:
    """Return a schema that stands on its own: every free text has a longest length, an object no keys but its own.

    Of what a schema says in parts (`allOf`, or alternatives beside its own keys), no part lists all keys, so none is
    closed.

    References are followed: where the arguments are but a part of the whole, `#/$defs/…` leads nowhere, and llama.cpp
    then binds the model to nothing at all. Descriptions and defaults are dropped.

    Args:
        whole: What references point into.
        within: Those that were followed to come here; one that comes again may be anything.
        is_part: Whether another part of the same value may list more keys.
    """
    if isinstance(schema, list):
        return [_bounded(item, whole, within, is_part=is_part) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        place = str(schema["$ref"])
        found = _referred(schema, whole)
        return {} if place in within else _bounded(found, whole, (*within, place), is_part=is_part)
    parts = "allOf" in schema or ("properties" in schema and any(word in schema for word in ALTERNATIVES))
    bounded = {
        key: {name: _bounded(inner, whole, within) for name, inner in value.items()}
        if key == "properties"
        else _bounded(value, whole, within, is_part=key in ALTERNATIVES and (is_part or parts))
        for key, value in schema.items()
        if key not in ("description", "default", "$defs")
    }
    if bounded.get("type") == "string" and not {"enum", "const", "maxLength", "format", "pattern"} & set(bounded):
        bounded["maxLength"] = LONGEST_ARGUMENT
    if "allOf" in bounded and (one := _joined(bounded)) is not None:
        bounded, parts = one, False
    if "properties" in bounded and not (is_part or parts):
        bounded.setdefault("additionalProperties", False)
    return bounded


def _joined(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return an object that is told in parts as one, which can be closed; None where the parts say more than keys."""
    parts = [{key: value for key, value in schema.items() if key != "allOf"}, *schema["allOf"]]
    if not all(isinstance(part, Mapping) and part.keys() <= OF_OBJECTS for part in parts):
        return None
    names = [name for part in parts for name in part.get("properties", ())]
    if len(set(names)) < len(names) or {part.get("type", "object") for part in parts} != {"object"}:
        return None
    properties = {name: inner for part in parts for name, inner in part.get("properties", {}).items()}
    required = list(dict.fromkeys(name for part in parts for name in part.get("required", ())))
    return {"type": "object", "properties": properties, "required": required}


def _referred(schema: Mapping[str, Any], whole: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a schema's reference leads to, with what stands beside it; the schema where it has none."""
    if "$ref" not in schema:
        return schema
    found: Any = whole
    for name in str(schema["$ref"]).removeprefix("#/").split("/"):
        found = found.get(name, {}) if isinstance(found, Mapping) else {}
    return {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
