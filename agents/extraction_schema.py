"""What a company wants to know of a document: its JSON Schema in, fields out that a model can be bound to.

    JSON Schema -> read_schema -> ExtractionSchema(root field, validator) -> wire schema for the model

The wire schema differs from the owner's: every field may be null, because a model that may not say "not stated" makes
something up; strings and lists are bounded, because a small model otherwise never ends; and what is judged rather than
copied (a choice, a yes or no) comes with the words that show it. What the owner's schema demands beyond that is checked
afterwards, by `jsonschema` (draft 2020-12).
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from agents.errors import AgentError

Kind = Literal["text", "number", "integer", "date", "choice", "object", "list"]
"""`choice` is an enum, a constant or a boolean: judged, not copied."""

LONGEST_TEXT = 160
"""Characters of a text whose schema names no `maxLength`."""
LONGEST_QUOTE = 80
MOST_ITEMS = 20
"""Of a list whose schema names no `maxItems`."""
LARGEST_NUMBER = 1_000_000_000
DATE_PATTERN = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
COMBINING = ("allOf", "anyOf", "oneOf", "not", "if", "patternProperties", "prefixItems")
_SCALARS: dict[str, Kind] = {"string": "text", "number": "number", "integer": "integer", "boolean": "choice"}


@dataclass(frozen=True, slots=True)
class Field:
    """One place in the object that is wanted."""

    name: str
    kind: Kind
    schema: Mapping[str, Any]
    """What a value must satisfy, references resolved."""
    nullable: bool
    required: bool
    choices: tuple[Any, ...] = ()
    """Of a choice: the values, null left out."""
    fields: tuple["Field", ...] = ()
    """Of an object."""
    item: "Field | None" = None
    """Of a list."""

    @property
    def description(self) -> str:
        """What the owner says of it, on one line."""
        return " ".join(str(self.schema.get("description") or "").split())

    @property
    def unit(self) -> str:
        """The unit that the name ends with: `mm` of `height_mm`; "" for names of one part."""
        return self.name.rpartition("_")[2] if "_" in self.name else ""


@dataclass(frozen=True, slots=True)
class ExtractionSchema:
    """A schema that was read and found fit."""

    name: str
    """Its file's name."""
    root: Field
    wire: Mapping[str, Any]
    """What the model is bound to."""
    validator: Draft202012Validator
    """The owner's schema, formats included."""


def read_schema(path: Path) -> ExtractionSchema:
    """Return the schema in a file.

    Raises:
        AgentError: the file cannot be read, or says what extraction cannot do; every fault is named.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise AgentError(
            f"The schema {path} cannot be read ({error.strerror}). Next: name a JSON Schema's file."
        ) from error
    except ValueError as error:
        raise AgentError(f"{path} is not JSON ({error}). Next: mend it.") from error
    return compile_schema(data, name=path.name)


def compile_schema(data: Any, *, name: str) -> ExtractionSchema:
    """Return a JSON Schema in the form that extraction works with.

    Raises:
        AgentError: it is no JSON Schema, or says what extraction cannot do; every fault is named.
    """
    if not isinstance(data, dict):
        raise AgentError(f"{name} is no JSON Schema but {type(data).__name__}. Next: an object with `properties`.")
    try:
        Draft202012Validator.check_schema(data)
    except SchemaError as error:
        place = "/".join(map(str, error.absolute_path))
        raise AgentError(f"{name} is no JSON Schema: /{place}: {error.message}. Next: mend it there.") from error
    reader = _Reader(data)
    root = reader.field("", data, required=True, place="", depth=0)
    if root is not None and root.kind != "object":
        reader.faults.append("the root must be an object with `properties`")
    if reader.faults or root is None:
        faults = "; ".join(reader.faults)
        raise AgentError(f"{name} cannot be used for extraction: {faults}. Next: docs/extraction.md says what can.")
    validator = Draft202012Validator(data, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return ExtractionSchema(name, root, wire(root), validator)


def wire(field: Field) -> dict[str, Any]:
    """Return what a model is bound to for a field; anything but a list and the root may be null."""
    schema = _wire(field)
    if field.kind in ("list", "choice") or not field.name:
        return schema
    if field.kind == "object":
        return {"anyOf": [{"type": "null"}, schema]}
    return {**schema, "type": [schema["type"], "null"]}


def leaves(field: Field) -> Iterator[Field]:
    """Yield the fields that hold values, in order."""
    if field.kind == "object":
        for part in field.fields:
            yield from leaves(part)
    elif field.item is not None:
        yield from leaves(field.item)
    else:
        yield field


def _wire(field: Field) -> dict[str, Any]:
    match field.kind:
        case "object":
            parts = {part.name: wire(part) for part in field.fields}
            return {"type": "object", "properties": parts, "required": [*parts], "additionalProperties": False}
        case "list":
            assert field.item is not None
            most = min(int(field.schema.get("maxItems", MOST_ITEMS)), MOST_ITEMS)
            return {"type": "array", "items": _wire(field.item), "maxItems": most}
        case "choice":
            quoted = {"quote": {"type": "string", "maxLength": LONGEST_QUOTE}, "value": {"enum": [*field.choices]}}
            judged = {
                "type": "object",
                "properties": quoted,
                "required": [*quoted],
                "additionalProperties": False,
            }
            return {"anyOf": [{"type": "null"}, judged]}
        case "date":
            return {"type": "string", "pattern": DATE_PATTERN}
        case "text":
            longest = min(int(field.schema.get("maxLength", LONGEST_TEXT)), 10 * LONGEST_TEXT)
            return {"type": "string", "maxLength": longest}
        case number:
            return {"type": number, "minimum": -LARGEST_NUMBER, "maximum": LARGEST_NUMBER}


class _Reader:
    """Walks a schema and collects what is wrong with it."""

    def __init__(self, whole: Mapping[str, Any]) -> None:
        self._whole = whole
        self.faults: list[str] = []

    def field(self, name: str, schema: Any, *, required: bool, place: str, depth: int) -> Field | None:
        where = place or "/"
        if depth > 8:
            self.faults.append(f"{where}: nested more than 8 deep, or a reference to itself")
            return None
        resolved = self._resolve(schema, where)
        if resolved is None:
            return None
        nullable, plain = _without_null(resolved)
        if unfit := [word for word in COMBINING if word in plain]:
            self.faults.append(f"{where}: {', '.join(unfit)} cannot be extracted, only null beside one type can")
            return None
        choices = _choices(plain)
        if choices:
            choices = tuple(choice for choice in choices if choice is not None)
            return Field(name, "choice", resolved, nullable, required, choices)
        kind = plain.get("type", "object" if "properties" in plain else None)
        if isinstance(kind, str) and kind in _SCALARS:
            found: Kind = "date" if kind == "string" and plain.get("format") == "date" else _SCALARS[kind]
            known = (True, False) if kind == "boolean" else ()
            return Field(name, found, resolved, nullable, required, known)
        if kind == "object":
            return self._object(name, resolved, plain, nullable=nullable, required=required, place=place, depth=depth)
        if kind == "array":
            item = self.field("", plain.get("items"), required=True, place=f"{place}/*", depth=depth + 1)
            return item and Field(name, "list", resolved, nullable, required, item=item)
        self.faults.append(
            f"{where}: type {kind!r} cannot be extracted; name one of object, array, {', '.join(_SCALARS)}"
        )
        return None

    def _object(
        self,
        name: str,
        resolved: Mapping[str, Any],
        plain: Mapping[str, Any],
        *,
        nullable: bool,
        required: bool,
        place: str,
        depth: int,
    ) -> Field | None:
        properties = plain.get("properties") or {}
        wanted = set(plain.get("required", ()))
        if not properties:
            self.faults.append(f"{place or '/'}: an object without `properties`")
        for missing in sorted(wanted - properties.keys()):
            self.faults.append(f"{place}/{missing}: required, but not among `properties`")
        parts = [
            self.field(key, part, required=key in wanted, place=f"{place}/{key}", depth=depth + 1)
            for key, part in properties.items()
        ]
        fields = tuple(part for part in parts if part is not None)
        return Field(name, "object", resolved, nullable, required, fields=fields)

    def _resolve(self, schema: Any, where: str) -> Mapping[str, Any] | None:
        """Return a schema with its reference followed; only references within the file can be."""
        for _ in range(8):
            if not isinstance(schema, dict):
                self.faults.append(f"{where}: no schema but {schema!r}")
                return None
            reference = schema.get("$ref")
            if reference is None:
                return schema
            found: Any = self._whole
            parts = str(reference).removeprefix("#/").split("/") if str(reference).startswith("#/") else [""]
            for part in parts:
                found = found.get(part) if isinstance(found, dict) else None
            if found is None:
                self.faults.append(f"{where}: the reference {reference!r} leads to nothing in this file")
                return None
            schema = {**found, **{key: value for key, value in schema.items() if key != "$ref"}}
        self.faults.append(f"{where}: a reference to itself")
        return None


def _without_null(schema: Mapping[str, Any]) -> tuple[bool, Mapping[str, Any]]:
    """Return whether null is allowed, and the schema of what else is."""
    for word in ("anyOf", "oneOf"):
        others = [part for part in schema.get(word, ()) if part != {"type": "null"}]
        if len(others) == 1 and len(schema[word]) == 2:
            return True, {**{key: value for key, value in schema.items() if key != word}, **others[0]}
    kinds = schema.get("type")
    if isinstance(kinds, list):
        others = [kind for kind in kinds if kind != "null"]
        return "null" in kinds and None in schema.get("enum", (None,)), {
            **schema,
            "type": others[0] if len(others) == 1 else kinds,
        }
    return None in schema.get("enum", ()), schema


def _choices(schema: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(schema["enum"]) if "enum" in schema else (schema["const"],) if "const" in schema else ()
