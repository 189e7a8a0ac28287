"""Labelled documents in, training examples of the task `extract` out.

    labels.jsonl + documents + schema -> read_labels -> labelled texts, each checked -> Example

    {"document", "schema", "supplier", "split": "train|heldout", "data": {…}, "quotes": {"/kind": "…"}}

`document` is a path below the labels' folder, `data` an object as the schema has it, `quotes` the words that show each
choice. A label counts only when the extraction itself would keep all of it: what a document does not show, no model can
learn to take from it. Splits go by supplier: examples of one supplier never stand on both sides.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from jsonschema import Draft202012Validator, ValidationError

from agents.extraction import asked, escaped, settle
from agents.extraction_schema import ExtractionSchema, Field
from agents.prompts import render
from finetune.errors import FinetuneError
from finetune.examples import ROLES, Example
from knowledge.errors import cause_of
from knowledge.text import Language
from knowledge.texts import FileText, read_texts

Split = Literal["train", "heldout"]
BOUNDS = ("maxLength", "maxItems", "minimum", "maximum", "pattern")
KEYS = {"document", "schema", "supplier", "split", "data", "quotes"}


@dataclass(frozen=True, slots=True)
class Labelled:
    """A document and what should be taken out of it."""

    document: str
    """Path below the labels' folder."""
    text: str
    language: Language
    supplier: str
    """Who wrote it; splits never divide a supplier's documents."""
    split: Split
    data: Mapping[str, Any]
    quotes: Mapping[str, str]
    """JSON Pointer of each choice -> the words that show it."""


def read_labels(path: Path, *, schema: ExtractionSchema, split: Split | None = None) -> tuple[Labelled, ...]:
    """Return the labelled documents of a schema, in order.

    Args:
        schema: only labels that name its file count.
        split: only this part; None for all.

    Raises:
        FinetuneError: the file cannot be read, lines are no labels, documents are missing, or a document does not show
            what its label says; every fault is named.
    """
    faults: list[str] = []
    lines = [(number, data) for number, data in _lines(path, faults) if data["schema"] == schema.name]
    lines = [(number, data) for number, data in lines if split is None or data["split"] == split]
    faults += _divided(path, lines)
    files = [path.parent / data["document"] for _, data in lines]
    texts: dict[str, FileText] = {}
    for read in read_texts(files):
        texts.setdefault(read.path, read)
    labelled = []
    for (number, data), file in zip(lines, files, strict=True):
        text = texts[str(file)]
        if text.error:
            faults.append(f"{path}:{number} {cause_of(text.error)}")
            continue
        label = Labelled(
            data["document"], text.text, text.language, data["supplier"], data["split"], data["data"], data["quotes"]
        )
        faults += [f"{path}:{number} {label.document}: {fault}" for fault in check(label, schema)]
        labelled.append(label)
    if faults:
        raise FinetuneError("\n".join(faults) + "\nNext: mend these lines; docs/extraction.md has the format.")
    if not labelled:
        raise FinetuneError(f"{path} has no label for {schema.name}. Next: name the schema that the labels name.")
    return tuple(labelled)


def check(label: Labelled, schema: ExtractionSchema) -> list[str]:
    """Return what is wrong with a label: invalid, or not shown by its document; nothing when it is right."""
    kept = settle(schema, [(0, label.text, json.loads(reply(label, schema)))])
    faults = [f"{one.field} {one.value!r}: {one.reason}" for one in kept.unsupported]
    if kept.error:
        faults.append(kept.error)
    if not faults and kept.data != label.data:
        different = [key for key, value in label.data.items() if (kept.data or {}).get(key) != value]
        faults.append(f"extraction would not keep {', '.join(different)} as it is labelled")
    return faults


def unsayable(label: Labelled, schema: ExtractionSchema) -> list[str]:
    """Return what of a right label a served model could not say, being bound to `ExtractionSchema.wire`.

    That has longest texts and lists: from a label beyond them it would learn to write what it is then stopped in.
    """
    beyond = _beyond(Draft202012Validator(dict(schema.wire)).iter_errors(json.loads(reply(label, schema))))
    return [f"/{'/'.join(map(str, one.absolute_path))}: {one.message[-100:]}" for one in beyond]


def extract_example(label: Labelled, schema: ExtractionSchema, *, source: str) -> Example:
    """Return a labelled document as an example: the prompt that serves, and the reply that it should get."""
    prompt = render(asked(schema, label.text, language=label.language))
    messages = [{"role": ROLES[message.type], "content": message.text} for message in prompt]
    messages.append({"role": "assistant", "content": reply(label, schema)})
    return Example(tuple(messages), "extract", source, f"{source}:{label.supplier}", schema=schema.wire)


def extract_examples(labels: Iterable[Labelled], schema: ExtractionSchema, *, source: str) -> Iterator[Example]:
    """Yield an example for each labelled document, but for those that a model could not be let say (`unsayable`)."""
    for label in labels:
        if unsayable(label, schema):
            continue
        yield extract_example(label, schema, source=source)


def reply(label: Labelled, schema: ExtractionSchema) -> str:
    """Return what a model should say: JSON as the wire schema has it, without white space, as the grammar writes it."""
    said = _said(schema.root, label.data, "", label.quotes)
    return json.dumps(said, ensure_ascii=False, separators=(",", ":"))


def _said(field: Field, value: Any, pointer: str, quotes: Mapping[str, str]) -> Any:
    if value is None:
        return [] if field.kind == "list" else None
    if field.kind == "object" and isinstance(value, Mapping):
        return {
            part.name: _said(part, value.get(part.name), f"{pointer}/{escaped(part.name)}", quotes)
            for part in field.fields
        }
    if field.kind == "list" and field.item is not None and isinstance(value, list):
        return [_said(field.item, one, f"{pointer}/{number}", quotes) for number, one in enumerate(value)]
    if field.kind == "choice":
        return {"quote": quotes.get(pointer, ""), "value": value}
    if field.kind == "integer" and isinstance(value, float) and value.is_integer():
        return int(value)  # 12.0 is an integer to JSON Schema, and none to the grammar
    return value


def _beyond(faults: Iterable[ValidationError]) -> Iterator[ValidationError]:
    """Yield those faults that are of a bound, also within alternatives; types are `settle`'s to name."""
    for fault in faults:
        if fault.validator in BOUNDS:
            yield fault
        yield from _beyond(fault.context or ())


def _lines(path: Path, faults: list[str]) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Yield number and content of each line that is a label; what is wrong with others goes to the faults."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise FinetuneError(f"The labels in {path} cannot be read ({error}). Next: check path and encoding.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            data = json.loads(line)
        except ValueError as error:
            faults.append(f"{path}:{number} is not JSON ({error}).")
            continue
        if fault := _fault(data):
            faults.append(f"{path}:{number} {fault}.")
        else:
            yield number, {"quotes": {}, **data}


def _fault(data: Any) -> str:
    if not isinstance(data, dict):
        return "is no JSON object"
    if unknown := sorted(set(data) - KEYS):
        return f"has the unknown key {unknown[0]!r}; known are {', '.join(sorted(KEYS))}"
    if missing := sorted(KEYS - {"quotes"} - set(data)):
        return f"lacks {', '.join(missing)}"
    if wrong := [key for key in ("document", "schema", "supplier") if not isinstance(data[key], str)]:
        return f"has {wrong[0]} {data[wrong[0]]!r}, which is no text"
    if data["split"] not in get_args(Split):
        return f"has the split {data['split']!r}; known are {', '.join(get_args(Split))}"
    if not isinstance(data["data"], dict) or not isinstance(data.get("quotes", {}), dict):
        return "has data or quotes that are no object"
    return ""


def _divided(path: Path, lines: Iterable[tuple[int, Mapping[str, Any]]]) -> list[str]:
    """Return a fault for each supplier who stands on both sides."""
    sides: dict[str, set[str]] = {}
    for _, data in lines:
        sides.setdefault(data["supplier"], set()).add(data["split"])
    return [
        f"{path}: documents of {supplier} stand in train and in heldout; a supplier belongs to one."
        for supplier, found in sides.items()
        if len(found) > 1
    ]
