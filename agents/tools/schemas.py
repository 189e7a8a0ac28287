"""JSON Schemas of tools: those that other programs wrote are cut down to what is safe and what a model needs.

    a server's schema -> plain: no references, no patterns, known words only -> shown to models, arguments checked by it
    arguments + schema -> open values: what nobody listed beforehand, and so needs a source or the customer's eye

A schema from outside is data: it can name no address that is fetched, hold no pattern that takes forever, and grow no
larger than the bounds below.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from agents.errors import AgentError

MOST_DEPTH = 12
MOST_PARTS = 2_000
"""Schemas within one schema, references resolved."""
MOST_CHOICES = 200
DESCRIPTION_CHARACTERS = 300
_KEPT = (
    "type",
    "enum",
    "const",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "required",
    "default",
    "format",
)
_ALTERNATIVES = ("anyOf", "oneOf", "allOf")
_WORDED = ("date", "date-time", "time", "duration")
"""Formats of texts that a model works out from words, such as "next Monday"."""
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OpenValue:
    """One value that a schema leaves open."""

    name: str
    """The argument, with the names within it."""
    value: str | bool | int | float
    worked_out: bool = False
    """Whether it is a date or a time, which no words of the customer need to hold as it stands."""


def plain(schema: Any, *, document: Any = None, label: str) -> dict[str, Any]:
    """Return a schema of arguments that stands on its own: an object with properties and without references.

    Args:
        schema: as a server or a description has it, JSON Schema or OpenAPI 3.0.
        document: what its references point into; None: itself.
        label: whose it is, for messages.

    Raises:
        AgentError: it is no schema of an object, refers to what is not there, or is too large.
    """
    cutter = _Cutter(schema if document is None else document, label)
    found = cutter.cut(schema, depth=0)
    if found.get("type", "object") != "object":
        raise AgentError(f"{label}: its arguments are no JSON object. Leave it out of `offer`.")
    # Names that only its parts list (`allOf`) are no others: "additional" is what is not listed beside the word itself.
    found["properties"] = {name: {} for name in _properties(found)} | found.get("properties", {})
    found.setdefault("additionalProperties", False)
    whole = {"type": "object", **{key: value for key, value in found.items() if key != "type"}}
    _check(whole, label)
    return whole


def faults(schema: Schema, arguments: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with arguments, worded for a model; nothing when they fit.

    Args:
        schema: as `plain` returns it.
    """
    from jsonschema import Draft202012Validator

    told = []
    for fault in Draft202012Validator(schema).iter_errors(dict(arguments)):
        where = ".".join(map(str, fault.absolute_path)) or "arguments"
        told.append(f"`{where}`: {fault.message[:200]}")
    return sorted(told)


def _check(schema: Schema, label: str) -> None:
    from jsonschema import Draft202012Validator, SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        raise AgentError(
            f"{label}: the schema of its arguments is none: {error.message[:200]}. Leave it out."
        ) from error


def open_values(value: Any, schema: Schema, *, name: str = "") -> Iterator[OpenValue]:
    """Yield every text, number and truth value of arguments that the schema leaves open.

    What it lists (`enum`, `const`, a default) is the company's own; so are the names of its properties. Names that it
    does not know are values too.

    Args:
        value: JSON-ready arguments, or a part of them.
        schema: as `plain` returns it.
    """
    if value is None or _is_listed(value, schema):
        return
    if isinstance(value, str | bool | int | float):
        yield OpenValue(name, value, worked_out=isinstance(value, str) and _first(schema, "format", "") in _WORDED)
    elif isinstance(value, Mapping):
        properties = _properties(schema)
        for key, inner in value.items():
            if key not in properties:
                yield OpenValue(name, str(key))
            yield from open_values(inner, properties.get(key, {}), name=f"{name} {key}".strip())
    elif isinstance(value, Sequence):
        for inner in value:
            yield from open_values(inner, _first(schema, "items", {}), name=name)


def _is_listed(value: Any, schema: Schema) -> bool:
    """Return whether a schema names this very value."""
    if any(_alike(value, choice) for choice in schema.get("enum", ())):
        return True
    if any(key in schema and _alike(value, schema[key]) for key in ("const", "default")):
        return True
    return any(_is_listed(value, one) for key in _ALTERNATIVES for one in schema.get(key, ()))


def _alike(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)  # True is not 1 here


def _properties(schema: Schema) -> dict[str, Schema]:
    found = dict(schema.get("properties", {}))
    for key in _ALTERNATIVES:
        for one in schema.get(key, ()):
            found |= _properties(one)
    return found


def _first(schema: Schema, key: str, default: Any) -> Any:
    if key in schema:
        return schema[key]
    inner = (_first(one, key, None) for name in _ALTERNATIVES for one in schema.get(name, ()))
    return next((found for found in inner if found is not None), default)


def resolved(part: Any, *, document: Any, label: str) -> Schema:
    """Return a part of a description that may be a reference to another place in it.

    Raises:
        AgentError: it refers to what is not there, to another document, or in a circle; or it is no mapping.
    """
    for _ in range(MOST_DEPTH):
        if not isinstance(part, Mapping):
            raise AgentError(f"{label}: {str(part)[:60]!r} is no part of a description. Mend it.")
        if "$ref" not in part:
            return part
        part = _referred(str(part["$ref"]), document=document, label=label)
    raise AgentError(f"{label}: its references lead in a circle. Mend the description.")


def _referred(place: str, *, document: Any, label: str) -> Schema:
    """Return what a reference within the document points at; another document is never opened."""
    if not place.startswith("#"):
        raise AgentError(
            f"{label}: it refers to {place[:80]!r} outside its own description, which is not fetched. "
            "Put all in one file, or leave it out."
        )
    found = document
    for part in place.lstrip("#").strip("/").split("/") if place not in ("#", "#/") else ():
        name = unquote(part).replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    if not isinstance(found, Mapping):
        raise AgentError(f"{label}: it refers to {place[:80]!r}, which is not there. Mend the description.")
    return found


class _Cutter:
    """Takes over the known words of one schema, and counts."""

    def __init__(self, document: Any, label: str) -> None:
        self._document, self._label, self._parts = document, label, 0

    def cut(self, schema: Any, *, depth: int, within: tuple[str, ...] = ()) -> dict[str, Any]:
        self._parts += 1
        if self._parts > MOST_PARTS or depth > MOST_DEPTH:
            raise AgentError(f"{self._label}: the schema of its arguments is too large or too deep. Leave it out.")
        if schema is True or schema == {}:
            return {}
        if not isinstance(schema, Mapping):
            raise AgentError(f"{self._label}: {str(schema)[:60]!r} is no schema. Leave it out.")
        if "$ref" in schema:
            place = str(schema["$ref"])
            if place in within:
                return {}  # it holds itself: further down, anything goes
            beside = {key: schema[key] for key in ("description", "default") if key in schema}
            return self.cut(
                {**_referred(place, document=self._document, label=self._label), **beside},
                depth=depth + 1,
                within=(*within, place),
            )
        return self._cut_plain(schema, depth=depth, within=within)

    def _cut_plain(self, schema: Schema, *, depth: int, within: tuple[str, ...]) -> dict[str, Any]:
        kept = {key: schema[key] for key in _KEPT if key in schema}
        deeper: dict[str, Any] = {"depth": depth + 1, "within": within}
        if isinstance(schema.get("description"), str):
            kept["description"] = schema["description"][:DESCRIPTION_CHARACTERS]
        if isinstance(kept.get("enum"), list) and len(kept["enum"]) > MOST_CHOICES:
            del kept["enum"]  # the server checks it
        if isinstance(schema.get("properties"), Mapping):
            kept["properties"] = {str(name): self.cut(one, **deeper) for name, one in schema["properties"].items()}
        if isinstance(schema.get("items"), Mapping):
            kept["items"] = self.cut(schema["items"], **deeper)
        extra = schema.get("additionalProperties")
        if isinstance(extra, bool):
            kept["additionalProperties"] = extra
        elif isinstance(extra, Mapping):
            kept["additionalProperties"] = self.cut(extra, **deeper)
        for key in _ALTERNATIVES:
            if isinstance(schema.get(key), list):
                kept[key] = [self.cut(one, **deeper) for one in schema[key]]
        return _as_json_schema(kept, nullable=schema.get("nullable") is True)


def _as_json_schema(schema: dict[str, Any], *, nullable: bool) -> dict[str, Any]:
    """Return a schema of OpenAPI 3.0 in the words of JSON Schema 2020-12."""
    for bound, strict in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(schema.get(strict), bool) and schema.pop(strict) and bound in schema:
            schema[strict] = schema.pop(bound)
    if nullable and isinstance(schema.get("type"), str):
        schema["type"] = [schema["type"], "null"]
        if "enum" in schema and None not in schema["enum"]:
            schema["enum"] = [*schema["enum"], None]
    return schema
