"""Tools of other programs as tools of ours: what they say is data, what they may do the owner says.

    name, description, schema (of the program) + Source (of the owner) + Ask -> Tool

The program gets the arguments and nothing else: no conversation, no language, no key. Its descriptions lose what
reads like an order to the machine, its results are cut and lose what nobody sees.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agents.actions import Change, Preview
from agents.errors import AgentError
from agents.injection import is_suspicious
from agents.links import visible
from agents.previews import in_words, listing
from agents.tools import schemas
from agents.tools.context import ToolContext
from agents.tools.source import Source
from agents.tools.tool import IDENTIFIES, Tool
from agents.transcript import Language
from knowledge.text import sentences

RESULT_CHARACTERS = 20_000
DESCRIPTION_CHARACTERS = 400
CHOICE_CHARACTERS = 100
NAME_CHARACTERS = 64
LEAST_SECRET = 6
CUT = "\n… (cut: the result is longer)"
DONE: Mapping[Language, str] = {"en": "Done: {what}", "zh": "已完成：{what}"}
RESERVED = frozenset({IDENTIFIES, "search_knowledge", "hand_over"})
"""Names that mean something to the loop; no program outside gets one."""
_ODD = re.compile(r"[^A-Za-z0-9_-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


@dataclass(frozen=True, slots=True)
class Described:
    """A tool as the program describes it."""

    name: str
    description: str
    schema: Mapping[str, Any]
    """Of its arguments, as `schemas.plain` returns it."""


@dataclass(frozen=True, slots=True)
class Request:
    """One call as it goes out."""

    tool: str
    arguments: Mapping[str, Any]
    writes: bool
    key: str = ""
    """Of a write: the same for every try; it names nobody."""


Ask = Callable[[Request], str]
"""Makes the call and returns what came back.

Raises:
    ToolError: it was not done, and nothing was changed.
    StateUnknown: nobody knows whether it was done.
"""


def tools_of(source: Source, found: Sequence[Described], ask: Ask) -> tuple[Tool, ...]:
    """Return what the owner wants of what a program offers.

    Raises:
        AgentError: the owner names a tool that is not there, or a name may not be used; it tells all faults.
    """
    by_name = {one.name: one for one in found}
    wanted = source.offer or tuple(by_name)
    named = (source.offer, source.read, source.identified, source.records, source.operator, source.refuses, source.says)
    missing = sorted({name for names in named for name in names} - set(by_name))
    faults = [f"it has no {', '.join(missing)}; it has {', '.join(by_name) or 'none'}"] * bool(missing)
    unused = sorted({name for names in named[1:] for name in names} - set(wanted) - set(missing))
    faults += [f"{', '.join(unused)} must stand in `offer` too"] * bool(unused)
    tools = [_tool(source, by_name[name], ask) for name in wanted if name in by_name]
    faults += [f"{tool.name} is a name of ours; set `prefix`" for tool in tools if tool.name in RESERVED]
    twice = sorted({tool.name for tool in tools if sum(other.name == tool.name for other in tools) > 1})
    faults += [f"two tools come to be called {', '.join(twice)}; leave one out of `offer`"] * bool(twice)
    if source.customer_argument and not any(_has_customer(source, by_name[name]) for name in wanted if name in by_name):
        faults.append(f"none of its tools has the argument {source.customer_argument!r} of `customer_argument`")
    if faults:
        raise AgentError(
            f"The tools of {source.name} cannot be used: {'; '.join(faults)}. Mend [[tools]]. Next: frontdesk doctor"
        )
    if tools and source.examples:
        tools[0] = _with_examples(tools[0], source.examples)
    return tuple(tools)


def cleaned(result: str, *, secrets: Iterable[str] = ()) -> str:
    """Return what a program answered, fit to be read: bounded, visible, without the keys that it was sent."""
    text = _CONTROL.sub("", visible(result[: 2 * RESULT_CHARACTERS]))
    for secret in secrets:
        if len(secret) >= LEAST_SECRET:
            text = text.replace(secret, "[removed]")
    return text if len(text) <= RESULT_CHARACTERS else text[:RESULT_CHARACTERS] + CUT


def described(text: str, *, characters: int = DESCRIPTION_CHARACTERS) -> str:
    """Return a program's description in one line, without sentences that read like orders to the machine."""
    plain = " ".join(_CONTROL.sub(" ", visible(text[: 4 * characters])).split())
    kept = [plain[start:end].strip() for start, end in sentences(plain) if not is_suspicious(plain[start:end])]
    whole = " ".join(kept)
    return whole if len(whole) <= characters else whole[:characters].rsplit(" ", 1)[0] + " …"


def _tool(source: Source, found: Described, ask: Ask) -> Tool:
    name = _ODD.sub("_", f"{source.prefix}{found.name}")[:NAME_CHARACTERS]
    reads, own = found.name in source.read, found.name in source.records
    scoped = _has_customer(source, found)
    schema = _without(found.schema, source.customer_argument) if scoped else found.schema
    words = in_words(found.name)

    def sent(context: ToolContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
        customer = context.visitor.customer
        if not scoped or customer is None:
            return dict(arguments)
        kind = found.schema["properties"][source.customer_argument].get("type")
        whole_number = kind == "integer" and customer.id.isdigit()
        return {**arguments, source.customer_argument: int(customer.id) if whole_number else customer.id}

    def call(context: ToolContext, arguments: Mapping[str, Any]) -> str | Change:
        request = Request(found.name, sent(context, arguments), writes=not reads, key=context.action_key)
        result = ask(request)
        if reads:
            return result
        done = DONE[context.language].format(what=_said(source, found.name, words, context.language))
        return Change(f"{done}\n{result}" if own else done, {}, {"result": result})

    def preview(context: ToolContext, arguments: Mapping[str, Any]) -> Preview:
        what = _said(source, found.name, words, context.language)
        return Preview(listing(what, arguments, language=context.language), operator=found.name in source.operator)

    return Tool(
        call,
        effect="read" if reads else "write",
        name=name,
        identified=scoped or found.name in source.identified,
        own_data=reads and own,
        preview=None if reads else preview,
        schema=_as_data(schema),
        told=described(found.description) or f"{words} ({source.name}).",
    )


def _has_customer(source: Source, found: Described) -> bool:
    return bool(source.customer_argument) and source.customer_argument in found.schema.get("properties", {})


def _without(schema: Mapping[str, Any], name: str) -> dict[str, Any]:
    properties = {key: one for key, one in schema["properties"].items() if key != name}
    return {**schema, "properties": properties, "required": [key for key in schema.get("required", ()) if key != name]}


def _as_data(schema: Any) -> Any:
    """Return a schema whose texts are fit to stand beside our instructions."""
    if isinstance(schema, list):
        return [_as_data(one) for one in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: _as_data(one) for name, one in value.items() if _is_plain(name)}
        elif key == "description":
            kept[key] = described(value, characters=schemas.DESCRIPTION_CHARACTERS)
        elif key in ("enum", "default", "const"):
            if all(_is_plain(one) for one in (value if key == "enum" else [value])):
                kept[key] = value
        else:
            kept[key] = _as_data(value)
    return kept


def _is_plain(value: Any) -> bool:
    """Return whether a choice or a name is one, and no message."""
    return not isinstance(value, str) or (len(value) <= CHOICE_CHARACTERS and not is_suspicious(value))


def _said(source: Source, name: str, words: str, language: Language) -> str:
    texts = source.says.get(name, {})
    return texts.get(language) or next(iter(texts.values()), words)


def _with_examples(tool: Tool, examples: tuple[str, ...]) -> Tool:
    from dataclasses import replace

    return replace(tool, examples=examples)
