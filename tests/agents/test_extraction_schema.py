import json
from pathlib import Path
from typing import Any

import pytest

from agents.errors import AgentError
from agents.extraction_schema import compile_schema, leaves, read_schema

SCHEMA: dict[str, Any] = {
    "type": "object",
    "$defs": {"line": {"type": "object", "properties": {"article": {"type": "string"}}, "required": ["article"]}},
    "properties": {
        "kind": {"enum": ["order", "other", None]},
        "paid": {"type": "boolean"},
        "due": {"type": ["string", "null"], "format": "date"},
        "height_mm": {"anyOf": [{"type": "number"}, {"type": "null"}]},
        "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "maxItems": 3},
        "note": {"type": "string", "maxLength": 12},
    },
    "required": ["lines"],
}


def test_fields_say_what_they_are() -> None:
    root = compile_schema(SCHEMA, name="s").root
    by_name = {field.name: field for field in root.fields}
    assert {name: field.kind for name, field in by_name.items()} == {
        "kind": "choice",
        "paid": "choice",
        "due": "date",
        "height_mm": "number",
        "lines": "list",
        "note": "text",
    }
    assert by_name["kind"].choices == ("order", "other")
    assert [name for name, field in by_name.items() if field.nullable] == ["kind", "due", "height_mm"]
    assert by_name["height_mm"].unit == "mm"
    assert by_name["lines"].required
    assert [leaf.name for leaf in leaves(root)] == ["kind", "paid", "due", "height_mm", "article", "note"]


def test_the_model_may_say_null_everywhere_and_nothing_without_end() -> None:
    wire = compile_schema(SCHEMA, name="s").wire["properties"]
    assert wire["note"] == {"type": ["string", "null"], "maxLength": 12}
    assert wire["due"]["type"] == ["string", "null"]
    assert wire["lines"]["maxItems"] == 3
    assert wire["lines"]["items"]["properties"]["article"]["type"] == ["string", "null"]
    assert wire["paid"]["anyOf"][0] == {"type": "null"}
    assert wire["paid"]["anyOf"][1]["properties"]["value"] == {"enum": [True, False]}
    assert wire["height_mm"]["maximum"] > 0


def test_every_fault_is_named_at_once() -> None:
    schema = {
        "type": "object",
        "properties": {
            "a": {"oneOf": [{"type": "string"}, {"type": "number"}]},
            "b": {"type": ["string", "number"]},
            "c": {"$ref": "#/$defs/nothing"},
            "d": {"type": "object"},
        },
        "required": ["e"],
    }
    with pytest.raises(AgentError) as caught:
        compile_schema(schema, name="s.json")
    for place in ("/a: oneOf", "/b: type", "/c: the reference", "/d: an object without", "/e: required"):
        assert place in str(caught.value)


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ([], "no JSON Schema but list"),
        ({"type": "strin"}, "no JSON Schema: /type"),
        ({"type": "string"}, "the root must be an object"),
        ({"type": "object", "properties": {"a": {"$ref": "#"}}}, "leads to nothing"),
    ],
)
def test_what_is_no_fit_schema_is_refused(schema: Any, told: str) -> None:
    with pytest.raises(AgentError, match=told):
        compile_schema(schema, name="s.json")


def test_a_reference_to_itself_ends() -> None:
    node = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}
    with pytest.raises(AgentError, match="nested more than"):
        compile_schema({"$defs": {"node": node}, **node}, name="s")


def test_a_file_is_read_or_its_fault_told(tmp_path: Path) -> None:
    file = tmp_path / "s.json"
    with pytest.raises(AgentError, match=r"cannot be read"):
        read_schema(file)
    file.write_text("{", encoding="utf-8")
    with pytest.raises(AgentError, match="is not JSON"):
        read_schema(file)
    file.write_text("\ufeff" + json.dumps(SCHEMA), encoding="utf-8")
    assert read_schema(file).name == "s.json"
