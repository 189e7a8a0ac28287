"""The embedded language model, and any other .gguf file, in this process.

    .gguf -> Engine -> ChatLlamaCpp: messages -> chunks
    home/adapters -> the same file in memory once, under an adapter where a task or collection has one

Nothing is loaded before the first use, and each file once per process.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.outputs import ChatGenerationChunk
from pydantic import Field

from agents.errors import ModelUnavailable
from agents.models.adapters import Adapter, usable
from agents.models.llama_engine import GET_EMBEDDED, Engine
from agents.models.loading import READING_PARAMETERS, SMALL_PARAMETERS, LoadedModel, ModelOptions, chosen
from agents.models.promotion import as_learned
from agents.models.streaming import Streamed, until, usage

EMBEDDED_FILE = Path("smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf")

FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"})
"""Of texts, those that llama.cpp's grammars (llguidance) know."""
NOT_UNDERSTOOD = frozenset(
    {"uniqueItems", "contains", "minContains", "maxContains", "propertyNames", "dependentRequired", "dependentSchemas"}
    | {"dependencies", "not", "if", "then", "else", "unevaluatedItems", "unevaluatedProperties"}
)
"""Words of JSON Schema that they refuse."""


def build_embedded(name: str, options: ModelOptions) -> LoadedModel:
    """Return a model that `frontdesk models get` put in place: the small one, or the one of this name.

    Raises:
        ModelUnavailable: its file or an adapter's is missing or not as it was, or llama.cpp cannot read it.
    """
    if name:
        return _loaded(f"embedded:{name}", embedded_file(name, options), options)
    path = embedded_file(name, options)
    adapters = usable(options.adapters_folder, path)
    chat = _chat(path, options, adapters)
    model = LoadedModel("embedded", chat, "json", small=True, demo=True, verify=chat.check, release=chat.close)
    return _with_adapters(model, chat, adapters)


def embedded_file(name: str, options: ModelOptions) -> Path:
    """Return where a model lies that `frontdesk models get` put in place; "" is the small one.

    Raises:
        ModelUnavailable: it is not there.
    """
    if not name:
        path = options.models_folder / EMBEDDED_FILE
        if not path.is_file():
            raise ModelUnavailable(f"The embedded model is not at {path}. Next: {GET_EMBEDDED}")
        return path
    folder = options.models_folder / name
    files = sorted(folder.glob("*.gguf")) if folder.is_relative_to(options.models_folder) else []
    if len(files) != 1:
        found = f"{len(files)} .gguf files" if files else "no .gguf file"
        raise ModelUnavailable(f"There is {found} in {folder}. Next: frontdesk models get {name}")
    return files[0]


def build_file(name: str, options: ModelOptions) -> LoadedModel:
    """Return the model in a `.gguf` file; it is loaded at once, because only then is its size known.

    Raises:
        ModelUnavailable: the file is missing or llama.cpp cannot read it.
    """
    path = named_file(name)
    model = _loaded(f"gguf:{name}", path, options)
    return as_learned(model, path.parent.name, path.parent.parent)  # a release's own file, as a bundle carries it


def named_file(name: str) -> Path:
    """Return the file that `gguf:PATH` names.

    Raises:
        ModelUnavailable: it is not there.
    """
    path = Path(name).expanduser()
    if not path.is_file():
        raise ModelUnavailable(
            f"There is no model file at {path}. Next: write gguf:PATH with the path of a .gguf file, or {GET_EMBEDDED}"
        )
    return path


def file_in_process(setting: str, options: ModelOptions) -> Path | None:
    """Return the file of the model that a setting names; None where the model runs in another program.

    Raises:
        ModelUnavailable: it is not there.
    """
    kind, _, name = chosen(setting, options).partition(":")
    if kind == "embedded":
        return embedded_file(name, options)
    if kind == "release":
        from agents.models.promotion import file_served_here

        return file_served_here(name, options)
    return named_file(name) if kind == "gguf" else None


def _loaded(name: str, path: Path, options: ModelOptions) -> LoadedModel:
    adapters = usable(options.adapters_folder, path)
    chat = _chat(path, options, adapters)
    parameters = chat.engine().parameters()
    model = LoadedModel(
        name,
        chat,
        "json",
        small=parameters <= SMALL_PARAMETERS,
        reads=SMALL_PARAMETERS < parameters <= READING_PARAMETERS,
        tells_likelihood=True,
        context_tokens=options.context_tokens,
        count_tokens=lambda text: chat.engine().count_text_tokens(text),
        verify=chat.check,
        release=chat.close,
    )
    return _with_adapters(model, chat, adapters)


def _with_adapters(model: LoadedModel, chat: "ChatLlamaCpp", adapters: tuple[Adapter, ...]) -> LoadedModel:
    """Return a model that has specialists: the same one in memory, under an adapter, asked as that was trained."""

    def specialise(adapter: Adapter) -> LoadedModel:
        return replace(
            model,
            name=f"{model.name}+{adapter.name}",
            chat=chat.model_copy(update={"adapter": adapter.name}),
            small=False,
            reads=bool(adapter.reads),
            reads_little=model.small and bool(adapter.reads),
            tells_likelihood=True,
            learned_to_read=adapter.reads,
            adapters=(),
            release=lambda: None,  # the file in memory is the base's
        )

    return replace(model, adapters=adapters, specialise=specialise) if adapters else model


class ChatLlamaCpp(Streamed):
    """A chat model in this process.

    Call arguments beside LangChain's: `max_tokens`, `temperature`, `seed`, `schema` (JSON Schema), `grammar` (GBNF,
    wins over `schema`), `tools` (declarations for the template; a call stays text), `top_logprobs` (then chunks carry
    `response_metadata["logprobs"]`, probabilities before the grammar applies), `stop_event` (ends the stream, and the
    decoding, when set).
    """

    path: Path
    context_tokens: int = 4096
    conversations: int = 4
    threads: int | None = None
    timeout_seconds: float = 120.0
    adapters: tuple[tuple[str, Path], ...] = ()
    """Name and file of each LoRA that is loaded with it."""
    adapter: str = ""
    """The one that is asked; "" asks the base alone."""
    max_tokens: int = Field(default=512)
    """The longest reply when the call names no limit."""

    @property
    def _llm_type(self) -> str:
        return "llamacpp"

    def engine(self) -> Engine:
        """Return the loaded engine, loading it when this is the first use.

        Raises:
            ModelUnavailable: the file or the library cannot be loaded.
        """
        return Engine.load(
            self.path,
            context_tokens=self.context_tokens,
            conversations=self.conversations,
            threads=self.threads,
            adapters=self.adapters,
        )

    def check(self) -> None:
        """Load the model and make it say one token.

        Raises:
            ModelUnavailable: it cannot.
        """
        for _ in self.engine().stream(
            {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1},
            timeout_seconds=self.timeout_seconds,
            adapter=self.adapter,
        ):
            pass

    def close(self) -> None:
        """Unload the model's file from this process; the next use loads it again."""
        Engine.unload(self.path)

    def count_tokens(self, messages: Sequence[BaseMessage]) -> int:
        """Return how many prompt tokens the messages make, template included."""
        return self.engine().count_tokens(_plain(messages))

    def get_num_tokens(self, text: str) -> int:
        """Return how many tokens a text makes, without any template."""
        return self.engine().count_text_tokens(text)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        stop_event = kwargs.pop("stop_event", None)
        body = {"messages": _plain(messages), **_sampling(kwargs, max_tokens=self.max_tokens)}
        if stop:
            body["stop"] = stop
        pieces = self.engine().stream(body, timeout_seconds=self.timeout_seconds, stop=stop_event, adapter=self.adapter)
        chunks = (chunk for chunk in map(_generation, pieces) if chunk is not None)
        yield from until(stop_event, chunks, run_manager=run_manager)


def _chat(path: Path, options: ModelOptions, adapters: tuple[Adapter, ...]) -> ChatLlamaCpp:
    return ChatLlamaCpp(
        path=path,
        context_tokens=options.context_tokens,
        conversations=options.conversations,
        threads=options.threads,
        timeout_seconds=options.timeout_seconds,
        adapters=tuple((one.name, one.file.resolve()) for one in adapters),
    )


def _plain(messages: Sequence[BaseMessage]) -> list[dict[str, Any]]:
    return convert_to_openai_messages(list(messages))


def _sampling(call: Mapping[str, Any], *, max_tokens: int) -> dict[str, Any]:
    """Return llama-server's words for a call's arguments."""
    body: dict[str, Any] = {
        "max_tokens": call.get("max_tokens") or max_tokens,
        "temperature": call.get("temperature", 0.0),
    }
    if call.get("seed") is not None:
        body["seed"] = call["seed"]
    if call.get("grammar"):
        body["grammar"] = call["grammar"]
    elif call.get("schema"):
        body["grammar"] = compact_json_grammar(call["schema"])
    if call.get("tools"):
        # Shown as the template shows them, which is how they were learned; a call comes back as the model writes it.
        body |= {"tools": call["tools"], "tool_choice": "none"}
    if call.get("top_logprobs"):
        body |= {"logprobs": True, "top_logprobs": call["top_logprobs"]}
    return body


def compact_json_grammar(schema: Mapping[str, Any]) -> str:
    """Return a grammar for JSON of a schema without white space.

    llama.cpp's own `json_schema` allows any white space, which a small model fills with new lines: 41 tokens where 12
    will do. What its grammars do not understand is left out: at a single such word llama.cpp would bind the model to
    nothing, and say so only in its log. Whoever reads the reply checks it against the whole schema.
    """
    compact = {**_understood(schema), "x-guidance": {"whitespace_flexible": False}}
    return "%llguidance {}\nstart: %json " + json.dumps(compact, ensure_ascii=False)


def _understood(schema: Any) -> Any:
    """Return a schema without what llama.cpp's grammars cannot express; of alternatives, any may be chosen."""
    if isinstance(schema, list):
        return [_understood(part) for part in schema]
    if not isinstance(schema, Mapping):
        return schema
    kept: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            kept[key] = {name: _understood(part) for name, part in value.items()}
        elif key in ("enum", "const", "required"):
            kept[key] = value
        elif key == "oneOf":
            kept["anyOf"] = _understood(value)
        elif key not in NOT_UNDERSTOOD and (key != "format" or value in FORMATS):
            kept[key] = _understood(value)
    return kept


def _generation(data: Mapping[str, Any]) -> ChatGenerationChunk | None:
    """Return a chunk of llama-server as LangChain's, or None when it holds nothing."""
    counts = data.get("usage")
    choice = data["choices"][0] if data.get("choices") else {}
    text = choice.get("delta", {}).get("content") or ""
    reason = choice.get("finish_reason")
    metadata: dict[str, Any] = {}
    if reason:
        metadata["finish_reason"] = reason
    if choice.get("logprobs"):
        metadata["logprobs"] = choice["logprobs"]["content"]
    if not (text or metadata or counts):
        return None
    counted = usage(read=counts["prompt_tokens"], written=counts["completion_tokens"]) if counts else None
    return ChatGenerationChunk(
        message=AIMessageChunk(content=text, response_metadata=metadata, usage_metadata=counted),
        generation_info={"finish_reason": reason} if reason else None,
    )
