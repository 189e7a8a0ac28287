import pytest

from agents.protocols import first_object, json_step, step_fault, without_thinking
from agents.tools import Tool

REPLY = "<think>Is 30 < 60? Then [1] holds.</think>You have 30 days <3 [1]. <think>Done.</think>"


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_thinking_is_left_out_however_the_text_is_cut(size: int) -> None:
    pieces = [REPLY[start : start + size] for start in range(0, len(REPLY), size)]
    assert "".join(without_thinking(pieces)) == "You have 30 days <3 [1]. "


def test_every_piece_is_answered_at_once() -> None:
    stream = without_thinking(iter(["a ", "<th", "ree", "<think>b"]))
    assert [next(stream) for _ in range(4)] == ["a ", "", "<three", ""]
    assert "".join(without_thinking(["ends with <thi"])) == "ends with <thi"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('```json\n{"a": 1}\n```', {"a": 1}),
        ('<think>{"b": 2}</think>{"a": 1} {', {"a": 1}),
        ("{oops", None),
        ("[1]", None),
    ],
)
def test_first_object_may_stand_in_other_text(text: str, found: object) -> None:
    assert first_object(text) == found


def test_a_step_has_no_white_space_and_its_arguments_in_the_order_of_the_schema() -> None:
    line = {"type": "object", "properties": {"item": {}, "count": {}}}
    schema = {"properties": {"order": {}, "lines": {"type": "array", "items": line}, "reason": {}}}
    tool = Tool(print, "read", "send", schema=schema, told="Send.")
    arguments = {"extra": 1, "lines": [{"count": 2, "item": "灯"}], "order": "B 1"}
    ordered = '{"order":"B 1","lines":[{"item":"灯","count":2}],"extra":1}'
    assert json_step("send", arguments, tools=[tool]) == f'{{"thought":"","tool":"send","arguments":{ordered}}}'
    assert json_step("gone", {"b": 1, "a": 2}, thought="Hm.", tools=[tool]).endswith('{"b":1,"a":2}}')


ADDRESS = {"type": "object", "properties": {"street": {"type": "string"}}, "required": ["street"]}
COUNTRY = {"type": "object", "properties": {"country": {"type": "string"}}}


@pytest.mark.parametrize(
    "place",
    [
        {"allOf": [ADDRESS, COUNTRY]},
        {"allOf": [{"$ref": "#/$defs/Address"}, COUNTRY]},
        {**ADDRESS, "anyOf": [COUNTRY, {"required": ["street"], "properties": {"country": {"const": "NL"}}}]},
        {"anyOf": [{"allOf": [ADDRESS, COUNTRY]}, {"type": "null"}]},
    ],
)
def test_what_a_schema_says_in_parts_can_be_written(place: dict[str, object]) -> None:
    schema = {"type": "object", "properties": {"to": place}, "$defs": {"Address": ADDRESS}}
    tool = Tool(print, "read", "send", schema=schema, told="Send.")
    step = json_step("send", {"to": {"street": "Canal 1", "country": "NL"}}, tools=[tool])
    assert step_fault(step, [tool]) == ""


def test_keys_that_no_part_lists_stay_out() -> None:
    schema = {"type": "object", "properties": {"to": {"anyOf": [ADDRESS, {"type": "null"}]}}}
    tool = Tool(print, "read", "send", schema=schema, told="Send.")
    assert step_fault(json_step("send", {"to": {"street": "Canal 1", "house": "2"}}, tools=[tool]), [tool])
    assert step_fault(json_step("send", {"by": "post"}, tools=[tool]), [tool])


def test_parts_become_one_object_whose_keys_are_all_that_can_be_written() -> None:
    schema = {"type": "object", "properties": {"to": {"allOf": [ADDRESS, COUNTRY]}}}
    tool = Tool(print, "read", "send", schema=schema, told="Send.")
    step = json_step("send", {"to": {"country": "NL", "street": "Canal 1"}}, tools=[tool])
    assert step.endswith('{"to":{"street":"Canal 1","country":"NL"}}}'), "in the order of the grammar"
    assert "'city' was unexpected" in step_fault(step.replace('"street"', '"city":"Delft","street"'), [tool])


def test_what_a_part_requires_is_required() -> None:
    schema = {"type": "object", "properties": {"to": {"allOf": [ADDRESS, COUNTRY]}}}
    tool = Tool(print, "read", "send", schema=schema, told="Send.")
    assert "'street' is a required" in step_fault(json_step("send", {"to": {"country": "NL"}}, tools=[tool]), [tool])


@pytest.mark.parametrize("place", [True, {"items": True}, {"items": [{"type": "object"}]}])
def test_a_schema_that_says_nothing_of_a_place_moves_nothing(place: object) -> None:
    tool = Tool(print, "read", "send", schema={"properties": {"lines": place}}, told="Send.")
    assert json_step("send", {"lines": [{"b": 1, "a": 2}]}, tools=[tool]).endswith('{"lines":[{"b":1,"a":2}]}}')
