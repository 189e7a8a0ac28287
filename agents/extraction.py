"""Structured data out of a document: an object that is valid, each value with the words that show it.

    text + schema -> windows -> model, bound to the wire schema -> values found again in the text -> Extraction

What a model says is never believed: a value that cannot be found in the document is dropped and reported, and so is one
that the schema does not allow. An object that lacks what the schema requires is no object but an error that names the
field. Hence every `data` is valid by construction.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator
from pydantic_core import from_json

from agents import extraction_evidence
from agents.errors import AgentError
from agents.extraction_evidence import Span
from agents.extraction_schema import ExtractionSchema, Field
from agents.models import LoadedModel
from agents.prompts import Extracting, render
from agents.transcript import Language

REPLY_TOKENS = 900
TEMPLATE_TOKENS = 40
"""What a chat template puts around the messages."""
LEAST_ROOM = 200
"""Tokens of a document that must fit beside the fields, or the schema is too large for the model."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A value that the model gave and that was dropped."""

    field: str
    """JSON Pointer (RFC 6901) into the object that is wanted."""
    value: Any
    reason: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """What was found in one document."""

    data: Mapping[str, Any] | None
    """Valid against the schema; None when that cannot be had, and `error` says why."""
    evidence: Mapping[str, Span | None]
    """JSON Pointer of each value in `data` -> the words that show it; None for what is not stated."""
    unsupported: tuple[Unsupported, ...] = ()
    missing: tuple[str, ...] = ()
    """JSON Pointers of required fields without a value."""
    cut: bool = False
    """Whether a reply was longer than a reply may be; what was complete in it counts."""
    windows: int = 1
    """Into how many parts the document had to be cut."""
    error: str = ""


def asked(schema: ExtractionSchema, text: str, *, language: Language) -> Extracting:
    """Return what a model is asked; training examples are made of the same."""
    return Extracting("\n".join(_described(field, 0) for field in schema.root.fields), text, language)


def extract(text: str, schema: ExtractionSchema, *, model: LoadedModel, language: Language) -> Extraction:
    """Take out of a text what a schema asks for.

    Raises:
        AgentError: there is no model, or the schema leaves no room for a document in its context.
        ModelUnavailable: the model does not answer.
    """
    if model.chat is None:
        raise AgentError("Extraction needs a model. Next: give --model embedded, ollama:NAME or openai:NAME.")
    said: list[tuple[int, str, Any]] = []
    cut = False
    for start, part in windows(text, schema, model=model, language=language):
        reply = model.chat.invoke(
            render(asked(schema, part, language=language)),
            max_tokens=REPLY_TOKENS,
            temperature=0.0,
            schema=schema.wire,
        ).text
        value, complete = read_reply(reply)
        cut = cut or not complete
        said.append((start, part, value))
    return settle(schema, said, cut=cut)


def read_reply(reply: str) -> tuple[Any, bool]:
    """Return the JSON of a reply and whether it is complete; of one that was cut, the members that are."""
    begin = reply.find("{")
    text = reply[begin:] if begin >= 0 else ""
    try:
        return json.JSONDecoder().raw_decode(text)[0], True
    except ValueError:
        pass
    try:
        return from_json(text, allow_partial=True), False
    except ValueError:
        return {}, False


def settle(schema: ExtractionSchema, said: Sequence[tuple[int, str, Any]], *, cut: bool = False) -> Extraction:
    """Return what is left of a model's words when each value has to be shown by the document.

    Args:
        said: for each window where it begins, its text, and the object that the model gave.
    """
    settling = _Settling([_Window(start, text, value) for start, text, value in said])
    data = settling.root(schema.root)
    error = ""
    if settling.missing:
        error = f"The document does not state {', '.join(settling.missing)}, which the schema requires."
    elif faults := sorted(schema.validator.iter_errors(data), key=lambda fault: list(map(str, fault.absolute_path))):
        error = "; ".join(f"/{'/'.join(map(str, fault.absolute_path))}: {fault.message}" for fault in faults)
    return Extraction(
        data=None if error else data,
        evidence=settling.evidence,
        unsupported=tuple(settling.unsupported),
        missing=tuple(settling.missing),
        cut=cut,
        windows=len(said),
        error=error,
    )


def windows(text: str, schema: ExtractionSchema, *, model: LoadedModel, language: Language) -> list[tuple[int, str]]:
    """Return the parts of a text, each with where it begins, that fit into the model's context; lines stay whole.

    Raises:
        AgentError: the schema leaves no room for a document.
    """
    frame = "".join(message.text for message in render(asked(schema, "", language=language)))
    room = model.context_tokens - REPLY_TOKENS - TEMPLATE_TOKENS - model.count_tokens(frame)
    if room < LEAST_ROOM:
        raise AgentError(
            f"The schema {schema.name} leaves {max(room, 0)} of {model.context_tokens} tokens for a document. "
            "Next: raise context_tokens in frontdesk.toml, or ask for fewer fields."
        )
    parts: list[tuple[int, str]] = []
    start = 0
    while start < len(text):
        end = _end_of_window(text, start, count=model.count_tokens, room=room)
        parts.append((start, text[start:end]))
        start = end
    return parts or [(0, "")]


def _end_of_window(text: str, start: int, *, count: Callable[[str], int], room: int) -> int:
    """Return how far a window reaches: to the end, to the last line's end that fits, or within a very long line."""
    end = len(text)
    while count(text[start:end]) > room:
        share = room / count(text[start:end])
        shorter = start + max(1, int((end - start) * min(share, 0.95)))
        line_end = text.rfind("\n", start + (shorter - start) // 2, shorter) + 1
        end = line_end or shorter
    return end


def _described(field: Field, depth: int) -> str:
    """Return a field as the model reads it, parts on lines of their own."""
    nested = field.item if field.kind == "list" and field.item is not None else field
    what = {
        "text": "text",
        "number": "number",
        "integer": "whole number",
        "date": "date",
        "choice": "one of " + ", ".join(json.dumps(choice, ensure_ascii=False) for choice in nested.choices),
        "object": "object",
        "list": "list",
    }[nested.kind]
    listed = "list of " if field.kind == "list" else ""
    line = "  " * depth + f"- {field.name} ({listed}{what}{', with quote' if nested.kind == 'choice' else ''})"
    if field.description:
        line += f": {field.description}"
    return "\n".join([line, *(_described(part, depth + 1) for part in nested.fields)])


@dataclass(frozen=True, slots=True)
class _Window:
    start: int
    text: str
    said: Any

    def member(self, name: str) -> Any:
        return self.said.get(name) if isinstance(self.said, dict) else None


class _Settling:
    """Walks the wanted object and keeps what the document shows."""

    def __init__(self, parts: Sequence[_Window]) -> None:
        self._windows = parts
        self.evidence: dict[str, Span | None] = {}
        self.unsupported: list[Unsupported] = []
        self.missing: list[str] = []

    def root(self, field: Field) -> dict[str, Any]:
        """Return the object; of several windows the first that states a field counts, lists are joined."""
        data: dict[str, Any] = {}
        for part in field.fields:
            pointer = f"/{escaped(part.name)}"
            if part.kind == "list":
                value: Any = self._list(part, [(window, window.member(part.name)) for window in self._windows], pointer)
            else:
                value = None
                for window in self._windows:
                    value = self._value(part, window.member(part.name), pointer, window)
                    if value is not None:
                        break
            self._put(data, part, value, pointer)
        return data

    def _put(self, data: dict[str, Any], field: Field, value: Any, pointer: str) -> bool:
        """Put a value into its object; False when the object cannot be without it."""
        if value is not None:
            data[field.name] = value
            return True
        if field.kind not in ("object", "list"):
            self.evidence[pointer] = None
        if field.nullable:
            data[field.name] = None
        elif field.required:
            self.missing.append(pointer)
            return False
        return True

    def _value(self, field: Field, said: Any, pointer: str, window: _Window, *, near: int | None = None) -> Any:
        if said is None:
            return None
        if field.kind == "object":
            return self._object(field, said, pointer, window)
        if field.kind == "list":
            return self._list(field, [(window, said)], pointer)
        quote = ""
        if field.kind == "choice" and isinstance(said, dict):
            quote, said = str(said.get("quote") or ""), said.get("value")
        value = _typed(field, said)
        if value is None:
            return None
        if fault := next(Draft202012Validator(dict(field.schema), format_checker=_FORMATS).iter_errors(value), None):
            self.unsupported.append(Unsupported(pointer, said, f"not allowed by the schema: {fault.message}"))
            return None
        span = extraction_evidence.find(field, value, window.text, near=near, quote=quote)
        if span is None:
            what = f"its quote {quote!r} is not in the document" if quote else "not found in the document"
            self.unsupported.append(Unsupported(pointer, value, what))
            return None
        self.evidence[pointer] = Span(window.start + span.start, window.start + span.end)
        return value

    def _object(self, field: Field, said: Any, pointer: str, window: _Window, *, is_item: bool = False) -> Any:
        """Return an object with what is shown of it; None when it lacks a part that it must have, or has none."""
        if not isinstance(said, dict):
            return None
        data: dict[str, Any] = {}
        whole = True
        near: int | None = None
        already = len(self.missing)
        for part in field.fields:
            place = f"{pointer}/{escaped(part.name)}"
            value = self._value(part, said.get(part.name), place, window, near=near if is_item else None)
            shown = self.evidence.get(place)
            if near is None and shown is not None:
                near = shown.start - window.start
            whole = self._put(data, part, value, place) and whole
        if whole and any(value not in (None, []) for value in data.values()):
            return data
        lacking = self.missing[already:]
        del self.missing[already:]
        if lacking and any(value is not None for value in said.values()):
            self.unsupported.append(Unsupported(pointer, said, f"lacks {', '.join(lacking)}"))
        self._forget(pointer)
        return None

    def _list(self, field: Field, said: Sequence[tuple[_Window, Any]], pointer: str) -> Any:
        assert field.item is not None
        items: list[Any] = []
        for window, given in said:
            for one in given if isinstance(given, list) else ():
                place = f"{pointer}/{len(items)}"
                if field.item.kind == "object":
                    value = self._object(field.item, one, place, window, is_item=True)
                else:
                    value = self._value(field.item, one, place, window)
                if value is None:
                    continue
                if value in items:  # a model that repeats itself, or a line in two windows
                    self._forget(place)
                    continue
                items.append(value)
        return items if items or not field.nullable else None

    def _forget(self, pointer: str) -> None:
        for place in [place for place in self.evidence if place == pointer or place.startswith(f"{pointer}/")]:
            del self.evidence[place]


_FORMATS = Draft202012Validator.FORMAT_CHECKER


def _typed(field: Field, said: Any) -> Any:
    """Return what was said in the field's type; None when it says nothing of that type."""
    if field.kind == "choice":
        return said if any(said == choice and type(said) is type(choice) for choice in field.choices) else None
    if field.kind in ("number", "integer"):
        if isinstance(said, bool) or not isinstance(said, int | float):
            return None
        return int(said) if float(said).is_integer() else said
    return said.strip() or None if isinstance(said, str) else None


def escaped(name: str) -> str:
    """Return a field's name as JSON Pointer has it (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")
