"""One stream for all back ends: what stops it, what is closed, who is told."""

import threading
from collections.abc import Iterator
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGenerationChunk

from agents.models.streaming import Streamed, text_chunk, tool_call_chunk, until, usage


class Source:
    """Chunks, and whether they were closed."""

    def __init__(self, *words: str) -> None:
        self.words, self.closed, self.taken = words, False, 0

    def __call__(self) -> Iterator[ChatGenerationChunk]:
        try:
            for word in self.words:
                self.taken += 1
                yield text_chunk(word)
        finally:
            self.closed = True


class Told:
    def __init__(self) -> None:
        self.words: list[str] = []

    def on_llm_new_token(self, token: str, **_: Any) -> None:
        self.words.append(token)


def test_chunks_pass_and_each_text_is_told() -> None:
    source, told = Source("a", "", "b"), Told()
    chunks = [chunk.text for chunk in until(None, source(), run_manager=told)]  # type: ignore[arg-type]
    assert chunks == ["a", "", "b"]
    assert told.words == ["a", "b"]
    assert source.closed


def test_a_stop_ends_the_stream_with_an_empty_chunk_and_closes_the_source() -> None:
    source, stop = Source("a", "b", "c"), threading.Event()
    got = []
    for chunk in until(stop, source()):
        got.append(chunk.text)
        stop.set()
    assert got == ["a", ""]
    assert source.taken == 2
    assert source.closed


def test_who_leaves_early_closes_the_source() -> None:
    source = Source("a", "b", "c")
    chunks = until(None, source())
    assert next(chunks).text == "a"
    chunks.close()  # type: ignore[attr-defined]
    assert source.closed


def test_an_answer_at_once_is_the_stream_put_together() -> None:
    class Model(Streamed):
        @property
        def _llm_type(self) -> str:
            return "test"

        def _stream(self, *_: Any, **__: Any) -> Iterator[ChatGenerationChunk]:
            yield text_chunk("退货")
            last = text_chunk("期限")
            last.message = last.message.model_copy(
                update={
                    "tool_call_chunks": [tool_call_chunk("send", {"to": "林"}, call_id="call_1")],
                    "usage_metadata": usage(read=3, written=2),
                }
            )
            yield last

    answer = Model().invoke("?")
    assert isinstance(answer, AIMessage)
    assert answer.text == "退货期限"
    assert [(call["name"], call["args"]) for call in answer.tool_calls] == [("send", {"to": "林"})]
    assert answer.usage_metadata == {"input_tokens": 3, "output_tokens": 2, "total_tokens": 5}
