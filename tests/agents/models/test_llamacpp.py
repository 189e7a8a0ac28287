import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from pydantic import BaseModel

from agents.errors import ModelUnavailable
from agents.models import LoadedModel, ModelOptions, resolve
from agents.models.llamacpp import EMBEDDED_FILE, ChatLlamaCpp, compact_json_grammar
from agents.protocols import json_step, step_schema
from agents.tools import Tool

MESSAGES: list[BaseMessage] = [SystemMessage("Answer shortly."), HumanMessage("What is the capital of France?")]
SCHEMA = {
    "type": "object",
    "properties": {"sentences": {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 1, "maxItems": 3}},
    "required": ["sentences"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def embedded(models_folder: Path) -> Iterator[LoadedModel]:
    model = resolve("embedded", ModelOptions(models_folder=models_folder))
    yield model
    model.close()


@pytest.fixture(scope="module")
def chat(embedded: LoadedModel) -> ChatLlamaCpp:
    assert isinstance(embedded.chat, ChatLlamaCpp)
    return embedded.chat


def test_missing_file_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=f"{EMBEDDED_FILE.name}.*frontdesk models get smollm2-135m-instruct"):
        resolve("embedded", ModelOptions(models_folder=tmp_path))


def test_missing_named_file_names_the_path(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match=r"nowhere\.gguf"):
        resolve(f"gguf:{tmp_path}/nowhere.gguf", ModelOptions(models_folder=tmp_path))


def test_broken_file_is_explained(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF no more")
    with pytest.raises(ModelUnavailable, match=r"broken\.gguf \(12 bytes\)"):
        resolve(f"gguf:{broken}", ModelOptions(models_folder=tmp_path))
    assert capfd.readouterr() == ("", "")


def test_missing_system_library_names_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    class Missing:
        def find_spec(self, name: str, *_: object) -> None:
            if name == "xllamacpp":
                raise ImportError("libgomp.so.1: cannot open shared object file")

    monkeypatch.delitem(sys.modules, "xllamacpp", raising=False)
    monkeypatch.setattr(sys, "meta_path", [Missing(), *sys.meta_path])
    file = tmp_path / "model.gguf"
    file.touch()
    with pytest.raises(ModelUnavailable, match="apt-get install libgomp1"):
        resolve(f"gguf:{file}", ModelOptions(models_folder=tmp_path))


def test_grammar_for_json_allows_no_white_space() -> None:
    assert json.loads(compact_json_grammar(SCHEMA).split("%json ")[1])["x-guidance"] == {"whitespace_flexible": False}


@pytest.mark.model
def test_a_step_is_shown_and_learned_as_the_grammar_has_it_written(chat: ChatLlamaCpp) -> None:
    arguments = {"place": '车库 "2"', "lines": [1, 2], "to": {"zip": "1", "city": "Ulm"}}
    schema = {
        "type": "object",
        "properties": {
            "to": {"type": "object", "properties": {"city": {"const": "Ulm"}, "zip": {"const": "1"}}},
            "place": {"const": arguments["place"]},
            "lines": {"const": arguments["lines"]},
        },
    }
    for part in (schema, schema["properties"]["to"]):  # type: ignore[index]
        part |= {"required": list(part["properties"]), "additionalProperties": False}
    tool = Tool(print, "read", "move", schema=schema, told="Move it.")
    step = step_schema([tool])["anyOf"][0]
    step["properties"]["thought"] = {"const": ""}
    said = chat.invoke([("user", "Move it.")], max_tokens=80, temperature=0.0, schema=step).text
    assert said == json_step("move", arguments, tools=[tool])


class Reason(Enum):
    BROKEN = "broken"
    LATE = "late"


class Line(BaseModel):
    item: str
    count: int


def send_back(lines: list[Line], reason: Reason, first: Line | None = None) -> str:
    """Send lines of an order back."""
    return f"{first}{lines}{reason}"


@pytest.mark.model
def test_a_tool_with_types_of_its_own_binds_the_model_too(chat: ChatLlamaCpp) -> None:
    tool = Tool(send_back, "read")
    schema = step_schema([tool])["anyOf"][0]
    schema["properties"]["thought"] = {"const": ""}
    said = chat.invoke([("user", "Where is B-1001?")], max_tokens=40, schema=schema).text
    assert said.startswith('{"thought":"","tool":"send_back","arguments":{"lines":[')
    learned = {"reason": "late", "lines": [{"count": 2, "item": "lamp"}], "first": {"count": 1, "item": "lamp"}}
    assert json_step("send_back", learned, tools=[tool]) == (
        '{"thought":"","tool":"send_back","arguments":{"lines":[{"item":"lamp","count":2}],"reason":"late",'
        '"first":{"item":"lamp","count":1}}}'
    )


@pytest.mark.model
@pytest.mark.parametrize(
    "unknown", [{"type": "string", "format": "uri"}, {"type": "array", "items": {"enum": ["a"]}, "uniqueItems": True}]
)
def test_a_word_that_the_grammar_does_not_know_unbinds_nothing(chat: ChatLlamaCpp, unknown: dict[str, Any]) -> None:
    schema = {"type": "object", "properties": {"one": {"enum": [7]}, "other": unknown}, "required": ["one"]}
    said = chat.invoke([("user", "Hello")], max_tokens=60, schema={"oneOf": [schema]}).text
    assert said.startswith('{"one":7')


@pytest.mark.model
def test_streams_text_and_counts_tokens(chat: ChatLlamaCpp, capfd: pytest.CaptureFixture[str]) -> None:
    chunks = list(chat.stream(MESSAGES, max_tokens=8))
    assert len([chunk for chunk in chunks if chunk.content]) > 2
    usage = next(chunk.usage_metadata for chunk in chunks if chunk.usage_metadata)
    assert usage["input_tokens"] == chat.count_tokens(MESSAGES) == 24
    assert usage["output_tokens"] <= 8
    assert capfd.readouterr() == ("", "")


@pytest.mark.model
def test_greedy_reply_is_the_same_twice(chat: ChatLlamaCpp) -> None:
    assert chat.invoke(MESSAGES, max_tokens=8).text == chat.invoke(MESSAGES, max_tokens=8).text


@pytest.mark.model
def test_schema_binds_the_reply_without_white_space(chat: ChatLlamaCpp) -> None:
    text = chat.invoke(MESSAGES, max_tokens=60, schema=SCHEMA).text
    assert set(json.loads(text)["sentences"]) <= {1, 2, 3}
    assert not set(text) & set(" \n")


@pytest.mark.model
def test_grammar_binds_the_reply_and_wins_over_the_schema(chat: ChatLlamaCpp) -> None:
    assert chat.invoke(MESSAGES, grammar='root ::= "yes" | "no"', schema=SCHEMA).text in ("yes", "no")


@pytest.mark.model
def test_probabilities_of_tokens_are_told_when_asked(chat: ChatLlamaCpp) -> None:
    reply = chat.invoke(MESSAGES, max_tokens=1, top_logprobs=3)
    (token,) = reply.response_metadata["logprobs"]
    assert len(token["top_logprobs"]) == 3
    assert all(other["logprob"] <= 0 for other in token["top_logprobs"])


@pytest.mark.model
def test_stop_words_end_the_reply(chat: ChatLlamaCpp) -> None:
    full = chat.invoke(MESSAGES, max_tokens=12).text
    word = full.split()[2]
    assert word not in chat.invoke(MESSAGES, max_tokens=12, stop=[word]).text


@pytest.mark.model
def test_history_with_both_roles_is_accepted(chat: ChatLlamaCpp) -> None:
    messages = [*MESSAGES, AIMessage("Paris."), HumanMessage("And of Italy?")]
    assert chat.invoke(messages, max_tokens=5).text


@pytest.mark.model
def test_tokens_of_a_text_are_counted(chat: ChatLlamaCpp) -> None:
    assert chat.get_num_tokens("hello world") == 2


@pytest.mark.model
def test_abandoned_stream_stops_decoding(chat: ChatLlamaCpp) -> None:
    stream = chat.stream(MESSAGES, max_tokens=3_000, grammar='root ::= ("a " | "b ")+')
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    _wait_until_idle(chat)


@pytest.mark.model
def test_stop_event_ends_the_stream(chat: ChatLlamaCpp) -> None:
    stop = threading.Event()
    started = time.monotonic()
    for _ in chat.stream(MESSAGES, max_tokens=3_000, grammar='root ::= ("a " | "b ")+', stop_event=stop):
        stop.set()
    assert time.monotonic() - started < 20
    _wait_until_idle(chat)


@pytest.mark.model
def test_silent_model_is_given_up(chat: ChatLlamaCpp) -> None:
    hurried = chat.model_copy(update={"timeout_seconds": 0.1})
    with pytest.raises(ModelUnavailable, match=r"silent for 0\.1 s"):
        hurried.invoke([HumanMessage("lamp " * 200)], max_tokens=8)
    _wait_until_idle(chat)


@pytest.mark.model
def test_too_long_a_prompt_is_refused(chat: ChatLlamaCpp) -> None:
    with pytest.raises(ModelUnavailable, match="loaded for 4096"):
        chat.invoke([HumanMessage("word " * 6_000)])


@pytest.mark.model
def test_conversations_are_answered_at_once(chat: ChatLlamaCpp) -> None:
    replies: dict[int, str] = {}

    def ask(number: int) -> None:
        replies[number] = chat.invoke([HumanMessage(f"Say {number}.")], max_tokens=5).text

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(replies) == [0, 1, 2, 3]


@pytest.mark.model
def test_file_is_loaded_once(embedded: LoadedModel, chat: ChatLlamaCpp, models_folder: Path) -> None:
    other = resolve(f"gguf:{models_folder / EMBEDDED_FILE}", ModelOptions(models_folder=models_folder))
    assert isinstance(other.chat, ChatLlamaCpp)
    assert other.chat.engine() is chat.engine()
    assert (embedded.small, embedded.demo, embedded.protocol) == (True, True, "json")
    assert (other.small, other.demo) == (True, False)


@pytest.mark.model
def test_port_wants_the_key_and_serves_no_pages(chat: ChatLlamaCpp) -> None:
    body = json.dumps({"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1})
    for method, path in [
        ("POST", "/v1/chat/completions"),
        ("POST", "/completion"),
        ("POST", "/tokenize"),
        ("GET", "/v1/models"),
        ("GET", "/slots"),
        ("GET", "/props"),
        ("GET", "/metrics"),
    ]:
        for headers in ({}, {"Authorization": "Bearer guess"}):
            assert _request(chat, method, path, body, headers)[0] == 401, path
    assert _request(chat, "GET", "/", None, {})[0] == 404


@pytest.mark.model
def test_port_allows_no_page_to_read_it(chat: ChatLlamaCpp) -> None:
    for method in ("OPTIONS", "GET"):
        _, headers = _request(chat, method, "/health", None, {"Origin": "https://evil.example"})
        assert headers.get("Access-Control-Allow-Origin") not in ("*", "https://evil.example")
        assert headers.get("Access-Control-Allow-Credentials") != "true"


@pytest.mark.model
def test_port_is_closed_to_another_process(chat: ChatLlamaCpp) -> None:
    program = (
        "import urllib.request, urllib.error\n"
        "try:\n"
        f"    urllib.request.urlopen('{chat.engine().address}/v1/models', timeout=10)\n"
        "except urllib.error.HTTPError as error:\n"
        "    print(error.code)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)
    assert done.stdout.strip() == "401", done.stderr


@pytest.mark.model
def test_model_works_again_after_close(models_folder: Path) -> None:
    model = resolve("embedded", ModelOptions(models_folder=models_folder))
    model.check()
    model.close()
    model.close()
    model.check()


@pytest.mark.model
def test_process_ends_cleanly_with_a_reply_under_way(models_folder: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "from agents.models import ModelOptions, resolve\n"
        f"model = resolve('embedded', ModelOptions(models_folder=Path({str(models_folder)!r})))\n"
        "stream = model.chat.stream('Hello', max_tokens=2000)\n"
        "next(stream)\n"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False, cwd=root
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def _request(
    chat: ChatLlamaCpp, method: str, path: str, body: str | None, headers: dict[str, str]
) -> tuple[int, dict[str, str]]:
    connection = http.client.HTTPConnection(urlsplit(chat.engine().address).netloc, timeout=10)
    try:
        connection.request(method, path, body, {"Content-Type": "application/json", **headers})
        response = connection.getresponse()
        response.read()
        return response.status, dict(response.getheaders())
    finally:
        connection.close()


def _wait_until_idle(chat: ChatLlamaCpp) -> None:
    deadline = time.monotonic() + 60  # reading a prompt cannot be broken off, and a busy machine reads slowly
    while chat.engine().busy:
        assert time.monotonic() < deadline, "the model still decodes"
        time.sleep(0.02)
