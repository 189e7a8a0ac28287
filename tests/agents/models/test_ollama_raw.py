"""What a real server does not do on request; with a real one: tests/finetune/ollama/test_register.py."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from langchain_core.messages import AIMessageChunk

from agents.errors import ModelUnavailable
from agents.models.ollama_raw import ReleaseChatOllama
from agents.models.registration import Registration
from agents.protocols import read_native_step
from tests.finetune.served_releases import CHATML

TOOL = {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}}


class Server:
    """Says what it is told, piece by piece, as Ollama's client hands it on."""

    def __init__(self, *pieces: str, read: int = 60) -> None:
        self.pieces, self.read = pieces, read
        self.asked: dict[str, Any] = {}

    def generate(self, **asked: Any) -> Iterator[SimpleNamespace]:
        self.asked = asked
        for piece in self.pieces:
            yield SimpleNamespace(response=piece, done=False)
        yield SimpleNamespace(
            response="", done=True, prompt_eval_count=self.read, eval_count=len(self.pieces), done_reason="stop"
        )


def chat(server: Server, **changes: Any) -> ReleaseChatOllama:
    known: dict[str, Any] = {"bos": "<s>", "eos": "<|im_end|>", "adds_bos": False, "stops": ("<|im_end|>",)}
    registration = Registration(
        model="m:latest", release="r", digest="d", template=CHATML, protocol="native", context_tokens=512, **known
    )
    made = ReleaseChatOllama(registration=registration, url="http://127.0.0.1:9", **{"context_tokens": 512, **changes})
    made.__dict__["_client"] = server
    return made


def streamed(model: Any, **call: Any) -> list[AIMessageChunk]:
    return list(model.stream("Hello", **call))


def test_calls_are_held_back_and_read() -> None:
    server = Server("I look", ".\n<tool", "_call>\n", '{"name": "f", "argu', 'ments": {"x": 1}}', "\n</tool_call>")
    chunks = streamed(chat(server).bind_tools([TOOL]))
    assert [chunk.text for chunk in chunks if chunk.text] == ["I look", ".\n"]
    whole = chunks[0]
    for chunk in chunks[1:]:
        whole += chunk
    assert [(call.tool, call.arguments) for call in read_native_step(whole).calls] == [("f", {"x": 1})]  # type: ignore[arg-type]
    assert "Functions:" in server.asked["prompt"]
    assert server.asked["raw"] is True


def test_what_only_looked_like_a_call_is_shown() -> None:
    for text in ("a <tool", "a <tool_call>{broken"):
        chunks = streamed(chat(Server(*text)).bind_tools([TOOL]))
        assert "".join(chunk.text for chunk in chunks) == text


def test_without_tools_everything_is_shown_at_once() -> None:
    chunks = streamed(chat(Server("<tool_call>", "b")))
    assert [chunk.text for chunk in chunks if chunk.text] == ["<tool_call>", "b"]
    assert chunks[-1].usage_metadata == {"input_tokens": 60, "output_tokens": 2, "total_tokens": 62} or any(
        chunk.usage_metadata for chunk in chunks
    )


def test_a_cut_or_too_long_prompt_is_an_error() -> None:
    with pytest.raises(ModelUnavailable, match="Ollama read 3 tokens"):
        streamed(chat(Server("a", read=3)))
    with pytest.raises(ModelUnavailable, match="too long for its context of 8"):
        streamed(chat(Server("a"), context_tokens=8))


def test_arguments_reach_the_server() -> None:
    server = Server("a")
    streamed(chat(server), max_tokens=7, seed=3, schema={"type": "object"}, grammar="root ::= 'a'", stop=["\n"])
    options = server.asked["options"]
    assert (options["num_predict"], options["seed"], options["num_ctx"]) == (7, 3, 512)
    assert options["stop"] == ["<|im_end|>", "\n"]
    assert server.asked["format"] == {"type": "object"}
