"""Language models served by Ollama.

    NAME -> the server answers and has it -> ChatOllama with the context set and cut prompts caught
                                          -> or, for a release of our own, the rendered text (`ollama_raw`)

Ollama cuts a prompt that is longer than its context from the front and answers with HTTP 200, so the instructions are
lost without a word. Hence `num_ctx` goes with every request, a prompt that cannot fit is refused before it is sent,
and the prompt tokens that Ollama says it read are compared with what was sent.
"""

import logging
from collections.abc import Iterator, Mapping
from typing import Any, cast

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import BaseMessage
from langchain_core.outputs import ChatGenerationChunk
from langchain_ollama import ChatOllama

from agents.errors import ModelUnavailable
from agents.models.loading import READING_PARAMETERS, SMALL_PARAMETERS, LoadedModel, ModelOptions
from agents.models.ollama_raw import ReleaseChatOllama
from agents.models.ollama_server import describe, digest_of, is_loopback, translated
from agents.models.promotion import as_learned
from agents.models.registration import Registration, read_registration
from agents.models.streaming import Streamed, until
from agents.models.tokens import MOST_CHARACTERS_PER_TOKEN, at_rate, estimate

logger = logging.getLogger(__name__)


def build(name: str, options: ModelOptions) -> LoadedModel:
    """Return a model of an Ollama server.

    Raises:
        ModelUnavailable: the server does not answer, or has no such model.
    """
    url = options.ollama_url
    described = describe(name, url=url, timeout_seconds=min(10.0, options.timeout_seconds))
    size = described["parameters"]
    registration = read_registration(options.registered_folder, name)
    if registration is not None and registration.digest != digest_of(name, url=url, timeout_seconds=10.0):
        logger.warning("the model %s was made anew since it was registered; it is asked through its TEMPLATE", name)
        registration = None
    if registration is not None:
        made = _release(registration, options, parameters=size)
        return as_learned(made, registration.release, options.releases_folder)
    if not described["hears"]:
        logger.warning(
            "the TEMPLATE of %s in Ollama leaves instructions out, so it may answer without them (newer versions of "
            "Ollama may use the file's own chat template). Next: write into its Modelfile the TEMPLATE of its kind, as "
            "`ollama show --template` prints it of one from Ollama's library, then: ollama create %s -f Modelfile",
            name,
            name,
        )
    chat = CheckedChatOllama(
        model=name,
        base_url=url,
        num_ctx=options.context_tokens,
        keep_alive=options.ollama_keep_alive,
        temperature=0.0,
        reasoning=False if "thinking" in described["capabilities"] else None,  # an answer's tokens are few
        client_kwargs={"timeout": options.timeout_seconds, "trust_env": not is_loopback(url)},
    )
    return LoadedModel(
        f"ollama:{name}",
        chat,
        "native" if "tools" in described["capabilities"] else "json",
        small=0 < size <= SMALL_PARAMETERS,
        reads=SMALL_PARAMETERS < size <= READING_PARAMETERS,
        context_tokens=options.context_tokens,
        verify=lambda: _verify(name, url),
        release=chat.close,
    )


def _release(registration: Registration, options: ModelOptions, *, parameters: int) -> LoadedModel:
    """Return a release of our own, asked with the text that it was trained on."""
    context_tokens = min(options.context_tokens, registration.context_tokens)
    chat = ReleaseChatOllama(
        registration=registration,
        url=options.ollama_url,
        context_tokens=context_tokens,
        keep_alive=options.ollama_keep_alive,
        timeout_seconds=options.timeout_seconds,
    )
    name = registration.model.removesuffix(":latest")
    native = registration.protocol == "native" and registration.chat_template.call_format() is not None
    return LoadedModel(
        f"ollama:{name}",
        chat,
        "native" if native else "json",
        small=0 < parameters <= SMALL_PARAMETERS,
        reads=SMALL_PARAMETERS < parameters <= READING_PARAMETERS,
        context_tokens=context_tokens,
        count_tokens=chat.count_tokens,
        verify=lambda: _verify(name, options.ollama_url),
        release=chat.close,
    )


class CheckedChatOllama(Streamed, ChatOllama):
    """ChatOllama that takes this package's call arguments and notices a prompt that was cut."""

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        stop_event = kwargs.pop("stop_event", None)
        arguments = self._arguments(kwargs, stop)
        text = "".join(message.text for message in messages)
        self._refuse_too_long(text)
        with translated(self.model, self.base_url or ""):
            for chunk in until(stop_event, super()._stream(messages, None, run_manager, **arguments)):
                yield chunk
                self._refuse_cut(chunk, text)

    def close(self) -> None:
        """Close the connection to the server."""
        cast(Any, self._client).close()

    def _arguments(self, call: Mapping[str, Any], stop: list[str] | None) -> dict[str, Any]:
        """Return Ollama's words for a call's arguments; GBNF is not among what it understands."""
        own = {"max_tokens", "temperature", "seed", "schema", "grammar"}
        arguments = {key: value for key, value in call.items() if key not in own}
        wanted = {
            "num_ctx": self.num_ctx,
            "temperature": call.get("temperature", self.temperature),
            "num_predict": call.get("max_tokens", self.num_predict),
            "seed": call.get("seed", self.seed),
            "stop": stop,
        }
        arguments["options"] = {key: value for key, value in wanted.items() if value is not None}
        if call.get("schema"):
            arguments["format"] = call["schema"]
        return arguments

    def _refuse_too_long(self, text: str) -> None:
        if self.num_ctx and estimate(text) > self.num_ctx:
            raise self._cut(f"has {len(text)} characters")

    def _refuse_cut(self, chunk: ChatGenerationChunk, text: str) -> None:
        usage = getattr(chunk.message, "usage_metadata", None)
        if not usage or not usage["input_tokens"]:
            return
        read = int(usage["input_tokens"])
        full = self.num_ctx is not None and read >= self.num_ctx
        if full or read < at_rate(text, MOST_CHARACTERS_PER_TOKEN):
            raise self._cut(f"has {len(text)} characters, of which Ollama read {read} tokens")

    def _cut(self, what: str) -> ModelUnavailable:
        return ModelUnavailable(
            f"The prompt for {self.model} {what}: too long for its context of {self.num_ctx} tokens, and Ollama "
            "cuts from the front. Next: raise context_tokens in frontdesk.toml, or shorten the question"
        )


def _verify(name: str, url: str) -> None:
    describe(name, url=url, timeout_seconds=5.0)
