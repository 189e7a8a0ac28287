import json
import threading
import time
from pathlib import Path

import pytest
from langchain_core.messages import HumanMessage

from agents.errors import ModelUnavailable
from agents.models import ModelOptions, resolve
from agents.models.scripted import CALLS_OF_A_FILE, ScriptedChat, read_script


def test_replies_come_in_order_word_by_word() -> None:
    chat = ScriptedChat(["one two", "three"])
    assert [chunk.content for chunk in chat.stream("a") if chunk.content] == ["one ", "two"]
    assert chat.invoke("b").text == "three"
    assert [call.messages[-1].text for call in chat.calls] == ["a", "b"]


def test_white_space_is_kept() -> None:
    assert ScriptedChat(["a\n\n b "]).invoke("x").text == "a\n\n b "


def test_asked_once_too_often_says_so() -> None:
    with pytest.raises(ModelUnavailable, match="0 replies"):
        ScriptedChat([]).invoke("x")


def test_tool_calls_are_made() -> None:
    chat = ScriptedChat([{"text": "I look.", "tool_calls": [{"name": "search", "arguments": {"question": "a"}}]}])
    reply = chat.bind_tools([]).invoke("x")
    assert [(call["name"], call["args"]) for call in reply.tool_calls] == [("search", {"question": "a"})]


def test_failure_comes_after_the_text() -> None:
    stream = ScriptedChat([{"text": "half", "error": "gone"}]).stream("x")
    assert next(stream).content == "half"
    with pytest.raises(ModelUnavailable, match="gone"):
        next(stream)


def test_reply_by_condition_is_used_any_number_of_times() -> None:
    chat = ScriptedChat([{"when": "(?i)refund", "text": "30 days"}, "other"])
    assert [chat.invoke(text).text for text in ("Refund?", "a refund", "hello")] == ["30 days", "30 days", "other"]


def test_delay_and_stop() -> None:
    stop = threading.Event()
    started = time.monotonic()
    seen = []
    for chunk in ScriptedChat([{"text": "word " * 1_000, "delay_seconds": 0.01}]).stream("x", stop_event=stop):
        seen.append(chunk.content)
        stop.set()
    assert len(seen) <= 3
    assert 0.01 <= time.monotonic() - started < 5


def test_usage_is_told() -> None:
    reply = ScriptedChat(["three words here"]).invoke([HumanMessage("two words")])
    assert reply.usage_metadata == {"input_tokens": 2, "output_tokens": 3, "total_tokens": 5}


@pytest.mark.parametrize("suffix", [".jsonl", ".json"])
def test_script_is_read_from_a_file(tmp_path: Path, suffix: str) -> None:
    replies = ["hello", {"text": "bye", "tool_calls": [{"name": "a", "arguments": {}}]}]
    text = json.dumps(replies) if suffix == ".json" else "\n".join(map(json.dumps, replies)) + "\n"
    path = tmp_path / f"script{suffix}"
    path.write_text(text, encoding="utf-8")
    model = resolve(f"scripted:{path}", ModelOptions(models_folder=tmp_path))
    assert model.protocol == "native"
    assert model.chat is not None
    assert model.chat.invoke("x").text == "hello"


@pytest.mark.parametrize("line", ["{", "3", '{"texts": "a"}', '{"tool_calls": [{"name": "a"}]}'])
def test_bad_script_is_explained(tmp_path: Path, line: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(line)
    with pytest.raises(ModelUnavailable, match=r"bad\.jsonl is no script"):
        read_script(path)


def test_missing_script_is_told(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"gone\.jsonl cannot be read"):
        read_script(tmp_path / "gone.jsonl")


def test_the_model_of_a_file_remembers_its_latest_calls_only(tmp_path: Path) -> None:
    path = tmp_path / "script.jsonl"
    path.write_text('{"when": ".", "text": "hello"}\n', encoding="utf-8")
    chat = resolve(f"scripted:{path}", ModelOptions(models_folder=tmp_path)).chat
    assert isinstance(chat, ScriptedChat)
    for number in range(CALLS_OF_A_FILE + 5):
        chat.invoke(f"message {number}")
    assert len(chat.calls) == CALLS_OF_A_FILE
    assert chat.calls[-1].messages[-1].text == f"message {CALLS_OF_A_FILE + 4}"
