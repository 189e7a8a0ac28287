"""A fake model that says what a script tells it: for tests, demonstrations and screenshots.

    replies (code, or a .jsonl / .json file) -> ScriptedChat: streams them word by word

One line of a script is a string, or an object:

    {"text": "…", "tool_calls": [{"name", "arguments"}], "delay_seconds": 0.1, "error": "…", "when": "a regex",
     "finished": "length"}

Replies are used in order, once each. A reply with `when` is used whenever the last message matches, any number of
times, and before the others. `delay_seconds` passes before every word; `error` makes the model fail after its text.
"""

import json
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import ConfigDict, Field, PrivateAttr

from agents.errors import ModelUnavailable
from agents.models.loading import LoadedModel, ModelOptions, Protocol
from agents.models.streaming import Streamed, text_chunk, tool_call_chunk, until, usage
from knowledge.counting import counted

CALLS_OF_A_FILE = 100
"""How many calls a script's model remembers that a server uses for days."""
REPLY_KEYS = {"text", "tool_calls", "delay_seconds", "error", "when", "finished"}


@dataclass(frozen=True, slots=True)
class Reply:
    """What the model says once."""

    text: str = ""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    """Each `{"name", "arguments"}`."""
    delay_seconds: float = 0.0
    """Before every word."""
    error: str = ""
    """Fails with this message after the text."""
    when: str = ""
    """A regular expression sought in the last message; "" takes replies in order."""
    finished: str = ""
    """Why the reply ends: "length" when its tokens did; "" for the usual reasons."""


@dataclass(frozen=True, slots=True)
class Call:
    """What the model was asked."""

    messages: tuple[BaseMessage, ...]
    arguments: Mapping[str, Any]
    """Everything beside the messages: `schema`, `max_tokens`, `tools`, …"""


def build(name: str, options: ModelOptions) -> LoadedModel:
    """Return a model that follows the script in a file.

    Raises:
        ModelUnavailable: the file is missing or is no script.
    """
    replies = read_script(Path(name).expanduser())
    native = any(reply.tool_calls for reply in replies)
    protocol: Protocol = "native" if native else "json"
    model = ScriptedChat(replies, most_calls=CALLS_OF_A_FILE)
    return LoadedModel(f"scripted:{name}", model, protocol, context_tokens=options.context_tokens)


def read_script(path: Path) -> tuple[Reply, ...]:
    """Return the replies in a `.jsonl` file (one a line) or a `.json` file (a list).

    Raises:
        ModelUnavailable: the file is missing or is no script.
    """
    try:
        text = path.read_text(encoding="utf-8")
        lines = json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines() if line]
        return tuple(to_reply(line) for line in lines)
    except OSError as error:
        raise ModelUnavailable(f"The script {path} cannot be read: {error.strerror}.") from error
    except (ValueError, TypeError) as error:
        raise ModelUnavailable(
            f'{path} is no script: {error}. Each line is a JSON string or an object such as {{"text": "Hello"}}.'
        ) from error


def to_reply(line: str | Mapping[str, Any] | Reply) -> Reply:
    """Return one line of a script as a reply.

    Raises:
        TypeError, ValueError: it is none.
    """
    if isinstance(line, Reply):
        return line
    if isinstance(line, str):
        return Reply(line)
    if not isinstance(line, Mapping):
        raise TypeError(f"a reply must be a string or an object, not {line!r}")
    if unknown := set(line) - REPLY_KEYS:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    calls = tuple(line.get("tool_calls", ()))
    if any(set(call) != {"name", "arguments"} for call in calls):
        raise ValueError(f"a tool call must have name and arguments: {calls!r}")
    return Reply(**{**line, "tool_calls": calls})


class ScriptedChat(Streamed):
    """A chat model whose replies are known beforehand; `calls` keeps what it was asked."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    replies: tuple[Reply, ...]
    calls: list[Call] = Field(default_factory=list)
    most_calls: int | None = None
    """How many of the latest are kept; None keeps all."""
    _used: int = PrivateAttr(default=0)
    _turn: threading.Lock = PrivateAttr(default_factory=threading.Lock)

    def __init__(self, replies: Sequence[str | Mapping[str, Any] | Reply], **fields: Any) -> None:
        super().__init__(**{"replies": tuple(to_reply(reply) for reply in replies), **fields})

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools; they are only recorded in `calls`."""
        return self.bind(tools=list(tools), **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        stop_event = kwargs.pop("stop_event", None)
        chunks = _chunks(self._next(messages, kwargs), messages)
        yield from until(stop_event, chunks, run_manager=run_manager)

    def _next(self, messages: list[BaseMessage], arguments: Mapping[str, Any]) -> Reply:
        last = messages[-1].text if messages else ""
        with self._turn:
            self.calls.append(Call(tuple(messages), dict(arguments)))
            if self.most_calls is not None:
                del self.calls[: -self.most_calls]
            for reply in self.replies:
                if reply.when and re.search(reply.when, last):
                    return reply
            ordered = [reply for reply in self.replies if not reply.when]
            self._used += 1
            if self._used > len(ordered):
                raise ModelUnavailable(
                    f"The script has {counted(len(ordered), 'reply', 'replies')} and was asked for one more: {last!r}."
                )
            return ordered[self._used - 1]


def _chunks(reply: Reply, messages: Sequence[BaseMessage]) -> Iterator[ChatGenerationChunk]:
    """Yield a reply word by word, then its calls and counts of words, which is what this model has for tokens."""
    words = re.findall(r"\S+\s*|\s+", reply.text)
    for word in words:
        time.sleep(reply.delay_seconds)
        yield text_chunk(word)
    if reply.error:
        raise ModelUnavailable(reply.error)
    yield ChatGenerationChunk(
        message=AIMessageChunk(
            content="",
            tool_call_chunks=[
                tool_call_chunk(call["name"], call["arguments"], call_id=f"call_{index + 1}", index=index)
                for index, call in enumerate(reply.tool_calls)
            ],
            usage_metadata=usage(read=sum(len(one.text.split()) for one in messages), written=len(words)),
            response_metadata={"finish_reason": reply.finished} if reply.finished else {},
        )
    )
