import json
from pathlib import Path
from typing import Any

import pytest

from agents.errors import AgentError
from agents.extraction import asked, extract, read_reply, settle, windows
from agents.extraction_schema import ExtractionSchema, compile_schema
from agents.models import LoadedModel, ModelOptions, resolve
from agents.models.scripted import ScriptedChat

LINE = {
    "type": "object",
    "properties": {"article": {"type": "string"}, "quantity": {"type": ["integer", "null"]}},
    "required": ["article", "quantity"],
    "additionalProperties": False,
}
SCHEMA = compile_schema(
    {
        "type": "object",
        "properties": {
            "kind": {"enum": ["order", "delay", None]},
            "order_number": {"type": ["string", "null"], "pattern": "^PO", "description": "Our order."},
            "total": {"type": ["number", "null"], "minimum": 0},
            "due": {"type": ["string", "null"], "format": "date"},
            "lines": {"type": "array", "items": LINE},
        },
        "required": ["kind", "order_number", "total", "due", "lines"],
        "additionalProperties": False,
    },
    name="s.json",
)
TEXT = "We confirm your order PO-77.\nBM-101  40 pieces\nBM-102  40 pieces\nTotal € 1,200.50, due 3 March 2026."
SAID: dict[str, Any] = {
    "kind": {"quote": "We confirm your order", "value": "order"},
    "order_number": "PO-77",
    "total": 1200.5,
    "due": "2026-03-03",
    "lines": [{"article": "BM-101", "quantity": 40}, {"article": "BM-102", "quantity": 40}],
}


def model(*replies: str, context_tokens: int = 4096) -> tuple[LoadedModel, ScriptedChat]:
    chat = ScriptedChat(list(replies))
    return LoadedModel("scripted", chat, context_tokens=context_tokens), chat


def required(*names: str) -> ExtractionSchema:
    properties = {name: {"type": "string"} for name in names}
    return compile_schema({"type": "object", "properties": properties, "required": list(names)}, name="r.json")


def test_what_the_document_shows_is_kept_with_its_place() -> None:
    chat_model, chat = model(json.dumps(SAID))
    found = extract(TEXT, SCHEMA, model=chat_model, language="en")
    assert found.data == {**SAID, "kind": "order"}
    assert SCHEMA.validator.is_valid(found.data)
    shown = {place: TEXT[span.start : span.end] for place, span in found.evidence.items() if span}
    assert shown == {
        "/kind": "We confirm your order",
        "/order_number": "PO-77",
        "/total": "1,200.50",
        "/due": "3 March 2026",
        "/lines/0/article": "BM-101",
        "/lines/0/quantity": "40",
        "/lines/1/article": "BM-102",
        "/lines/1/quantity": "40",
    }
    second = found.evidence["/lines/1/quantity"]
    assert second is not None
    assert second.start > TEXT.index("BM-102")
    assert (found.unsupported, found.error, found.cut, found.windows) == ((), "", False, 1)
    assert chat.calls[0].arguments["schema"] == SCHEMA.wire


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        ("order_number", "PO-78", "not found in the document"),
        ("total", 1200.6, "not found in the document"),
        ("due", "2026-03-04", "not found in the document"),
        ("order_number", "BM-101", "not allowed by the schema"),
        ("due", "2026-02-30", "not allowed by the schema"),
        ("kind", {"quote": "We are late", "value": "delay"}, "its quote 'We are late'"),
    ],
)
def test_what_it_does_not_show_is_dropped_and_reported(key: str, value: Any, reason: str) -> None:
    found = settle(SCHEMA, [(0, TEXT, {**SAID, key: value})])
    assert found.data is not None
    assert found.data[key] is None
    assert found.evidence[f"/{key}"] is None
    (dropped,) = found.unsupported
    assert dropped.field == f"/{key}"
    assert dropped.reason.startswith(reason)
    assert SCHEMA.validator.is_valid(found.data)


@pytest.mark.parametrize(
    "said", [{}, None, [], "x", {"lines": 4}, {"lines": [None, 3]}, {"total": "12"}, {"total": True}, {"kind": "delay"}]
)
def test_whatever_a_model_says_the_object_is_valid(said: Any) -> None:
    found = settle(SCHEMA, [(0, TEXT, said)])
    assert found.data is not None
    assert SCHEMA.validator.is_valid(found.data)
    assert found.data == {"kind": None, "order_number": None, "total": None, "due": None, "lines": []}


def test_a_required_field_is_never_made_up() -> None:
    found = settle(required("name", "city"), [(0, "Anna lives here.", {"name": "Anna", "city": "Oslo"})])
    assert found.data is None
    assert found.missing == ("/city",)
    assert "/city, which the schema requires" in found.error
    assert [one.field for one in found.unsupported] == ["/city"]


def test_an_item_without_what_it_needs_is_left_out() -> None:
    said = {**SAID, "lines": [{"article": "BM-999", "quantity": 40}, SAID["lines"][1], SAID["lines"][1]]}
    found = settle(SCHEMA, [(0, TEXT, said)])
    assert found.data is not None
    assert found.data["lines"] == [SAID["lines"][1]]
    assert [one.field for one in found.unsupported] == ["/lines/0/article", "/lines/0"]
    assert {place for place in found.evidence if place.startswith("/lines")} == {
        "/lines/0/article",
        "/lines/0/quantity",
    }


def test_a_reply_that_was_cut_gives_what_is_complete_in_it() -> None:
    value, complete = read_reply('{"order_number":"PO-77","total":1200.5,"due":"2026-0')
    assert (value, complete) == ({"order_number": "PO-77", "total": 1200.5}, False)
    chat_model, _ = model('{"order_number":"PO-77","lines":[{"article":"BM-1')
    found = extract(TEXT, SCHEMA, model=chat_model, language="en")
    assert found.cut
    assert found.data is not None
    assert found.data["order_number"] == "PO-77"
    assert read_reply("no JSON") == ({}, False)


def test_a_long_document_is_read_in_windows_and_spans_hold_in_the_whole() -> None:
    filler = "".join(f"Line {number} says nothing of interest to anybody.\n" for number in range(300))
    text = filler + TEXT
    chat_model, chat = model(context_tokens=2000)
    parts = windows(text, SCHEMA, model=chat_model, language="en")
    assert len(parts) > 2
    assert "".join(part for _, part in parts) == text
    assert all(text[start : start + len(part)] == part for start, part in parts)
    said = [(start, part, SAID if TEXT in part else {}) for start, part in parts]
    found = settle(SCHEMA, said)
    assert found.data == {**SAID, "kind": "order"}
    order = found.evidence["/order_number"]
    assert order is not None
    assert text[order.start : order.end] == "PO-77"
    assert chat.calls == []


def test_no_room_and_no_model_are_told() -> None:
    with pytest.raises(AgentError, match="context_tokens"):
        extract(TEXT, SCHEMA, model=model(context_tokens=1000)[0], language="en")
    with pytest.raises(AgentError, match="needs a model"):
        extract(TEXT, SCHEMA, model=LoadedModel("none", None), language="en")


def test_the_prompt_names_each_field() -> None:
    assert asked(SCHEMA, TEXT, language="en").fields == (
        '- kind (one of "order", "delay", with quote)\n'
        "- order_number (text): Our order.\n"
        "- total (number)\n"
        "- due (date)\n"
        "- lines (list of object)\n"
        "  - article (text)\n"
        "  - quantity (whole number)"
    )


@pytest.mark.model
def test_the_embedded_model_gives_valid_objects_and_nothing_that_is_not_there(models_folder: Path) -> None:
    embedded = resolve("embedded", ModelOptions(models_folder=models_folder))
    small = compile_schema(
        {
            "type": "object",
            "properties": {
                "order_number": {"type": ["string", "null"], "maxLength": 12},
                "total": {"type": ["number", "null"]},
            },
            "required": ["order_number", "total"],
        },
        name="small.json",
    )
    found = extract(TEXT, small, model=embedded, language="en")
    assert found.data is not None
    assert small.validator.is_valid(found.data)
    for name, value in found.data.items():
        span = found.evidence[f"/{name}"]
        assert (value is None) == (span is None)
    assert {one.field for one in found.unsupported} <= {"/order_number", "/total"}
