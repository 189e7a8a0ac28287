"""A Python function as a tool that a model can call.

    typed function + docstring -> JSON Schema for the model
    arguments from the model -> validated -> function(context, …) -> text for the model

A tool that another program describes (`agents.tools.mcp`, `agents.tools.openapi`) brings schema and description of its
own; its function takes all arguments as one mapping.

What the model got wrong comes back as a `ToolError`, worded for the model.
"""

import inspect
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pkgutil import resolve_name
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, PydanticUserError, ValidationError, create_model
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue

from agents.actions import Change, Preview
from agents.errors import AgentError, ToolError
from agents.tools import schemas
from agents.tools.context import ToolContext

Effect = Literal["read", "write"]
IDENTIFIES = "find_customer"
"""The tool that establishes who the customer is, from `order_number` and `email`; a company may have none."""
_ARGUMENT_LINE = re.compile(r"^\s+\*{0,2}(\w+)(?:\s*\([^)]*\))?:\s*(.+)$")


@dataclass(frozen=True)
class Tool:
    """A function the model may call, and whether it changes anything."""

    function: Callable[..., Any]
    """Takes a ToolContext first when it declares one; returns text, or data that becomes JSON."""
    effect: Effect
    """`read` may be repeated at will; `write` changes something outside."""
    name: str = field(default="")
    """How the model calls it; the function's own name when empty."""
    identified: bool = False
    """Whether it runs only for a customer who is established; the tool itself must keep to that customer's rows."""
    own_data: bool = False
    """Of a read: whether its results are the company's own records, so that what a write is given may come from them.
    Never for documents, or for a server that others can write to."""
    examples: tuple[str, ...] = ()
    """What customers say who need it, in every language that the company serves: by likeness to them a message
    reaches the tools."""
    preview: Callable[..., Preview] | None = None
    """Of a write: takes what `function` takes, checks every rule, changes nothing, and says what would be done."""
    schema: Mapping[str, Any] | None = None
    """JSON Schema of the arguments, as `schemas.plain` returns it; `function` is then called with the context and one
    mapping. None: they are read from the signature."""
    told: str = ""
    """What it does, for the model; the function's docstring when empty."""

    def __post_init__(self) -> None:
        if not self.name:
            object.__setattr__(self, "name", self.function.__name__)
        if not self.told and not inspect.getdoc(self.function):
            raise AgentError(f"The tool {self.name!r} has no docstring: it is the tool's description to the model.")
        if self.effect not in get_args(Effect):
            raise AgentError(f"The tool {self.name!r} has the effect {self.effect!r}; it must be 'read' or 'write'.")
        for function in (self.function, self.preview):
            if inspect.iscoroutinefunction(function):
                raise AgentError(
                    f"{function.__name__}() of the tool {self.name!r} is async, and nobody would wait for it. Write "
                    "`def`, and within it asyncio.run(…)."
                )

    def check(self) -> None:
        """See that it can be called, which its first call would only find out.

        Raises:
            AgentError: an argument has no type or one that no JSON fits, or the preview does not take the same.
        """
        try:
            names = set(self.parameters.get("properties", {}))
        except (PydanticUserError, NameError, TypeError) as error:
            raise AgentError(
                f"The arguments of the tool {self.name!r} cannot be described: {str(error).splitlines()[0]}. Use text, "
                "numbers, Literal, lists, or pydantic models."
            ) from error
        if self.preview is None or self.schema is not None:
            return
        context = () if self._context_name is None else (None,)
        try:
            inspect.signature(self.preview).bind(*context, **dict.fromkeys(names))
        except TypeError as error:
            raise AgentError(f"The preview of the tool {self.name!r} must take the same arguments: {error}.") from error

    @cached_property
    def description(self) -> str:
        """What the tool does, in the words of its docstring."""
        return self.told or _summary(inspect.getdoc(self.function) or "")

    @cached_property
    def parameters(self) -> dict[str, Any]:
        """JSON Schema of the arguments, without the context."""
        if self.schema is not None:
            return dict(self.schema)
        return self._arguments.model_json_schema(schema_generator=_PlainSchema)

    def call(self, context: ToolContext, arguments: Mapping[str, Any]) -> str:
        """Run the tool with arguments as the model gave them.

        Raises:
            ToolError: the arguments do not fit, or the tool itself tells the model what to do instead.
        """
        return self.change(context, arguments).text

    def change(self, context: ToolContext, arguments: Mapping[str, Any]) -> Change:
        """Run the tool and return what it did; a tool that tells no before and after leaves them empty.

        Raises:
            ToolError: as in `call`.
        """
        result = self._run(self.function, context, self.validated(arguments))
        if isinstance(result, Change):
            return result
        return Change(result if isinstance(result, str) else json.dumps(result, ensure_ascii=False, default=str))

    def plan(self, context: ToolContext, arguments: Mapping[str, Any]) -> Preview:
        """Return what the tool would do with these arguments; nothing is changed.

        Raises:
            ToolError: the arguments do not fit, or it may not be done.
        """
        values = self.validated(arguments)
        if self.preview is None:
            return Preview(f"{self.name}({json.dumps(values, ensure_ascii=False, default=str)})")
        found: Preview = self._run(self.preview, context, values)
        return found

    def validated(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return arguments as the model gave them in the types of the function.

        Raises:
            ToolError: they do not fit; it says all that is wrong.
        """
        if self.schema is not None:
            wrong = schemas.faults(self.schema, arguments)
            if wrong:
                raise ToolError(f"{self.name} was not run: {'; '.join(wrong)}. Call it again with these mended.")
            return dict(arguments)
        try:
            valid = self._arguments.model_validate(dict(arguments))
        except ValidationError as error:
            raise ToolError(f"{self.name} was not run: {_faults(error)}") from error
        return {name: getattr(valid, name) for name in type(valid).model_fields}

    def open_values(self, arguments: Mapping[str, Any]) -> tuple[schemas.OpenValue, ...]:
        """Return the values in arguments that the company did not list, such as a name or an amount.

        What it lists, such as a reason out of four, is the model's to choose.
        """
        return tuple(schemas.open_values(arguments, self._resolved))

    @cached_property
    def _resolved(self) -> dict[str, Any]:
        return schemas.plain(self.parameters, label=f"The tool {self.name!r}")

    def _run(self, function: Callable[..., Any], context: ToolContext, values: Mapping[str, Any]) -> Any:
        if self.schema is not None:
            return function(context, values)
        return function(context, **values) if self._context_name else function(**values)

    @cached_property
    def _hints(self) -> dict[str, Any]:
        return get_type_hints(self.function, include_extras=True)

    @cached_property
    def _context_name(self) -> str | None:
        return next((name for name, hint in self._hints.items() if hint is ToolContext), None)

    @cached_property
    def _arguments(self) -> type[BaseModel]:
        described = _described_arguments(inspect.getdoc(self.function) or "")
        fields: dict[str, Any] = {}
        for name, parameter in inspect.signature(self.function).parameters.items():
            if name == self._context_name:
                continue
            if name not in self._hints:
                raise AgentError(f"The argument {name!r} of the tool {self.name!r} has no type.")
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[name] = (_described(self._hints[name], described.get(name)), default)
        return create_model(self.name, __config__=ConfigDict(extra="forbid"), **fields)


def load_tools(names: Sequence[str], table: Mapping[str, str]) -> tuple[Tool, ...]:
    """Return tools by their name in `table`, or by a dotted name `package.module:TOOL`.

    Raises:
        AgentError: a name is unknown, leads nowhere, or names no Tool; or two tools share a name.
    """
    tools = []
    for name in names:
        dotted = table.get(name, name)
        if ":" not in dotted:
            raise AgentError(f"Unknown tool {name!r}. Use one of {', '.join(table)}, or package.module:TOOL.")
        try:
            tool = resolve_name(dotted)
        except (ImportError, AttributeError, ValueError) as error:
            raise AgentError(
                f"The tool {name!r} cannot be loaded: {error}. Correct its name in frontdesk.toml."
            ) from error
        if not isinstance(tool, Tool):
            raise AgentError(f"{dotted} is not a Tool. In that module write: TOOL = Tool(function, effect=...)")
        tools.append(tool)
    if len({tool.name for tool in tools}) < len(tools):
        raise AgentError(f"Two tools share a name: {', '.join(sorted(tool.name for tool in tools))}.")
    return tuple(tools)


class _PlainSchema(GenerateJsonSchema):
    """JSON Schema without the titles that pydantic adds; they cost the model tokens and say nothing."""

    def generate(self, schema: Any, mode: Any = "validation") -> JsonSchemaValue:
        plain = super().generate(schema, mode)
        _drop_titles(plain)
        return plain


def _drop_titles(schema: Any) -> None:
    if isinstance(schema, dict):
        if isinstance(schema.get("title"), str):
            del schema["title"]
        for value in schema.values():
            _drop_titles(value)
    elif isinstance(schema, list):
        for value in schema:
            _drop_titles(value)


def _described(hint: Any, text: str | None) -> Any:
    """Return a type whose description is its `Annotated` text, else what the docstring says."""
    if get_origin(hint) is Annotated:
        inner, *extras = get_args(hint)
        text = next((extra for extra in extras if isinstance(extra, str)), text)
        others = tuple(extra for extra in extras if not isinstance(extra, str))
        hint = Annotated[(inner, *others)] if others else inner
    return Annotated[hint, Field(description=text)] if text else hint


def _summary(docstring: str) -> str:
    """Return a docstring up to its `Args:`, `Returns:` or `Raises:`."""
    return re.split(r"\n\s*(?:Args|Returns|Raises|Examples?):", docstring)[0].strip()


def _described_arguments(docstring: str) -> dict[str, str]:
    """Return what a docstring's `Args:` says of each argument."""
    section = re.search(r"\n\s*Args:\n(.*?)(?:\n\s*\n|\Z)", docstring + "\n", re.DOTALL)
    described: dict[str, str] = {}
    for line in section.group(1).splitlines() if section else ():
        if found := _ARGUMENT_LINE.match(line):
            described[found.group(1)] = found.group(2).strip()
        elif described and line.strip():
            last = next(reversed(described))
            described[last] += " " + line.strip()
    return described


def _faults(error: ValidationError) -> str:
    """Return all faults of a call in one sentence that tells the model what to do."""
    told = []
    for fault in error.errors():
        where = ".".join(map(str, fault["loc"])) or "arguments"
        if fault["type"] == "missing":
            told.append(f"`{where}` is missing")
        elif fault["type"] == "extra_forbidden":
            told.append(f"there is no argument `{where}`")
        else:
            told.append(f"`{where}`: {fault['msg'][:1].lower()}{fault['msg'][1:]}, not {fault['input']!r}")
    return "; ".join(told) + ". Call it again with these mended."
