import json

import pytest

from finetune.data.structured import cleaned_calls, cleaned_json, cleaned_value, spoken


def shout(text: str) -> str:
    return text.replace("secret", "SECRET").replace("phone: 12345678", "phone: #").replace("88888888", "#")


def test_every_text_at_every_depth_is_cleaned_beside_its_key() -> None:
    value = {"a": ["secret", {"b": "secret"}], "phone": 12345678, "order": 12345678, "n": 1, "ok": True, "x": None}
    assert cleaned_value(value, shout) == {
        "a": ["SECRET", {"b": "SECRET"}], "phone": "#", "order": 12345678, "n": 1, "ok": True, "x": None,
    }  # fmt: skip
    assert cleaned_value({"secret": 88888888.5}, shout) == {"SECRET": 88888888.5}, "no number with a fraction is a code"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ('{"a":"secret","b":["灯"]}', '{"a":"SECRET","b":["灯"]}'),
        ('{"a": "secret",  "b":1}', '{"a": "SECRET", "b": 1}'),
        ('{"a":"plain",  "b":1}', '{"a":"plain",  "b":1}'),
        ('["secret"]', '["SECRET"]'),
        ("{secret", "{SECRET"),
        ("a secret", "a SECRET"),
        ("[" * 100_000, "[" * 100_000),
    ],
)
def test_json_is_cleaned_inside_and_else_kept(text: str, cleaned: str) -> None:
    assert cleaned_json(text, shout) == cleaned


def test_names_and_ids_of_calls_are_the_companys() -> None:
    call = {"id": "secret", "type": "function", "function": {"name": "secret", "arguments": {"a": "secret"}}}
    [changed] = cleaned_calls([call], shout)
    assert changed == {**call, "function": {"name": "secret", "arguments": {"a": "SECRET"}}}
    assert cleaned_calls({"name": "secret", "parameters": '["secret"]'}, shout)["parameters"] == '["SECRET"]'


def test_what_is_beside_prose_is_spoken_with_its_keys() -> None:
    call = {"function": {"name": "find", "arguments": json.dumps({"first_name": "Ada", "name": "Oslo"})}}
    message = {"role": "assistant", "content": "prose", "tool_calls": [call]}
    assert "first name: Ada" in list(spoken(message))
    assert "Oslo" in list(spoken(message))
    assert "prose" not in list(spoken(message))
    assert "city: Bath" in list(spoken({"role": "tool", "content": '{"city": "Bath"}'}))
    assert list(spoken({"role": "user", "content": '{"city": "Bath"}'})) == []
