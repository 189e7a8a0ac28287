"""What streaming chat models share: an answer at once is a stream put together, a stop ends it, chunks are made alike.

    chunks of a back end + stop_event -> until -> chunks, the source closed

A back end derives from `Streamed` and writes `_stream`; its chunks of calls and counts come from here.
"""

import json
import threading
from collections.abc import Generator, Iterator
from contextlib import closing
from typing import Any, cast

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.language_models.chat_models import generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.messages.tool import ToolCallChunk
from langchain_core.messages.tool import tool_call_chunk as make_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult


class Streamed(BaseChatModel):
    """A chat model that answers at once by streaming."""

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))


def until(
    stop_event: threading.Event | None,
    chunks: Iterator[ChatGenerationChunk],
    *,
    run_manager: CallbackManagerForLLMRun | None = None,
) -> Iterator[ChatGenerationChunk]:
    """Yield chunks until the event is set, then an empty one; the source is closed in any case.

    Args:
        run_manager: Is told of each new text; None where the source tells it.
    """
    with closing(cast("Generator[ChatGenerationChunk]", chunks)):
        for chunk in chunks:
            if stop_event is not None and stop_event.is_set():
                break
            if run_manager is not None and chunk.text:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk
    if stop_event is not None and stop_event.is_set():
        yield nothing()


def nothing() -> ChatGenerationChunk:
    """Return an empty chunk: what a stopped stream ends with, since LangChain refuses one without any chunk."""
    return text_chunk("")


def text_chunk(text: str) -> ChatGenerationChunk:
    """Return a piece of an answer."""
    return ChatGenerationChunk(message=AIMessageChunk(content=text))


def tool_call_chunk(name: str, arguments: Any, *, call_id: str, index: int = 0) -> ToolCallChunk:
    """Return a whole call of a tool as a stream has it.

    Args:
        arguments: An object, or the text that a model wrote for one.
    """
    text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return make_chunk(name=name, args=text, id=call_id, index=index)


def usage(*, read: int, written: int) -> UsageMetadata:
    """Return how many tokens a model read and wrote."""
    return UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
