"""Schemas of others: cut to known words, closed, bounded; and what in arguments nobody listed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.errors import AgentError
from agents.tools.schemas import faults, open_values, plain

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_references_within_are_put_in_and_circles_end() -> None:
    tree: dict[str, Any] = {
        "type": "object",
        "properties": {"node": {"$ref": "#/$defs/Node", "description": "The first."}},
        "$defs": {
            "Node": {"type": "object", "properties": {"next": {"$ref": "#/$defs/Node"}, "n": {"type": "integer"}}}
        },
    }
    found = plain(tree, label="tree")
    assert found["properties"]["node"]["properties"] == {"next": {}, "n": {"type": "integer"}}
    assert found["properties"]["node"]["description"] == "The first."
    assert found["additionalProperties"] is False
    assert faults(found, {"node": {"n": 1, "next": {"anything": 1}}}) == []
    assert faults(found, {"node": {"n": "x"}, "more": 1}) != []


def test_arguments_that_are_told_in_parts_can_be_given() -> None:
    order = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
    found = plain({"allOf": [order, {"properties": {"count": {"type": "integer"}}}]}, label="reorder")
    assert faults(found, {"order": "B-1", "count": 2}) == []
    assert faults(found, {"order": "B-1", "count": "two"}) == ["`count`: 'two' is not of type 'integer'"]
    assert "'by' was unexpected" in faults(found, {"order": "B-1", "by": "post"})[0]


@pytest.mark.parametrize(
    ("schema", "told"),
    [
        ({"type": "string"}, "no JSON object"),
        ({"properties": {"a": {"$ref": "http://evil.example/a.json"}}}, "not fetched"),
        ({"properties": {"a": {"$ref": "#/$defs/None"}}}, "not there"),
        ({"properties": {"a": 7}}, "no schema"),
        ({"properties": {str(number): {} for number in range(3000)}}, "too large"),
    ],
)
def test_what_cannot_be_used_is_refused(schema: dict[str, Any], told: str) -> None:
    with pytest.raises(AgentError, match=told):
        plain(schema, label="x")


def test_patterns_that_take_forever_are_not_run() -> None:
    schema = plain({"properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}}, label="x")
    assert faults(schema, {"a": "a" * 40 + "!"}) == []


def test_open_values_are_those_that_nobody_listed() -> None:
    schema = plain(
        {
            "properties": {
                "reason": {"enum": ["late", "faulty"]},
                "kind": {"const": "return"},
                "day": {"type": "string", "format": "date"},
                "gift": {"type": "boolean", "default": False},
                "to": {"anyOf": [{"type": "object", "properties": {"street": {"type": "string"}}}, {"type": "null"}]},
                "notes": {"type": "object", "additionalProperties": {"type": "string"}},
                "counts": {"type": "array", "items": {"type": "integer"}},
            }
        },
        label="x",
    )
    arguments = {
        "reason": "late",
        "kind": "return",
        "day": "2026-12-01",
        "gift": False,
        "to": {"street": "7 Pine Lane"},
        "notes": {"door": "left"},
        "counts": [1, 2],
    }
    found = [(one.name, one.value, one.worked_out) for one in open_values(arguments, schema)]
    assert found == [
        ("day", "2026-12-01", True),
        ("to street", "7 Pine Lane", False),
        ("notes", "door", False),
        ("notes door", "left", False),
        ("counts", 1, False),
        ("counts", 2, False),
    ]
    assert [one.value for one in open_values({"gift": True, "reason": "other"}, schema)] == [True, "other"]


@settings(max_examples=100, deadline=None)
@given(
    schema=st.dictionaries(st.sampled_from(["type", "properties", "items", "anyOf", "enum", "$ref"]), JSON), value=JSON
)
def test_hostile_schemas_are_refused_or_used_and_never_break(schema: dict[str, Any], value: Any) -> None:
    try:
        found = plain(schema, label="x")
    except AgentError:
        return
    if isinstance(value, dict):
        list(open_values(value, found))
        faults(found, value)
