"""A release of our own in Ollama, asked with the very text that it was trained on.

    messages + tools -> the release's chat template -> /api/generate, raw -> chunks, tool calls read from the text

Ollama's own rendering joins messages of one role, writes tools' JSON in another order and cannot trim: close, but not
what was trained. Here the prompt is rendered from the template that training used, so it is equal by construction, on
every version of the server. Text that pretends to be a control token of the template is broken up first.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from functools import cached_property
from typing import Any, cast

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.outputs import ChatGenerationChunk
from langchain_core.utils.function_calling import convert_to_openai_tool
from ollama import Client
from pydantic import ConfigDict

from agents.errors import ModelUnavailable
from agents.models.chat_template import CallFormat, read_calls
from agents.models.ollama_server import is_loopback, translated
from agents.models.registration import Registration
from agents.models.streaming import Streamed, text_chunk, tool_call_chunk, until, usage
from agents.models.tokens import MOST_CHARACTERS_PER_TOKEN, at_rate, estimate

BREAK = "\u200b"
"""A zero-width space: what was a control token in somebody's text becomes plain letters to the tokenizer."""
LONGEST_REPLY = 512
"""In tokens, where a call names no limit."""


class ReleaseChatOllama(Streamed):
    """A registered release; takes the call arguments of `agents.models`, and LangChain's `bind_tools`."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    registration: Registration
    url: str
    context_tokens: int = 4096
    keep_alive: str = "30m"
    timeout_seconds: float = 120.0

    @property
    def _llm_type(self) -> str:
        return "ollama-release"

    def bind_tools(self, tools: Sequence[Any], **more: Any) -> Any:
        """Return the model with tools declared in each prompt."""
        return self.bind(tools=[convert_to_openai_tool(tool) for tool in tools], **more)

    def prompt(self, messages: Sequence[BaseMessage], *, tools: Sequence[Mapping[str, Any]] = ()) -> str:
        """Return the text that is sent: the training text, without the BOS that the server adds.

        Raises:
            AgentError: the template refuses the messages.
        """
        plain = [_for_template(message) for message in convert_to_openai_messages(list(messages))]
        broken = [_changed_texts(message, self._break) for message in plain]
        return self.registration.prompt(self.registration.chat_template.render(broken, tools=tools))

    def count_tokens(self, text: str) -> int:
        """Return a text's tokens: the tokenizer's count where the release brings one, else an estimate."""
        return len(self._tokenizer.encode(text, add_special_tokens=False).ids) if self._tokenizer else estimate(text)

    def close(self) -> None:
        """Close the connection to the server."""
        if "_client" in self.__dict__:
            cast(Any, self._client).close()

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        stop_event = kwargs.pop("stop_event", None)
        tools = kwargs.pop("tools", None) or ()
        prompt = self.prompt(messages, tools=tools)
        tokens = self.count_tokens(prompt)
        if tokens > self.context_tokens:
            raise self._cut(f"has {tokens} tokens")
        form = self.registration.chat_template.call_format() if tools else None
        chunks = self._chunks(prompt, self._body(prompt, kwargs, stop), _Held(form), tokens=tokens)
        yield from until(stop_event, chunks, run_manager=run_manager)

    def _chunks(
        self, prompt: str, asked: Mapping[str, Any], held: "_Held", *, tokens: int
    ) -> Iterator[ChatGenerationChunk]:
        with translated(self.registration.model, self.url), closing(self._client.generate(**asked)) as pieces:
            for piece in pieces:
                if text := held.add(piece.response or ""):
                    yield text_chunk(text)
                if piece.done:
                    self._refuse_cut(int(piece.prompt_eval_count or 0), prompt, tokens)
                    yield _last(piece, held)

    def _body(self, prompt: str, call: Mapping[str, Any], stop: list[str] | None) -> dict[str, Any]:
        options = {
            "num_ctx": self.context_tokens,
            "num_predict": call.get("max_tokens") or LONGEST_REPLY,
            "temperature": call.get("temperature", 0.0),
            "stop": [*self.registration.stops, *(stop or ())],
        }
        if call.get("seed") is not None:
            options["seed"] = call["seed"]
        return {
            "model": self.registration.model,
            "prompt": prompt,
            "raw": True,
            "stream": True,
            "options": options,
            "keep_alive": self.keep_alive,
            **({"format": dict(call["schema"])} if call.get("schema") else {}),
        }

    def _break(self, text: str) -> str:
        """Break up what would be read as a control token: a customer's text must not open a turn of its own."""
        for token in (*self.registration.stops, self.registration.bos, self.registration.eos):
            if len(token) > 1:
                text = text.replace(token, token[0] + BREAK + token[1:])
        return text

    def _refuse_cut(self, read: int, prompt: str, tokens: int) -> None:
        fewest = tokens * 0.98 if self._tokenizer else at_rate(prompt, MOST_CHARACTERS_PER_TOKEN)
        if read and (read >= self.context_tokens or read < fewest):
            raise self._cut(f"has {len(prompt)} characters, of which Ollama read {read} tokens")

    def _cut(self, what: str) -> ModelUnavailable:
        return ModelUnavailable(
            f"The prompt for {self.registration.model} {what}: too long for its context of {self.context_tokens} "
            "tokens, and Ollama cuts without an error. Next: raise context_tokens in frontdesk.toml, or shorten the "
            "question"
        )

    @cached_property
    def _client(self) -> Client:
        return Client(host=self.url, timeout=self.timeout_seconds, trust_env=not is_loopback(self.url))

    @cached_property
    def _tokenizer(self) -> Any:
        """The release's tokenizer, None where it brings none."""
        if not self.registration.tokenizer:
            return None
        from tokenizers import Tokenizer

        try:
            return Tokenizer.from_file(self.registration.tokenizer)
        except Exception as error:
            raise ModelUnavailable(
                f"The tokenizer {self.registration.tokenizer} cannot be read ({error}). Next: register the release "
                f"again: frontdesk register {self.registration.release} --replace"
            ) from error


class _Held:
    """Shows a reply as it comes, and holds back what may be a tool call."""

    def __init__(self, form: CallFormat | None) -> None:
        self._form = form
        self._whole = ""
        self._shown = 0

    def add(self, text: str) -> str:
        """Take in a piece and return what may be shown now."""
        self._whole += text
        end = len(self._whole) if self._form is None else self._safe()
        shown, self._shown = self._whole[self._shown : end], max(end, self._shown)
        return shown

    def rest(self) -> tuple[str, list[dict[str, Any]]]:
        """Return what was held back: text that was no call after all, or the calls."""
        held = self._whole[self._shown :]
        return read_calls(held, self._form) if self._form is not None else (held, [])

    def _safe(self) -> int:
        """Return up to where no tool call can have begun."""
        assert self._form is not None
        mark = self._form.opening or "{"
        if (start := self._whole.find(mark)) >= 0:
            return start
        size = next(
            (size for size in range(min(len(mark), len(self._whole)), 0, -1) if self._whole.endswith(mark[:size])), 0
        )
        return len(self._whole) - size


def _last(piece: Any, held: _Held) -> ChatGenerationChunk:
    """Return the chunk that ends a reply: what was held back, calls, counts, why it ended."""
    text, calls = held.rest()
    chunks = [
        tool_call_chunk(call["name"], call["arguments"], call_id=f"call_{number}", index=number)
        for number, call in enumerate(calls)
    ]
    return ChatGenerationChunk(
        message=AIMessageChunk(
            content=text,
            tool_call_chunks=chunks,
            usage_metadata=usage(read=int(piece.prompt_eval_count or 0), written=int(piece.eval_count or 0)),
            response_metadata={"finish_reason": piece.done_reason or "stop"},
        ),
        generation_info={"finish_reason": piece.done_reason or "stop"},
    )


def _for_template(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message as templates and examples have it: content is text, a call's arguments are an object."""
    content = message.get("content")
    plain = {**message, "content": content if isinstance(content, str) else _text_of(content)}
    if message.get("tool_calls"):
        plain["tool_calls"] = [
            {**call, "function": {**call["function"], "arguments": json.loads(call["function"]["arguments"] or "{}")}}
            for call in message["tool_calls"]
        ]
    return plain


def _text_of(content: Any) -> str:
    return "".join(str(block.get("text", "")) for block in content or () if isinstance(block, Mapping))


def _changed_texts(message: Mapping[str, Any], change: Any) -> dict[str, Any]:
    return {**message, "content": change(message["content"])}
